"""The band of a hit follows from the judgements of its signals, part by part."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.ranking.ranking import Ranking
from retrieval.ranking.relevance import BANDS
from retrieval.search.gather import ProbeRanking
from retrieval.search.judging import Judge, Judgement, are_alike_only, hit_levels
from retrieval.search.probes import Probe

CHANCE, WEAK, LIKELY, STRONG = range(4)


def judgement(part: int, signal: str, *levels: int, wanted: bool = True) -> Judgement:
    return Judgement(part, signal, wanted, None, np.array(levels, np.int8))


def unknown_judgement(part: int, signal: str) -> Judgement:
    return Judgement(part, signal, True, None, None)


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        ([judgement(0, "subject", STRONG, LIKELY, CHANCE)], [STRONG, LIKELY, CHANCE]),
        ([judgement(0, "subject", CHANCE), judgement(0, "details", STRONG)], [STRONG]),
        # Looks beside another signal, and looks alone.
        ([judgement(0, "subject", CHANCE), judgement(0, "colour", STRONG)], [WEAK]),
        ([judgement(0, "colour", STRONG)], [LIKELY]),
        # Another wanted part finds nothing.
        ([judgement(0, "subject", STRONG), judgement(1, "words", CHANCE)], [LIKELY]),
        ([judgement(0, "subject", LIKELY), judgement(1, "words", CHANCE)], [LIKELY]),
        ([judgement(0, "subject", WEAK), judgement(1, "words", CHANCE)], [WEAK]),
        ([judgement(0, "subject", STRONG), judgement(1, "subject", LIKELY, wanted=False)], [LIKELY]),
        ([judgement(0, "subject", CHANCE), judgement(1, "subject", LIKELY, wanted=False)], [CHANCE]),
        # Unknown is not the same as chance.
        ([unknown_judgement(0, "subject"), judgement(0, "colour", CHANCE)], [WEAK]),
    ],
)
def test_the_rules(judged: list[Judgement], expected: list[int]) -> None:
    levels = hit_levels(judged, len(expected))
    assert levels is not None
    assert levels.tolist() == expected


def test_what_holds_none_of_the_words_and_is_weak_only_looks_like_them() -> None:
    words, meaning = judgement(0, "words", CHANCE, CHANCE, WEAK), judgement(0, "meaning", WEAK, LIKELY, WEAK)
    levels = np.array([WEAK, LIKELY, WEAK], np.int8)
    assert are_alike_only([words, meaning], levels).tolist() == [True, False, False]
    pictures = [judgement(0, "subject", WEAK, LIKELY, WEAK)]
    assert not are_alike_only(pictures, levels).any()
    # An image that has the words of one text is no mere likeness, even if another text says nothing of it.
    assert not are_alike_only([words, judgement(1, "words", *[STRONG] * 3)], levels).any()


def test_without_a_known_background_there_are_no_levels() -> None:
    assert hit_levels([unknown_judgement(0, "subject")], 2) is None
    assert hit_levels([], 0) is None


def test_few_points_that_agree_are_likely_and_many_are_strong() -> None:
    judge = Judge(None, None, None)  # type: ignore[arg-type]  # neither projections nor backgrounds take part in it
    found = ProbeRanking(Probe(0, "details", 2.0, None), Ranking.from_scores([7, 8], [30, 5]))
    levels = judge.judge_ranking(found, np.array([8, 9, 7])).levels
    assert levels is not None
    assert [BANDS[level] for level in levels] == ["likely", "chance", "strong"]
