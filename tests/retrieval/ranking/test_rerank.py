"""Re-ranking: each method is compared with its definition in plain Python; and what holds for all of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import Ranking, images
from retrieval.ranking.copies import HASH_BITS, Looks, find_same_pictures, find_same_scenes
from retrieval.ranking.groups import Group, group_by_likeness
from retrieval.ranking.rerank import (
    POWERS,
    diversify_ranking,
    expand_query,
    reorder_ranking,
    rerank_by_diffusion,
    rerank_k_reciprocal,
)
from tests.drawing import draw_scene
from tests.reference import pairs_of

Rows = npt.NDArray[np.float32]
Method = Callable[[Ranking, Rows, Rows], Ranking]
METHODS: dict[str, Method] = {
    "k-reciprocal": partial(rerank_k_reciprocal, k=4, k_smooth=3),
    "diffusion": partial(rerank_by_diffusion, k=4),
    "diversity": lambda ranking, query, rows: diversify_ranking(ranking, rows, diversity=0.5),
}


def unit_rows(values: npt.ArrayLike) -> Rows:
    rows = np.asarray(values, np.float32)
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)


@st.composite
def situations(draw: st.DrawFn) -> tuple[Ranking, Rows, Rows]:
    """A ranking of up to 30 images, a query, and the features of the first images."""
    count = draw(st.integers(1, 30))
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    scores = random.integers(0, draw(st.sampled_from([1, 3, 1000])), count) / 7
    ranking = Ranking.from_scores(random.permutation(100)[:count] + 1, scores)
    rows = unit_rows(random.standard_normal((draw(st.integers(0, count)), 6)) + 0.5)
    return ranking, unit_rows(random.standard_normal(6)), rows


class TestWhatHoldsForAll:
    @pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
    @given(situations())
    @settings(deadline=None, max_examples=60)
    def test_the_first_are_exchanged_and_the_rest_stays(self, method: Method, given: Any) -> None:
        ranking, query, rows = given
        found, first = method(ranking, query, rows), len(rows)
        assert sorted(found.ids[:first]) == sorted(ranking.ids[:first])
        assert pairs_of(found)[first:] == pairs_of(ranking)[first:]
        assert pairs_of(Ranking.from_scores(found.ids, found.scores)) == pairs_of(found)
        if 0 < first < len(found):
            assert found.scores[first - 1] > found.scores[first]

    @pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
    @given(situations())
    @settings(deadline=None, max_examples=30)
    def test_nothing_that_was_given_is_changed(self, method: Method, given: Any) -> None:
        ranking, query, rows = given
        before = [array.copy() for array in (ranking.ids, ranking.scores, query, rows)]
        method(ranking, query, rows)
        after = (ranking.ids, ranking.scores, query, rows)
        assert all(np.array_equal(*pair) for pair in zip(before, after, strict=True))

    @pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
    def test_features_without_a_direction_break_nothing(self, method: Method) -> None:
        ranking = Ranking.from_scores([3, 1, 2], [0.0, 0.0, 0.0])
        found = method(ranking, np.zeros(4, np.float32), np.zeros((3, 4), np.float32))
        assert found.ids.tolist() == [1, 2, 3]
        assert np.isfinite(found.scores).all()

    @given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.permutations(range(12)))
    def test_equal_values_go_by_id(self, values: list[int], ids: list[int]) -> None:
        ranking = Ranking.from_scores(ids[: len(values)], np.arange(len(values)))
        by_place = np.array(values, float)
        expected = sorted(
            zip((-by_place).tolist(), ranking.ids.tolist(), strict=True),
        )
        assert reorder_ranking(ranking, by_place).ids.tolist() == [image_id for _, image_id in expected]


class TestExpansion:
    def test_it_is_the_weighted_mean(self) -> None:
        query, rows = unit_rows([1, 0, 0]), unit_rows([[3, 4, 0], [1, 0, 0], [0, 0, 1], [-1, 1, 0]])
        average = unit_rows(query + rows[0] + rows[1])
        alpha = unit_rows(query + 0.6**3 * rows[0] + rows[1])
        assert expand_query(query, rows, power=POWERS["average"]) == pytest.approx(average, abs=1e-6)
        assert expand_query(query, rows, power=POWERS["alpha"]) == pytest.approx(alpha, abs=1e-6)

    def test_nothing_found_leaves_the_query_and_nothing_stays_nothing(self) -> None:
        query = unit_rows([3, 4])
        assert expand_query(query, np.empty((0, 2), np.float32), power=3) == pytest.approx(query)
        assert not expand_query(np.zeros(2, np.float32), unit_rows([[1, 0]]), power=3).any()


def plain_k_reciprocal(query: Rows, rows: Rows, k: int, k_smooth: int, plain: float) -> list[float]:
    """The distances of the paper, set by set."""
    points = np.vstack([query[None], rows]).astype(np.float64)
    cosines = np.round(np.float64(points.astype(np.float32) @ points.astype(np.float32).T), 5)
    everyone = range(len(points))
    near = [sorted(everyone, key=lambda other: (-cosines[one, other], other)) for one in everyone]

    def mutual(one: int, count: int) -> set[int]:
        return {other for other in near[one][:count] if one in near[other][:count]}

    encoded = np.zeros_like(cosines)
    for one in everyone:
        members = set(mutual(one, k))
        for other in mutual(one, k):
            half = mutual(other, k // 2)
            if len(half & mutual(one, k)) >= 2 / 3 * len(half):
                members |= half
        for other in members:
            encoded[one, other] = np.exp(-(1 - cosines[one, other]))
        encoded[one] /= encoded[one].sum()
    smooth = np.array(
        [np.mean([encoded[other] for other in near[one][:k_smooth]], axis=0) for one in everyone]
    )
    found = []
    for one in everyone[1:]:
        common = np.minimum(smooth[0], smooth[one]).sum()
        union = np.maximum(smooth[0], smooth[one]).sum()
        found.append((1 - plain) * (1 - common / union) + plain * (1 - cosines[0, one]))
    return found


class TestReciprocal:
    @given(st.integers(0, 500))
    @settings(deadline=None, max_examples=40)
    def test_it_agrees_with_the_paper_set_by_set(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        rows, query = (
            unit_rows(random.standard_normal((14, 3)) + 0.4),
            unit_rows(random.standard_normal(3) + 0.4),
        )
        ranking = Ranking.from_scores(np.arange(1, 15), -np.arange(14.0))
        expected = plain_k_reciprocal(query, rows, 5, 3, 0.3)
        by_id = dict(zip(ranking.ids.tolist(), expected, strict=True))
        distances = [
            by_id[image_id]
            for image_id in rerank_k_reciprocal(ranking, query, rows, k=5, k_smooth=3).ids.tolist()
        ]
        assert all(one <= other + 2e-5 for one, other in pairwise(distances))

    def test_whose_neighbours_are_the_querys_come_first(self) -> None:
        """The first image of the ranking is a stranger that belongs to another group."""
        group = unit_rows([[1, 0.1 * step, 0.3, 0] for step in range(6)])
        strangers = unit_rows([[1, 0.1 * step, 0, 1.2] for step in range(6)])
        query, rows = unit_rows([1, 0.2, 0.3, 0.45]), np.vstack([strangers, group])
        scores = rows @ query
        scores[2] = scores.max() + 0.01
        ranking = Ranking.from_scores(np.arange(12), scores)
        assert ranking.ids[0] == 2
        assert sorted(rerank_k_reciprocal(ranking, query, rows[ranking.ids], k=6).ids[:6].tolist()) == [
            *range(6, 12)
        ]


class TestDiffusion:
    def test_it_solves_the_system(self) -> None:
        random = np.random.default_rng(4)
        rows, query = unit_rows(random.standard_normal((9, 3)) + 1), unit_rows([1, 1, 1])
        points = np.vstack([query[None], rows]).astype(np.float64)
        cosines = points @ points.T
        near = [set(np.argsort(-line)[:4].tolist()) for line in cosines]
        weights = np.array(
            [
                [
                    max(cosines[one, other], 0) ** 3
                    if one != other and one in near[other] and other in near[one]
                    else 0
                    for other in range(10)
                ]
                for one in range(10)
            ]
        )
        degrees = np.maximum(weights.sum(axis=1), 1e-12)
        spread = np.diag(degrees**-0.5) @ weights @ np.diag(degrees**-0.5)
        amounts, source = np.zeros(10), np.eye(10)[0]
        for _ in range(2000):  # f = alpha S f + y, repeated until it converges
            amounts = 0.9 * spread @ amounts + source
        ranking = Ranking.from_scores(np.arange(1, 10), -np.arange(9.0))
        found = rerank_by_diffusion(ranking, query, rows, k=3, alpha=0.9).ids.tolist()
        reached = [image_id for image_id in found if amounts[image_id] > 1e-4]
        assert reached == sorted(reached, key=lambda image_id: -amounts[image_id])
        assert found[: len(reached)] == reached

    def test_it_follows_a_chain_past_what_is_nearer(self) -> None:
        """Steps of 15° lead away from the query; one image outside the chain is nearer than the end of the chain."""
        angles = np.radians([15, 30, 45, 60, 75])
        chain = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
        off = unit_rows([[0.4, 0, 0.9165]])
        rows, query = unit_rows(np.vstack([chain, off])), unit_rows([1, 0, 0])
        ranking = Ranking.from_scores(np.arange(1, 7), rows @ query)
        assert ranking.ids.tolist() == [1, 2, 3, 4, 6, 5]
        assert rerank_by_diffusion(ranking, query, rows[ranking.ids - 1], k=2).ids.tolist() == [
            1,
            2,
            3,
            4,
            5,
            6,
        ]


class TestDiversity:
    def ranking(self) -> tuple[Ranking, Rows]:
        rows = unit_rows([[1, 0, 0], [1, 0.01, 0], [1, 0, 0.01], [0, 1, 0], [0, 0, 1]])
        return Ranking.from_scores([1, 2, 3, 4, 5], [1.0, 0.9, 0.8, 0.7, 0.6]), rows

    def test_none_leaves_the_ranking_alone(self) -> None:
        ranking, rows = self.ranking()
        assert pairs_of(diversify_ranking(ranking, rows, diversity=0)) == pairs_of(ranking)

    def test_likes_of_what_was_taken_come_later(self) -> None:
        ranking, rows = self.ranking()
        assert diversify_ranking(ranking, rows, diversity=0.5).ids.tolist() == [1, 4, 5, 2, 3]
        assert diversify_ranking(ranking, rows, diversity=0.1).ids.tolist() == [1, 2, 3, 4, 5]

    @given(situations(), st.floats(0.01, 1))
    @settings(deadline=None, max_examples=60)
    def test_each_is_the_best_of_what_was_left(self, given: Any, diversity: float) -> None:
        ranking, _, rows = given
        found = diversify_ranking(ranking, rows, diversity=diversity).ids[: len(rows)].tolist()
        scores = ranking.scores[: len(rows)]
        spread = float(np.ptp(scores)) if len(rows) else 0
        relevance = (scores - scores.min()) / spread if spread else np.ones(len(rows))
        places = [ranking.ids.tolist().index(image_id) for image_id in found]
        least = min(min((float(one @ other) for one in rows for other in rows), default=0), 0.99)
        for number, place in enumerate(places):
            likeness = [
                max(
                    (float(rows[row] @ rows[taken] - least) / (1 - least) for taken in places[:number]),
                    default=0,
                )
                for row in places
            ]
            values = [
                (1 - diversity) * relevance[row] - diversity * max(like, 0)
                for row, like in zip(places, likeness, strict=True)
            ]
            assert values[number] >= max(values[number:]) - 1e-4, place


class TestSameness:
    def looks(self, hashes: list[int], subjects: Any = None, colours: Any = None) -> Looks:
        same = np.ones((len(hashes), 1), np.float32)
        return Looks(
            np.array(hashes, np.int64),
            same if subjects is None else unit_rows(subjects),
            same if colours is None else unit_rows(colours),
        )

    def test_a_picture_turned_or_mirrored_in_any_of_eight_ways_is_the_same(self) -> None:
        pictures = [draw_scene(number) for number in (1, 2, 3)]
        for picture, other in zip(pictures, pictures[1:] + pictures[:1], strict=True):
            ways = [np.rot90(side, turn) for side in (picture, picture[:, ::-1]) for turn in range(4)]
            hashes = [images.perceptual_hash(np.ascontiguousarray(pixels)) for pixels in (*ways, other)]
            same = find_same_pictures(self.looks(hashes))
            assert same[:8, :8].all()
            assert not same[8, :8].any()
            assert np.array_equal(same, same.T)

    @pytest.mark.parametrize(("bits", "expected"), [(0, True), (HASH_BITS, True), (HASH_BITS + 1, False)])
    def test_so_many_bits_may_differ(self, bits: int, expected: bool) -> None:
        plain = 0x0123456789ABCDEF
        other = plain ^ sum(1 << bit for bit in range(1, 2 * bits, 2))
        assert find_same_pictures(self.looks([plain, other]))[0, 1] == expected

    def test_unlike_subjects_are_not_the_same_however_the_hashes_meet(self) -> None:
        assert not find_same_pictures(self.looks([7, 7], [[1, 0], [0.4, 0.9]]))[0, 1]

    def test_pictures_of_one_colour_tell_nothing(self) -> None:
        assert not find_same_pictures(self.looks([0, 0])).any()

    def test_a_scene_needs_subject_and_colour(self) -> None:
        like, unlike = [[1, 0.3], [1, 0]], [[1, 1], [1, 0]]
        far = [0x0F0F0F0F00FF00FF, 0x123456789ABCDEF]
        assert find_same_scenes(self.looks(far, like, like))[0, 1]
        assert not find_same_scenes(self.looks(far, like, unlike))[0, 1]
        assert not find_same_scenes(self.looks(far, unlike, like))[0, 1]
        assert find_same_scenes(self.looks([7, 7], [[1, 1], [1, 0]], [[0, 1], [1, 0]]))[0, 1]


class TestGroups:
    def test_the_best_stays_and_what_is_alike_only_to_a_member_stays_too(self) -> None:
        """1 is like 2, 2 is like 3, 3 is not like 1; 4 is like 3."""
        ranking = Ranking.from_scores([1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1])
        same = np.eye(5, dtype=bool)
        for one, other in ((0, 1), (1, 2), (2, 3)):
            same[one, other] = same[other, one] = True
        grouped = group_by_likeness(ranking, same)
        assert pairs_of(grouped.ranking) == [(1, 6.0), (3, 4.0), (5, 2.0), (6, 1.0)]
        assert grouped.groups == {1: Group((2,)), 3: Group((4,))}
        assert [grouped.find_best(image_id) for image_id in (1, 2, 4, 6, 7)] == [1, 1, 3, 6, None]

    def test_an_image_goes_to_the_best_ranked_that_it_is_like(self) -> None:
        same = np.array([[1, 0, 1], [0, 1, 1], [1, 1, 1]], bool)
        grouped = group_by_likeness(Ranking.from_scores([7, 8, 9], [3, 2, 1]), same)
        assert grouped.groups == {7: Group((9,))}

    @given(st.integers(1, 12), st.integers(0, 999), st.integers(0, 12))
    def test_nothing_is_lost_and_order_stays(self, count: int, seed: int, first: int) -> None:
        random = np.random.default_rng(seed)
        ranking = Ranking.from_scores(random.permutation(50)[:count], random.integers(0, 4, count))
        first = min(first, count)
        same = random.random((first, first)) < 0.2
        same = same | same.T | np.eye(first, dtype=bool)
        grouped = group_by_likeness(ranking, same)
        left, gone = grouped.ranking, grouped.list_members()
        assert sorted([*left.ids.tolist(), *gone]) == sorted(ranking.ids.tolist())
        assert pairs_of(left) == pairs_of(ranking.without(gone))
        place = {image_id: number for number, image_id in enumerate(ranking.ids.tolist())}
        for best, group in grouped.groups.items():
            assert [best, *group.members] == sorted([best, *group.members], key=place.__getitem__)
            assert all(same[place[best], place[image_id]] for image_id in group.members)
