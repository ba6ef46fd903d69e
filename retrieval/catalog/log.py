"""SQLite's write-ahead log: how large it may grow, and the versions of SQLite that can lose a commit in it.

Until 3.51.3 two connections that write and checkpoint in the same instant could lose committed pages, since
3.7.0 (sqlite.org/wal.html#the_wal_reset_bug). Here one process at a time writes, and only it checkpoints.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

MENDED = {(3, 44): 6, (3, 50): 7}  # releases of older lines that have the correction
LARGEST = 256 * 2**20  # bytes; a log beyond is remarked upon
KEPT = 64 * 2**20  # bytes that the file keeps once everything in it has reached the catalog


def may_lose_commits(version: tuple[int, int, int]) -> bool:
    """Whether this version of SQLite has the fault."""
    line, release = version[:2], version[2]
    if line in MENDED:
        return release < MENDED[line]
    return (3, 7, 0) <= version <= (3, 51, 2)


def remarks(catalog: Path) -> tuple[str, ...]:
    """What there is to say about the log of a SQLite catalog, one sentence each."""
    said = []
    if may_lose_commits(sqlite3.sqlite_version_info[:3]):
        said.append(
            f"SQLite {sqlite3.sqlite_version} can lose commits where two processes write and checkpoint "
            "at once; Pictor lets one process write, and no other checkpoint"
        )
    if (held := size(catalog)) > LARGEST:
        said.append(
            f"the catalog's write-ahead log has {held / 2**20:.0f} MiB, because a search that has not ended "
            "keeps it from being emptied; end it, or restart `pictor serve`, then run `pictor index`"
        )
    return tuple(said)


def size(catalog: Path) -> int:
    """The bytes of the log beside a SQLite catalog; 0 where there is none."""
    try:
        return catalog.with_name(f"{catalog.name}-wal").stat().st_size
    except OSError:
        return 0
