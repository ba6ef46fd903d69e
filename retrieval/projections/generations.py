"""Generations: written beside the old ones, fsynced, sealed by a checksum, verified before they are read."""

from __future__ import annotations

import errno
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..catalog import Projection
from ..durable import compute_seal, remove_path
from ..errors import NotEnoughMemory, ProjectionDamaged, StorageFailed


def new_name(stem: str, seq: int) -> str:
    """A name that no generation had before, sortable by watermark."""
    return f"{stem}-{seq:012d}-{secrets.token_hex(4)}"


def verified(root: Path, pointer: Projection, versions: str) -> Path:
    """The generation's path, once its versions, size and checksum have been found right."""
    path = root / pointer.generation
    if pointer.library_versions != versions:
        raise ProjectionDamaged(pointer.generation, f"made by {pointer.library_versions}, this is {versions}")
    if not path.exists():
        raise ProjectionDamaged(pointer.generation, "missing from the library")
    with readable(pointer):
        seal = compute_seal(root, pointer.generation)
    if (seal.bytes, seal.sha256) != (pointer.bytes, pointer.sha256):
        raise ProjectionDamaged(
            pointer.generation, f"{seal.bytes} of {pointer.bytes} bytes, and a wrong checksum"
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
        remove_path(path)
