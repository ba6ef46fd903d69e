"""How an unfinished line may go on, in a library of sixty images."""

from __future__ import annotations

import pytest

from retrieval import Library, parse_query
from tests.world import COUNT

Found = list[tuple[str, str, int | None]]


def complete(library: Library, line: str, limit: int = 10) -> Found:
    return [(found.text, found.line, found.count) for found in library.complete_line(line, limit=limit)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ev", [("even", "even", 30)]),
        ("dog th", [("third", "dog third", 20)]),
        ("-2:od", [("odd", "-2:odd", 30)]),
        ("t", [("trip", "trip", 60), ("third", "third", 20), ("tree", "tree", 15), ("tag:", "tag:", None),
               ("taken:", "taken:", None), ("text:", "text:", None)]),
        ("tag:", [("even", "tag:even", 30), ("odd", "tag:odd", 30), ("third", "tag:third", 20)]),
        ("boat -label:D", [("dog", "boat -label:dog", 15)]),
        ("stichwort:ev", [("even", "stichwort:even", 30)]),
        ("folder:20", [("2019", "folder:2019", 20), ("2020", "folder:2020", 20), ("2021", "folder:2021", 20)]),
        ("folder:2019/", [("2019/trip", "folder:2019/trip", 20)]),
        ("folder:/ph", [("/photos", "folder:/photos", 60)]),
        ("taken:20", [("2020", "taken:2020", COUNT)]),
        ("format:", [("jpeg", "format:jpeg", COUNT)]),
        ("orientation:s", [("square", "orientation:square", None)]),
        ("colour:na", [("navy", "colour:navy", None)]),
        ("group:d", [("day", "group:day", None)]),
        ("", []), ("even ", []), ("xyz", []), ("iso:1", []), ("nokey:a", []), ("tag:%", []), ("camera:", []), ("shows:x", []), ("saved:", []),
    ],
)  # fmt: skip
def test_words_keys_and_values_go_on(world_library: Library, line: str, expected: Found) -> None:
    assert complete(world_library, line) == expected


def test_a_condition_finds_as_many_images_as_its_completion_counts(world_library: Library) -> None:
    for start in ("tag:", "label:", "folder:2", "folder:tr", "taken:", "format:"):
        for found in world_library.complete_line(start):
            assert world_library.search(parse_query(found.line, limit=1)).total == found.count, found


def test_there_are_no_more_than_asked_for(world_library: Library) -> None:
    assert complete(world_library, "t", limit=2) == [("tag:", "tag:", None), ("taken:", "taken:", None)]
    assert len(complete(world_library, "t", limit=4)) == 4
    assert complete(world_library, "tag:", limit=1) == [("even", "tag:even", 30)]


def test_folders_are_shown_as_far_as_they_may_be_known(world_library: Library) -> None:
    found = world_library.complete_line("folder:", show_folder=lambda folder: folder.removeprefix("/photos/"))
    assert {completion.text for completion in found} == {"2019", "2020", "2021", "trip"}
