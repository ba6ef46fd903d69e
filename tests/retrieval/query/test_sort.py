"""The order of hits as a value, and as a text."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import InvalidQuery, Query, Sort, parse_query
from retrieval.query.sort import MAX_SEED, WAYS, format_sort, parse_sort
from tests.queries import sorts

SAID = [
    ("relevance", Sort()),
    ("date", Sort("date")),
    ("date", Sort("date", "down")),
    ("date-up", Sort("date", "up")),
    ("added-up", Sort("added", "up")),
    ("name", Sort("name", "up")),
    ("name-down", Sort("name", "down")),
    ("size", Sort("size", "down")),
    ("random:7", Sort("random", seed=7)),
    (f"random:{MAX_SEED}", Sort("random", seed=MAX_SEED)),
]


@pytest.mark.parametrize(("text", "sort"), SAID)
def test_an_order_has_one_text(text: str, sort: Sort) -> None:
    assert (parse_sort(text), format_sort(sort)) == (sort, text)


@pytest.mark.parametrize(
    ("text", "shortest"),
    [
        ("Date-Desc", "date"),
        ("date-asc", "date-up"),
        ("NAME-up", "name"),
        ("name-asc", "name"),
        ("size-desc", "size"),
        ("Random:007", "random:7"),
    ],
)
def test_other_ways_of_saying_it_are_understood(text: str, shortest: str) -> None:
    assert format_sort(parse_sort(text)) == shortest


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("shade", f"sort shade: {WAYS}"),
        ("", f"sort : {WAYS}"),
        ("random", f"sort random: {WAYS}"),
        ("random:x", f"sort random:x: {WAYS}"),
        ("random:7-up", f"sort random:7-up: {WAYS}"),
        ("relevance-down", f"sort relevance-down: {WAYS}"),
        ("date-", f"sort date-: {WAYS}"),
        ("date-upwards", f"sort date-upwards: {WAYS}"),
        ("random:1000000000", f"sort random:1000000000: choose a seed from 0 to {MAX_SEED}"),
        ("9" * 5000, f"sort {'9' * 40}: {WAYS}"),
    ],
)
def test_what_is_no_order_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidQuery) as refusal:
        parse_sort(text)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    "arguments",
    [("shade",), ("date", "left"), ("relevance", "up"), ("random",), ("random", "up", 7), ("date", "up", 7),
     ("random", "", -1), ("random", "", MAX_SEED + 1)],
)  # fmt: skip
def test_a_value_that_means_nothing_is_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(InvalidQuery, match=r"^sort "):
        Sort(*arguments)


@given(sorts)
def test_a_text_means_the_order_it_was_made_of(sort: Sort) -> None:
    assert parse_sort(format_sort(sort)) == sort


@given(st.text(max_size=12))
def test_any_text_is_an_order_or_refused(text: str) -> None:
    with suppress(InvalidQuery):
        assert parse_sort(format_sort(parse_sort(text))) == parse_sort(text)


def test_a_query_says_where_to_go_on_once() -> None:
    assert parse_query("boat sort:date-up").sort == Sort("date", "up")
    assert Query(cursor="x").cursor == "x"
    with pytest.raises(InvalidQuery, match=r"offset 3: a cursor says where to go on"):
        Query(offset=3, cursor="x")
    with pytest.raises(TypeError, match="sort is of the type str"):
        Query(sort="date")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="cursor is of the type int"):
        Query(cursor=7)  # type: ignore[arg-type]
