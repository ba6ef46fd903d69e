"""What a commit needs to be an acknowledgement is read back, and the write-ahead log is kept from growing."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import URL

from retrieval import DurabilityTooLow
from retrieval.catalog import Catalog, WritableCatalog, engine, log, sqlite_url
from retrieval.catalog.engine import READER_PRAGMAS, WRITER_PRAGMAS, prepare_connection
from tests.databases import new_image

WEAKER = {
    "busy_timeout": 0,
    "journal_mode": "delete",
    "synchronous": 1,
    "foreign_keys": 0,
    "journal_size_limit": -1,
    "cell_size_check": 0,
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite", isolation_level=None)) as made:
        yield made


def ignoring(name: str, *, reads: bool) -> Callable[..., int]:
    """An authoriser with which SQLite passes over one pragma in silence; where it `reads`, altogether."""

    def decide(action: int, pragma: str | None, value: str | None, *_: object) -> int:
        named = action == sqlite3.SQLITE_PRAGMA and pragma == name
        return sqlite3.SQLITE_IGNORE if named and (reads or value is not None) else sqlite3.SQLITE_OK

    return decide


@pytest.mark.parametrize("name", WEAKER)
def test_a_setting_that_sqlite_does_not_take_is_refused(connection: sqlite3.Connection, name: str) -> None:
    connection.execute(f"PRAGMA {name}={WEAKER[name]}")
    connection.set_authorizer(ignoring(name, reads=False))
    with pytest.raises(
        DurabilityTooLow, match=f"^here: .*{name} is {WEAKER[name]}, not {WRITER_PRAGMAS[name]}"
    ):
        prepare_connection(connection, WRITER_PRAGMAS, "here")


def test_a_sqlite_that_does_not_know_a_setting_is_refused(connection: sqlite3.Connection) -> None:
    connection.set_authorizer(ignoring("foreign_keys", reads=True))
    with pytest.raises(DurabilityTooLow, match="foreign_keys is nothing, not 1"):
        prepare_connection(connection, WRITER_PRAGMAS, "here")


def test_a_file_system_that_cannot_have_a_write_ahead_log_is_refused(tmp_path: Path) -> None:
    """SQLite locks with files here, as on file systems without shared memory, and then has no such log."""
    address = f"file:{tmp_path}/catalog.sqlite?vfs=unix-dotfile"
    with (
        closing(sqlite3.connect(address, uri=True)) as connection,
        pytest.raises(DurabilityTooLow, match="journal_mode is delete, not wal"),
    ):
        prepare_connection(connection, WRITER_PRAGMAS, "here")


@pytest.mark.parametrize(
    ("version", "faulty"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 52, 0), False),
        ((4, 0, 0), False),
    ],
)
def test_the_versions_that_may_lose_commits_are_known(version: tuple[int, int, int], faulty: bool) -> None:
    assert log.may_lose_commits(version) == faulty


@pytest.fixture
def url(sqlite_template: Path, tmp_path: Path) -> URL:
    (tmp_path / "catalog.sqlite").write_bytes(sqlite_template.read_bytes())
    return sqlite_url(tmp_path / "catalog.sqlite")


def test_a_faulty_sqlite_is_remarked_upon(url: URL) -> None:
    catalog = Catalog.open(url)
    named = [remark for remark in catalog.remarks() if sqlite3.sqlite_version in remark]
    assert bool(named) == log.may_lose_commits(sqlite3.sqlite_version_info[:3])
    catalog.close()


def test_a_reader_never_checkpoints_even_as_the_last_to_leave(url: URL, tmp_path: Path) -> None:
    """What a writer that was killed left in its log stays there, and is read."""
    writing = WritableCatalog.create(url)
    with writing.writing() as writer:
        writer.add_images([new_image(1)])
    killed = tmp_path / "killed"
    killed.mkdir()
    for file in (tmp_path / "catalog.sqlite", tmp_path / "catalog.sqlite-wal"):
        (killed / file.name).write_bytes(file.read_bytes())
    writing.close()
    before = {path.name: path.read_bytes() for path in killed.iterdir()}
    reading = Catalog.open(sqlite_url(killed / "catalog.sqlite"))
    with reading.reading() as reader:
        assert reader.count_images() == 1
    reading.close()
    assert {name: (killed / name).read_bytes() for name in before} == before
    with closing(sqlite3.connect(f"file:{killed}/catalog.sqlite?mode=ro", uri=True)) as asked:
        prepare_connection(asked, READER_PRAGMAS, "here")
        with pytest.raises(sqlite3.OperationalError):
            asked.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def test_a_log_that_a_long_reader_lets_grow_is_remarked_upon_and_shrinks_afterwards(
    url: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "MAX_LOG_BYTES", 6 * 2**20)
    monkeypatch.setitem(engine.WRITER_PRAGMAS, "journal_size_limit", 2**20)  # type: ignore[arg-type]
    writing, reading = WritableCatalog.create(url), Catalog.open(url)
    with reading.reading() as reader:
        assert reader.count_images() == 0
        for number in range(10):
            add_large_image(writing, number)
        [remark] = [one for one in reading.remarks() if "write-ahead log has" in one]
        assert re.search(r"has 1[0-4] MiB", remark), "ten thumbnails, and pages that each commit writes again"
        assert reader.count_images() == 0
    for number in range(10, 13):
        add_large_image(writing, number)
    assert log.log_size(tmp_path / "catalog.sqlite") <= 3 * 2**20, "what came since, and no more"
    assert not any("write-ahead log" in remark for remark in reading.remarks())
    writing.close()
    reading.close()


def add_large_image(catalog: WritableCatalog, number: int) -> None:
    """Store an image with a thumbnail of a mebibyte."""
    with catalog.writing() as writer:
        writer.add_images([replace(new_image(number), thumbnail=bytes(2**20))])
