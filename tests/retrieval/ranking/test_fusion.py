"""Fusion: worked examples, and the same sums as a plain-Python version."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import Ranking
from retrieval.ranking.fusion import (
    Amounts,
    WeightedRanking,
    amounts_for_ids,
    calibrated_score,
    fuse,
    reciprocal_rank,
    relative_score,
)
from retrieval.ranking.relevance import Calibration, Unrelated

BANDWIDTHS = {"subject": 0.1, "colour": 0.05}
SHARPNESS = {"subject": 0.5, "colour": 1.5}
SUBJECT, COLOUR = Unrelated(0.5, 0.1), Unrelated(0.7, 0.2, curved=True)
CALIBRATIONS = {
    (part, signal): Calibration(unrelated, 100)
    for part in range(5)
    for signal, unrelated in (("subject", SUBJECT), ("colour", COLOUR))
}

# Cosines with few different values, so that ties are common.
SCORES = st.dictionaries(st.integers(1, 20), st.sampled_from([0.0, 0.5, 0.9, 0.95, 1.0]), max_size=12)
WEIGHTS = st.sampled_from([-1.0, 0.06, 0.5, 1.0, 3.0])
PARTS = st.lists(st.tuples(st.sampled_from(["words", "subject", "colour"]), WEIGHTS, SCORES), max_size=5)


def weighted_ranking(
    signal: str, scores: dict[int, float], weight: float = 1.0, part: int = 0
) -> WeightedRanking:
    return WeightedRanking(part, signal, weight, Ranking.from_scores(list(scores), list(scores.values())))


def rank_in_order(images: list[int]) -> WeightedRanking:
    return weighted_ranking("words", {image: -float(place) for place, image in enumerate(images)})


def rankings_of_parts(parts: list[tuple[str, float, dict[int, float]]]) -> list[WeightedRanking]:
    return [weighted_ranking(signal, scores, weight, n) for n, (signal, weight, scores) in enumerate(parts)]


def plain_reciprocal_rank(weighted: WeightedRanking, k: float) -> dict[int, float]:
    return {
        image: weighted.weight / (k + rank) for rank, image in enumerate(weighted.ranking.ids.tolist(), 1)
    }


def plain_relative_score(weighted: WeightedRanking) -> dict[int, float]:
    scores = dict(zip(weighted.ranking.ids.tolist(), weighted.ranking.scores.tolist(), strict=True))
    if weighted.signal in BANDWIDTHS:
        return {
            n: weighted.weight * math.exp((s - 1) / BANDWIDTHS[weighted.signal]) for n, s in scores.items()
        }
    return {n: weighted.weight * s / (max(scores.values()) or 1e-12) for n, s in scores.items()}


def plain_calibrated_score(weighted: WeightedRanking) -> dict[int, float]:
    """Closeness by the tail of a normal distribution, on the cosine or on its inverse hyperbolic tangent."""
    if weighted.signal == "words":
        return plain_relative_score(weighted)
    location, spread, sharpness = (0.5, 0.1, 0.5) if weighted.signal == "subject" else (0.7, 0.2, 1.5)

    def evidence(score: float) -> float:
        straight = score if weighted.signal == "subject" else math.atanh(min(score, 0.996))
        return -math.log(math.erfc((straight - location) / spread / math.sqrt(2)) / 2)

    scores = zip(weighted.ranking.ids.tolist(), weighted.ranking.scores.tolist(), strict=True)
    return {n: weighted.weight * (evidence(s) / evidence(1.0)) ** sharpness for n, s in scores}


def plain_sums(amounts: list[dict[int, float]]) -> dict[int, float]:
    images = {image for amounts_of_one in amounts for image in amounts_of_one}
    return {
        image: math.fsum(amounts_of_one.get(image, 0.0) for amounts_of_one in amounts) for image in images
    }


def check_ranking(fused: Ranking, expected: dict[int, float]) -> None:
    """Whether these are the sums above zero, in their order; sums that round to zero may be in or out."""
    found = dict(zip(fused.ids.tolist(), fused.scores.tolist(), strict=True))
    near_zero = {image for image, total in expected.items() if abs(total) < 1e-12}
    assert {n for n, total in expected.items() if total > 0} - near_zero == set(found) - near_zero
    assert all(total == pytest.approx(expected[image], abs=1e-12) for image, total in found.items())
    assert list(found.items()) == sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def test_reciprocal_rank_worked_by_hand() -> None:
    words, subject = (
        weighted_ranking("words", {7: 9.0, 3: 5.0}),
        weighted_ranking("subject", {3: 0.8, 9: 0.7}, weight=2.0),
    )
    fused = fuse([words, subject], reciprocal_rank(60))
    assert fused.ids.tolist() == [3, 9, 7]
    assert fused.scores.tolist() == pytest.approx([1 / 62 + 2 / 61, 2 / 62, 1 / 61], abs=1e-12)


def test_relative_score_worked_by_hand() -> None:
    half = 1 - 0.1 * math.log(2)  # closeness exp((half - 1) / 0.1) = 1/2
    words, subject = (
        weighted_ranking("words", {1: 4.0, 2: 2.0}),
        weighted_ranking("subject", {2: 1.0, 3: half}, weight=0.5),
    )
    fused = fuse([words, subject], relative_score(BANDWIDTHS))
    assert fused.ids.tolist() == [1, 2, 3]
    assert fused.scores.tolist() == pytest.approx([4 / 4, 2 / 4 + 0.5, 0.5 / 2], abs=1e-12)


def test_calibrated_score_worked_by_hand() -> None:
    """Half of the unrelated pictures score 0.5, and one in 3.49 million scores 1: ln 2 of ln 3,488,556."""
    half = math.log(2) / math.log(3_488_556)
    words, subject = (
        weighted_ranking("words", {1: 4.0, 2: 2.0}),
        weighted_ranking("subject", {2: 1.0, 3: 0.5}, weight=0.5),
    )
    fused = fuse([words, subject], calibrated_score({(0, "subject"): CALIBRATIONS[0, "subject"]}, SHARPNESS))
    assert fused.ids.tolist() == [1, 2, 3]
    assert fused.scores.tolist() == pytest.approx([1, 2 / 4 + 0.5, 0.5 * math.sqrt(half)], abs=1e-6)


def test_sharpness_favours_the_closest() -> None:
    both = weighted_ranking("subject", {1: 0.95, 2: 0.7})
    shares = []
    for sharpness in (0.5, 1.0, 2.0):
        given_to = calibrated_score(CALIBRATIONS, {"subject": sharpness})(both)
        shares.append(given_to[0] / given_to.sum())
    assert shares == sorted(set(shares))


def test_a_negative_weight_counts_against_and_can_leave_an_image_out() -> None:
    wanted = weighted_ranking("words", {1: 4.0, 2: 3.0, 3: 1.0})
    unwanted = weighted_ranking("words", {3: 2.0, 2: 1.0, 5: 1.0}, weight=-1.0)
    fused = fuse([wanted, unwanted], relative_score(BANDWIDTHS))
    assert fused.ids.tolist() == [1, 2]
    assert fused.scores.tolist() == [1.0, 0.25]


def test_words_that_match_nothing_give_nothing() -> None:
    nothing = weighted_ranking("words", {1: 0.0, 2: 0.0})
    assert len(fuse([nothing], relative_score(BANDWIDTHS))) == 0


@pytest.mark.parametrize(
    "amounts", [reciprocal_rank(60), relative_score(BANDWIDTHS), calibrated_score(CALIBRATIONS, SHARPNESS)]
)
def test_no_rankings_and_empty_rankings_fuse_to_an_empty_one(amounts: Amounts) -> None:
    assert len(fuse([], amounts)) == 0
    assert len(fuse([weighted_ranking("words", {}), weighted_ranking("subject", {})], amounts)) == 0


def test_equal_sums_go_to_the_smaller_id_whatever_was_added_first() -> None:
    """Images 1 and 2 both hold ranks 7, 2 and 1: their sums differ in the last bit only."""
    six = [3, 4, 5, 6, 7, 8]
    rankings = [
        rank_in_order([*six, 1]),
        rank_in_order([*six, 2]),
        rank_in_order([1, 2]),
        rank_in_order([2, 1]),
    ]
    assert fuse(rankings, reciprocal_rank(60)).top(2).ids.tolist() == [1, 2]


def test_sums_of_nothing_are_left_out_whatever_was_added_first() -> None:
    """0.1 + 0.2 - 0.3 is 0, but not in binary."""
    rankings = [weighted_ranking("subject", {1: 1.0}, weight) for weight in (0.1, 0.2, -0.3)]
    assert len(fuse(rankings, relative_score(BANDWIDTHS))) == 0


@settings(deadline=None)
@given(PARTS, st.sampled_from([0.0, 1.0, 60.0]))
def test_reciprocal_rank_agrees_with_plain_python(
    parts: list[tuple[str, float, dict[int, float]]], k: float
) -> None:
    rankings = rankings_of_parts(parts)
    check_ranking(
        fuse(rankings, reciprocal_rank(k)), plain_sums([plain_reciprocal_rank(n, k) for n in rankings])
    )


@settings(deadline=None)
@given(PARTS)
def test_relative_score_agrees_with_plain_python(parts: list[tuple[str, float, dict[int, float]]]) -> None:
    rankings = rankings_of_parts(parts)
    expected = plain_sums([plain_relative_score(ranking) for ranking in rankings])
    check_ranking(fuse(rankings, relative_score(BANDWIDTHS)), expected)


@settings(deadline=None)
@given(PARTS)
def test_calibrated_score_agrees_with_plain_python(parts: list[tuple[str, float, dict[int, float]]]) -> None:
    rankings = rankings_of_parts(parts)
    expected = plain_sums([plain_calibrated_score(ranking) for ranking in rankings])
    check_ranking(fuse(rankings, calibrated_score(CALIBRATIONS, SHARPNESS)), expected)


@settings(deadline=None)
@given(
    PARTS,
    st.sampled_from(
        [reciprocal_rank(60), relative_score(BANDWIDTHS), calibrated_score(CALIBRATIONS, SHARPNESS)]
    ),
)
def test_the_amounts_add_up_to_the_fused_score(
    parts: list[tuple[str, float, dict[int, float]]], amounts: Amounts
) -> None:
    rankings = rankings_of_parts(parts)
    fused = fuse(rankings, amounts)
    total = sum((amounts_for_ids(ranking, fused.ids, amounts) for ranking in rankings), np.zeros(len(fused)))
    assert total.tolist() == pytest.approx(fused.scores.tolist(), abs=1e-12)


def test_an_image_that_a_ranking_does_not_hold_gets_nothing_from_it() -> None:
    words = weighted_ranking("words", {4: 2.0, 9: 1.0})
    asked = np.array([9, 1, 4, 100])
    assert amounts_for_ids(words, asked, relative_score(BANDWIDTHS)).tolist() == [0.5, 0.0, 1.0, 0.0]
    assert amounts_for_ids(weighted_ranking("words", {}), asked, reciprocal_rank(60)).tolist() == [0.0] * 4


@pytest.mark.parametrize(
    "amounts", [reciprocal_rank(60), relative_score(BANDWIDTHS), calibrated_score(CALIBRATIONS, SHARPNESS)]
)
def test_inputs_stay_unchanged(amounts: Amounts) -> None:
    rankings = [
        weighted_ranking("words", {1: 4.0, 2: 2.0}),
        weighted_ranking("subject", {2: 1.0, 3: 0.5}, weight=-2.0),
    ]
    before = [(ranking.ranking.ids.tolist(), ranking.ranking.scores.tolist()) for ranking in rankings]
    fuse(rankings, amounts)
    assert [(ranking.ranking.ids.tolist(), ranking.ranking.scores.tolist()) for ranking in rankings] == before
