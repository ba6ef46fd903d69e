"""SQLite's write-ahead log: how large it may grow, and which versions of SQLite can lose a commit in it.

From 3.7.0 to 3.51.2, two connections that write and checkpoint at the same moment can lose committed pages
(sqlite.org/wal.html#the_wal_reset_bug). In Pictor only one process at a time writes and checkpoints: it has
the turn (see `retrieval.catalog.turns`).
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

FIXED_RELEASES = {(3, 44): 6, (3, 50): 7}  # releases of older versions that have the correction
MAX_LOG_BYTES = 256 * 2**20  # bytes; the status mentions a larger log
KEPT_LOG_BYTES = 64 * 2**20  # bytes that the file keeps after everything in it was copied to the catalog


def may_lose_commits(version: tuple[int, int, int]) -> bool:
    """Whether this version of SQLite has the fault."""
    line, release = version[:2], version[2]
    if line in FIXED_RELEASES:
        return release < FIXED_RELEASES[line]
    return (3, 7, 0) <= version <= (3, 51, 2)


def log_remarks(catalog: Path) -> tuple[str, ...]:
    """Remarks on the log of a SQLite catalog, one sentence each."""
    remarks = []
    if may_lose_commits(sqlite3.sqlite_version_info[:3]):
        remarks.append(
            f"SQLite {sqlite3.sqlite_version} can lose commits where two processes write and checkpoint "
            "at once; Pictor avoids this: only one process writes, and only that one checkpoints"
        )
    if (held := log_size(catalog)) > MAX_LOG_BYTES:
        remarks.append(
            f"the catalog's write-ahead log has {held / 2**20:.0f} MiB, because a search that has not ended "
            "keeps it from being emptied; end it, or restart `pictor serve`, then run `pictor index`"
        )
    return tuple(remarks)


def log_size(catalog: Path) -> int:
    """The size in bytes of the log beside a SQLite catalog; 0 if there is none."""
    try:
        return catalog.with_name(f"{catalog.name}-wal").stat().st_size
    except OSError:
        return 0
