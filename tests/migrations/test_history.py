"""The migrations create the tables that the code declares, and remove them again."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Engine, Inspector, inspect, select, text
from sqlalchemy.orm import Session

import migrations
from retrieval import Library, SchemaOutOfDate, Settings, read_status, write_library
from retrieval.catalog import WritableCatalog
from retrieval.catalog.engine import open_engine
from retrieval.catalog.schema import Base, ContentRow, ImageRow, LocationRow
from retrieval.pictures.pixel_digests import digest_thumbnail

SCRIPTS = Path(migrations.__file__).parent


@pytest.fixture
def engine(empty_database: URL) -> Iterator[Engine]:
    made = open_engine(empty_database, writable=True)
    yield made
    made.dispose()


def migrate(engine: Engine, revision: str, *, is_down: bool = False) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if is_down or revision == "base" else command.upgrade)(config, revision)


def settings_of(url: URL) -> Settings:
    return Settings(catalog_url=url.render_as_string(hide_password=False))


def set_revision(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :new"), {"new": revision})


def describe_schema(inspector: Inspector) -> dict[str, Any]:
    """Everything that reflection tells about each table, including the names of constraints and indexes."""
    return {
        table: {
            "columns": [column | {"type": str(column["type"])} for column in inspector.get_columns(table)],
            "primary key": inspector.get_pk_constraint(table),
            "foreign keys": by_name(inspector.get_foreign_keys(table)),
            "unique": by_name(inspector.get_unique_constraints(table)),
            "checks": by_name(inspector.get_check_constraints(table)),
            "indexes": by_name(
                [index | {"dialect_options": str_options(index)} for index in inspector.get_indexes(table)]
            ),
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def str_options(index: Any) -> dict[str, str]:
    """What one database alone knows of an index; its SQL is an object, which equals only itself."""
    return {name: str(value) for name, value in index.get("dialect_options", {}).items()}


def by_name(things: list[Any]) -> list[Any]:
    return sorted(things, key=lambda thing: str(thing["name"]))


def counting_tables(engine: Engine) -> set[str]:
    """The tables of a SQLite base whose ids are never used twice."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'"
    with engine.connect() as connection:
        return set(connection.scalars(text(query)))


def newest_schema() -> str:
    return ScriptDirectory(str(SCRIPTS)).get_heads()[0]


def test_the_revisions_are_those_of_the_scripts() -> None:
    scripts = ScriptDirectory(str(SCRIPTS)).walk_revisions()
    assert tuple(script.revision for script in scripts)[::-1] == migrations.REVISIONS


def test_the_history_has_one_end() -> None:
    assert len(ScriptDirectory(str(SCRIPTS)).get_heads()) == 1


def test_nothing_is_left_to_generate_after_all_migrations(engine: Engine) -> None:
    migrate(engine, "head")
    options = {"compare_type": True, "compare_server_default": True}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_migrated_and_declared_tables_are_alike_to_the_names_of_their_constraints(engine: Engine) -> None:
    migrate(engine, "head")
    migrated = describe_schema(inspect(engine))
    migrate(engine, "base")
    Base.metadata.create_all(engine)
    declared = describe_schema(inspect(engine))
    assert set(migrated) == set(Base.metadata.tables)
    assert migrated == declared


@pytest.mark.parametrize("empty_database", ["sqlite"], indirect=True)
def test_migrated_and_declared_tables_count_their_ids_alike(engine: Engine) -> None:
    migrate(engine, "head")
    migrated = counting_tables(engine)
    migrate(engine, "base")
    Base.metadata.create_all(engine)
    assert migrated == counting_tables(engine)
    assert {"image", "change"} <= migrated


def test_features_of_older_libraries_are_given_their_checksums(engine: Engine) -> None:
    """More features than the migration reads at a time, in two spaces."""
    migrate(engine, "0003")
    features = {(space, image): b"%d of %d" % (image, space) for space in (1, 2) for image in range(1, 1201)}
    image = (
        "INSERT INTO image (sha256, perceptual_hash, width, height, format, bytes, added_at)"
        " VALUES (:name, 1, 2, 3, 'PNG', 4, '2020-01-01 00:00:00')"
    )
    space = (
        "INSERT INTO space (fingerprint, descriptor, configuration, dimension, metric, state)"
        " VALUES (:name, 'colour', '{}', 4, 'inner product', 'live')"
    )
    feature = "INSERT INTO feature (space_id, image_id, vector) VALUES (:space, :image, :blob)"
    rows = [{"space": space, "image": image, "blob": blob} for (space, image), blob in features.items()]
    with engine.begin() as connection:
        connection.execute(text(image), [{"name": str(number)} for number in range(1200)])
        connection.execute(text(space), [{"name": str(number)} for number in range(2)])
        connection.execute(text(feature), rows)
    migrate(engine, "head")
    with engine.connect() as connection:
        found = connection.execute(text("SELECT space_id, image_id, vector, crc32 FROM feature")).all()
    assert {(space, image): (vector, crc32) for space, image, vector, crc32 in found} == {
        key: (blob, zlib.crc32(blob)) for key, blob in features.items()
    }


def test_up_down_up_and_down_leaves_an_empty_base(engine: Engine) -> None:
    migrate(engine, "head")
    first = describe_schema(inspect(engine))
    migrate(engine, "base")
    assert describe_schema(inspect(engine)) == {}
    migrate(engine, "head")
    assert describe_schema(inspect(engine)) == first
    migrate(engine, "base")
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT version_num FROM alembic_version")).all() == []


def test_upgrading_twice_keeps_what_is_there(engine: Engine, empty_database: URL) -> None:
    migrate(engine, "head")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO change (image_id, operation) VALUES (7, 'put')"))
    WritableCatalog.create(empty_database).close()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT image_id FROM change")) == 7


def test_places_of_before_there_were_pages_are_first_pages(engine: Engine) -> None:
    migrate(engine, "0003")
    image = "INSERT INTO image (sha256, perceptual_hash, width, height, format, bytes, added_at) VALUES ('a', 0, 1, 1, 'png', 1, '2020-01-01')"
    place = "INSERT INTO location (path, display, folder, image_id, mtime, size) VALUES (:path, '/a.png', '/', 1, 5, 6)"
    with engine.begin() as connection:
        connection.execute(text(image))
        connection.execute(text(place), {"path": b"/a.png"})
    migrate(engine, "head")
    with engine.begin() as connection:
        found = connection.execute(text("SELECT path, image_id, mtime, page FROM location")).all()
        assert [(bytes(path), *rest) for path, *rest in found] == [(b"/a.png", 1, 5, 1)]


def test_pointers_from_before_publications_have_the_empty_name(engine: Engine) -> None:
    migrate(engine, "0006")
    pointer = "INSERT INTO projection (kind, seq, generation, bytes, sha256, library_versions) VALUES ('words', 5, 'w1', 6, 'aa', 'whoosh')"
    with engine.begin() as connection:
        connection.execute(text(pointer))
    migrate(engine, "head")
    with engine.begin() as connection:
        found = connection.execute(text("SELECT generation, seq, publication FROM projection")).all()
        assert [tuple(row) for row in found] == [("w1", 5, "")]
        connection.execute(text("UPDATE projection SET publication = 'named'"))
        connection.execute(text(pointer))


def test_images_of_before_there_were_contents_have_one_each(engine: Engine) -> None:
    """More images than the migration reads at a time; what their files state is told from the rest."""
    migrate(engine, "0006")
    count = 1001
    statements = {
        "INSERT INTO image (sha256, perceptual_hash, width, height, format, bytes, added_at, taken_at)"
        " VALUES (:name, 0, 3, 4, 'jpeg', 5, '2020-01-01', '1999-05-06')": [
            {"name": f"sha {number}"} for number in range(1, count + 1)
        ],
        "INSERT INTO thumbnail (image_id, data) VALUES (:id, :data)": [
            {"id": number, "data": b"webp %d" % number}
            for number in range(1, count)  # the last has none
        ],
        "INSERT INTO location (path, display, folder, image_id, mtime, size, page)"
        " VALUES (:path, '/a', '/', :id, 6, 5, :page)": [
            {"path": b"/%d" % number, "id": number, "page": page}
            for number in range(1, count + 1)
            for page in ((1, 2) if number == 7 else (1,))
        ],
        "INSERT INTO annotation (image_id, field, value, folded, source, confidence)"
        " VALUES (:id, :field, :value, '', :source, 1)": [
            {"id": 3, "field": field, "value": value, "source": source}
            for field, value, source in (
                ("tag", "sea", "xmp"),
                ("title", "The sea", "captions"),
                ("taken", "1999-05-06", "exif"),
            )
        ],
    }
    with engine.begin() as connection:
        for statement, rows in statements.items():
            connection.execute(text(statement), rows)
    migrate(engine, "head")
    with Session(engine) as session:
        contents = {row.image_id: row for row in session.scalars(select(ContentRow))}
        assert {number: row.sha256 for number, row in contents.items()} == {
            number: f"sha {number}" for number in range(1, count + 1)
        }
        assert (contents[2].bytes, contents[2].format, contents[2].said) == (5, "jpeg", [])
        assert contents[2].taken_at == datetime(1999, 5, 6)
        assert contents[3].said == [["tag", "sea", "xmp"], ["taken", "1999-05-06", "exif"]]
        assert contents[3].taken_at is None  # an annotation states it
        assert all(
            row.content_id == contents[row.image_id].id for row in session.scalars(select(LocationRow))
        )
        digests = {row.id: row.pixel_digest for row in session.scalars(select(ImageRow))}
    assert digests == {
        number: digest_thumbnail(3, 4, b"webp %d" % number) if number < count else "" for number in contents
    }


def test_an_older_version_reads_files_again_whose_contents_it_cannot_know(engine: Engine) -> None:
    migrate(engine, "0008")
    image = "INSERT INTO image (sha256, perceptual_hash, width, height, format, bytes, added_at) VALUES ('a', 0, 1, 1, 'png', 1, '2020-01-01')"
    content = "INSERT INTO content (sha256, image_id, bytes, format, said) VALUES (:name, 1, 1, 'png', '[]')"
    place = "INSERT INTO location (path, display, folder, image_id, mtime, size, content_id) VALUES (:path, '/', '/', 1, 5, 6, :id)"
    with engine.begin() as connection:
        connection.execute(text(image))
        connection.execute(text(content), [{"name": "a"}, {"name": "b"}])
        connection.execute(text(place), [{"path": b"/a", "id": 1}, {"path": b"/b", "id": 2}])
    migrate(engine, "0007", is_down=True)
    with engine.connect() as connection:
        assert [bytes(path) for path in connection.scalars(text("SELECT path FROM location"))] == [b"/a"]


def test_places_that_are_positions_become_numbers_and_back(engine: Engine) -> None:
    migrate(engine, "0008")
    image = "INSERT INTO image (sha256, perceptual_hash, width, height, format, bytes, added_at) VALUES ('a', 0, 1, 1, 'png', 1, '2020-01-01')"
    fact = "INSERT INTO annotation (image_id, field, value, folded, source, confidence) VALUES (1, :field, :value, :folded, 'exif', 1)"
    values = {
        ("place", "Hanoi"): (None, None, "hanoi"),
        ("place", "-16.50000, 179.90000"): (-16.5, 179.9, ""),
        ("place", "91.00000, 0.00000"): (None, None, "91.00000, 0.00000"),
        ("place", "10, 20"): (None, None, "10, 20"),
        ("tag", "1.50000, 2.50000"): (None, None, "1.50000, 2.50000"),
        **{("place", f"1.00000, {number}.00000"): (1.0, float(number), "") for number in range(180)},
        **{("place", f"1.50000, -{number}.00000"): (1.5, -float(number), "") for number in range(180)},
        **{("place", f"2.0, {number}.5"): (2.0, number + 0.5, "") for number in range(180)},
        **{("place", f"2.5, {number}.5"): (2.5, number + 0.5, "") for number in range(180)},
        **{("place", f"3.0, {number}.5"): (3.0, number + 0.5, "") for number in range(180)},
        **{("place", f"3.5, {number}.5"): (3.5, number + 0.5, "") for number in range(180)},
    }  # more than the migration reads at a time
    rows = [{"field": field, "value": value, "folded": value.lower()} for field, value in values]
    with engine.begin() as connection:
        connection.execute(text(image))
        connection.execute(text(fact), rows)
    query = text("SELECT field, value, latitude, longitude, folded FROM annotation")
    migrate(engine, "head")
    with engine.begin() as connection:
        assert {(row[0], row[1]): tuple(row[2:]) for row in connection.execute(query)} == values
    migrate(engine, "0008", is_down=True)
    with engine.begin() as connection:
        folded = connection.execute(text("SELECT value, folded FROM annotation")).all()
        assert {(value, form) for value, form in folded} == {(row["value"], row["folded"]) for row in rows}


@pytest.mark.parametrize(("revision", "named"), [("0000", "0000"), ("9999", "9999"), (None, "none")])
def test_a_library_at_another_revision_does_not_open(
    engine: Engine, empty_database: URL, tmp_path: Path, revision: str | None, named: str
) -> None:
    migrate(engine, "head")
    if revision:
        set_revision(engine, revision)
    else:
        migrate(engine, "base")
    with pytest.raises(
        SchemaOutOfDate, match=f"has schema {named}, this version of Pictor needs {newest_schema()}"
    ):
        Library.open(tmp_path, settings_of(empty_database))


def test_a_library_without_its_schema_is_brought_up_to_date_by_a_writer(
    empty_database: URL, tmp_path: Path
) -> None:
    settings = settings_of(empty_database)
    with write_library(tmp_path, settings):
        pass
    with Library.open(tmp_path, settings) as library:
        assert read_status(library).images == 0


def test_a_writer_leaves_a_newer_library_alone_and_says_so(engine: Engine, empty_database: URL) -> None:
    migrate(engine, "head")
    set_revision(engine, "9999")
    with pytest.raises(SchemaOutOfDate, match="9999"):
        WritableCatalog.create(empty_database)


def test_the_table_of_saved_searches_gets_their_lines(engine: Engine) -> None:
    migrate(engine, "0008")
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO saved_search (name, query, created_at) VALUES ('old', '{}', '2020-01-01')")
        )
    migrate(engine, "0009")
    with engine.begin() as connection:
        row = "('boats', '2020-01-01', 'tag:boat', 7)"
        connection.execute(
            text(f"INSERT INTO saved_search (name, created_at, line, seen_image) VALUES {row}")
        )
        rows = connection.execute(text("SELECT name, line, seen_image, looked_at FROM saved_search")).all()
    assert [tuple(row) for row in rows] == [("boats", "tag:boat", 7, None)]
    migrate(engine, "0008", is_down=True)
    assert "query" in {column["name"] for column in inspect(engine).get_columns("saved_search")}
