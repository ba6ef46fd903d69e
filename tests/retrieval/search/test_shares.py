"""The parts of a query weigh alike: however many signals a part asks, they share its weight."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from retrieval import Library, Query, Settings, StoredPicture, Text
from retrieval.ranking.fusion import relative_score
from retrieval.ranking.ranking import Ranking
from retrieval.search.gather import FusedRanking, ProbeRanking, fuse_rankings, share_parts
from retrieval.search.probes import Probe
from tests.world import World

AMOUNTS = relative_score({"subject": 1.0, "colour": 0.1, "meaning": 1.0})
EVERY = 60


@pytest.fixture(scope="module")
def library(world: World) -> Iterator[Library]:
    with Library.open(world.path, Settings(weaker=True, weight_colour=0.5)) as opened:
        yield opened


def probe_ranking(part: int, signal: str, weight: float, seed: int | None, shared: float) -> ProbeRanking:
    """Thirty images with random cosines, or none where there is no seed."""
    scores = [] if seed is None else np.random.default_rng(seed).uniform(0, 1, 30).round(5)
    ranking = Ranking.from_scores(np.arange(len(scores)), scores)
    return ProbeRanking(Probe(part, signal, weight, None, shared=shared), ranking)


def fuse_shared(*rankings: ProbeRanking, exclusions: tuple[Probe, ...] = ()) -> FusedRanking:
    return fuse_rankings(share_parts(rankings, exclusions), AMOUNTS)


def shares_of(*rankings: ProbeRanking, exclusions: tuple[Probe, ...] = ()) -> list[float]:
    """What the weights of the rankings become."""
    return [ranking.weighted_ranking.weight for ranking in share_parts(rankings, exclusions)]


class TestShares:
    def test_the_signals_of_a_part_share_its_weight_in_the_ratio_of_their_own(self) -> None:
        text = [probe_ranking(0, name, 2.0 * own, 1, 2.0) for name, own in (("words", 1), ("meaning", 3))]
        picture = [probe_ranking(1, "subject", -1.0, 1, 1.0), probe_ranking(1, "colour", -0.25, 2, 1.0)]
        assert shares_of(*text, *picture) == pytest.approx([0.5, 1.5, -0.8, -0.2])

    def test_a_signal_that_found_nothing_leaves_its_share(self) -> None:
        words, meaning = probe_ranking(0, "words", 1, None, 1), probe_ranking(0, "meaning", 1, 3, 1)
        assert shares_of(words, meaning)[1] == 1
        assert shares_of(words) == [1]

    def test_an_exclusion_keeps_its_share(self) -> None:
        excluded = Probe(0, "words", -1.0, None, shared=1.0)
        assert shares_of(probe_ranking(0, "meaning", -1, 3, 1), exclusions=(excluded,)) == [-0.5]

    def test_weights_that_were_chosen_are_not_shared(self) -> None:
        chosen = [probe_ranking(0, "words", 0.3, 1, 0), probe_ranking(0, "meaning", 2, 2, 0)]
        assert shares_of(*chosen) == [0.3, 2]

    @pytest.mark.parametrize("seed", range(5))
    def test_one_part_ranks_as_it_does_without_shares(self, seed: int) -> None:
        def part(shared: float) -> list[ProbeRanking]:
            names = {"subject": 1.0, "colour": 0.06, "meaning": 1.0}
            return [
                probe_ranking(0, name, 3 * own, 10 * seed + number, shared)
                for number, (name, own) in enumerate(names.items())
            ]

        plain, shared = fuse_shared(*part(0)), fuse_shared(*part(3))
        assert shared.fused.ids.tolist() == plain.fused.ids.tolist()
        assert shared.fused.scores == pytest.approx(plain.fused.scores / 2.06)


class TestSearch:
    @pytest.mark.parametrize("image_id", [7, 30])
    @pytest.mark.parametrize("fusion", ["relative", "reciprocal-rank"])
    def test_one_picture_ranks_as_it_does_by_the_same_weights_written_out(
        self, library: Library, image_id: int, fusion: str
    ) -> None:
        parts = (StoredPicture(image_id),)
        written = Query(parts, weights={"subject": 1.0, "colour": 0.5}, limit=EVERY)
        shared, raw = library.search(Query(parts, limit=EVERY)), library.search(written)
        assert shared.ids == raw.ids
        assert len(shared.ids) > 50
        assert [hit.score for hit in shared.hits] == pytest.approx([hit.score / 1.5 for hit in raw.hits])

    def test_two_parts_weigh_alike_and_amounts_add_up(self, library: Library) -> None:
        query = Query((Text("dog"), StoredPicture(7)), include_examples=True, limit=EVERY)
        hits = library.search(query).hits
        for part in (0, 1):
            given = [sum(share.amount for share in hit.contributions if share.part == part) for hit in hits]
            assert max(given) == pytest.approx(1.0, abs=1e-3)
        for hit in hits:
            assert sum(share.amount for share in hit.contributions) == pytest.approx(hit.score)

    def test_a_chosen_weight_counts_what_it_says(self, library: Library) -> None:
        parts = (Text("dog"), StoredPicture(7))
        hits = library.search(Query(parts, weights={"subject": 2.0}, include_examples=True)).hits
        subject = [share.amount for hit in hits for share in hit.contributions if share.signal == "subject"]
        colour = [share.amount for hit in hits for share in hit.contributions if share.signal == "colour"]
        assert max(subject) == pytest.approx(2.0, abs=1e-3)
        assert max(colour) == pytest.approx(0.5, abs=1e-3)
