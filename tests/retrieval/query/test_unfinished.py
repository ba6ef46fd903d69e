"""The last term of a line that somebody is typing."""

from __future__ import annotations

import pytest

from retrieval.query.unfinished import split_unfinished


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ("", "", "")),
        ("do", ("", "", "do")),
        ("red do", ("red ", "", "do")),
        ("red ", ("red ", "", "")),
        ("red -tag:bo", ("red -", "tag", "bo")),
        ('folder:"old to', ("", "folder", "old to")),
        ('"old to', ("", "", "old to")),
        ("(dog OR 2:ca", ("(dog OR 2:", "", "ca")),
        ("-(tag:a", ("-(", "tag", "a")),
        ("TAG:", ("", "tag", "")),
        ('tag:"a b" x', ('tag:"a b" ', "", "x")),
        ("10:30", ("10:", "", "30")),
    ],
)
def test_it_is_taken_apart(line: str, expected: tuple[str, str, str]) -> None:
    unfinished = split_unfinished(line)
    assert (unfinished.before, unfinished.key, unfinished.start) == expected


def test_it_is_finished_with_quotation_marks_where_they_are_needed() -> None:
    unfinished = split_unfinished("red -tag:ol")
    assert unfinished.finish_value("old town") == 'red -tag:"old town"'
    assert split_unfinished("red ta").finish_key("tag") == "red tag:"
    assert split_unfinished("red bo").finish_word("boat") == "red boat"
