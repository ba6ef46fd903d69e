"""A library with its catalog on PostgreSQL answers like one on SQLite, and has one writer at a time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Timer

import pytest
from sqlalchemy import Pool, create_engine, event, make_url, text

from indexer.run.captions import read_captions
from indexer.run.pipeline import index
from indexer.upkeep.check import check_library
from indexer.upkeep.opening import open_or_create
from retrieval import (
    InvalidSetting,
    Library,
    LibraryBusy,
    NameTaken,
    Settings,
    open_keeper,
    parse_query,
    path_bytes,
    write_library,
)
from retrieval.catalog import WritableCatalog
from retrieval.catalog.writer import Writer
from tests.databases import Server, execute_statements
from tests.indexer.command import pictor
from tests.indexing import TINY

QUERIES = ("quiet harbour", "tag:day2", "folder:market after:1990", "noon -forest", "")


@pytest.fixture
def shared_library(url: str, scenes: Path, tmp_path: Path) -> Path:
    """The folder of the library of the twelve scenes, with its catalog on the server."""
    with open_or_create(tmp_path, replace(TINY, catalog_url=url)) as library:
        captions = read_captions(scenes / "captions.csv")
        index(library, [path_bytes(scenes)], captions=captions, on_event=lambda event: None)
    return tmp_path


def test_it_answers_as_a_library_on_sqlite_does(shared_library: Path, library: Library) -> None:
    with Library.open(shared_library) as on_server:
        for line in QUERIES:
            expected, found = library.search(parse_query(line)), on_server.search(parse_query(line))
            assert [hit.image.path for hit in found.hits] == [hit.image.path for hit in expected.hits], line
            assert [hit.score for hit in found.hits] == [hit.score for hit in expected.hits], line
        assert list(check_library(on_server)) == []


def test_of_two_who_save_the_same_name_at_once_the_second_is_told_that_it_is_taken(
    shared_library: Path,
) -> None:
    def save(line: str) -> str:
        with open_keeper(library) as keeper:
            keeper.add_search("noons", line)
            time.sleep(0.3)  # the other one comes to its turn meanwhile
        return line

    with Library.open(shared_library) as library, ThreadPoolExecutor() as threads:
        saves = [threads.submit(save, line) for line in ("noon", "noon -forest")]
        errors = [outcome.exception() for outcome in saves]
        assert sorted(type(error) for error in errors if error) == [NameTaken]
        [saved] = [outcome.result() for outcome in saves if outcome.exception() is None]
        with library.catalog.reading() as reader:
            assert reader.load_searches()["noons"].line == saved


def test_its_address_is_remembered_and_no_local_catalog_is_made(shared_library: Path, url: str) -> None:
    assert Settings.resolve(shared_library, {}).catalog_url == url
    assert not (shared_library / "catalog.sqlite").exists()


def test_remembering_the_address_keeps_the_other_settings(url: str, tmp_path: Path) -> None:
    (tmp_path / "library.toml").write_text("batch_size = 7\n")
    for _ in range(2):
        with open_or_create(tmp_path, replace(TINY, catalog_url=url)):
            settings = Settings.resolve(tmp_path, {})
            assert (settings.batch_size, settings.catalog_url) == (7, url)


def test_another_address_than_the_remembered_one_is_refused(shared_library: Path, postgresql: Server) -> None:
    other = postgresql.create_database()
    with (
        pytest.raises(InvalidSetting, match="names another catalog already"),
        open_or_create(shared_library, replace(TINY, catalog_url=other)),
    ):
        pass
    postgresql.drop_database(other)


def test_a_writer_elsewhere_is_refused_while_one_is_at_work(
    shared_library: Path, url: str, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    with (
        open_or_create(shared_library),
        pytest.raises(LibraryBusy, match="another writer"),
        write_library(elsewhere, Settings(catalog_url=url)),
    ):
        pass
    with write_library(elsewhere, Settings(catalog_url=url)):
        pass


def test_the_lock_is_given_back_before_its_session_ends(url: str) -> None:
    mine = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    held = text(f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND {mine}")
    engine = create_engine(url)
    locks: list[int] = []

    def look(*_: object) -> None:
        with engine.connect() as connection:
            locks.append(connection.scalar(held))

    catalog = WritableCatalog.create(url)
    look()
    event.listen(Pool, "close_detached", look)  # before it is closed
    catalog.close()
    event.remove(Pool, "close_detached", look)
    engine.dispose()
    assert locks == [1, 0]


def test_a_lock_that_is_about_to_be_given_back_is_waited_for(url: str, tmp_path: Path) -> None:
    holder = WritableCatalog.create(url)
    leaving = Timer(0.3, holder.close)
    leaving.start()
    with write_library(tmp_path, Settings(catalog_url=url)):
        pass
    leaving.join()


def test_a_server_whose_commits_do_not_wait_for_its_disk_is_exit_code_4(
    shared_library: Path, url: str
) -> None:
    execute_statements(url, f"ALTER DATABASE {make_url(url).database} SET synchronous_commit = off")
    done = pictor("remove", 1, "--library", shared_library)
    assert (done.returncode, done.stdout) == (4, "")
    assert (
        "could lose committed data in a power failure (synchronous_commit is off); run ALTER DATABASE"
        in done.stderr
    )


def test_a_reader_cannot_write(shared_library: Path) -> None:
    with (
        Library.open(shared_library) as library,
        pytest.raises(Exception, match="read-only transaction"),
        library.catalog.reading() as reader,
    ):
        Writer(reader._connection).remove_images([1])
