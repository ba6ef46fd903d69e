"""Copies a library: its catalog, its settings and its weights; projections are built again from these."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from retrieval import LOCK_FILE, Library, Settings, write_library

from ..errors import BackupImpossible
from .backup_files import BACKBONES, CATALOG, SETTINGS, copy_weights, pack_archive, unpack_backup
from .carried_settings import take_out, widens
from .check import check_catalog
from .partial import make_private, partial_folder, put_in_place

SQLITE_MAGIC = b"SQLite format 3\0"  # with which every database of SQLite begins


@dataclass(frozen=True, slots=True)
class Restored:
    """A library that was restored: its images, and those settings of the backup that it does not have."""

    images: int
    left_out: Mapping[str, Any]


def create_backup(library: Path, target: Path) -> int:
    """Copy one state of a library to a new folder, or to a new file if the name ends in .tar.

    Others may search and index in the meantime. The copy is opened and checked before it gets its name, and
    only its owner may read it. A folder is a library whose projections are not built yet. Returns the number
    of images. Raises BackupImpossible, and LibraryBusy if another process is making the same target.
    """
    with Library.open(library) as opened, partial_folder(target) as part:
        if not opened.catalog.is_file:
            raise BackupImpossible(
                f"{library}: its catalog is on a server ({opened.catalog.address}); back that up with "
                f"pg_dump, and copy {SETTINGS} and {BACKBONES} from the library's folder"
            )
        opened.catalog.copy_to(part / CATALOG)
        if (library / SETTINGS).exists():
            shutil.copyfile(library / SETTINGS, part / SETTINGS)
            take_out(part / SETTINGS, lambda name, _: name == "catalog_url", shown=library / SETTINGS)
        copy_weights(library, part)
        with write_library(part, _copied_settings(part)) as copied, copied.catalog.writing() as writer:
            writer.delete_publications(writer.load_publications())
        images = _verify_copy(part)
        for left in (part / LOCK_FILE, *part.glob(f"{CATALOG}-*")):
            left.unlink()  # of the writer above: its lock, and the empty log of closed connections
        made = pack_archive(part) if target.suffix == ".tar" else part
        make_private(part)
        put_in_place(made, target)
    return images


def restore_backup(source: Path, library: Path) -> Restored:
    """Make a new library from a backup: copy it, update its schema, build its projections, and check it.

    Settings that would use another catalog, or that allow more than the defaults, are left out. Raises
    BackupImpossible if there is something at `library` already, or if `source` is not a backup, and
    LibraryBusy if another process is making the same library.
    """
    with partial_folder(library) as part:
        unpack_backup(source, part)
        _check_origin(source, part / CATALOG)
        left_out = take_out(part / SETTINGS, widens, shown=source / SETTINGS)
        with write_library(part, _copied_settings(part)) as made:
            made.publish(anew=True)
        images = _verify_copy(part)
        make_private(part)
        put_in_place(part, library)
    return Restored(images, left_out)


def _copied_settings(part: Path) -> Settings:
    return replace(Settings.resolve(part), catalog_url="")


def _verify_copy(part: Path) -> int:
    """Check a copy and return its number of images; raises BackupImpossible with the first finding."""
    with Library.open(part, _copied_settings(part)) as opened:
        for finding in check_catalog(opened):
            raise BackupImpossible(f"{finding.code}: {finding.text}; nothing was copied, run `pictor check`")
        return opened.count_images()


def _check_origin(source: Path, catalog: Path) -> None:
    """Refuse a file that is no catalog of Pictor: an empty one would become an empty library."""
    with catalog.open("rb") as file:
        is_database = file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC
    if not (is_database and _has_version(catalog)):
        raise BackupImpossible(f"{source}: no backup; its {CATALOG} is not a catalog of Pictor")


def _has_version(catalog: Path) -> bool:
    """Whether a database has the table of every catalog, and no code of its own; true if that cannot be read.

    Triggers and views are SQL that would run whenever the catalog is written or read; Pictor makes none.
    """
    code = "SELECT 1 FROM sqlite_master WHERE type IN ('trigger', 'view')"
    with closing(sqlite3.connect(f"{catalog.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            connection.execute("SELECT version_num FROM alembic_version")
            return connection.execute(code).fetchone() is None
        except sqlite3.OperationalError as error:
            return "no such table" not in str(error)
        except sqlite3.DatabaseError:
            return True  # damaged, which is noticed and reported when it is opened
