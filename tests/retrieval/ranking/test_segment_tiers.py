"""Segments of a growing index: few of them, each document written again a few times, removed ones forgotten."""

from __future__ import annotations

import math

from retrieval.ranking.segment_tiers import FACTOR, SMALLEST, choose_merged, find_tier


def test_tiers_grow_by_the_factor() -> None:
    assert [find_tier(size) for size in (0, SMALLEST, SMALLEST + 1, SMALLEST * FACTOR)] == [0, 0, 1, 1]


def test_a_growing_index_has_few_segments_and_writes_a_document_once_a_tier() -> None:
    sizes, written, portion, portions = list[int](), 0, 100, 2000
    for _ in range(portions):
        merged = choose_merged(sizes, sizes, portion)
        new = portion + sum(sizes[place] for place in merged)
        sizes = [size for place, size in enumerate(sizes) if place not in merged] + [new]
        written += new
        assert len(sizes) <= FACTOR * (find_tier(sum(sizes)) + 1)
    assert sum(sizes) == portion * portions
    assert written <= portion * portions * (math.log(portions, FACTOR) + 1)


def test_what_is_mostly_hidden_is_written_again() -> None:
    assert choose_merged([900, 400], [1000, 1000], 0) == {1}
    assert choose_merged([0], [50], 0) == {0}
    assert choose_merged([1000], [1000], 0) == set()
