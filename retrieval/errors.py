"""What can go wrong: one family of errors, one sentence each, saying what, which, how much and what to do."""

from __future__ import annotations

from collections.abc import Sequence

SHOWN = 5  # ids that a message names


class RetrievalError(Exception):
    """The base of every error that Pictor raises on purpose; `code` is stable and meant for programs."""

    code: str = "error"


class InvalidQuery(RetrievalError):
    """The query itself is at fault; the message names the part, and the column where there is one."""

    code = "invalid-query"


class InvalidSetting(RetrievalError):
    """A setting has an unknown name or a value outside its range."""

    code = "invalid-setting"


class InvalidLabels(RetrievalError):
    """A captions or labels file cannot be used; the message names the file and the line."""

    code = "invalid-labels"


class LibraryNotFound(RetrievalError):
    """There is no library at that place."""

    code = "library-not-found"

    def __init__(self, place: object) -> None:
        super().__init__(f"{place}: no library here; make one with `pictor index FOLDER --library {place}`")


class LibraryBusy(RetrievalError):
    """Another process is writing to the library."""

    code = "library-busy"

    def __init__(self, place: object, holder: str) -> None:
        super().__init__(f"{place}: another writer is at work ({holder}); wait until it has finished")


class SchemaOutOfDate(RetrievalError):
    """The catalog has another schema than this version of Pictor expects."""

    code = "schema-out-of-date"

    def __init__(self, place: object, found: str | None, expected: str) -> None:
        super().__init__(
            f"{place}: the catalog has schema {found or 'none'}, this version of Pictor needs {expected}; "
            "run `pictor index` once to upgrade an older library, or use the newer Pictor that wrote it"
        )


class ProjectionDamaged(RetrievalError):
    """A projection is missing or does not match its checksum; the catalog still has everything."""

    code = "projection-damaged"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}; nothing is lost, run `pictor rebuild` to make it again")


class FeatureDamaged(RetrievalError):
    """A stored feature is not what was stored; `images` has the ids of all that are not."""

    code = "feature-damaged"

    def __init__(self, space: str, images: Sequence[int]) -> None:
        shown = ", ".join(str(each) for each in images[:SHOWN])
        more = ", …" if len(images) > SHOWN else ""
        super().__init__(
            f"{space}: {len(images)} stored features are not what was stored (images {shown}{more}); "
            "run `pictor check`, which names their repair"
        )
        self.images = tuple(images)


class StorageFailed(RetrievalError):
    """The disk or the database refused a write or a read; what was acknowledged before is safe."""

    code = "storage-failed"

    DISK = "free some space or check the disk, then run again"
    RESTORE = "write no more to it, and make it again from a backup with `pictor restore`, or anew"

    def __init__(self, place: object, reason: object, what_to_do: str = DISK) -> None:
        super().__init__(f"{place}: storage failed ({reason}); {what_to_do}")


class ServerLost(StorageFailed):
    """The database's server went away, or is not there; what it was told last is not acknowledged."""

    code = "server-lost"

    def __init__(self, place: object, reason: object) -> None:
        first_line = str(reason).strip().partition("\n")[0]
        super().__init__(place, first_line, "run again when the server is back")


class DurabilityTooLow(RetrievalError):
    """The database does not keep what it acknowledges through a power loss; nothing was written."""

    code = "durability-too-low"

    LOCAL = "make the library on a local disk, or give it a catalog on PostgreSQL"
    SERVER = "run ALTER DATABASE … SET synchronous_commit = on, or choose another server"

    def __init__(self, place: object, reason: str, what_to_do: str = LOCAL) -> None:
        super().__init__(f"{place}: it could lose what it has acknowledged ({reason}); {what_to_do}")


class NotEnoughMemory(RetrievalError):
    """What has to be held in memory does not fit there."""

    code = "not-enough-memory"

    def __init__(self, what: object, size: int) -> None:
        super().__init__(
            f"{what}: takes {_format_amount(size / 1e6)} MB, more than there is memory for; "
            "let this process have more, or end others, and run again"
        )


class ImageNotFound(RetrievalError):
    """No image has that id, or none lies at that path."""

    code = "image-not-found"

    def __init__(self, which: object) -> None:
        super().__init__(f"image {which}: not in the library; it may have been removed")


class UnreadableImage(RetrievalError):
    """These bytes are no picture that Pictor can read; `code` says why in one word."""

    def __init__(self, name: str, code: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name, self.code, self.reason = name, code, reason


class ImageTooLarge(UnreadableImage):
    """The picture has more pixels or bytes than the limit allows."""

    def __init__(self, name: str, *, amount: float, limit: float, unit: str, setting: str) -> None:
        code = "too-many-pixels" if unit == "megapixels" else "too-many-bytes"
        super().__init__(
            name,
            code,
            f"{_format_amount(amount)} {unit}; the limit is {_format_amount(limit)} (setting {setting})",
        )


def _format_amount(number: float) -> str:
    """Three decimals at most, so that an amount just over a limit is seen to be over it."""
    return f"{number:.3f}".rstrip("0").rstrip(".")


class UnknownDescriptor(RetrievalError):
    """No descriptor has that name."""

    code = "unknown-descriptor"

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"{name}: no such descriptor; there are {', '.join(known)}")


class BackboneUnavailable(RetrievalError):
    """The backbone cannot be made, or its weights cannot be had."""

    code = "backbone-unavailable"

    OFFLINE = (
        "go online once so that timm can fetch them, give a local file with --weights FILE, "
        "or leave --backbone out to use the one that comes with Pictor"
    )
    UNKNOWN = "choose one of the names that timm.list_models() gives"
    OTHER_SIZE = "leave the size out, or give another with --preprocessing size=PIXELS"
    UNFIT = "give the safetensors file that belongs to this backbone with --weights FILE"

    def __init__(self, backbone: str, reason: object, what_to_do: str = UNFIT) -> None:
        super().__init__(f"{backbone}: {reason}; {what_to_do}")


class PictureUnreachable(RetrievalError):
    """A query picture cannot be fetched from its address."""

    code = "picture-unreachable"

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"{address}: {reason}")


class DecodingImpossible(RetrievalError):
    """No process can be had to decode pictures in."""

    code = "decoding-impossible"

    def __init__(self, reason: str) -> None:
        super().__init__(f"pictures cannot be decoded: {reason}; free some memory, or install Pictor again")
