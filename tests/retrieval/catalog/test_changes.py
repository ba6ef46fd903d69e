"""Fact and change are acknowledged together or not at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from retrieval import Annotation, StorageFailed
from retrieval.catalog import Change, WritableCatalog
from retrieval.catalog.writer import Writer
from tests.databases import new_image

TAG = (Annotation("tag", "sea", "captions"),)


class Interrupted(Exception):
    """What stops a run in the middle of a transaction."""


def add_images(catalog: WritableCatalog, *numbers: int) -> list[int]:
    """Images, each at a path of its own."""
    with catalog.writing() as writer:
        ids = writer.add_images([new_image(number) for number in numbers])
        for image_id, number in zip(ids, numbers, strict=True):
            writer.add_location(b"/pictures/%d.jpg" % number, image_id, mtime=1, size=1)
    return ids


def write_and_interrupt(catalog: WritableCatalog, write: Callable[[Writer], object]) -> None:
    with catalog.writing() as writer:
        write(writer)
        raise Interrupted


def change_log(catalog: WritableCatalog, since: int = 0) -> list[tuple[int, str]]:
    with catalog.reading() as reader:
        return [(change.image_id, change.operation) for change in reader.changes_since(since)]


def last_seq(catalog: WritableCatalog) -> int:
    with catalog.reading() as reader:
        return reader.last_seq()


WRITES: list[Callable[[Writer, int], object]] = [
    lambda writer, image: writer.add_images([new_image(99)]),
    lambda writer, image: writer.add_location(b"/elsewhere.jpg", image, mtime=1, size=1),
    lambda writer, image: writer.replace_annotations(image, "captions", TAG),
    lambda writer, image: writer.remove_images([image]),
    lambda writer, image: writer.forget_locations([b"/pictures/1.jpg"]),
]


@pytest.mark.parametrize("write", WRITES, ids=["add", "locate", "annotate", "remove", "forget"])
def test_an_interrupted_transaction_leaves_neither_fact_nor_change(
    catalog: WritableCatalog, write: Callable[[Writer, int], object]
) -> None:
    [image] = add_images(catalog, 1)
    with catalog.reading() as reader:
        before = (reader.load_images([image]), reader.find_ids().tolist(), reader.changes_since(0))
    with pytest.raises(Interrupted):
        write_and_interrupt(catalog, lambda writer: write(writer, image))
    with catalog.reading() as reader:
        assert (reader.load_images([image]), reader.find_ids().tolist(), reader.changes_since(0)) == before


@pytest.mark.parametrize("write", WRITES, ids=["add", "locate", "annotate", "remove", "forget"])
def test_every_fact_is_acknowledged_with_one_change(
    catalog: WritableCatalog, write: Callable[[Writer, int], object]
) -> None:
    [image] = add_images(catalog, 1)
    seq = last_seq(catalog)
    with catalog.writing() as writer:
        write(writer, image)
    assert len(change_log(catalog, since=seq)) == 1
    assert last_seq(catalog) == seq + 1


def test_what_the_database_refuses_takes_the_whole_transaction_with_it(catalog: WritableCatalog) -> None:
    add_images(catalog, 1)
    with pytest.raises(StorageFailed):
        add_images(catalog, 2, 3, 1)
    assert change_log(catalog) == [(1, "put")]
    with catalog.reading() as reader:
        assert reader.count_images() == 1


def test_an_image_touched_often_in_one_transaction_has_one_change(catalog: WritableCatalog) -> None:
    with catalog.writing() as writer:
        first, second = writer.add_images([new_image(1), new_image(2)])
        writer.add_location(b"/a.jpg", first, mtime=1, size=1)
        writer.add_location(b"/b.jpg", first, mtime=1, size=1)
        writer.replace_annotations(second, "captions", TAG)
        writer.replace_annotations(first, "captions", TAG)
    with catalog.reading() as reader:
        assert reader.changes_since(0) == [Change(1, first, "put"), Change(2, second, "put")]


def test_an_image_added_and_removed_in_one_transaction_ends_as_removed(catalog: WritableCatalog) -> None:
    with catalog.writing() as writer:
        [image] = writer.add_images([new_image(1)])
        writer.remove_images([image])
    assert change_log(catalog) == [(image, "remove")]


def test_a_removal_outlives_its_image(catalog: WritableCatalog) -> None:
    [image] = add_images(catalog, 1)
    with catalog.writing() as writer:
        writer.remove_images([image])
    assert change_log(catalog) == [(image, "remove")]
    with catalog.reading() as reader:
        assert reader.load_images([image]) == {}


def test_removing_an_image_twice_or_one_that_never_was_is_no_change(catalog: WritableCatalog) -> None:
    [image] = add_images(catalog, 1)
    with catalog.writing() as writer:
        writer.remove_images([image, image])
        writer.remove_images([image, 999])
    assert last_seq(catalog) == 2
    with catalog.reading() as reader:
        assert reader.newest_image_at(2) == image


def test_since_gives_the_last_change_of_each_image_in_the_order_of_the_log(catalog: WritableCatalog) -> None:
    first, second, third = add_images(catalog, 1, 2, 3)
    with catalog.writing() as writer:
        writer.replace_annotations(first, "captions", TAG)
    with catalog.writing() as writer:
        writer.remove_images([third])
    with catalog.reading() as reader:
        assert reader.changes_since(0) == [
            Change(2, second, "put"),
            Change(4, first, "put"),
            Change(5, third, "remove"),
        ]
        assert reader.changes_since(4) == [Change(5, third, "remove")]
        assert reader.changes_since(5) == []


def test_the_watermark_rises_with_every_change_and_starts_at_0(catalog: WritableCatalog) -> None:
    assert last_seq(catalog) == 0
    add_images(catalog, 1, 2)
    assert last_seq(catalog) == 2
    with catalog.writing():
        pass
    assert last_seq(catalog) == 2


def test_the_newest_image_is_the_highest_id_given_out_at_a_watermark(catalog: WritableCatalog) -> None:
    first, second = add_images(catalog, 1, 2)
    with catalog.writing() as writer:
        writer.remove_images([second])
    [third] = add_images(catalog, 3)
    with catalog.reading() as reader:
        newest = [reader.newest_image_at(seq) for seq in range(5)]
    assert newest == [0, first, second, second, third]
    assert third > second
