"""What a writer promises about images and the places where they lie."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from retrieval import Annotation, Location, StorageFailed
from retrieval.catalog import PREDICTED_SOURCE, Image, WritableCatalog
from tests.databases import new_image

A, B, C = b"/pictures/a.jpg", b"/pictures/b.jpg", b"/other/c.jpg"
SEA = Annotation("tag", "sea", "captions")
GUESS, BETTER = (
    Annotation("label", "boat", PREDICTED_SOURCE, 0.5),
    Annotation("label", "pier", PREDICTED_SOURCE, 0.75),
)


def add_images(catalog: WritableCatalog, *paths: bytes) -> list[int]:
    """A new image for each path."""
    with catalog.writing() as writer:
        ids = writer.add_images([new_image(number) for number in range(len(paths))])
        for image_id, path in zip(ids, paths, strict=True):
            writer.add_location(path, image_id, mtime=5, size=7)
    return ids


def place(catalog: WritableCatalog, path: bytes, image_id: int) -> None:
    with catalog.writing() as writer:
        writer.add_location(path, image_id, mtime=6, size=8)


def image(catalog: WritableCatalog, image_id: int) -> Image:
    with catalog.reading() as reader:
        return reader.load_images([image_id])[image_id]


def paths(catalog: WritableCatalog) -> dict[bytes, int]:
    with catalog.reading() as reader:
        return {path: image_id for path, (image_id, _) in reader.load_locations().items()}


def changes(catalog: WritableCatalog, since: int) -> set[tuple[int, str]]:
    with catalog.reading() as reader:
        return {(change.image_id, change.operation) for change in reader.changes_since(since)}


# -- images ---------------------------------------------------------------------------------------


def test_images_are_stored_with_all_that_is_known_and_get_ids_in_the_given_order(
    catalog: WritableCatalog,
) -> None:
    taken = datetime(2020, 6, 17, 12, 30, 59, 123456)
    new = [new_image(number, taken_at=taken if number else None) for number in range(50)]
    with catalog.writing() as writer:
        ids = writer.add_images(new)
        assert writer.ids_by_sha256(new_one.sha256 for new_one in new) == dict(
            zip((new_one.sha256 for new_one in new), ids, strict=True)
        )
    found = image(catalog, ids[7])
    assert (found.sha256, found.perceptual_hash) == (new[7].sha256, 7 - 2**63)
    assert (found.width, found.height, found.format, found.bytes) == (640, 480, "JPEG", 1007)
    assert (found.taken_at, found.locations, found.annotations) == (taken, (), ())
    assert image(catalog, ids[0]).taken_at is None
    with catalog.reading() as reader:
        assert (reader.load_thumbnail(ids[7]), reader.load_thumbnail(10**6)) == (b"thumbnail 7", None)
    assert catalog.has_content(new[7].sha256)
    assert not catalog.has_content("0" * 64)


def test_no_images_are_no_change(catalog: WritableCatalog) -> None:
    with catalog.writing() as writer:
        assert writer.add_images([]) == []
        assert writer.last_seq() == 0


def test_the_same_content_cannot_be_added_twice(catalog: WritableCatalog) -> None:
    add_images(catalog, A)
    with pytest.raises(StorageFailed):
        add_images(catalog, B)
    assert paths(catalog) == {A: 1}


def test_images_come_in_the_order_asked_for_without_unknown_ones(catalog: WritableCatalog) -> None:
    ids = add_images(catalog, *(b"/%d.jpg" % number for number in range(1200)))
    asked = [10**9, *reversed(ids), 2**63 - 1]
    with catalog.reading() as reader:
        found = reader.load_images(asked)
    assert list(found) == ids[::-1]
    assert {found_image.locations[0].path for found_image in found.values()} == {
        b"/%d.jpg" % n for n in range(1200)
    }


def test_an_id_that_no_catalog_gives_out_is_unknown(catalog: WritableCatalog) -> None:
    with catalog.reading() as reader:
        assert reader.load_images([2**63, 0, -1, 10**30]) == {}
        assert reader.load_thumbnail(10**30) is None


def test_a_removed_image_leaves_nothing_behind(catalog: WritableCatalog) -> None:
    with catalog.writing() as writer:
        space = writer.add_space("f", "colour", {}, 2)
        feature = np.array([1, 0], np.float16)
        gone, kept = writer.add_images([new_image(n, features={space: feature}) for n in (1, 2)])
        writer.add_location(A, gone, mtime=1, size=1)
        writer.replace_annotations(gone, "captions", [SEA])
        writer.remove_images([gone])
    with catalog.reading() as reader:
        assert (reader.find_ids().tolist(), reader.load_locations(), reader.first_values("tag")) == (
            [kept],
            {},
            {},
        )
        assert (reader.load_thumbnail(gone), reader.count_features(reader.load_spaces()[0])) == (None, 1)


def test_an_image_that_is_described_again_keeps_all_that_others_say_of_it(catalog: WritableCatalog) -> None:
    said = Annotation("caption", "an old pier", "exif")
    row, other = np.array([1, 0], np.float16), np.array([0, 1], np.float16)
    with catalog.writing() as writer:
        first, second = (writer.add_space(name, name, {}, 2) for name in ("colour", "texture"))
        new = new_image(1, features={first: row, second: row})
        [image_id] = writer.add_images([replace(new, annotations=(GUESS, said))])
        writer.add_location(A, image_id, mtime=1, size=1)
        writer.replace_annotations(image_id, "captions", [SEA])
    with catalog.writing() as writer:
        before = writer.last_seq()
        fresh = replace(new, thumbnail=b"fresh", features={first: other}, annotations=(said, BETTER))
        writer.describe_again(image_id, fresh)
    found = image(catalog, image_id)
    assert set(found.annotations) == {SEA, said, BETTER}
    assert (found.sha256, [location.path for location in found.locations]) == (new.sha256, [A])
    with catalog.reading() as reader:
        rows = [reader.load_features(space)[1].tolist() for space in reader.load_spaces()]
        assert (reader.load_thumbnail(image_id), rows) == (b"fresh", [[[0, 1]], [[1, 0]]])
    assert changes(catalog, before) == {(image_id, "put")}


# -- places ---------------------------------------------------------------------------------------


def test_a_path_in_any_bytes_round_trips_and_can_be_shown(catalog: WritableCatalog) -> None:
    strange = b"/p\xff\xfe/new\nline/\xc3\xbc \\ %_.jpg"
    [number] = add_images(catalog, strange)
    [location] = image(catalog, number).locations
    assert location == Location(strange, mtime=5, size=7, sha256=new_image(0).sha256)
    assert paths(catalog) == {strange: number}
    assert image(catalog, number).path == "/p\\xff\\xfe/new\\nline/ü \\ %_.jpg"


def test_an_image_may_lie_at_many_paths_which_come_in_byte_order(catalog: WritableCatalog) -> None:
    [number] = add_images(catalog, B)
    for path in (A, b"/\xff", C, b"/Z"):
        place(catalog, path, number)
    assert [location.path for location in image(catalog, number).locations] == [b"/Z", C, A, B, b"/\xff"]


def test_placing_again_only_renews_time_and_size(catalog: WritableCatalog) -> None:
    [number] = add_images(catalog, A)
    place(catalog, A, number)
    assert image(catalog, number).locations == (Location(A, mtime=6, size=8, sha256=new_image(0).sha256),)
    assert changes(catalog, since=1) == set()


def test_a_path_moves_to_another_image_and_the_one_it_left_stays_until_placeless_ones_are_forgotten(
    catalog: WritableCatalog,
) -> None:
    first, second = add_images(catalog, A, B)
    place(catalog, A, second)
    assert paths(catalog) == {A: second, B: second}
    assert changes(catalog, since=2) == {(second, "put"), (first, "put")}
    assert image(catalog, first).locations == ()
    with catalog.writing() as writer:
        writer.forget_unlocated()
        assert writer.find_ids().tolist() == [second]
    assert changes(catalog, since=4) == {(first, "remove")}


def test_an_image_that_lies_at_a_missing_path_is_not_placeless(catalog: WritableCatalog) -> None:
    [number] = add_images(catalog, A)
    with catalog.writing() as writer:
        writer.mark_missing([A])
        writer.forget_unlocated()
        assert writer.find_ids().tolist() == [number]
    assert changes(catalog, since=1) == set()


def test_a_path_moves_to_another_image_and_one_with_other_places_stays(catalog: WritableCatalog) -> None:
    first, second = add_images(catalog, A, B)
    place(catalog, C, first)
    place(catalog, A, second)
    assert paths(catalog) == {A: second, B: second, C: first}
    assert changes(catalog, since=3) == {(second, "put"), (first, "put")}


def test_forgetting_paths_removes_the_images_that_lie_nowhere_else(catalog: WritableCatalog) -> None:
    first, second = add_images(catalog, A, B)
    place(catalog, C, second)
    with catalog.writing() as writer:
        writer.forget_locations([A, B, b"/never/known.jpg"])
    assert paths(catalog) == {C: second}
    assert changes(catalog, since=3) == {(first, "remove"), (second, "put")}


def test_missing_files_keep_their_image_until_they_are_back(catalog: WritableCatalog) -> None:
    [number] = add_images(catalog, A)
    place(catalog, B, number)
    with catalog.writing() as writer:
        writer.mark_missing([A, b"/never/known.jpg"])
    found = image(catalog, number)
    assert [location.missing_since is None for location in found.locations] == [False, True]
    assert found.path == "/pictures/b.jpg"
    with catalog.writing() as writer:
        assert writer.count_locations() == (1, 1)
        writer.mark_present(A)
        assert writer.count_locations() == (2, 0)
    assert changes(catalog, since=2) == set()


def test_a_missing_path_that_is_placed_again_is_back(catalog: WritableCatalog) -> None:
    [number] = add_images(catalog, A)
    with catalog.writing() as writer:
        writer.mark_missing([A])
    place(catalog, A, number)
    assert image(catalog, number).locations == (Location(A, mtime=6, size=8, sha256=new_image(0).sha256),)
