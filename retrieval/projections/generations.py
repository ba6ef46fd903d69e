"""Generations: written beside the old ones, fsynced, sealed by a checksum, verified before they are read."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..catalog import Projection
from ..errors import NotEnoughMemory, ProjectionDamaged, StorageFailed
from ..pictures.files import sync_to_disk

TEMPORARY = ".tmp"
BLOCK = 1 << 20  # bytes read at a time


@dataclass(frozen=True, slots=True)
class Seal:
    """What the catalog keeps of a finished generation: its name below the root, its size and SHA-256."""

    generation: str
    bytes: int
    sha256: str


def new_name(stem: str, seq: int) -> str:
    """A name that no generation had before, sortable by watermark."""
    return f"{stem}-{seq:012d}-{secrets.token_hex(4)}"


def write_file(root: Path, name: str, data: bytes | memoryview) -> Seal:
    """Write one file durably: temporary file, fsync, rename, fsync of the folder."""
    with _half_written(root / name) as temporary:
        root.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(root / name)
        sync_to_disk(root)
        return seal(root, name)


def write_folder(root: Path, name: str, fill: Callable[[Path], None]) -> Seal:
    """Let `fill` make a folder's files, then make them durable and rename the folder to its name."""
    with _half_written(root / name) as temporary:
        temporary.mkdir(parents=True)
        fill(temporary)
        for path in sorted(temporary.iterdir()):
            sync_to_disk(path)
        sync_to_disk(temporary)
        temporary.rename(root / name)
        sync_to_disk(root)
        return seal(root, name)


@contextmanager
def _half_written(path: Path) -> Iterator[Path]:
    """A name to write under first; nothing stays there when the block fails.

    What the disk refuses becomes StorageFailed.
    """
    temporary = path.with_name(path.name + TEMPORARY)
    try:
        yield temporary
    except BaseException as error:
        _remove(temporary)
        if isinstance(error, OSError):
            raise StorageFailed(path, error.strerror or error) from error
        raise


def share(file: Path, name: Path) -> None:
    """Give a finished file, which nobody writes to any more, another name in a new generation."""
    try:
        os.link(file, name)
    except OSError:  # a file system without hard links
        shutil.copyfile(file, name)


def seal(root: Path, name: str) -> Seal:
    """Size and checksum of what lies on the disk; of a folder, over its sorted file names and contents."""
    path = root / name
    if path.is_file():
        return Seal(name, path.stat().st_size, _sha256(path))
    parts = sorted(each for each in path.iterdir() if each.is_file())
    digests = "\n".join(f"{part.name} {_sha256(part)}" for part in parts)
    total = sum(part.stat().st_size for part in parts)
    return Seal(name, total, hashlib.sha256(digests.encode()).hexdigest())


def verified(root: Path, pointer: Projection, versions: str) -> Path:
    """The generation's path, once its versions, size and checksum have been found right."""
    path = root / pointer.generation
    if pointer.library_versions != versions:
        raise ProjectionDamaged(pointer.generation, f"made by {pointer.library_versions}, this is {versions}")
    if not path.exists():
        raise ProjectionDamaged(pointer.generation, "missing from the library")
    with readable(pointer):
        found = seal(root, pointer.generation)
    if (found.bytes, found.sha256) != (pointer.bytes, pointer.sha256):
        raise ProjectionDamaged(
            pointer.generation, f"{found.bytes} of {pointer.bytes} bytes, and a wrong checksum"
        )
    return path


@contextmanager
def readable(pointer: Projection) -> Iterator[None]:
    """What the file system refuses while a generation is opened, or what does not fit, is damage to it.

    But for what the system has too little of: memory, or files that may be open.
    """
    try:
        yield
    except MemoryError as error:
        raise NotEnoughMemory(pointer.generation, pointer.bytes) from error
    except (OSError, ValueError) as error:
        number = getattr(error, "errno", None)
        if number == errno.ENOMEM:
            raise NotEnoughMemory(pointer.generation, pointer.bytes) from error
        if number in (errno.EMFILE, errno.ENFILE):
            raise StorageFailed(pointer.generation, error) from error
        raise ProjectionDamaged(pointer.generation, f"cannot be read ({error})") from error


def strays(root: Path, live: Iterable[str]) -> list[Path]:
    """What lies below the root and belongs to no live generation: left by a crash, or superseded."""
    kept = set(live)
    return sorted(path for path in root.iterdir() if path.name not in kept) if root.is_dir() else []


def prune(root: Path, live: Iterable[str]) -> None:
    """Remove the strays; only the writer may, after the pointers have moved.

    A reader that has a superseded generation open keeps it until it lets go: the files lose their
    names, not their contents.
    """
    for path in strays(root, live):
        _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256", _bufsize=BLOCK).hexdigest()
