"""What parts, filters and queries refuse, each with its message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from datetime import date
from pathlib import Path

import pytest

from retrieval import Examples, Filters, InvalidQuery, Part, Picture, Query, StoredPicture, Text

WEIGHED: list[tuple[str, Callable[[float], Part]]] = [
    ("text", lambda weight: Text("sea", weight)),
    ("picture", lambda weight: Picture(Path("sea.jpg"), weight)),
    ("stored picture", lambda weight: StoredPicture(1, weight)),
]
parts = pytest.mark.parametrize("part", [make for _, make in WEIGHED], ids=[name for name, _ in WEIGHED])

EMPTY = "the text part is empty; give words or leave the part out"
NEGATIVE = "every part is negative; add one that says what to search for"

REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: Text(""), EMPTY),
    (lambda: Text(" \t\n\u3000"), EMPTY),
    (lambda: Text("x" * 1001), "the text has 1001 characters; the limit is 1000"),
    (lambda: Text("a\0b"), "the text contains a zero byte or an invalid character; type it again"),
    (lambda: Text("caf\udce9"), "the text contains a zero byte or an invalid character; type it again"),
    (
        lambda: Filters(without_tags=("\ud800",)),
        "one of the tags contains a zero byte or an invalid character; type it again",
    ),
    (lambda: Filters(folders=("x" * 1001,)), "one of the folders has 1001 characters; the limit is 1000"),
    (lambda: Filters(labels=("x",) * 100, without_labels=("y",)), "101 labels; the limit is 100"),
    (lambda: StoredPicture(0), "image 0: ids are positive whole numbers"),
    (lambda: StoredPicture(-3), "image -3: ids are positive whole numbers"),
    (lambda: StoredPicture(2**63), f"image {2**63}: ids are positive whole numbers"),
    (
        lambda: Filters(after=date(2021, 5, 2), before=date(2021, 5, 2)),
        "after 2021-05-02 and before 2021-05-02 leave no day between them",
    ),
    (
        lambda: Filters(after=date(2021, 5, 2), before=date(2020, 1, 1)),
        "after 2021-05-02 and before 2020-01-01 leave no day between them",
    ),
    (lambda: Query((Text("a"),) * 17), "17 parts; the limit is 16"),
    (lambda: Query((StoredPicture(1, -1.0),)), NEGATIVE),
    (lambda: Query((Text("a", -1.0),), examples=Examples(bad=(1,))), NEGATIVE),
    (lambda: Query((Text("a", -1.0), StoredPicture(1, -2.0), Picture(b"", -0.5))), NEGATIVE),
    (lambda: Query(limit=0), "limit 0: choose from 1 to 1000"),
    (lambda: Query(limit=-1), "limit -1: choose from 1 to 1000"),
    (lambda: Query(limit=1001), "limit 1001: choose from 1 to 1000"),
    (lambda: Query(offset=-1), "offset -1: choose 0 or more"),
    (lambda: Query(offset=2**31), f"offset {2**31}: choose 0 or more"),
    (lambda: Query(weights={"words": -0.1}), "weight -0.1 of signal words: choose from 0 to 100"),
    (lambda: Query(weights={"colour": 100.5}), "weight 100.5 of signal colour: choose from 0 to 100"),
    (lambda: Query(weights={"a": 1, "b": float("nan")}), "weight nan of signal b: choose from 0 to 100"),
    (lambda: Query(weights={"b": float("inf")}), "weight inf of signal b: choose from 0 to 100"),
]


@pytest.mark.parametrize(
    ("make", "message"), REFUSED, ids=[f"{n} {message[:40]}" for n, (_, message) in enumerate(REFUSED)]
)
def test_it_is_refused_with(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidQuery) as refusal:
        make()
    assert str(refusal.value) == message


@parts
@pytest.mark.parametrize("weight", [0, -0.0, 100.5, -101, float("nan"), float("inf"), float("-inf")])
def test_no_part_takes_a_weight_that_means_nothing(part: Callable[[float], Part], weight: float) -> None:
    with pytest.raises(InvalidQuery) as refusal:
        part(weight)
    assert str(refusal.value) == f"weight {weight}: choose a number from -100 to 100 that is not 0"


@parts
@pytest.mark.parametrize("weight", [-100, -0.001, 0.001, 1, 100])
def test_every_part_takes_weights_up_to_the_limits(part: Callable[[float], Part], weight: float) -> None:
    assert part(weight).weight == weight


@parts
def test_a_part_counts_once_and_cannot_be_changed(part: Callable[[float], Part]) -> None:
    value = part(1.0)
    with pytest.raises(FrozenInstanceError):
        value.weight = 2.0  # type: ignore[misc]
    assert Text("sea").weight == Picture(b"").weight == StoredPicture(1).weight == 1.0


def test_limits_themselves_are_allowed() -> None:
    assert len(Query((Text("x" * 1000),) * 16, limit=1000, offset=2**31 - 1).parts) == 16
    assert Query((StoredPicture(2**63 - 1),), limit=1, weights={"words": 0, "colour": 100}).limit == 1


def test_one_positive_part_is_enough() -> None:
    assert Query((Text("night", -1.0), Text("sea"))).parts[0].weight == -1.0


def test_a_query_without_parts_asks_for_everything_from_the_start() -> None:
    query = Query()
    assert (query.parts, query.filters, query.limit, query.offset) == ((), Filters(), 40, 0)
    assert not query.include_examples


def test_one_day_may_lie_between_after_and_before() -> None:
    assert Filters(after=date(2021, 5, 2), before=date(2021, 5, 3))


@pytest.mark.parametrize("name", ["folders", "tags", "labels"])
def test_filters_are_true_when_they_hold_a_condition(name: str) -> None:
    assert not Filters()
    assert Filters(**{name: ("x",)})
    assert Filters(**{f"without_{name}": ("x",)})
