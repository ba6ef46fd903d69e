"""The files of a backup: what it may hold, packing it, and reading one that may come from anywhere.

Only the names in ALLOWED are read, each once and only if it is a plain file. Links, devices, sparse files and
paths that lead elsewhere are refused before anything of them is written. An archive is not compressed, so
that nothing in it is larger than the archive itself.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ..errors import BackupImpossible

CATALOG, SETTINGS, BACKBONES = "catalog.sqlite", "library.toml", "backbones"
ALLOWED = re.compile(rf"{re.escape(CATALOG)}|{re.escape(SETTINGS)}|{BACKBONES}/\w[\w.-]*\.(safetensors|npy)")
# Exports are run as they are found, so only those are used that this machine made.
LEFT_OUT = re.compile(rf"{BACKBONES}/\w[\w.-]*\.(onnx|json)")


class _CheckedHeader(tarfile.TarInfo):
    """A header of an archive. A negative size would make tarfile read the same header again and again."""

    def _block(self, count: int) -> int:
        if count < 0:
            raise tarfile.HeaderError("a negative size")
        return super()._block(count)  # type: ignore[misc,no-any-return]


def copy_weights(library: Path, part: Path) -> None:
    """Copy the weights of a library, and what was computed from them once, but no exports."""
    for path in sorted((library / BACKBONES).glob("*")):
        if ALLOWED.fullmatch(f"{BACKBONES}/{path.name}"):
            with path.open("rb") as data:
                _write_private(part / BACKBONES / path.name, data)


def pack_archive(part: Path) -> Path:
    """Pack what a partial folder holds of a backup into one file in it, which only its owner may read."""
    packed = part / "packed.tar"
    with _open_private(packed) as file, tarfile.open(fileobj=file, mode="w") as archive:
        for name in (CATALOG, SETTINGS, BACKBONES):
            if (part / name).exists():
                archive.add(part / name, name)
    return packed


def unpack_backup(source: Path, part: Path) -> None:
    """Copy the files of a backup, a folder or an archive, to a partial folder; raises BackupImpossible."""
    if source.is_file():
        _unpack_archive(source, part)
    else:
        _copy_folder(source, part)
    if not (part / CATALOG).is_file():
        raise BackupImpossible(f"{source}: no backup; there is no {CATALOG} in it")


def _unpack_archive(source: Path, part: Path) -> None:
    try:
        with tarfile.open(source, "r:", tarinfo=_CheckedHeader) as archive:
            for member in archive:
                if _is_wanted(
                    source,
                    member.name,
                    is_plain=member.isreg() and not member.issparse(),
                    is_folder=member.isdir(),
                ):
                    data = archive.extractfile(member)
                    assert data is not None  # it is a plain file
                    _write_private(part / _name_of(member.name), data)
    except FileExistsError as error:
        raise BackupImpossible(f"{source}: no backup; it holds a file twice") from error
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise BackupImpossible(
            f"{source}: no backup; give a .tar file or a folder that `pictor backup` made"
        ) from error


def _copy_folder(source: Path, part: Path) -> None:
    for path in _backup_paths(source):
        mode = path.lstat().st_mode
        if _is_wanted(
            source, str(path.relative_to(source)), is_plain=stat.S_ISREG(mode), is_folder=stat.S_ISDIR(mode)
        ):
            with path.open("rb") as data:
                _write_private(part / path.relative_to(source), data)


def _backup_paths(source: Path) -> Iterator[Path]:
    """The entries of a folder that belong to a backup; a library's folder has others as well."""
    log = source / f"{CATALOG}-wal"
    if log.exists() and log.stat().st_size:
        raise BackupImpossible(f"{source}: a library in use; copy it with `pictor backup` first")
    yield from (
        path for path in (source / CATALOG, source / SETTINGS, source / BACKBONES) if os.path.lexists(path)
    )
    if not (source / BACKBONES).is_symlink():
        yield from sorted((source / BACKBONES).glob("*"))


def _is_wanted(source: Path, name: str, *, is_plain: bool, is_folder: bool) -> bool:
    """Whether to copy an entry of a backup; raises BackupImpossible for one that no backup has."""
    if is_folder and _name_of(name) in ("", ".", BACKBONES):
        return False
    is_known = ALLOWED.fullmatch(_name_of(name)) or LEFT_OUT.fullmatch(_name_of(name))
    if not (is_plain and is_known):
        raise BackupImpossible(
            f"{source}: no backup; it holds {name[:80]!r}, which is no file that `pictor backup` writes"
        )
    return bool(ALLOWED.fullmatch(_name_of(name)))


def _name_of(name: str) -> str:
    return name.removeprefix("./")


def _write_private(path: Path, data: IO[bytes]) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with _open_private(path) as file:
        shutil.copyfileobj(data, file)


def _open_private(path: Path) -> IO[bytes]:
    """A new file that only its owner may read; raises FileExistsError."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")
