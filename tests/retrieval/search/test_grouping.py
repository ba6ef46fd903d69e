"""`group:` on a library whose files and features are known: the best of each group, by any way to ask."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrieval import (
    Annotation,
    ImageNotInAnswer,
    InvalidQuery,
    Library,
    NewImage,
    Settings,
    fetch_backbone,
    parse_query,
    query_from_json,
    write_library,
)
from retrieval.search import grouping

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
    return {hit.id: hit.group.members for hit in library.search(line).hits if hit.group}


def find_named_groups(library: Library, line: str) -> dict[str, tuple[int, ...]]:
    """All ids of each group, by its name."""
    return {hit.group.name: (hit.id, *hit.group.members) for hit in library.search(line).hits if hit.group}


EXPECTED = {3: (1, 2), 4: (), 5: (), 6: (), 7: (), 8: (9,), 10: ()}


def test_a_list_without_parts_shows_the_edited_picture_of_each_shot(library: Library) -> None:
    assert find_groups(library, "group:shot") == EXPECTED
    assert find_groups(library, "tag:sea group:shot") == {3: (1, 2), 4: (), 5: ()}
    assert library.search(query_from_json({"options": {"group": "shot"}})).total == len(EXPECTED)


def test_the_best_ranked_file_is_shown_where_something_ranks(library: Library) -> None:
    ranked = find_groups(library, "image:8 group:shot")
    assert set(ranked) == {9, 3, 4, 5, 6, 7, 10}  # the picture that is searched by is not listed
    assert ranked[3] == (1, 2)
    assert find_groups(library, 'name:"IMG_1.CR2" group:shot') == {1: ()}


def test_the_raw_file_is_shown_where_words_find_only_that(library: Library) -> None:
    """Image 1 alone has the caption, and all three look like image 4 equally little."""
    groups = find_groups(library, "harbour image:4 group:shot")
    assert groups[1] == (2, 3)


def test_nothing_is_lost_pages_join_and_facets_count_what_is_listed(library: Library) -> None:
    whole = find_groups(library, "group:shot")
    assert sorted([*whole, *(member for members in whole.values() for member in members)]) == list(
        range(1, 11)
    )
    query = parse_query("group:shot")
    pages = [library.search(replace(query, limit=3, offset=at)) for at in (0, 3, 6)]
    assert {hit.id: hit.group.members for page in pages for hit in page.hits if hit.group} == whole
    assert {page.total for page in pages} == {len(whole)}
    facets = library.count_facets(query)
    assert facets["tag"].counts == (("land", 4), ("sea", 3))


def test_days_and_folders_have_names_and_the_first_image_stands_for_each(library: Library) -> None:
    day, other_day = TIME[:10], OTHER_TIME[:10]
    days = {day: (1, 2, 4, 8, 9, 10), "": (3, 6, 7), other_day: (5,)}
    assert find_named_groups(library, "group:day") == days
    folders = {"/p": (1, 2, 3, 4, 5), "/q": (6, 7, 8, 9, 10)}
    assert find_named_groups(library, "group:folder") == folders
    assert find_named_groups(library, "tag:land group:folder") == {"/q": folders["/q"]}
    best = library.search("image:4 group:folder")
    assert [hit.group and hit.group.count for hit in best.hits] == [4, 5]
    alone = library.search("image:4")
    assert best.ids == [
        next(image_id for image_id in alone.ids if image_id in folder) for folder in folders.values()
    ]


def test_a_list_is_stacked_without_changing_it(library: Library) -> None:
    assert library.stack_images(range(1, 11)) == {1: (2, 3), 4: (5,), 8: (9,)}
    assert library.stack_images([9, 5, 2, 8, 3]) == {9: (8,), 2: (3,)}
    assert library.stack_images([]) == {}


def test_copies_and_scenes_are_told_by_looks_with_and_without_parts(library: Library) -> None:
    looks = {1: (2, 3), 4: (5,), 6: (), 7: (), 8: (9,), 10: ()}
    assert find_groups(library, "group:copies") == find_groups(library, "group:scene") == looks
    assert find_groups(library, "image:1 group:copies")[8] == (9,)
    assert library.search("group:none").hits[0].group is None


def test_all_images_of_one_group_can_be_asked_for(library: Library) -> None:
    """By the image that stands for it, or by any other one; pages of it join, too."""
    for image_id in (8, 9):
        found = library.search(f"group:shot group-of:{image_id}")
        assert (found.ids, found.total, found.hits[0].group) == ([8, 9], 2, None)
    pages = [
        library.search(replace(parse_query("group:day group-of:10"), limit=4, offset=at)) for at in (0, 4)
    ]
    assert [page.ids for page in pages] == [[1, 2, 4, 8], [9, 10]]
    nothing = library.search("tag:sea group:day group-of:8")
    assert (nothing.total, nothing.notes) == (0, ("No group of this answer holds image 8.",))
    assert library.search("tag:sea group:day group-of:99").total == 0


def test_the_answer_says_where_groups_were_looked_for(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "MAX_COMPARED", 4)
    found = library.search("group:copies")
    assert found.ids == [1, 4, 5, 6, 7, 8, 9, 10]
    assert found.notes == ("Copies were looked for among the first 4 of 10 images.",)


def test_why_an_image_is_not_listed_names_the_one_that_stands_for_it(library: Library) -> None:
    with pytest.raises(ImageNotInAnswer, match="image 3 stands for its group; give the query group:none"):
        library.explain("group:shot", 1)
    with pytest.raises(ImageNotInAnswer, match="it is in another group"):
        library.explain("group:shot group-of:3", 4)


@pytest.mark.parametrize(
    ("former", "grouping"), [("shots", "shot"), ("scenes", "scene"), ("copies", "copies"), ("none", "none")]
)
def test_the_former_name_of_the_option_is_still_read(tmp_path: Path, former: str, grouping: str) -> None:
    expected = parse_query(f"group:{grouping}")
    assert parse_query(f"collapse:{former}") == expected
    assert query_from_json({"options": {"collapse": former}}) == expected
    (tmp_path / "library.toml").write_text(f'collapse = "{former}"\n')
    assert Settings.resolve(tmp_path, {}).group == grouping
    assert Settings.resolve(tmp_path, {"PICTOR_COLLAPSE": "copies"}).group == "copies"
    assert Settings.resolve(tmp_path, {"PICTOR_COLLAPSE": "copies", "PICTOR_GROUP": "day"}).group == "day"


@pytest.mark.parametrize(
    "options",
    [{"collapse": "all"}, {"collapse": 5}, {"group": "shot", "collapse": "shots"}, {"group": "shots"}],
)
def test_another_value_of_either_name_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidQuery, match=r"options"):
        query_from_json({"options": options})
