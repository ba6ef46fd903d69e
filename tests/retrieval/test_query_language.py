"""The query language as one table: a line gives a Query, or a message with its column."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retrieval import Filters, InvalidQuery, Query, StoredPicture, Text, parse

KEYS = "there are folder, tag, label, after, before (or quote it)"
UNCLOSED = "this quotation mark is never closed"
BLANKS = "put blanks around what is in quotation marks"
NOTHING = "nothing stands between the quotation marks"
NO_VALUE = "the key has no value; write it without a blank, as in tag:boat"
UNDATED = "not written as 2020, 2020-06 or 2020-06-17"


def query(*texts: str, **filters: Any) -> Query:
    """A query of texts, negative ones with a minus before them, and filters."""
    parts = (Text(each[1:], weight=-1.0) if each.startswith("-") else Text(each) for each in texts)
    return Query(tuple(parts), Filters(**filters))


def refusal_of(line: str) -> str | None:
    """The message with which a line is refused; None for one that is understood."""
    try:
        parse(line)
    except InvalidQuery as refusal:
        return str(refusal)
    return None


UNDERSTOOD = [
    # words and phrases
    ("", query()),
    ("   \t\n", query()),
    ("harbour", query("harbour")),
    ("harbour  boats", query("harbour boats")),
    ("  harbour ", query("harbour")),
    ('"old town"', query('"old town"')),
    ('harbour "old town" boats', query('harbour "old town" boats')),
    ('" old town "', query('"old town"')),
    ("night-train", query("night-train")),
    ("harbour - boats", query("harbour - boats")),
    ("12:30", query("12:30")),
    ("1920x1080", query("1920x1080")),
    ("*.jpg AND (boat OR ship)", query("*.jpg AND (boat OR ship)")),
    # what must not be there
    ("harbour -night", query("harbour", "-night")),
    ("-night harbour", query("harbour", "-night")),
    ("harbour -night -fog", query("harbour", "-night", "-fog")),
    ('harbour -"old town"', query("harbour", '-"old town"')),
    ('harbour "-night"', query('harbour "-night"')),
    # lists
    ("tag:boat", query(tags=("boat",))),
    ("tag:boat tag:sea", query(tags=("boat", "sea"))),
    ("harbour tag:boat old", query("harbour old", tags=("boat",))),
    ('tag:"old town"', query(tags=("old town",))),
    ("label:cat", query(labels=("cat",))),
    ("folder:2019/summer", query(folders=("2019/summer",))),
    ('folder:"/home/a b/2019"', query(folders=("/home/a b/2019",))),
    ("-tag:night", query(without_tags=("night",))),
    ('-label:"big cat" -folder:raw', query(without_labels=("big cat",), without_folders=("raw",))),
    ("tag:a -tag:b tag:c", query(tags=("a", "c"), without_tags=("b",))),
    ("TAG:Boat Label:CAT", query(tags=("Boat",), labels=("CAT",))),
    ("tag:a:b", query(tags=("a:b",))),
    ("tag:-x", query(tags=("-x",))),
    ('"tag:boat"', query('"tag:boat"')),
    ('"a: b"', query('"a: b"')),
    # dates
    ("after:2020", query(after=date(2020, 1, 1))),
    ("after:2020-06", query(after=date(2020, 6, 1))),
    ("before:2020-06-17", query(before=date(2020, 6, 17))),
    ("before:2020-6-7", query(before=date(2020, 6, 7))),
    ('after:"2020" BEFORE:2021', query(after=date(2020, 1, 1), before=date(2021, 1, 1))),
    ("after:2024-02-29", query(after=date(2024, 2, 29))),
    # any script
    ("Hà Nội 港 порт", query("Hà Nội 港 порт")),
    ("\u3000港\u3000tag:船\u00a0海", query("港 海", tags=("船",))),
    ("“old town”", query("“old town”")),
]

REFUSED = [
    ("colour:red", f"column 1: colour: is not a key; {KEYS}"),
    ("harbour Size:big", f"column 9: Size: is not a key; {KEYS}"),
    ("harbour -camera:x", f"column 9: camera: is not a key; {KEYS}"),
    ("http://example.org", f"column 1: http: is not a key; {KEYS}"),
    ('title:"old town"', f"column 1: title: is not a key; {KEYS}"),
    ('"old town', f"column 1: {UNCLOSED}"),
    ('"', f"column 1: {UNCLOSED}"),
    ('harbour -"old', f"column 10: {UNCLOSED}"),
    ('tag:"boat', f"column 5: {UNCLOSED}"),
    ('"old town" "new', f"column 12: {UNCLOSED}"),
    ('5" disk', f"column 2: {UNCLOSED}"),
    ('old"town"', f"column 1: {BLANKS}"),
    ('"old"town', f"column 1: {BLANKS}"),
    ('sea "old""town"', f"column 5: {BLANKS}"),
    ('tag:"a"b', f"column 1: {BLANKS}"),
    ('""', f"column 1: {NOTHING}"),
    ('sea "  "', f"column 5: {NOTHING}"),
    ('tag:""', f"column 1: {NOTHING}"),
    ("tag:", f"column 1: {NO_VALUE}"),
    ("harbour tag: boat", f"column 9: {NO_VALUE}"),
    ("harbour -label:", f"column 9: {NO_VALUE}"),
    ("after: 2020", f"column 1: {NO_VALUE}"),
    ("after:soon", f"column 1: after:soon: {UNDATED}"),
    ("sea after:20", f"column 5: after:20: {UNDATED}"),
    ("before:2020/06", f"column 1: before:2020/06: {UNDATED}"),
    ("before:2020-06-17-1", f"column 1: before:2020-06-17-1: {UNDATED}"),
    ("after:2020-13", "column 1: after:2020-13: month must be in 1..12"),
    ("-after:2020", "column 1: -after: cannot be excluded; swap after and before"),
    ("-Before:2020", "column 1: -before: cannot be excluded; swap after and before"),
    ("-night", "every part is negative; add at least one that says what to look for"),
    ("after:2021 before:2021", "after 2021-01-01 and before 2021-01-01 leave no day between them"),
    ("x" * 1001, "the text has 1001 characters; the limit is 1000"),
    ("sea" + " -x" * 16, "17 parts; the limit is 16"),
]

# Pieces of the grammar in any order: what random text would hardly ever put together.
PIECES = ["tag:", "folder:", "after:", "x:", "-", '"', " ", "\u3000", "2020", "-06", "boat", "ü", ":", "/"]
LINES = st.text() | st.lists(st.sampled_from(PIECES)).map("".join)
WORDS = st.lists(st.text("abcü港09", min_size=1), min_size=1, max_size=20)


@pytest.mark.parametrize(("line", "expected"), UNDERSTOOD)
def test_a_line_is_understood_as(line: str, expected: Query) -> None:
    assert parse(line) == expected


@pytest.mark.parametrize(("line", "message"), REFUSED)
def test_a_line_is_refused_with(line: str, message: str) -> None:
    with pytest.raises(InvalidQuery) as refusal:
        parse(line)
    assert str(refusal.value) == message


def test_any_name_before_a_colon_is_refused_also_without_a_value() -> None:
    with pytest.raises(InvalidQuery, match=r"^column 1: "):
        parse("note: harbour")


def test_days_that_do_not_exist_are_refused_with_the_term() -> None:
    with pytest.raises(InvalidQuery, match=r"^column 5: after:2023-02-29: day"):
        parse("sea after:2023-02-29")


def test_given_parts_come_after_the_lines_own_with_limit_and_offset() -> None:
    picture = StoredPicture(3)
    parsed = parse("sea -fog", parts=(picture,), limit=5, offset=10)
    assert parsed == Query((Text("sea"), Text("fog", -1.0), picture), limit=5, offset=10)


def test_a_negative_word_is_enough_beside_a_picture() -> None:
    picture = StoredPicture(3)
    assert parse("-fog", parts=(picture,)) == Query((Text("fog", -1.0), picture))


@settings(deadline=None, max_examples=300)
@given(LINES)
def test_any_line_is_understood_or_refused_as_an_invalid_query(line: str) -> None:
    assert refusal_of(line) != ""


@settings(deadline=None)
@given(LINES)
@example('old"town" "new')
def test_the_mark_said_to_be_unclosed_is_the_last_one(line: str) -> None:
    refusal = refusal_of(line) or ""
    assert UNCLOSED not in refusal or refusal == f"column {line.rindex(chr(34)) + 1}: {UNCLOSED}"


@settings(deadline=None)
@given(LINES)
def test_every_quotation_mark_of_an_understood_line_is_closed(line: str) -> None:
    assert refusal_of(line) is not None or line.count('"') % 2 == 0


@settings(deadline=None)
@given(WORDS)
def test_bare_words_are_one_text_part_in_their_order(words: list[str]) -> None:
    assert parse("  ".join(words)).parts == (Text(" ".join(words)),)
