"""Matches of many candidates at once are those of plain cosines, one pair of pictures after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from retrieval.ranking.descriptor_matches import AT_ONCE, MOST_MATCHES, RATIO, DescriptorMatcher
from retrieval.ranking.keypoints import LEVELS, NUMBERS


def match_plainly(query: Any, candidate: Any) -> list[tuple[int, int]]:
    """The matches of two pictures by the table of all their cosines."""
    cosines = (query @ candidate.T) * (reciprocals(query)[:, None] * reciprocals(candidate))
    numbers = np.arange(len(cosines))
    best = cosines.argmax(axis=1)
    mutual = cosines.argmax(axis=0)[best] == numbers
    first = cosines[numbers, best]
    cosines[numbers, best] = -1
    shares = np.maximum(1 - first, 0) / np.maximum(1 - cosines.max(axis=1), 1e-6)
    kept = np.flatnonzero(mutual & (shares < RATIO**2))
    kept = kept[np.argsort(shares[kept], kind="stable")][:MOST_MATCHES]
    return list(zip(kept.tolist(), best[kept].tolist(), strict=True))


def reciprocals(rows: Any) -> Any:
    return 1 / np.sqrt(np.maximum((rows * rows).sum(axis=1), 1))


def descriptors(least: int, most: int, levels: int = LEVELS) -> st.SearchStrategy[Any]:
    """Few rows differ in many numbers, so that equal cosines and equal rows are frequent."""
    return st.integers(least, most).flatmap(
        lambda count: arrays(np.int8, (count, 3), elements=st.integers(0, levels - 1)).map(spread_numbers)
    )


def spread_numbers(few: Any) -> Any:
    rows = np.zeros((len(few), NUMBERS), np.float32)
    rows[:, :3] = few
    return rows


@given(descriptors(1, 6), st.lists(descriptors(2, 6), min_size=1, max_size=AT_ONCE))
@settings(deadline=None, max_examples=150)
def test_ties_and_rows_of_zeros_are_matched_as_one_by_one(query: Any, candidates: list[Any]) -> None:
    sides = [query, query[::-1].copy()]
    found = DescriptorMatcher(sides).match(candidates)
    for candidate, matches in zip(candidates, found, strict=True):
        for side, pairs in zip(sides, matches, strict=True):
            assert [tuple(pair) for pair in pairs.tolist()] == match_plainly(side, candidate)


@pytest.mark.parametrize("levels", [2, 4, 12, 300])
def test_any_whole_numbers_are_matched_exactly(levels: int) -> None:
    """Large numbers leave room for fewer products in one, or for one alone."""
    random = np.random.default_rng(levels)
    query = random.integers(0, levels, (130, NUMBERS)).astype(np.float32)
    noise = random.integers(0, max(2, levels // 8), query.shape)
    copy = np.clip(query + noise, 0, levels - 1).astype(np.float32)
    others = [random.integers(0, levels, (n, NUMBERS)).astype(np.float32) for n in (2, 77, 140)]
    matcher = DescriptorMatcher([query, query[:, ::-1].copy()])
    for _ in range(2):  # its memory is used again
        for candidate, matches in zip([copy, *others], matcher.match([copy, *others]), strict=True):
            for side, pairs in zip((query, query[:, ::-1]), matches, strict=True):
                assert [tuple(pair) for pair in pairs.tolist()] == match_plainly(side, candidate)
    assert len(matcher.match([copy])[0][0]) == MOST_MATCHES
