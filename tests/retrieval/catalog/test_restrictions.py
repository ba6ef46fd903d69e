"""Restricted catalogs, on SQLite and on PostgreSQL: what is seen of each table, and that nothing else is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import URL, func, select

from retrieval import Annotation, Content, Restriction
from retrieval.catalog import WritableCatalog
from retrieval.catalog.schema import Base
from tests.databases import new_image

AWKWARD = 'it\'s "a" tag; DROP TABLE image -- %s \\ ünïcode'


@pytest.fixture
def catalog(catalog_url: URL) -> Iterator[WritableCatalog]:
    """Images 1 and 2 in /p/a, 3 in /p/ab; 1 also in /p/secret, with a file that says something else."""
    with_images = WritableCatalog.create(catalog_url)
    with with_images.writing() as writer:
        ids = writer.add_images([new_image(number) for number in range(3)])
        for image_id, folder in zip(ids, ("a", "a", "ab"), strict=True):
            path = f"/p/{folder}/{image_id}.jpg".encode()
            writer.add_location(path, image_id, mtime=0, size=1)
            writer.replace_annotations(image_id, "user", [Annotation("tag", AWKWARD, "user")][: image_id % 2])
        said = Content("ab" * 32, 1, "jpeg", None, (Annotation("caption", "secret", "xmp"),))
        writer.put_content(1, said)
        writer.add_location(b"/p/secret/1.jpg", 1, mtime=0, size=1, sha256=said.sha256)
    yield with_images
    with_images.close()


def count_rows(catalog: WritableCatalog, restriction: Restriction) -> dict[str, int]:
    restricted = catalog.restrict(restriction)
    try:
        with restricted.reading() as reader:
            return {
                name: reader._connection.scalar(select(func.count()).select_from(table)) or 0
                for name, table in Base.metadata.tables.items()
            }
    finally:
        restricted.close()


@pytest.mark.parametrize(
    ("restriction", "images", "locations", "contents", "facts"),
    [
        (Restriction("folder", "/p/a"), 2, 2, 2, 1),
        (Restriction("folder", "/p/a/"), 2, 2, 2, 1),
        (Restriction("folder", "/p"), 3, 4, 4, 3),
        (Restriction("folder", "/p/secret"), 1, 1, 1, 2),
        (Restriction("folder", "/P/A"), 0, 0, 0, 0),
        (Restriction("folder", "/p/%"), 0, 0, 0, 0),
        (Restriction("tag", AWKWARD), 2, 3, 3, 3),
        (Restriction("tag", AWKWARD.upper()), 2, 3, 3, 3),
        (Restriction("tag", "' OR 1=1 --"), 0, 0, 0, 0),
    ],
)
def test_a_restricted_catalog_holds_nothing_else(
    catalog: WritableCatalog, restriction: Restriction, images: int, locations: int, contents: int, facts: int
) -> None:
    counts = count_rows(catalog, restriction)
    seen = ("image", "location", "content", "annotation", "thumbnail")
    assert [counts[name] for name in seen] == [images, locations, contents, facts, images]
    shared = {"change", "clock", *seen}  # changes of what is not seen count as removals
    assert {name for name, count in counts.items() if count} <= shared


def test_what_is_not_seen_any_more_counts_as_removed(catalog: WritableCatalog) -> None:
    restricted = catalog.restrict(Restriction("tag", AWKWARD))
    with restricted.reading() as reader:
        assert {change.image_id: change.operation for change in reader.changes_since(0)} == {
            1: "put",
            2: "remove",
            3: "put",
        }
        seq = reader.last_seq()
    with catalog.writing() as writer:
        writer.replace_annotations(1, "user", [])
    with restricted.reading() as reader:
        [change] = reader.changes_since(seq)
        assert (change.image_id, change.operation) == (1, "remove")
        assert reader.find_ids().tolist() == [3]
    restricted.close()
