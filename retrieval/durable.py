"""Durable files and folders: written under a temporary name, synced to the disk, renamed, and sealed."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .errors import StorageFailed
from .manifest import MANIFEST, Manifest

TEMPORARY = ".tmp"  # ending of names that are not finished yet
BLOCK = 1 << 20  # bytes read at a time


@dataclass(frozen=True, slots=True)
class Seal:
    """Name, size and SHA-256 of a finished file or folder; `name` is relative to the folder that holds it."""

    name: str
    bytes: int
    sha256: str


def write_file(root: Path, name: str, data: bytes | memoryview) -> Seal:
    """Write one file durably: temporary file, fsync, rename, fsync of the folder. Raises StorageFailed."""
    with _temporary_path(root / name) as temporary:
        root.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(root / name)
        sync_to_disk(root)
        return compute_seal(root, name)


def replace_file(path: Path, data: bytes) -> None:
    """Write one file that may be lost: readers see all of it or nothing, but it is not synced to the disk.

    Its folder is made, for its owner alone as the file itself. Raises OSError, and leaves nothing then.
    """
    path.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_folder(root: Path, name: str, fill: Callable[[Path], None], *, before: Path | None = None) -> Seal:
    """Let `fill` write the files of a new folder, add a manifest, sync all, and give the folder its name.

    `before`: a folder with which it may share files, whose manifest has been verified. Raises StorageFailed.
    """
    with _temporary_path(root / name) as temporary:
        temporary.mkdir(parents=True)
        fill(temporary)
        (temporary / MANIFEST).unlink(missing_ok=True)  # one that was shared is that of another folder
        (temporary / MANIFEST).write_bytes(Manifest.of_folder(temporary, before).to_bytes())
        for path in sorted(temporary.iterdir()):
            sync_to_disk(path)
        sync_to_disk(temporary)
        temporary.rename(root / name)
        sync_to_disk(root)
        return compute_seal(root, name)


@contextmanager
def _temporary_path(path: Path) -> Iterator[Path]:
    """A name to write under first. When the block fails, nothing is left there.

    An OSError becomes StorageFailed.
    """
    temporary = path.with_name(path.name + TEMPORARY)
    try:
        yield temporary
    except BaseException as error:
        remove_path(temporary)
        if isinstance(error, OSError):
            raise StorageFailed(path, error.strerror or error) from error
        raise


def share_file(file: Path, name: Path) -> None:
    """Give a finished file, which is never written again, a second name."""
    try:
        os.link(file, name)
    except OSError:  # a file system without hard links gets a copy
        shutil.copy2(file, name)  # with its time of change, by which it is known to be the same


def sync_to_disk(path: Path) -> None:
    """Make a file's content durable, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def compute_seal(root: Path, name: str) -> Seal:
    """The seal of a file or folder; a folder's checksum is that of its manifest."""
    path = root / name
    if path.is_file():
        return Seal(name, path.stat().st_size, _file_sha256(path))
    total = sum(file.stat().st_size for file in path.iterdir() if file.is_file())
    return Seal(name, total, _file_sha256(path / MANIFEST))


def remove_path(path: Path) -> None:
    """Remove a file, a link or a whole folder; nothing happens if there is none."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256", _bufsize=BLOCK).hexdigest()
