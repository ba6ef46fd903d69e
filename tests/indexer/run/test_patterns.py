"""Patterns choose files as people expect who know gitignore."""

from __future__ import annotations

import pytest

from indexer.errors import InvalidPattern
from indexer.run.patterns import Choice


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("*.png", ["a.png", "b/c.PNG", "a.png/inside.jpg"], ["a.png.jpg", "png"]),
        ("thumbs", ["thumbs", "a/thumbs/b.jpg"], ["thumbs.jpg", "mythumbs"]),
        ("thumbs/", ["thumbs/", "thumbs/a.jpg", "b/thumbs/a.jpg"], ["thumbs"]),
        ("/a.jpg", ["a.jpg"], ["b/a.jpg"]),
        ("2024/*.jpg", ["2024/a.jpg"], ["2024/b/a.jpg", "x/2024/a.jpg"]),
        ("2024/**/raw", ["2024/raw/a.jpg", "2024/b/c/raw/a.jpg"], ["2024/b/raws/a.jpg"]),
        ("**/raw/*.jpg", ["raw/a.jpg", "a/b/raw/c.jpg"], ["raw/b/a.jpg"]),
        ("IMG_????.jpg", ["IMG_0001.jpg", "img_äöüé.jpg"], ["IMG_1.jpg"]),
        ("[a-c].jpg", ["b.jpg"], ["d.jpg"]),
        ("[!a-c].jpg", ["d.jpg"], ["b.jpg", "/.jpg"]),
        (r"\*.jpg", ["*.jpg"], ["a.jpg"]),
        ("[[]1].jpg", ["[1].jpg"], ["1.jpg"]),
        ("a.b", ["a.b"], ["aXb"]),
        ("[", ["["], ["a"]),
    ],
)
def test_a_pattern_means(pattern: str, matching: list[str], others: list[str]) -> None:
    chosen = Choice(include=(pattern,), hidden=True)
    assert [each for each in matching + others if chosen.takes(each.encode())] == matching


def test_exclude_outdoes_include_and_hidden_names_are_left_out() -> None:
    choice = Choice(include=("*.jpg", "keep/"), exclude=("drafts/",))
    paths = [
        b"a.jpg",
        b"keep/a.png",
        b"drafts/a.jpg",
        b"keep/drafts/a.jpg",
        b"a.png",
        b".a.jpg",
        b"b/.c/a.jpg",
    ]
    assert [each for each in paths if choice.takes(each)] == [b"a.jpg", b"keep/a.png"]
    assert [each for each in (b"b/", b"b/drafts/", b".b/") if choice.enters(each)] == [b"b/"]


def test_names_that_are_no_text_are_matched_by_their_bytes() -> None:
    assert Choice(exclude=("f?r.jpg",)).takes(b"f\xfc\xffr.jpg")
    assert not Choice(exclude=("f??r.jpg",)).takes(b"f\xfc\xffr.jpg")


@pytest.mark.parametrize("pattern", ["", "/", "[z-a].jpg"])
def test_a_pattern_that_cannot_be_used_is_named(pattern: str) -> None:
    with pytest.raises(InvalidPattern, match="no usable pattern"):
        Choice(exclude=(pattern,))
