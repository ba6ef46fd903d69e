"""Which of several copies a rule keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from retrieval import InvalidQuery
from retrieval.ranking.keep_rules import Copy, format_keep_rule, list_differences, parse_keep_rule

LARGE = Copy(1, b"/a/large.jpg", "/a/large.jpg", "x", 400, 300, "jpeg", 90, datetime(2021, 5, 1), 5)
OLD = replace(LARGE, path=b"/b/old.jpg", display="/b/old.jpg", width=200, taken_at=datetime(2019, 5, 1))
UNDATED = replace(LARGE, path=b"/b/c/u.png", display="/b/c/u.png", height=30, format="png", taken_at=None)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("largest", LARGE),
        ("oldest", OLD),
        ("newest", LARGE),
        ("folder:/b", OLD),
        ("folder:/b/c/", UNDATED),
        ("folder:/nowhere", LARGE),
    ],
)
def test_a_rule_keeps_one(text: str, kept: Copy) -> None:
    rule = parse_keep_rule(text)
    assert rule.choose_copy([UNDATED, OLD, LARGE]) == rule.choose_copy([LARGE, OLD, UNDATED]) == kept
    assert parse_keep_rule(format_keep_rule(rule)) == rule


def test_equal_copies_are_kept_by_path() -> None:
    twin = replace(LARGE, path=b"/a/a.jpg")
    assert parse_keep_rule("largest").choose_copy([LARGE, twin]) == twin


@pytest.mark.parametrize("text", ["", "best", "folder", "folder:", "largest:/b"])
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(InvalidQuery, match="largest, oldest, newest or folder:PATH"):
        parse_keep_rule(text)


def test_what_differs() -> None:
    assert list_differences([LARGE, LARGE]) == frozenset()
    assert list_differences([LARGE, UNDATED]) == {"size", "format", "date"}
