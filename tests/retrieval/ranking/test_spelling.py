"""What was probably meant by an unknown word: costs, order, and what is sure."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.ranking.spelling import (
    FIRST,
    MAX_LETTERS,
    NEIGHBOURS,
    OTHER,
    SLIP,
    Vocabulary,
    is_sure,
    measure_costs,
)

COUNTS = {
    "balloon": 40, "balloons": 12, "dog": 90, "dogs": 30, "elephant": 3, "harbour": 8, "café": 2, "cat": 50,
    "cart": 1, "straße": 1, "cow": 7, "con": 1, "photographer": 2,
}  # fmt: skip
WORDS = Vocabulary.from_counts(COUNTS)
words = st.text("abdeqswxz", min_size=1, max_size=7)


def reference_cost(typed: str, word: str) -> float:
    """The cost by its definition: recursive, and without any filter."""

    @cache
    def cost(i: int, j: int) -> float:
        if not i:
            return SLIP * j
        costs = [cost(i - 1, j) + (SLIP if i > 1 and typed[i - 2] == typed[i - 1] else OTHER)]
        if j:
            beside = ord(word[j - 1]) in NEIGHBOURS.get(typed[i - 1], [])
            changed = 0.0 if typed[i - 1] == word[j - 1] else SLIP if beside else OTHER
            costs += [cost(i, j - 1) + SLIP, cost(i - 1, j - 1) + changed]
        if i > 1 and j > 1 and (typed[i - 2], typed[i - 1]) == (word[j - 1], word[j - 2]):
            costs.append(cost(i - 2, j - 2) + SLIP)
        return min(costs)

    return cost(len(typed), len(word)) + (FIRST if typed[0] != word[0] else 0)


@given(words, st.lists(words, min_size=1, max_size=6))
def test_costs_are_those_of_the_definition(typed: str, several: list[str]) -> None:
    texts = np.array(several, "<U12")
    letters = np.ascontiguousarray(texts.view(np.uint32).reshape(len(several), 12).T)
    expected = [reference_cost(typed, word) for word in several]
    assert measure_costs(typed, letters).tolist() == pytest.approx(expected, abs=1e-5)


@given(words.filter(lambda word: len(word) > 2), st.sets(words, min_size=1, max_size=40))
def test_the_filters_lose_no_word(typed: str, several: set[str]) -> None:
    vocabulary = Vocabulary.from_counts(dict.fromkeys(several, 1))
    costs = {word: reference_cost(typed, word) for word in several if word != typed}
    near = {word for word, cost in costs.items() if cost <= OTHER + FIRST + 1e-6}
    if not near and len(typed) > 4:
        near = {word for word, cost in costs.items() if cost <= 2 * OTHER + 1e-6}
    assert {found.word for found in vocabulary.suggest_words(typed, 99)} == near


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("baloon", "balloon"), ("ballloon", "balloon"), ("bslloon", "balloon"), ("dgo", "dog"), ("Elefant", "elephant"),
        ("hrabuor", "harbour"), ("cafee", "café"), ("strase", "straße"), ("fotographer", "photographer"),
    ],
)  # fmt: skip
def test_the_word_that_was_meant_comes_first(typed: str, meant: str) -> None:
    assert WORDS.suggest_words(typed)[0].word == meant


@pytest.mark.parametrize("typed", ["", "do", "xyzzy", "dxx", "tac", "a" * (MAX_LETTERS + 1), "北京"])
def test_nothing_is_suggested_for_what_is_too_short_too_long_or_too_far(typed: str) -> None:
    assert WORDS.suggest_words(typed) == []


def test_of_words_at_the_same_distance_the_frequent_one_comes_first() -> None:
    assert [found.word for found in WORDS.suggest_words("caw")] == ["cat", "cow"]
    swapped = Vocabulary.from_counts({"cow": 1, "caw": 1, "cat": 1})
    assert [found.word for found in swapped.suggest_words("cpw")] == ["cow", "caw"]


def test_words_with_one_change_hide_those_with_two() -> None:
    vocabulary = Vocabulary.from_counts({"harbour": 1, "harbours": 1000})
    assert [(found.word, found.changes) for found in vocabulary.suggest_words("harbout")] == [("harbour", 1)]
    assert [found.changes for found in vocabulary.suggest_words("hrbout")] == [2]


def test_only_one_change_without_a_rival_is_sure() -> None:
    vocabulary = Vocabulary.from_counts({"lake": 1, "lane": 1, "mountain": 1})
    assert is_sure(vocabulary.suggest_words("mountian"))
    assert not is_sure(vocabulary.suggest_words("lae"))  # lake or lane
    assert not is_sure(vocabulary.suggest_words("muontian"))  # two changes
    assert not is_sure([])


def test_words_that_begin_alike_come_by_their_frequency() -> None:
    assert WORDS.complete_word("ca", 3) == [("cat", 50), ("café", 2), ("cart", 1)]
    assert WORDS.complete_word("ball", 9) == [("balloon", 40), ("balloons", 12)]
    assert WORDS.complete_word("x", 3) == []
    assert Vocabulary.from_counts({}).suggest_words("dog") == []


def test_a_word_is_known_in_any_letter_case() -> None:
    assert WORDS.has_word("Dog")
    assert not WORDS.has_word("dogg")
