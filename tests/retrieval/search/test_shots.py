"""`collapse:shots` on a library whose files and features are known: once for each shot, by any way to ask."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from retrieval import (
    Annotation,
    Library,
    NewImage,
    Settings,
    fetch_backbone,
    parse_query,
    query_from_json,
    write_library,
)

TIME, OTHER_TIME = "2019-07-01 12:00:00", "2021-01-01 08:00:00"
# Path, time that the file states, the number of what it looks like, and a tag; image ids count from 1.
FILES = [
    ("/p/IMG_1.CR2", TIME, 1, "sea"),  # 1 to 3: one shot
    ("/p/IMG_1.JPG", TIME, 1, "sea"),
    ("/p/IMG_1-edited.jpg", "", 1, "sea"),
    ("/p/IMG_2.CR2", TIME, 2, "sea"),  # 4 and 5: another day
    ("/p/IMG_2.JPG", OTHER_TIME, 2, "sea"),
    ("/q/ben.jpg", "", 3, "land"),  # 6 and 7: no time, and different pictures
    ("/q/ben.jpeg", "", 4, "land"),
    ("/q/boat.jpg", TIME, 5, "land"),  # 8 to 10: a copy, and a second picture of that name
    ("/q/boat(1).jpg", TIME, 5, "land"),
    ("/q/boat(2).jpg", TIME, 6, "land"),
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    path = tmp_path_factory.mktemp("shots") / "library"
    with write_library(path) as opened:
        opened.make_spaces(fetch_backbone("test_resnet", "untrained"))
        with opened.catalog.writing() as writer:
            for number, (name, time, look, tag) in enumerate(FILES, 1):
                features = {
                    space.id: np.eye(10, space.dimension, dtype=np.float16)[look] for space in opened.spaces
                }
                facts = [Annotation("tag", tag, "xmp")]
                facts += [Annotation("taken", time, "exif")] if time else []
                facts += [Annotation("caption", "harbour", "xmp")] if number == 1 else []
                digest = hashlib.sha256(b"%d" % number).hexdigest()
                new = NewImage(digest, 2**look, 8, 8, "jpeg", 1, None, b"webp", features, tuple(facts))
                assert writer.add_images([new]) == [number]
                writer.add_location(name.encode(), number, mtime=0, size=1)
        opened.publish()
    with Library.open(path, Settings(weaker=True)) as opened:
        yield opened


def find_groups(library: Library, line: str) -> dict[int, tuple[int, ...]]:
    return {hit.id: hit.copies for hit in library.search(parse_query(line)).hits}


EXPECTED = {3: (1, 2), 4: (), 5: (), 6: (), 7: (), 8: (9,), 10: ()}


def test_a_list_without_parts_shows_the_edited_picture_of_each_shot(library: Library) -> None:
    assert find_groups(library, "collapse:shots") == EXPECTED
    assert find_groups(library, "tag:sea collapse:shots") == {3: (1, 2), 4: (), 5: ()}
    assert library.search(query_from_json({"options": {"collapse": "shots"}})).total == len(EXPECTED)


def test_the_best_ranked_file_is_shown_where_something_ranks(library: Library) -> None:
    ranked = find_groups(library, "image:8 collapse:shots")
    assert set(ranked) == {9, 3, 4, 5, 6, 7, 10}  # the picture that is searched by is not listed
    assert ranked[3] == (1, 2)
    assert find_groups(library, 'name:"IMG_1.CR2" collapse:shots') == {1: ()}


def test_the_raw_file_is_shown_where_words_find_only_that(library: Library) -> None:
    """Image 1 alone has the caption, and all three look like image 4 equally little."""
    groups = find_groups(library, "harbour image:4 collapse:shots")
    assert groups[1] == (2, 3)


def test_nothing_is_lost_pages_join_and_facets_count_what_is_listed(library: Library) -> None:
    whole = find_groups(library, "collapse:shots")
    assert sorted([*whole, *(copy for copies in whole.values() for copy in copies)]) == list(range(1, 11))
    query = parse_query("collapse:shots")
    pages = [library.search(replace(query, limit=3, offset=at)) for at in (0, 3, 6)]
    assert {hit.id: hit.copies for page in pages for hit in page.hits} == whole
    facets = library.count_facets(query)
    assert facets["tag"].counts == (("land", 4), ("sea", 3))


def test_other_collapses_leave_a_list_without_parts_as_it_is(library: Library) -> None:
    for collapse in ("none", "copies", "scenes"):
        assert library.search(parse_query(f"collapse:{collapse}")).total == len(FILES)
