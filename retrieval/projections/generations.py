"""Generations of projections: their names, their verification before they are read, and their removal."""

from __future__ import annotations

import errno
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from ..catalog import Projection
from ..durable import compute_seal, remove_path
from ..errors import NotEnoughMemory, ProjectionDamaged, StorageFailed
from ..manifest import MANIFEST, Manifest
from .sealed_folder import SealedFolder
from .verified_files import VerifiedFiles

VERIFIED = VerifiedFiles()  # of this process, whichever libraries it opens
SEALING = "sealed by blocks"  # how the files of a generation are sealed, among its versions

# Of each file of a generation: its name, size, time of change, and number on the disk.
Stamp: TypeAlias = tuple[tuple[str, int, int, int], ...]


def new_name(stem: str, seq: int) -> str:
    """A name that no generation had before; names sort by watermark."""
    return f"{stem}-{seq:012d}-{secrets.token_hex(4)}"


def verify_generation(root: Path, pointer: Projection, versions: str, *, again: bool = False) -> Path:
    """The path of a generation of which every byte was compared with its checksum by this process.

    Files that it compared before, those of an earlier generation among them, are read only with `again`, or
    if a program has written to them since. Raises ProjectionDamaged, also for other versions.
    """
    path = check_seal(root, pointer, versions)
    if path.is_dir():
        with translating_read_errors(pointer):
            _open_folder(path).verify_all(VERIFIED, again=again)
    return path


def open_generation(root: Path, pointer: Projection, versions: str) -> SealedFolder:
    """A generation that is verified where it is read; its versions, manifest and names were checked.

    Raises ProjectionDamaged.
    """
    path = check_seal(root, pointer, versions)
    with translating_read_errors(pointer):
        return _open_folder(path)


def _open_folder(path: Path) -> SealedFolder:
    folder = SealedFolder(path, Manifest.load(path))
    if wrong := sorted({file.name for file in path.iterdir()} ^ {*folder.names, MANIFEST}):
        raise ProjectionDamaged(path.name, f"{wrong[0]}: missing, or not one of its files")
    return folder


def check_seal(root: Path, pointer: Projection, versions: str) -> Path:
    """The path of a generation whose versions, size and seal are right: of a folder, the manifest is read.

    Raises ProjectionDamaged.
    """
    path = root / pointer.generation
    if pointer.library_versions != versions:
        raise ProjectionDamaged(pointer.generation, f"made by {pointer.library_versions}, this is {versions}")
    if not path.exists():
        raise ProjectionDamaged(pointer.generation, "missing from the library")
    with translating_read_errors(pointer):
        seal = compute_seal(root, pointer.generation)
    if (seal.bytes, seal.sha256) != (pointer.bytes, pointer.sha256):
        raise ProjectionDamaged(
            pointer.generation, f"{seal.bytes} of {pointer.bytes} bytes, and a wrong checksum"
        )
    return path


def stamp_generation(root: Path, pointer: Projection | None) -> Stamp:
    """What differs as soon as a program has written to a generation; empty for one that is missing."""
    path = root / pointer.generation if pointer else root
    files = sorted(path.iterdir()) if pointer and path.is_dir() else [path]
    stats = [(file.name, file.stat()) for file in files if file.is_file()]
    return tuple((name, stat.st_size, stat.st_mtime_ns, stat.st_ino) for name, stat in stats)


@contextmanager
def translating_read_errors(pointer: Projection) -> Iterator[None]:
    """Turn an error while a generation is opened into ProjectionDamaged.

    The exceptions are missing resources: NotEnoughMemory for memory, StorageFailed for too many open files.
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


def find_strays(root: Path, live: Iterable[str]) -> list[Path]:
    """Files and folders below the root that belong to no live generation: left by a crash, or superseded."""
    kept = set(live)
    return sorted(path for path in root.iterdir() if path.name not in kept) if root.is_dir() else []


def prune_strays(root: Path, live: Iterable[str]) -> None:
    """Remove the strays; only the writer may do this, after the pointers have moved.

    A reader that has a superseded generation open can still read it: the files lose their names, and their
    contents only when the reader closes them.
    """
    for path in find_strays(root, live):
        remove_path(path)
