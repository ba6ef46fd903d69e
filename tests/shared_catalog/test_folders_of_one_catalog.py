"""Library folders that share a catalog on a server have projections of their own, and break no others'."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from indexer.run.captions import read_captions
from indexer.run.pipeline import index
from indexer.upkeep.opening import open_or_create
from retrieval import Annotation, Library, parse_query, path_bytes, read_status, write_library
from retrieval.projections import publications
from tests.databases import execute_statements
from tests.indexing import TINY

LINE = "quiet harbour"


@pytest.fixture
def first(url: str, scenes: Path, tmp_path: Path) -> Path:
    """A published library of the twelve scenes, with its catalog on the server."""
    with open_or_create(tmp_path / "first", replace(TINY, catalog_url=url)) as library:
        captions = read_captions(scenes / "captions.csv")
        index(library, [path_bytes(scenes)], captions=captions, on_event=lambda event: None)
    return tmp_path / "first"


@pytest.fixture
def expected(first: Path) -> list[int]:
    return answers(first)


def answers(folder: Path) -> list[int]:
    with Library.open(folder) as library:
        return [hit.image.id for hit in library.search(parse_query(LINE)).hits]


def published(folder: Path) -> int:
    """How many live projections a folder has; none of them may be damaged."""
    with Library.open(folder) as library:
        status = read_status(library)
        assert status.damages == ()
        return len(status.projections)


def change(folder: Path, image_id: int) -> None:
    """Write a new fact about an image, and publish in this folder."""
    with write_library(folder) as library:
        with library.catalog.writing() as writer:
            writer.replace_annotations(image_id, "user", [Annotation("tag", uuid4().hex, "user")])
        assert library.publish()


def make_second_folder(first: Path, url: str) -> Path:
    """Another folder with the same weights and the same catalog."""
    second = first.with_name("second")
    shutil.copytree(first / "backbones", second / "backbones")
    with open_or_create(second, replace(TINY, catalog_url=url)) as library:
        library.publish()
    return second


def copy_folder(first: Path, url: str) -> Path:
    return shutil.copytree(first, first.with_name("second"))


# One index name for production and staging: publishing in one replaces what the other searches
# (github.com/babenkoivan/scout-elasticsearch-driver/issues/69, github.com/IFRCGo/go-api/issues/631).
@pytest.mark.parametrize("make_folder", [make_second_folder, copy_folder])
def test_neither_of_two_folders_breaks_the_other(
    first: Path, url: str, expected: list[int], make_folder: Callable[[Path, str], Path]
) -> None:
    second = make_folder(first, url)
    assert answers(second) == expected
    for folder in (second, first, second):
        change(folder, 1)
        assert answers(first) == answers(second) == expected
    assert published(second) > 0
    change(first, 2)
    assert published(first) == published(second) > 0


def test_a_copy_is_searched_whole_although_the_original_has_published_since(
    first: Path, url: str, expected: list[int]
) -> None:
    second = copy_folder(first, url)
    change(first, 1)
    assert answers(second) == expected
    assert (published(second), published(first) > 0) == (0, True), "the copy has no pointers any more"


# A folder that was moved from one disk to another and was looked for at its old place
# (github.com/immich-app/immich/issues/11539).
def test_a_folder_that_was_moved_opens_as_before(first: Path, expected: list[int], tmp_path: Path) -> None:
    moved = first.rename(tmp_path / "elsewhere")
    assert answers(moved) == expected
    assert published(moved) > 0


# A backup of the folder that is older than the server's database (github.com/thehyve/fairspace/pull/488: what
# is searched has to be built again after one of the two was restored).
def test_an_older_copy_of_the_folder_put_back_opens_and_is_published_again(
    first: Path, expected: list[int], tmp_path: Path
) -> None:
    shutil.copytree(first, tmp_path / "kept")
    change(first, 1)
    shutil.rmtree(first)
    (tmp_path / "kept").rename(first)
    assert answers(first) == expected
    change(first, 2)
    assert answers(first) == expected
    assert published(first) > 0


def test_a_database_that_is_older_than_the_folder_is_not_searched_with_newer_projections(
    first: Path, url: str, expected: list[int]
) -> None:
    """The database as pg_dump had it before: its rows are those of an earlier publication."""
    kept = "CREATE TABLE kept AS SELECT * FROM projection"
    back = "DELETE FROM projection; INSERT INTO projection SELECT * FROM kept; DROP TABLE kept"
    execute_statements(url, kept)
    change(first, 1)
    change(first, 2)
    execute_statements(url, *back.split("; "))
    assert answers(first) == expected
    assert published(first) == 0
    change(first, 3)
    assert published(first) > 0


def test_a_catalog_from_before_publications_had_names_stays_published(
    first: Path, url: str, expected: list[int]
) -> None:
    execute_statements(url, "UPDATE projection SET publication = ''")
    (first / publications.FILE).unlink()
    assert answers(first) == expected
    assert published(first) > 0
    change(first, 1)
    assert answers(first) == expected
    assert published(first) > 0


def test_a_killed_publishing_leaves_the_old_publication_live(first: Path) -> None:
    """Killed after the new name was written and before the pointers were."""
    before = published(first)
    with write_library(first) as library, library.catalog.reading() as reader:
        for _ in range(3):
            publications.announce_publication(reader, library.generations_folder)
    assert published(first) == before > 0
    assert len(publications.read_names(first / "projections")) == 2


@pytest.mark.parametrize("damage", [b"", b"[1]", b"{}", b"\xff\xfe", b'"name"'])
def test_a_damaged_file_of_names_costs_time_and_no_hits(
    first: Path, expected: list[int], damage: bytes
) -> None:
    (first / publications.FILE).write_bytes(damage)
    assert answers(first) == expected
    change(first, 1)
    assert published(first) > 0


def test_a_copy_of_a_library_on_sqlite_is_published_as_well(tmp_path: Path) -> None:
    with open_or_create(tmp_path / "local", TINY) as library:
        library.publish()
    copied = shutil.copytree(tmp_path / "local", tmp_path / "copied")
    assert published(copied) == published(tmp_path / "local") > 0
