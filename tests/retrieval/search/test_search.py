"""The query flow on sixty images whose features and facts are known, compared with brute force in numpy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import numpy as np
import pytest

from retrieval import Filters, Hit, InvalidQuery, Library, Query, Settings, StoredPicture, Text, parse_query
from retrieval.projections.vectors import VectorIndex, VectorView
from retrieval.ranking.fusion import relative_score
from retrieval.search.gather import FusedRanking, rank_images
from retrieval.search.probes import Probe
from retrieval.search.questions import answer_questions, list_questions
from tests.reference import pairs_of
from tests.world import BOTH, COUNT, World, image_label, image_tags

BANDWIDTHS = {"subject": 1.0, "colour": 0.1}


@pytest.fixture(scope="module")
def library(world: World) -> Iterator[Library]:
    """All ranked images are listed, also those below the relevance line."""
    with Library.open(world.path, Settings(weaker=True)) as opened:
        yield opened


@pytest.fixture(scope="module")
def narrow(world: World) -> Iterator[Library]:
    """Each signal brings only ten candidates, and a page has ten hits."""
    with Library.open(world.path, Settings(candidates=10, weaker=True)) as opened:
        yield opened


def scores_of(hit: Hit) -> dict[str, float]:
    return {contribution.signal: contribution.score for contribution in hit.contributions}


def rank_world(world: World, image_id: int, *, limit: int, left_out: tuple[int, ...] = ()) -> FusedRanking:
    """The flow alone, with a limit on the candidates of each signal."""
    ids, none = np.arange(1, COUNT + 1), np.empty(0, np.int64)
    views = {}
    for name in BOTH:
        features = world.features[name]
        empty = VectorIndex.build(none, features[:0], features.shape[1])
        views[name] = VectorView(VectorIndex.build(ids, features, features.shape[1]), empty, none)
    asked = [Probe(0, name, 1.0, world.features[name][image_id - 1].astype(np.float32)) for name in BOTH]
    questions = list_questions(asked, views, limit=limit, allowed=None, left_out=left_out)
    return rank_images(questions, answer_questions(questions), asked, relative_score(BANDWIDTHS), limit=limit)


class TestScores:
    def test_every_signal_ranks_as_brute_force_does(self, library: Library, world: World) -> None:
        rankings = library.rank_signals(Query((StoredPicture(7),), include_examples=True))
        for signal in BOTH:
            expected = world.cosines(signal, 7)
            assert rankings[signal].ids.tolist() == [image_id for image_id, _ in expected]
            assert rankings[signal].scores == pytest.approx([score for _, score in expected], abs=2e-5)

    @pytest.mark.parametrize("limit", [1, 5, 10, 59, 60, 61])
    @pytest.mark.parametrize("left_out", [(), (7,), (7, 10, 56)])
    def test_an_image_that_one_signal_misses_still_gets_its_score(
        self, world: World, limit: int, left_out: tuple[int, ...]
    ) -> None:
        truth = {name: [pair for pair in world.cosines(name, 7) if pair[0] not in left_out] for name in BOTH}
        cut = {name: {image_id for image_id, _ in pairs[:limit]} for name, pairs in truth.items()}
        together = cut["subject"] | cut["colour"]
        result = rank_world(world, 7, limit=limit, left_out=left_out)
        assert set(result.fused.ids.tolist()) == together
        assert limit > 58 or left_out == () or cut["subject"] - cut["colour"]
        for answer in result.rankings:
            expected = [pair for pair in truth[answer.probe.signal] if pair[0] in together]
            pairs = pairs_of(answer.ranking)
            assert [image_id for image_id, _ in pairs] == [image_id for image_id, _ in expected]
            assert [score for _, score in pairs] == pytest.approx([s for _, s in expected], abs=2e-5)

    def test_the_score_is_the_sum_of_weighted_closenesses(self, library: Library, world: World) -> None:
        weights = {"subject": 1.0, "colour": 3.0}
        truth = {signal: dict(world.cosines(signal, 7)) for signal in BOTH}
        hits = library.search(Query((StoredPicture(7, weight=2),), weights=weights)).hits
        for hit in hits:
            expected = sum(
                2 * weights[name] * np.exp((truth[name][hit.id] - 1) / BANDWIDTHS[name]) for name in BOTH
            )
            assert hit.score == pytest.approx(expected, rel=1e-4)
            assert sum(contribution.amount for contribution in hit.contributions) == pytest.approx(hit.score)
        assert [hit.rank for hit in hits] == list(range(1, 41))
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)

    def test_words_and_pictures_each_bring_their_own(self, narrow: Library) -> None:
        hits = narrow.search(Query((Text("dog"), StoredPicture(7)), limit=20)).hits
        assert {image_label(hit.id) for hit in hits} > {"dog"}
        for hit in hits:
            assert ("words" in scores_of(hit)) == (image_label(hit.id) == "dog")
            brought = {
                contribution.signal: contribution.rank <= narrow.settings.candidates
                for contribution in hit.contributions
            }
            # Images that only words bring, and that are not among their first, are ranked by words alone.
            assert ({"subject", "colour"} <= brought.keys()) == any(brought.values())


FILTERS: list[tuple[Filters, Callable[[int], bool]]] = [
    (Filters(tags=("even",)), lambda n: n % 2 == 0),
    (Filters(tags=("EVEN", "third")), lambda n: n % 6 == 0),
    (Filters(without_tags=("even", "third")), lambda n: n % 2 == 1 and n % 3 > 0),
    (Filters(labels=("boat", "dog")), lambda n: n % 4 in (0, 2)),
    (Filters(without_labels=("boat",), tags=("even",)), lambda n: n % 4 == 2),
    (Filters(folders=("2019", "/photos/2020")), lambda n: n % 3 < 2),
    (Filters(without_folders=("2019/trip",)), lambda n: n % 3 > 0),
    (Filters(after=date(2020, 3, 5), before=date(2020, 6, 5)), lambda n: 3 <= 1 + n % 12 < 6),
    (Filters(tags=("nobody said this",)), lambda n: False),
]


class TestFilters:
    @pytest.mark.parametrize(
        ("filters", "passes"), FILTERS, ids=[str(number) for number in range(len(FILTERS))]
    )
    def test_filtering_inside_is_filtering_brute_force(
        self, library: Library, narrow: Library, world: World, filters: Filters, passes: Any
    ) -> None:
        allowed = [number for number in range(1, COUNT + 1) if passes(number)]
        rankings = library.rank_signals(Query((StoredPicture(7),), filters, include_examples=True))
        for signal in BOTH:
            expected = [image_id for image_id, _ in world.cosines(signal, 7) if image_id in allowed]
            assert rankings[signal].ids.tolist() == expected
        best = narrow.search(Query((StoredPicture(7),), filters, {"subject": 0}, 10, 0, True)).ids
        colour = rankings["colour"].ids.tolist()
        assert best == colour[:10]  # the limit is applied after the filter
        assert library.search(Query((), filters, limit=100)).ids == allowed
        words = library.search(Query((Text("boat car dog tree"),), filters, limit=100))
        assert (sorted(words.ids), words.total) == (allowed, len(allowed))


class TestSigns:
    def test_unwanted_words_exclude(self, library: Library, narrow: Library) -> None:
        query = Query((StoredPicture(7), Text("boat", -0.1), Text("third", -1)), limit=100)
        expected = [n for n in range(1, COUNT + 1) if n != 7 and n % 4 and n % 3]
        assert sorted(library.search(query).ids) == expected
        first = narrow.search(Query(query.parts, weights={"colour": 0}, limit=10)).ids
        assert len(first) == 10  # excluded images take no place among the candidates
        assert set(first) <= set(expected)

    def test_an_unwanted_picture_pushes_down_by_what_it_resembles(
        self, library: Library, world: World
    ) -> None:
        plain = Query((StoredPicture(7),), weights={"subject": 0}, limit=100)
        signed = Query((StoredPicture(7), StoredPicture(9, -0.5)), weights={"subject": 0}, limit=100)
        before = {hit.id: hit.score for hit in library.search(plain).hits}
        after = {hit.id: hit.score for hit in library.search(signed).hits}
        likeness = dict(world.cosines("colour", 9))
        share = library.settings.weight_colour * 0.5
        for image_id in before.keys() - {9}:
            pushed = before[image_id] - share * np.exp((likeness[image_id] - 1) / BANDWIDTHS["colour"])
            if pushed > 1e-6:
                assert after[image_id] == pytest.approx(pushed, rel=1e-3, abs=1e-7)
            elif pushed < -1e-6:
                assert image_id not in after
        assert len(after) > 5

    @pytest.mark.parametrize("line", ["-dog", "-dog tag:even", "-dog -boat", 'NOT (third OR "boat")'])
    def test_unwanted_words_alone_leave_all_others_by_id(self, library: Library, line: str) -> None:
        unwanted = {"-dog": {"dog"}, "-dog tag:even": {"dog"}, "-dog -boat": {"dog", "boat"}}.get(
            line, {"third", "boat"}
        )
        expected = [
            image_id
            for image_id in range(1, COUNT + 1)
            if unwanted.isdisjoint({*image_tags(image_id), image_label(image_id)})
            and ("even" not in line or "even" in image_tags(image_id))
        ]
        results = library.search(parse_query(line, limit=COUNT))
        assert (results.ids, results.total) == (expected, len(expected))
        assert {hit.contributions for hit in results.hits} == {()}
        counted = library.count_facets(line)["captioned"].counts
        assert counted == (("no", len(expected)),)

    def test_a_query_of_nothing_wanted_is_refused(self) -> None:
        with pytest.raises(InvalidQuery, match="every part is negative"):
            Query((Text("boat", -1), StoredPicture(1, -1)))


class TestWeights:
    def test_a_weight_of_zero_switches_a_signal_off(self, library: Library, world: World) -> None:
        for off, on in (("subject", "colour"), ("colour", "subject")):
            hits = library.search(Query((StoredPicture(7),), weights={off: 0}, limit=100)).hits
            assert {contribution.signal for hit in hits for contribution in hit.contributions} == {on}
            assert [hit.id for hit in hits] == [
                image_id for image_id, _ in world.cosines(on, 7) if image_id != 7
            ]
        assert library.search(Query((Text("boat"),), weights={"words": 0})).hits == ()

    def test_a_setting_of_zero_does_too_until_a_query_asks(self, world: World) -> None:
        with Library.open(world.path, Settings(weight_colour=0)) as library:
            plain = library.search(Query((StoredPicture(7),))).hits
            asked = library.search(Query((StoredPicture(7),), weights={"colour": 1})).hits
        assert all(scores_of(hit).keys() == {"subject"} for hit in plain)
        assert all(scores_of(hit).keys() == {"subject", "colour"} for hit in asked)

    def test_an_unknown_signal_is_refused_with_the_known_ones(self, library: Library) -> None:
        with pytest.raises(
            InvalidQuery,
            match=r"^signal smell: this library has "
            r"colour, details, layout, meaning, part, subject, texture, words$",
        ):
            library.search(Query((Text("boat"),), weights={"smell": 1}))
