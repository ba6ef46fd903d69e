"""Images by a number, by names as people sort them, and shuffled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.ranking.order import (
    FEW_TEXTS,
    NO_VALUE,
    find_places,
    insert_texts,
    natural_key,
    order_images,
    shuffle_values,
    sort_texts,
)

values = st.none() | st.integers(NO_VALUE + 1, 2**63 - 1) | st.integers(0, 3)


@given(st.lists(st.tuples(values, st.booleans()), max_size=20), st.booleans(), st.randoms())
def test_they_are_ordered_as_a_plain_sort_does_it(
    rows: list[tuple[int | None, bool]], is_falling: bool, random: object
) -> None:
    """Those above the line first, then those with a value, then by the value, then by id."""
    ids = list(range(1, len(rows) + 1))
    random.shuffle(ids)  # type: ignore[attr-defined]
    sign = -1 if is_falling else 1
    expected = sorted(
        range(len(rows)),
        key=lambda place: (rows[place][1], rows[place][0] is None, sign * (rows[place][0] or 0), ids[place]),
    )
    numbers = np.array([NO_VALUE if value is None else value for value, _ in rows], np.int64)
    below = np.array([is_below for _, is_below in rows], bool)
    found = order_images(np.array(ids, np.int64), numbers, below, is_falling=is_falling)
    assert found.tolist() == expected


@pytest.mark.parametrize(
    "names",
    [
        ["IMG_9.jpg", "img_10.jpg", "IMG_100.jpg"],
        ["1.jpg", "2.jpg", "10.jpg", "a.jpg"],
        ["beach 1.jpg", "beach 2.jpg", "beach 10.jpg", "Beach.jpg"],
        ["2019-07-01 2.jpg", "2019-07-01 10.jpg", "2019-10-01 1.jpg"],
        ["Äpfel", "apple", "apricot"],
        ["e1", "É2", "e3", "f"],
        ["a007b", "a8b", "a0009b"],
    ],
)
def test_names_are_in_natural_order(names: list[str]) -> None:
    keys = list(map(natural_key, names))
    assert find_places(sort_texts(keys), keys[::-1]).tolist() == list(range(len(names)))[::-1]
    assert find_places(sort_texts([*keys, *keys]), keys).tolist() == [*range(len(names))]
    many = keys * FEW_TEXTS
    assert find_places(sort_texts(many), many).tolist() == [*range(len(names))] * FEW_TEXTS


few_texts = st.lists(st.text("ab", max_size=3), max_size=12)


@given(few_texts, few_texts)
def test_texts_that_are_inserted_lie_where_sorting_anew_puts_them(
    before: list[str], added: list[str]
) -> None:
    ordered = sort_texts(before)
    with_added, moved = insert_texts(ordered, added)
    assert with_added.tolist() == sorted({*before, *added})
    assert with_added[moved].tolist() == ordered.tolist()


def test_names_that_differ_in_case_marks_or_zeros_alone_are_equal() -> None:
    assert len({natural_key(name) for name in ("Café 7.jpg", "cafe 007.JPG", "CAFE\u0301 07.jpg")}) == 1
    assert natural_key("a" + "9" * 250) < natural_key("a1" + "0" * 250)


@given(st.lists(st.integers(0, 10**30), min_size=1, max_size=8))
def test_numbers_in_names_are_compared_by_their_size(numbers: list[int]) -> None:
    by_name = sorted(numbers, key=lambda number: natural_key(f"DSC{number}.jpg"))
    assert by_name == sorted(numbers)


def test_a_shuffled_order_depends_on_the_seed_and_on_nothing_else() -> None:
    ids = np.arange(1, 2001)
    first, second = shuffle_values(ids, 1), shuffle_values(ids, 2)
    assert shuffle_values(ids[::7], 1).tolist() == first[::7].tolist()
    assert len(set(first.tolist())) == len(set(second.tolist())) == len(ids)
    assert min(first) >= 0
    # Neither is near to the order of the ids, nor to the other: rank correlations of chance have a spread of 0.02.
    ranks = np.argsort(np.argsort(np.stack([ids, first, second]), axis=1), axis=1)
    correlations = np.corrcoef(ranks)[np.triu_indices(3, 1)]
    assert np.abs(correlations).max() < 0.1
