"""Relevance: worked examples, the normal distribution of the standard library, and random clouds of features."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.ranking.relevance import (
    BANDS,
    CHANCE,
    FEWEST,
    LIKELY,
    LINE,
    SAMPLE,
    STRONG,
    WEAK,
    Background,
    Calibration,
    Unrelated,
    meaning_levels,
    neighbour_levels,
    sample_positions,
    word_levels,
    word_share,
)
from retrieval.signals import SIGNALS

PLAIN, CURVED = Unrelated(0.5, 0.1), SIGNALS["colour"].unrelated[""]
DIMENSION = 256
COSINES = st.floats(-1, 1)


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def feature_clouds(*, subjects: int, pictures: int, seed: int = 0) -> np.ndarray:
    """Features as from a backbone: all share a direction, and those of one subject share a second one."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(subjects, DIMENSION))
    own = random.normal(size=(subjects, pictures, DIMENSION))
    return unit_rows((2 + 1.5 * centres[:, None] + own).reshape(-1, DIMENSION))


@pytest.mark.parametrize(("score", "tail"), [(0.5, 0.5), (0.6, 0.158655), (0.4, 0.841345), (0.73263, 0.01)])
def test_the_tail_worked_by_hand(score: float, tail: float) -> None:
    assert PLAIN.tail_share([score]).tolist() == pytest.approx([tail], abs=1e-4)


@given(COSINES, st.floats(-0.5, 0.9), st.floats(0.05, 0.5))
def test_the_tail_is_that_of_a_normal_distribution(score: float, location: float, spread: float) -> None:
    expected = 1 - NormalDist(location, spread).cdf(round(score, 5))
    assert float(Unrelated(location, spread).tail_share(score)) == pytest.approx(expected, abs=1e-9)


def test_a_curved_tail_is_normal_in_the_inverse_hyperbolic_tangent() -> None:
    curved = Unrelated(0.7, 0.25, curved=True)
    assert float(curved.tail_share(math.tanh(0.7 + 2 * 0.25))) == pytest.approx(0.02275, abs=1e-4)
    assert curved.tail_share([0.9961, 1.0]).tolist() == pytest.approx([float(curved.tail_share(0.996))] * 2)


def test_a_fit_leaves_related_pairs_out() -> None:
    """A third of the pairs is related, and all of these lie above the median of the rest."""
    unrelated = np.array([NormalDist(0.4, 0.05).inv_cdf((n + 0.5) / 2000) for n in range(2000)])
    fitted = Unrelated.fit_scores(unrelated)
    assert (fitted.location, fitted.spread) == pytest.approx((0.4, 0.05), abs=1e-3)
    mixed = Unrelated.fit_scores(np.concatenate([unrelated, np.full(200, 0.9)]))
    assert (mixed.location, mixed.spread) == pytest.approx((0.4, 0.05), abs=0.01)
    assert Unrelated.fit_scores(unrelated, wider=2).spread == pytest.approx(2 * fitted.spread)


def test_pictures_that_are_all_the_same_still_have_a_spread() -> None:
    assert Unrelated.fit_scores(np.ones(100)).spread > 0


@pytest.mark.parametrize("unrelated", [PLAIN, CURVED, Unrelated(0.0, 0.01), Unrelated(1.0, 0.001)])
@given(scores=st.lists(COSINES, min_size=1, max_size=20))
def test_positions_rise_with_the_score_from_0_to_1(unrelated: Unrelated, scores: list[float]) -> None:
    found = unrelated.tail_position(sorted(scores))
    assert np.all(np.diff(found) >= 0)
    assert found.min() >= 0
    assert found.max() <= 1
    assert float(unrelated.tail_position(1.0)) == 1


def band_names(levels: Any) -> list[str]:
    return [BANDS[level] for level in np.atleast_1d(levels)]


@given(
    st.lists(st.floats(-1, 1), min_size=1), st.integers(0, 10**9), st.booleans(),
    st.builds(Unrelated, st.floats(-0.5, 0.9), st.floats(0.001, 0.3), st.booleans()),
)  # fmt: skip
def test_levels_are_what_tail_and_expectation_say(
    scores: list[float], size: int, folds: bool, unrelated: Unrelated
) -> None:
    calibration = Calibration(unrelated, size, folds=folds)
    for score, level in zip(scores, calibration.band_levels(scores).tolist(), strict=True):
        tail = float(unrelated.tail_share(score))
        wanted = [tail <= LINE or not folds, *(max(size, 1) * tail <= most for most in (0.02, 0.001))]
        near = any(
            abs(tail / edge - 1) < 1e-9 for edge in (LINE, *(most / max(size, 1) for most in (0.02, 0.001)))
        )
        assert near or level == sum(wanted)


def test_bands_by_the_line_and_by_what_is_to_be_expected() -> None:
    """0.0001 of the unrelated score above 0.872, a millionth above 0.975: among 100 images 0.01 and 0.0001."""
    scores = [0.70, 0.706, 0.84, 0.872, 0.975, 0.999]
    assert band_names(Calibration(PLAIN, 100).band_levels(scores)) == [
        CHANCE,
        WEAK,
        WEAK,
        LIKELY,
        STRONG,
        STRONG,
    ]
    assert band_names(Calibration(PLAIN, 10_000).band_levels(scores)) == [
        CHANCE,
        WEAK,
        WEAK,
        WEAK,
        LIKELY,
        LIKELY,
    ]
    assert Calibration(PLAIN, 100).expected_count([0.872]).tolist() == pytest.approx([0.01], rel=0.02)


def test_the_line_does_not_move_with_the_size() -> None:
    assert {band_names(Calibration(PLAIN, size).band_levels([0.706]))[0] for size in (100, 10**4, 10**8)} == {
        WEAK
    }
    assert {band_names(Calibration(PLAIN, size).band_levels([0.70]))[0] for size in (1, 10**4, 10**8)} == {
        CHANCE
    }


def test_without_folding_nothing_is_below_the_line() -> None:
    assert band_names(Calibration(PLAIN, 100, folds=False).band_levels([-1.0, 0.5, 0.975])) == [
        WEAK,
        WEAK,
        STRONG,
    ]


def test_what_is_known_goes_before_a_reference_and_both_before_the_library() -> None:
    features, reference = (
        feature_clouds(subjects=10, pictures=20),
        feature_clouds(subjects=5, pictures=4, seed=1),
    )
    assert Background.from_features(features, 200, known=PLAIN, reference=reference).unrelated == PLAIN
    by_reference = Background.from_features(features, 200, reference=reference).unrelated
    assert by_reference == Unrelated.fit_scores(features @ reference.T, wider=1.15)
    pairs = (features @ features.T)[np.triu_indices(200, 1)]
    assert Background.from_features(features, 200).unrelated == Unrelated.fit_scores(pairs)


def test_too_few_pictures_have_no_background_of_their_own() -> None:
    few = feature_clouds(subjects=FEWEST - 1, pictures=1)
    assert Background.from_features(few, len(few)) is None
    assert Background.from_features(few[:0], 0, known=PLAIN) is None
    background = Background.from_features(few, len(few), known=PLAIN)
    assert background.calibrate_picture(few[0]).unrelated == PLAIN
    assert background.calibrate_other(few[0]) is None


def test_intruders_are_rarely_likely_and_members_mostly_are() -> None:
    library, intruders = (
        feature_clouds(subjects=20, pictures=15),
        feature_clouds(subjects=300, pictures=1, seed=7),
    )
    background = Background.from_features(library[sample_positions(len(library))], len(library))
    best = [
        band_names(background.calibrate_picture(intruder).band_levels((library @ intruder).max()))[0]
        for intruder in intruders
    ]
    assert sum(band in (LIKELY, STRONG) for band in best) <= 0.05 * len(best)
    scores = library @ library.T - 2 * np.eye(len(library), dtype=np.float32)
    found = [
        band_names(background.calibrate_picture(a).band_levels(b.max()))[0]
        for a, b in zip(library, scores, strict=True)
    ]
    assert sum(band in (LIKELY, STRONG) for band in found) >= 0.9 * len(found)


def test_a_library_of_one_subject_does_not_call_its_own_pictures_chance() -> None:
    many, one = feature_clouds(subjects=40, pictures=5), feature_clouds(subjects=1, pictures=80, seed=3)
    known = Background.from_features(many, len(many)).unrelated
    background = Background.from_features(one, len(one), known=known)
    calibration = background.calibrate_picture(one[0])
    assert not calibration.folds
    assert CHANCE not in band_names(calibration.band_levels(one @ one[0]))
    stranger = background.calibrate_picture(many[0])
    assert stranger.folds
    assert band_names(stranger.band_levels(one @ many[0])).count(CHANCE) > 0.8 * len(one)


def test_what_is_no_picture_is_judged_by_its_own_cosines() -> None:
    library = feature_clouds(subjects=20, pictures=15)
    background = Background.from_features(library, len(library), known=PLAIN)
    asked = unit_rows(np.random.default_rng(5).normal(size=DIMENSION))
    cosines = library @ asked
    assert background.calibrate_other(asked).unrelated == Unrelated.fit_scores(cosines)
    assert not {LIKELY, STRONG} & set(band_names(background.calibrate_other(asked).band_levels(cosines)))


@pytest.mark.parametrize("count", [0, 1, 7, SAMPLE, SAMPLE + 1, 12_345])
def test_places_are_distinct_even_and_at_most_a_sample(count: int) -> None:
    found = sample_positions(count)
    assert len(found) == min(count, SAMPLE)
    assert found.tolist() == sorted({*found.tolist()})
    assert set(found[:1]) <= {0}
    assert set(found[-1:]) <= {count - 1}


def test_word_shares_worked_by_hand() -> None:
    """Of 10 images, one holds "harbour" and five hold "boat": ln(1 + 9.5/1.5) and ln(1 + 5.5/5.5)."""
    frequencies = {"harbour": 1, "boat": 5}
    rare, common = math.log(1 + 9.5 / 1.5), math.log(2)
    assert word_share({"harbour", "boat"}, frequencies, 10) == pytest.approx(1)
    assert word_share({"harbour"}, frequencies, 10) == pytest.approx(rare / (rare + common))
    assert word_share({"boat", "other"}, frequencies, 10) == pytest.approx(common / (rare + common))
    assert word_share(set(), frequencies, 10) == 0
    assert word_share({"boat"}, {}, 10) == 0


def test_a_common_word_beside_gibberish_is_chance() -> None:
    frequencies = {"the": 990, "zxqvb": 0, "dog": 20}
    assert band_names(word_levels(word_share({"the"}, frequencies, 1000))) == [CHANCE]
    assert band_names(word_levels(word_share({"dog"}, frequencies, 1000))) == [WEAK]
    assert band_names(word_levels(word_share({"the", "dog"}, {"the": 990, "dog": 20}, 1000))) == [STRONG]


@pytest.mark.parametrize(
    ("share", "band"),
    [(1.0, STRONG), (0.998, LIKELY), (0.5, LIKELY), (0.49, WEAK), (0.1, WEAK), (0.09, CHANCE)],
)
def test_bands_of_words(share: float, band: str) -> None:
    assert band_names(word_levels(share)) == [band]


def test_values_are_frozen_and_inputs_stay_unchanged() -> None:
    features = feature_clouds(subjects=10, pictures=10)
    before = features.copy()
    background = Background.from_features(features, 100)
    background.calibrate_picture(features[0]).band_levels(features @ features[0])
    assert np.array_equal(features, before)
    with pytest.raises(FrozenInstanceError):
        PLAIN.location = 0.0  # type: ignore[misc]


class TestNeighbourLevels:
    """Bands of averages: their own scores decide, and the plain scores of the query limit them."""

    CALIBRATION = Calibration(Unrelated(0.5, 0.1), 100)

    def plain_score(self, expected: float) -> float:
        """The plain score that so many unrelated images of the hundred are expected to reach."""
        return 0.5 + 0.1 * NormalDist().inv_cdf(1 - expected / 100)

    def test_the_score_decides_up_to_the_limit(self) -> None:
        scores = [0.9, 0.85, 0.849, 0.65, 0.2, 0.199, -0.3]
        assert neighbour_levels(scores, 3).tolist() == [3, 3, 2, 2, 1, 0, 0]
        assert neighbour_levels(scores, 1).tolist() == [1, 1, 1, 1, 1, 0, 0]
        assert neighbour_levels([], 3).tolist() == []

    @pytest.mark.parametrize(
        ("expected", "band"),
        [
            ((0.0005, 50, 50), "strong"),  # so close that it needs no support
            ((0.01, 0.05, 0.09), "likely"),
            ((0.01, 0.05, 0.2), "weak"),  # one picture, or two, by coincidence
            ((0.01, 0.02), "weak"),
            ((1.5, 1.6, 1.7), "weak"),
            ((3, 4, 5), "chance"),
        ],
    )
    def test_one_coincidence_is_not_likely(self, expected: tuple[float, ...], band: str) -> None:
        scores = np.array([self.plain_score(count) for count in expected])
        assert BANDS[self.CALIBRATION.highest_level(scores[::-1])] == band

    def test_no_score_is_chance(self) -> None:
        assert self.CALIBRATION.highest_level(np.array([])) == 0


class TestMeaningLevels:
    def test_only_what_is_apart_from_other_texts_is_sure(self) -> None:
        scores = [0.5, 0.3, 0.299, 0.5, 0.5, 0.15, 0.149]
        margins = [0.12, 0.119, 0.2, 0.0, -0.01, 0.5, 0.5]
        assert [BANDS[level] for level in meaning_levels(scores, margins)] == [
            "strong",
            "likely",
            "weak",
            "likely",
            "weak",
            "weak",
            "chance",
        ]
