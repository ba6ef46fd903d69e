"""Backups of the catalog, the settings and the weights; projections are built again from these."""

from __future__ import annotations

import re
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from retrieval import LOCK_FILE, Library, Settings, StorageFailed, sync_to_disk, write_library

from ..errors import BackupImpossible
from .check import check_catalog

CATALOG, SETTINGS, BACKBONES = "catalog.sqlite", "library.toml", "backbones"
SQLITE_MAGIC = b"SQLite format 3\0"  # with which every database of SQLite begins
ADDRESS = re.compile(
    r"^\s*catalog_url\s*=.*\n?", re.MULTILINE
)  # the address of the library's catalog, which the copy must not use


def create_backup(library: Path, target: Path) -> int:
    """Copy one state of a library to a new folder, or to a new file if the name ends in .tar.

    Others may search and index in the meantime. The copy is opened and checked before it gets its name. A
    folder is a library whose projections are not built yet. Returns the number of images. Raises
    BackupImpossible.
    """
    _refuse_taken(target)
    with Library.open(library) as opened, _partial_folder(target) as part:
        if not opened.catalog.is_file:
            raise BackupImpossible(
                f"{library}: its catalog is on a server ({opened.catalog.address}); back that up with "
                f"pg_dump, and copy {SETTINGS} and {BACKBONES} from the library's folder"
            )
        opened.catalog.copy_to(part / CATALOG)
        _copy_settings_and_weights(opened.path, part)
        with write_library(part, _copied_settings(part)) as copied, copied.catalog.writing() as writer:
            writer.delete_publications(writer.load_publications())
        images = _verify_copy(part)
        for left in (part / LOCK_FILE, *part.glob(f"{CATALOG}-*")):
            left.unlink()  # of the writer above: its lock, and the empty log of closed connections
        _sync_all(part)
        (_pack_tar(part) if target.suffix == ".tar" else part).replace(target)
        sync_to_disk(target.parent)
    return images


def restore_backup(source: Path, library: Path) -> int:
    """Make a new library from a backup: copy it, update its schema, build its projections, and check it.

    Returns the number of images. Raises BackupImpossible if there is something at `library` already, or if
    `source` is not a backup.
    """
    _refuse_taken(library)
    with _partial_folder(library) as part:
        _unpack_backup(source, part)
        with write_library(part, _copied_settings(part)) as made:
            made.publish(anew=True)
        images = _verify_copy(part)
        _sync_all(part)
        part.replace(library)
        sync_to_disk(library.parent)
    return images


def _refuse_taken(target: Path) -> None:
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise BackupImpossible(f"{target}: something is there already; name a path where there is nothing")


@contextmanager
def _partial_folder(target: Path) -> Iterator[Path]:
    """A new folder beside the target; it is removed at the end, unless it became the target."""
    part = target.absolute().with_name(f".{target.absolute().name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)  # left by a run that was killed
        part.mkdir(mode=0o700, parents=True)
        yield part
    except OSError as error:
        raise StorageFailed(target, error.strerror) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _copy_settings_and_weights(library: Path, part: Path) -> None:
    """Copy the weights, and the settings without the catalog's address, which is that of the original."""
    if (library / SETTINGS).exists():
        settings = (library / SETTINGS).read_text("utf-8")
        (part / SETTINGS).write_text(ADDRESS.sub("", settings), "utf-8")
    if (library / BACKBONES).exists():
        shutil.copytree(library / BACKBONES, part / BACKBONES)


def _copied_settings(part: Path) -> Settings:
    return replace(Settings.resolve(part), catalog_url="")


def _verify_copy(part: Path) -> int:
    """Check a copy and return its number of images; raises BackupImpossible with the first finding."""
    with Library.open(part, _copied_settings(part)) as opened:
        for finding in check_catalog(opened):
            raise BackupImpossible(f"{finding.code}: {finding.text}; nothing was copied, run `pictor check`")
        return opened.count_images()


def _pack_tar(part: Path) -> Path:
    packed = part / "packed.tar"
    with tarfile.open(packed, "w") as archive:
        for name in (CATALOG, SETTINGS, BACKBONES):
            if (part / name).exists():
                archive.add(part / name, name)
    sync_to_disk(packed)
    return packed


def _unpack_backup(source: Path, part: Path) -> None:
    if source.is_file():
        try:
            with tarfile.open(source) as archive:
                archive.extractall(part, filter="data")
        except tarfile.TarError as error:
            # What tarfile says has a line for each kind of compression that it tried.
            raise BackupImpossible(
                f"{source}: no backup; give a .tar file or a folder that `pictor backup` made"
            ) from error
    elif (source / CATALOG).is_file():
        _refuse_used(source)
        shutil.copyfile(source / CATALOG, part / CATALOG)
        _copy_settings_and_weights(source, part)
    if not (part / CATALOG).is_file():
        raise BackupImpossible(f"{source}: no backup; there is no {CATALOG} in it")
    _check_origin(source, part / CATALOG)


def _check_origin(source: Path, catalog: Path) -> None:
    """Refuse a file that is no catalog of Pictor: an empty one would become an empty library."""
    with catalog.open("rb") as file:
        is_database = file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC
    if not (is_database and _has_version(catalog)):
        raise BackupImpossible(f"{source}: no backup; its {CATALOG} is not a catalog of Pictor")


def _has_version(catalog: Path) -> bool:
    """Whether a database has the table that every version of the catalog has; true if that cannot be read."""
    with closing(sqlite3.connect(f"{catalog.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            connection.execute("SELECT version_num FROM alembic_version")
        except sqlite3.OperationalError as error:
            return "no such table" not in str(error)
        except sqlite3.DatabaseError:
            pass  # damaged, which is noticed and reported when it is opened
        return True


def _refuse_used(source: Path) -> None:
    log = source / f"{CATALOG}-wal"
    if log.exists() and log.stat().st_size:
        raise BackupImpossible(f"{source}: a library in use; copy it with `pictor backup` first")


def _sync_all(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        sync_to_disk(path)
