"""The constraints hold in SQL, and the connections are set up so that a commit is an acknowledgement."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, text
from sqlalchemy.exc import IntegrityError

from retrieval import InvalidSetting, LibraryBusy, StorageFailed
from retrieval.catalog import Catalog, WritableCatalog, sqlite_url
from retrieval.catalog.engine import open_engine
from retrieval.catalog.writer import Writer
from tests.databases import new_image

FILL = [
    "INSERT INTO image (sha256, perceptual_hash, width, height, format, bytes, added_at)"
    " VALUES ('a', 1, 2, 3, 'PNG', 4, '2020-01-01 00:00:00')",
    "INSERT INTO content (sha256, image_id, bytes, format, said) VALUES ('a', 1, 4, 'PNG', '[]')",
    "INSERT INTO location (path, display, folder, image_id, mtime, size, content_id)"
    " VALUES ('p', 'p', '/', 1, 1, 1, 1)",
    "INSERT INTO annotation (image_id, field, value, folded, source, confidence)"
    " VALUES (1, 'tag', 'Sea', 'sea', 'captions', 1)",
    "INSERT INTO thumbnail (image_id, data) VALUES (1, 'webp')",
    "INSERT INTO space (fingerprint, descriptor, configuration, dimension, metric, state)"
    " VALUES ('f', 'colour', '{}', 4, 'inner product', 'live')",
    "INSERT INTO feature (space_id, image_id, vector, crc32) VALUES (1, 1, 'v', 7)",
    "INSERT INTO change (image_id, operation) VALUES (1, 'put')",
    "INSERT INTO projection (kind, space_id, seq, generation, bytes, sha256, library_versions)"
    " VALUES ('vectors', 1, 1, 'g', 1, 's', 'faiss')",
    "INSERT INTO problem (path, code, reason, tries, seen_at)"
    " VALUES ('p', 'truncated', 'r', 1, '2020-01-01 00:00:00')",
]

# Statements on the filled catalog that no connection may get through, each with the constraint's promise.
REFUSED = {
    "one file is shown by one image": FILL[0],
    "one content belongs to one image": FILL[1],
    "one path is one location": FILL[2],
    "one fact is said once by one source": FILL[3],
    "one image has one thumbnail": FILL[4],
    "one fingerprint is one space": FILL[5],
    "one image has one feature in a space": FILL[6],
    "one projection has one pointer": FILL[8],
    "one path has one problem": FILL[9],
    "a content needs its image": "UPDATE content SET image_id = 99",
    "a location needs its content": "UPDATE location SET content_id = 99",
    "a location has a content": "UPDATE location SET content_id = NULL",
    "a location needs its image": "UPDATE location SET image_id = 99",
    "an annotation needs its image": "UPDATE annotation SET image_id = 99",
    "a thumbnail needs its image": "UPDATE thumbnail SET image_id = 99",
    "a feature needs its image": "UPDATE feature SET image_id = 99",
    "a feature needs its space": "UPDATE feature SET space_id = 99",
    "a pointer needs its space": "UPDATE projection SET space_id = 99",
    "confidence is not above 1": "UPDATE annotation SET confidence = 1.01",
    "confidence is not below 0": "UPDATE annotation SET confidence = -0.01",
    "a space has a known state": "UPDATE space SET state = 'broken'",
    "a change has a known operation": "UPDATE change SET operation = 'delete'",
    "an image has a size": "UPDATE image SET width = NULL",
    "a location has a path": "UPDATE location SET path = NULL",
}
ALLOWED = [
    "UPDATE annotation SET confidence = 0",
    "UPDATE space SET state = 'building'",
    "UPDATE space SET state = 'retired'",
    "UPDATE change SET operation = 'remove'",
    "UPDATE projection SET space_id = NULL",
]


@pytest.fixture
def engine(catalog_url: URL) -> Iterator[Engine]:
    """A writer's connections, to a catalog with one row in each table."""
    made = open_engine(catalog_url, writable=True)
    execute(made, *FILL)
    yield made
    made.dispose()


def execute(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED)
def test_sql_itself_refuses_to_break(engine: Engine, statement: str) -> None:
    with pytest.raises(IntegrityError):
        execute(engine, statement)


def test_the_limits_of_the_checks_are_allowed(engine: Engine) -> None:
    execute(engine, *ALLOWED)
    assert count(engine, "annotation WHERE confidence = 0") == 1


def test_an_image_takes_everything_with_it_but_the_change_log(engine: Engine) -> None:
    execute(engine, "DELETE FROM image")
    assert [count(engine, table) for table in ("location", "annotation", "thumbnail", "feature")] == [0] * 4
    assert [count(engine, table) for table in ("change", "problem", "space", "projection")] == [1] * 4


def test_a_space_takes_its_features_and_pointers_with_it(engine: Engine) -> None:
    execute(engine, "DELETE FROM space")
    assert [count(engine, table) for table in ("feature", "projection", "image")] == [0, 0, 1]


@pytest.mark.parametrize(
    ("table", "key", "statement"),
    [("image", "id", FILL[0]), ("space", "id", FILL[5]), ("change", "seq", FILL[7])],
)
def test_an_id_is_never_given_out_again(engine: Engine, table: str, key: str, statement: str) -> None:
    execute(engine, f"DELETE FROM {table}", statement, f"DELETE FROM {table}", statement)
    assert count(engine, f"{table} WHERE {key} = 3") == count(engine, table) == 1


def pragma(engine: Engine, name: str) -> object:
    with engine.connect() as connection:
        return connection.scalar(text(f"PRAGMA {name}"))


@pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)
def test_a_sqlite_writer_is_durable_and_checks_foreign_keys(engine: Engine) -> None:
    assert [pragma(engine, name) for name in ("journal_mode", "synchronous", "foreign_keys")] == ["wal", 2, 1]
    assert pragma(engine, "busy_timeout") == 5000


@pytest.mark.parametrize("catalog_url", ["postgresql"], indirect=True)
def test_a_postgresql_commit_waits_for_the_disk(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW synchronous_commit")) == "on"


@pytest.mark.parametrize("catalog_url", ["postgresql"], indirect=True)
def test_a_second_writer_of_one_server_is_told_to_wait(catalog_url: URL) -> None:
    first = WritableCatalog.create(catalog_url)
    with pytest.raises(LibraryBusy):
        WritableCatalog.create(catalog_url)
    first.close()
    WritableCatalog.create(catalog_url).close()


def test_a_reader_cannot_write(catalog_url: URL) -> None:
    reader = Catalog.open(catalog_url)
    with pytest.raises(StorageFailed), reader.reading() as asked:
        Writer(asked._connection).add_images([new_image(1)])
    with reader.reading() as asked:
        assert asked.count_images() == 0
    reader.close()


def test_a_reader_sees_one_state_while_a_writer_goes_on(catalog_url: URL) -> None:
    writing, reading = WritableCatalog.create(catalog_url), Catalog.open(catalog_url)
    with reading.reading() as reader:
        assert reader.count_images() == 0
        with writing.writing() as writer:
            writer.add_images([new_image(1)])
        assert (reader.count_images(), reader.last_seq()) == (0, 0)
    with reading.reading() as reader:
        assert (reader.count_images(), reader.last_seq()) == (1, 1)
    writing.close()
    reading.close()


@pytest.mark.parametrize("name", ["100% sure", "what?", "a#b", "a?b=c&d", "ünïcode", "a'b\"c", "%3f"])
def test_a_catalog_may_lie_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    writing = WritableCatalog.create(sqlite_url(folder / "catalog.sqlite"))
    with writing.writing() as writer:
        writer.add_images([new_image(1)])
    writing.close()
    reading = Catalog.open(sqlite_url(folder / "catalog.sqlite"))
    with reading.reading() as reader:
        assert reader.count_images() == 1
    reading.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (folder / "catalog.sqlite").is_file()


@pytest.mark.parametrize("url", ["nonsense", "sqlserver9://host/name", "postgresql+absent://host/name"])
def test_an_address_that_names_no_database_is_refused_as_a_setting(url: str) -> None:
    with pytest.raises(InvalidSetting):
        Catalog.open(url)
    with pytest.raises(InvalidSetting):
        WritableCatalog.create(url)


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg:///x?host=/nowhere/at/all", "sqlite:////nowhere/at/all/catalog.sqlite"]
)
def test_a_database_that_cannot_be_reached_is_a_failure_of_storage(url: str) -> None:
    with pytest.raises(StorageFailed):
        Catalog.open(url)
    with pytest.raises(StorageFailed):
        WritableCatalog.create(url)


def test_a_file_that_is_no_database_is_a_failure_of_storage(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    path.write_bytes(b"these are not the bytes of a database" * 100)
    with pytest.raises(StorageFailed, match="not a database"):
        Catalog.open(sqlite_url(path))
