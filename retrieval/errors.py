"""The errors that Pictor raises. A message is one sentence: what is wrong, where, by how much, what to do."""

from __future__ import annotations

from collections.abc import Sequence

MAX_SHOWN_IDS = 5  # that a message lists
MAX_SHOWN_NAMES = 12
POINTER_WIDTH, POINTER_LEAD = 72, 40  # characters of a line that are shown, and those before the error


class RetrievalError(Exception):
    """The base of every error that Pictor raises on purpose; `code` is stable, for programs."""

    code: str = "error"


class InvalidQuery(RetrievalError):
    """The query is wrong; the message names the part, and the column if the query was a line of text.

    `column` counts from 1; `line` is the line that was parsed. Both are None for any other query.
    """

    code = "invalid-query"

    def __init__(self, reason: object, *, column: int | None = None) -> None:
        super().__init__(f"column {column}: {reason}" if column else str(reason))
        self.column = column
        self.line: str | None = None

    @property
    def pointer(self) -> str:
        """The line, and under it a caret where the error is; empty where either is unknown."""
        if self.line is None or self.column is None:
            return ""
        shown = "".join(character if character.isprintable() else " " for character in self.line)
        start = max(0, self.column - 1 - POINTER_LEAD)
        return f"{shown[start : start + POINTER_WIDTH]}\n{' ' * (self.column - 1 - start)}^"


class InvalidCursor(InvalidQuery):
    """A cursor is no cursor, was changed on its way, or belongs to another query."""

    code = "invalid-cursor"

    DAMAGED = "it is not one that an answer gave, or was changed on its way"
    OTHER_QUERY = "it belongs to another query; only limit may change while you walk through a list"

    def __init__(self, reason: str) -> None:
        super().__init__(f"cursor: {reason}; leave it out to begin at the first hit")


class CursorExpired(RetrievalError):
    """The list that a cursor walks through is not kept any more."""

    code = "cursor-expired"

    def __init__(self) -> None:
        super().__init__(
            "cursor: its list is not kept any more: lists are kept for a day after their last use, the last "
            "1000 of a library at most; leave the cursor out to begin at the first hit"
        )


class NameTaken(RetrievalError):
    """Something else is saved by this name."""

    code = "name-taken"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{name}: a {kind} has this name already; choose another, or rename that one")


class NameUnknown(RetrievalError):
    """Nothing is saved by this name."""

    code = "name-unknown"

    def __init__(self, kind: str, name: str, known: Sequence[str]) -> None:
        shown = f"there are {', '.join(known[:MAX_SHOWN_NAMES])}" if known else "none is saved"
        more = ", …" if len(known) > MAX_SHOWN_NAMES else ""
        super().__init__(f"{name}: no {kind} has this name; {shown}{more}")


class NameInUse(RetrievalError):
    """Saved searches say this name, and could not be answered without what it stands for."""

    code = "name-in-use"

    def __init__(self, kind: str, name: str, searches: Sequence[str]) -> None:
        shown = ", ".join(searches[:MAX_SHOWN_NAMES])
        super().__init__(
            f"{name}: the {kind} is part of saved searches ({shown}); change or remove these first"
        )


class InvalidSetting(RetrievalError):
    """A setting has an unknown name or a value outside its range."""

    code = "invalid-setting"


class InvalidLabels(RetrievalError):
    """A captions or labels file cannot be used; the message names the file and the line."""

    code = "invalid-labels"


class DeadlinePassed(RetrievalError):
    """The answer would have come too late, so that nothing more is done for it."""

    code = "deadline-passed"

    def __init__(self) -> None:
        super().__init__(
            "the answer: it takes longer than a request may take here (setting answer_seconds); ask for "
            "less, or try again when fewer ask"
        )


class LibraryNotFound(RetrievalError):
    """There is no library in that folder."""

    code = "library-not-found"

    def __init__(self, folder: object) -> None:
        super().__init__(f"{folder}: no library here; make one with `pictor index FOLDER --library {folder}`")


class LibraryBusy(RetrievalError):
    """Another process is writing to the library."""

    code = "library-busy"

    def __init__(self, library: object, holder: str) -> None:
        super().__init__(f"{library}: another writer is at work ({holder}); wait until it has finished")


class SchemaOutOfDate(RetrievalError):
    """The catalog has a different schema from the one that this version of Pictor needs."""

    code = "schema-out-of-date"

    def __init__(self, library: object, actual: str | None, needed: str) -> None:
        super().__init__(
            f"{library}: the catalog has schema {actual or 'none'}, this version of Pictor needs {needed}; "
            "run `pictor index` once to upgrade an older library, or use the newer Pictor that wrote it"
        )


class ProjectionDamaged(RetrievalError):
    """A projection is missing or does not match its checksum; everything is still in the catalog."""

    code = "projection-damaged"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}; nothing is lost, run `pictor rebuild` to make it again")


class FeatureDamaged(RetrievalError):
    """Stored features do not match their checksums; `images` has the ids of all these images."""

    code = "feature-damaged"

    def __init__(self, space: str, images: Sequence[int]) -> None:
        shown = ", ".join(str(image_id) for image_id in images[:MAX_SHOWN_IDS])
        more = ", …" if len(images) > MAX_SHOWN_IDS else ""
        super().__init__(
            f"{space}: {len(images)} stored features are damaged (images {shown}{more}); "
            "run `pictor check`, which names the repair"
        )
        self.images = tuple(images)


class StorageFailed(RetrievalError):
    """The disk or the database refused a write or a read; what was committed before is safe."""

    code = "storage-failed"

    DISK = "free some space or check the disk, then run again"
    RESTORE = "do not write to it; run `pictor restore` on a backup, or index the pictures again"

    def __init__(self, location: object, reason: object, remedy: str = DISK) -> None:
        super().__init__(f"{location}: storage failed ({reason}); {remedy}")


class ServerLost(StorageFailed):
    """The database server cannot be reached, or was lost; the last transaction may not be committed."""

    code = "server-lost"

    def __init__(self, location: object, reason: object) -> None:
        first_line = str(reason).strip().partition("\n")[0]
        super().__init__(location, first_line, "run again when the server is back")


class DurabilityTooLow(RetrievalError):
    """The database could lose committed data in a power failure; nothing was written."""

    code = "durability-too-low"

    LOCAL = "make the library on a local disk, or give it a catalog on PostgreSQL"
    SERVER = "run ALTER DATABASE … SET synchronous_commit = on, or choose another server"

    def __init__(self, location: object, reason: str, remedy: str = LOCAL) -> None:
        super().__init__(f"{location}: it could lose committed data in a power failure ({reason}); {remedy}")


class NotEnoughMemory(RetrievalError):
    """Something that has to be held in memory does not fit there."""

    code = "not-enough-memory"

    def __init__(self, name: object, size: int) -> None:
        super().__init__(
            f"{name}: needs {_format_amount(size / 1e6)} MB, more than the memory that is free; "
            "give this process more memory, or end other programs, then run again"
        )


class OriginalMissing(RetrievalError):
    """No file of an image is there any more as it was indexed."""

    code = "original-missing"

    def __init__(self, image_id: int) -> None:
        super().__init__(
            f"image {image_id}: its file is gone, changed or too large; run `pictor index` on its folder"
        )


class ImageNotFound(RetrievalError):
    """No image has that id, or no image is at that path."""

    code = "image-not-found"

    def __init__(self, image: object) -> None:
        text = str(image)
        super().__init__(
            f"image {text}: not in the library; it may have been removed"
            if text.lstrip("-").isdecimal()
            else f"{text}: not in the library; run `pictor index` on it"
        )


class InvalidEdit(RetrievalError):
    """What is to be said of images cannot be said; the message names the field, and what to write."""

    code = "invalid-edit"


class EditUnknown(RetrievalError):
    """No edit has this number, or it cannot be taken back any more."""

    code = "edit-unknown"

    def __init__(self, number: int) -> None:
        super().__init__(
            f"edit {number}: it may have been taken back already, or is no longer kept; `pictor edit --list` "
            "names those that can be"
        )


class VerdictNotFound(RetrievalError):
    """No verdict has that number."""

    code = "verdict-not-found"

    def __init__(self, verdict: int) -> None:
        super().__init__(f"verdict {verdict}: there is none of that number; it may have been withdrawn")


class WebhookUnknown(RetrievalError):
    """There is no webhook with this number."""

    code = "webhook-unknown"

    def __init__(self, webhook: int) -> None:
        super().__init__(f"webhook {webhook}: there is none of this number; it may have been removed")


class ImageNotInAnswer(ImageNotFound):
    """The image is in the library, but the answer to the query does not list it; the message says why."""

    code = "image-not-in-answer"

    def __init__(self, image: object, reason: str) -> None:
        RetrievalError.__init__(self, f"image {image}: not in the answer to this query; {reason}")


class UnreadableImage(RetrievalError):
    """Pictor cannot read these bytes as a picture; `code` says why in one word, `reason` in a sentence."""

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
    """At most three decimals, enough to show that an amount is just over a limit."""
    return f"{number:.3f}".rstrip("0").rstrip(".")


class ServerUnreachable(RetrievalError):
    """A client cannot reach its server, or cannot read what it answers.

    Whether a change was made, if one was asked for, is not known.
    """

    code = "server-unreachable"

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"{url}: the server cannot be reached ({reason}); look whether it runs, then try again"
        )


class RequestRefused(RetrievalError):
    """A server refuses what a client asks for, such as without a key; `code` is that of the server."""

    code = "request-refused"

    def __init__(self, reason: str, code: str = code) -> None:
        super().__init__(reason)
        self.code = code


class UnknownDescriptor(RetrievalError):
    """No descriptor has that name."""

    code = "unknown-descriptor"

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"{name}: no such descriptor; there are {', '.join(known)}")


class BackboneUnavailable(RetrievalError):
    """The backbone cannot be built, or its weights cannot be fetched or used."""

    code = "backbone-unavailable"

    OFFLINE = (
        "go online once so that timm can fetch them, give a local file with --weights FILE, "
        "or leave --backbone out to use the one that comes with Pictor"
    )
    UNKNOWN = "choose one of the names that timm.list_models() gives"
    OTHER_SIZE = "leave the size out, or give another with --preprocessing size=PIXELS"
    UNFIT = "give the safetensors file that belongs to this backbone with --weights FILE"

    def __init__(self, backbone: str, reason: object, remedy: str = UNFIT) -> None:
        super().__init__(f"{backbone}: {reason}; {remedy}")


class PictureUnreachable(RetrievalError):
    """A query picture cannot be fetched from its address."""

    code = "picture-unreachable"

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"{address}: {reason}")


class DecodingImpossible(RetrievalError):
    """No process can be started to decode pictures in."""

    code = "decoding-impossible"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"pictures cannot be decoded: {reason}; end other programs, which leaves memory and time for "
            "this one, or install Pictor again"
        )
