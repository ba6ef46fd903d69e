"""One search: from a query and one state of the library to an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import final

import numpy as np

from ..catalog import Catalog, Image
from ..projections.snapshot import Snapshot
from ..projections.words import WordView
from ..query.rewording import Rewording
from ..query.slots import Slot
from ..query.values import Query, Region, StoredPicture, Text
from ..ranking.arrays import BoolVector, Float64Scores, Int64Ids
from ..ranking.fusion import Amounts, amounts_for_ids
from ..ranking.neighbourhoods import Direction
from ..ranking.ranking import Ranking, union_ids
from ..ranking.relevance import Levels
from ..ranking.translation import Translator
from ..settings import Settings
from ..signals import DETAILS, MEANING, NEIGHBOURS, SUBJECT, WORDS
from .answer import Answer, list_positions
from .backgrounds import Backgrounds
from .boxes import describe_missing_windows, find_boxes
from .candidates import all_ids, allowed_ids, alternative_ids, without_words
from .context import SearchContext
from .corrections import Corrector
from .features import FeatureSource
from .gather import FusedRanking, ProbeRanking, rank_images, unranked_images
from .grouping import describe_groups, group_images
from .judging import Judge, Judgement, RivalLoader, are_alike_only, hit_levels
from .options import SearchOptions
from .order import sort_answer
from .picked_lists import PickedLists
from .probes import Probe, ProbeMaker, TextMapper
from .questions import EVERYTHING, Question, answer_questions, list_questions
from .refinement import expand_probe, reorder_images, verify_images
from .remarks import unknown_words
from .saved_sets import SavedSets
from .sharing import NamedImages, name_images
from .sort_keys import SortKeys
from .stages import DESCRIBE, FILTER, JUDGE, ORDER, RANK, VERIFY, Stopwatch
from .weights import Closeness, Weighting

FUSED = "fused"  # the name of the fused ranking beside those of the signals


@final
class Search:
    """One query against one state of a library; `find_answer` goes through all steps.

    Raises InvalidQuery for a recipe, a concept or a saved search that the library does not have,
    ImageNotFound for a stored picture that is not there, and UnreadableImage for a picture that cannot be
    decoded.
    """

    def __init__(
        self,
        query: Query,
        *,
        catalog: Catalog,
        snapshot: Snapshot,
        backgrounds: Backgrounds,
        features: FeatureSource,
        map_text: TextMapper,
        text_closeness: Closeness,
        translator: Translator,
        load_rivals: RivalLoader | None,
        knows_word: Callable[[str], bool],
        sort_keys: SortKeys,
        settings: Settings,
        saved_sets: SavedSets,
        picked_lists: PickedLists,
    ) -> None:
        self._context = SearchContext(
            query=query,
            options=SearchOptions.from_query(query.options, settings),
            settings=settings,
            catalog=catalog,
            snapshot=snapshot,
            features=features,
            probe_maker=ProbeMaker(features, map_text, translator, self._find_allowed),
            translator=translator,
            judge=Judge(snapshot, backgrounds, load_rivals),
            sort_keys=sort_keys,
            saved_sets=saved_sets,
            picked_lists=picked_lists,
        )
        self._weighting = Weighting(self._context, text_closeness)
        self._knows_word, self._map_text = knows_word, map_text
        self._answers: Sequence[Ranking] | None = None
        self.stopwatch = Stopwatch()

    def _find_allowed(self, slot: Slot) -> Int64Ids:
        return alternative_ids(self._context, slot)

    @property
    def query(self) -> Query:
        return self._context.query

    @property
    def seq(self) -> int:
        """The state of the library that is searched: the number of its last change."""
        return self._context.snapshot.seq

    @property
    def is_wanting(self) -> bool:
        """Whether the query wants something that can be ranked, and not only what satisfies conditions."""
        return self._context.query.is_wanting

    @property
    def bare_pictures(self) -> dict[str, str]:
        """The pictures of the query that show too little to be compared, and why; known after the answer."""
        return self._context.features.bare_pictures

    # -- the answer -----------------------------------------------------------------------------

    def find_answer(self) -> Answer:
        """All steps: rank, expand, verify, put in another order, judge, group, sort."""
        found = self._find_by_relevance()
        with self.stopwatch.measure(ORDER):
            return sort_answer(self._context, found)

    def _find_by_relevance(self) -> Answer:
        options = self._context.options
        if not self.is_wanting:
            return self._list_allowed()
        questions = self.first_questions
        with self.stopwatch.measure(RANK):
            ranked = self._rank_first(questions)
            if options.expand != "none":
                probes = [expand_probe(self._context, probe, ranked) for probe in self._first_probes]
                ranked = self._rank_probes(probes, limit=self._context.settings.candidates)
        with self.stopwatch.measure(VERIFY):
            weight = self._weighting.weight_of(DETAILS)
            ranked = verify_images(self._context, ranked, self._named, weight, self.amounts)
        with self.stopwatch.measure(JUDGE):
            return self._select_shown(reorder_images(self._context, ranked))

    def _list_allowed(self) -> Answer:
        """The answer to a query that wants nothing in particular: all that it allows."""
        with self.stopwatch.measure(FILTER):
            among = all_ids(self._context) if self._allowed is None else self._allowed
            ids = without_words(self._context, among, self._context.query.unwanted_texts)
            ranked = unranked_images(ids)
        return self._group_listed(ranked, ranked.fused, (), None, np.zeros(len(ids), bool))

    @cached_property
    def _allowed(self) -> Int64Ids | None:
        return allowed_ids(self._context)

    # -- what it asks ---------------------------------------------------------------------------

    @cached_property
    def first_questions(self) -> list[Question]:
        """What a query that wants something asks of the views, before anything is expanded."""
        with self.stopwatch.measure(FILTER):
            _ = self._allowed
        with self.stopwatch.measure(DESCRIBE):
            _ = self._named
            return self._list_questions(self._first_probes, limit=self._context.settings.candidates)

    @cached_property
    def _named(self) -> dict[int, NamedImages]:
        """What visual words name for the pictures of the query, where details count."""
        if not self._weighting.weight_of(DETAILS):
            return {}
        return name_images(self._context, self._allowed, self._left_out_ids())

    @property
    def _all_named(self) -> Int64Ids:
        return union_ids(*(named.all_ids for named in self._named.values()))

    def take_answers(self, answers: Sequence[Ranking]) -> None:
        """Use these answers to the first questions, which were asked with those of other searches."""
        self._answers = answers

    @cached_property
    def _first_probes(self) -> list[Probe]:
        weighted = self._weighting.apply_weights(self._plain_probes)
        return self._ask_neighbours(probe for probe in weighted if probe.weight)

    def _rank_first(self, questions: Sequence[Question]) -> FusedRanking:
        answers = answer_questions(questions) if self._answers is None else self._answers
        limit = self._context.settings.candidates
        named = self._all_named
        return rank_images(questions, answers, self._first_probes, self.amounts, limit=limit, named=named)

    def _list_questions(self, probes: Sequence[Probe], *, limit: int) -> list[Question]:
        """What probes ask, without the examples of the query."""
        views, left_out = self._context.snapshot.views, self._left_out_ids()
        return list_questions(probes, views, limit=limit, allowed=self._allowed, left_out=left_out)

    def _rank_probes(self, probes: Sequence[Probe], *, limit: int) -> FusedRanking:
        """The rankings of these probes and their fusion."""
        questions = self._list_questions(probes, limit=limit)
        answers, named = answer_questions(questions), self._all_named
        return rank_images(questions, answers, probes, self.amounts, limit=limit, named=named)

    @cached_property
    def amounts(self) -> Amounts:
        """What the rankings give to their images."""
        return self._weighting.make_amounts(self._plain_probes)

    @cached_property
    def _plain_probes(self) -> list[Probe]:
        """What the parts and the examples ask, with the weights of the parts alone."""
        return self._context.probe_maker.make_probes(self._context.query)

    def _ask_neighbours(self, probes: Iterable[Probe]) -> list[Probe]:
        """Subjects and meanings are asked of the neighbourhoods where the options say so.

        Neighbourhoods cannot be calibrated.
        """
        is_possible = NEIGHBOURS in self._context.snapshot.views and self._weighting.fusion != "calibrated"
        if not (self._context.options.neighbours and is_possible):
            return list(probes)
        return [_ask_neighbours_instead(probe) for probe in probes]

    def _left_out_ids(self) -> list[int]:
        """The examples of the query, unless it wants to see them."""
        query = self._context.query
        if query.include_examples:
            return []
        stored = [part.image_id for part in query.single_parts if isinstance(part, StoredPicture)]
        return [*stored, *query.examples.good, *query.examples.bad]

    def _select_shown(self, ranked: FusedRanking) -> Answer:
        """What is above the relevance line, or asked for all the same; the best of each group.

        The surest band comes first, then what only looks like the words of the query; within a band the
        ranking decides.
        """
        judgements = self._judge_rankings(ranked)
        levels, shown = hit_levels(judgements, len(ranked.fused)), np.arange(len(ranked.fused))
        alike = np.zeros(len(ranked.fused), bool) if levels is None else are_alike_only(judgements, levels)
        if levels is not None:
            shown = np.lexsort((shown, alike, -levels))
            shown = shown if self._context.options.weaker else shown[levels[shown] > 0]
        shown = shown[ranked.fused.scores[shown] >= self._context.options.min_score]
        listed = _rank_listed(ranked.fused, shown, levels, alike)
        return self._group_listed(ranked, listed, judgements, levels, alike)

    def _group_listed(
        self,
        ranked: FusedRanking,
        listed: Ranking,
        judgements: Sequence[Judgement],
        levels: Levels | None,
        alike: BoolVector,
    ) -> Answer:
        """The best of each group of what is listed, or all of one group."""
        grouped, group_of = group_images(self._context, listed), self._context.options.group_of
        shown = list_positions(ranked, grouped, group_of)
        is_grouped = self._context.options.group != "none" and group_of is None
        return Answer(ranked, judgements, levels, alike, shown, grouped, is_grouped)

    def _judge_rankings(self, ranked: FusedRanking) -> list[Judgement]:
        return [self._context.judge.judge_ranking(ranking, ranked.fused.ids) for ranking in ranked.rankings]

    def find_boxes(self, ranking: ProbeRanking, images: Iterable[Image]) -> dict[int, Region]:
        """Where in these images a ranking found what it looks for, by image id."""
        return find_boxes(self._context, ranking, images)

    def describe_missing_windows(self, answer: Answer) -> list[str]:
        """What has to be said about images that parts could not be compared with."""
        return describe_missing_windows(self._context, answer.ranked.rankings)

    @cached_property
    def unknown_words(self) -> tuple[str, ...]:
        """The words and phrases of the query, as they were typed, that are written about no image at all."""
        view, parts = self._context.snapshot.views[WORDS], self._context.query.single_parts
        texts = [part.text for part in parts if isinstance(part, Text) and part.weight > 0]
        if not isinstance(view, WordView):
            return ()
        read = self._context.translator.parse_terms
        return tuple(word for text in texts for word in unknown_words(text, read(text), view))

    def has_meaning(self, text: str) -> bool:
        """Whether a text can be looked for by its meaning."""
        return self._map_text(text) is not None

    def correct_query(self) -> list[Rewording]:
        """What was probably meant by a query with words that nothing knows, the most probable first."""
        view = self._context.snapshot.views[WORDS]
        if not (isinstance(view, WordView) and self.unknown_words):
            return []
        corrector = Corrector(view, self._context.translator, self._knows_word, self._map_text)
        return corrector.correct_query(self._context.query)

    def describe_groups(self, answer: Answer) -> list[str]:
        """What has to be said about the groups of an answer."""
        return describe_groups(self._context, answer.grouped, len(answer.shown))

    # -- single signals -------------------------------------------------------------------------

    def rank_by_signal(self) -> dict[str, Ranking]:
        """Every signal's full ranking for a query with one part, and the fused one under FUSED.

        Signals that count nothing are ranked as well. Where neighbourhoods take the place of plain subjects,
        these are ranked too, but take no part in the fusion.
        """
        probes = self._ask_neighbours(self._weighting.apply_weights(self._plain_probes))
        ranked = self._rank_probes(probes, limit=EVERYTHING)
        replaced = [probe.plain for probe in probes if not probe.is_plain]
        plain = self._rank_probes(replaced, limit=EVERYTHING)
        rankings = {ranking.probe.signal: ranking.ranking for ranking in plain.rankings}
        for ranking in ranked.rankings:
            rankings[ranking.probe.scale or ranking.probe.signal] = ranking.ranking
        return rankings | {FUSED: ranked.fused}

    def amounts_by_signal(self, ids: Int64Ids) -> dict[str, Float64Scores]:
        """What every signal that the query asks gives to each of these images at weight 1."""
        probes = self._ask_neighbours(self._plain_probes)
        ranked = self._rank_probes(probes, limit=EVERYTHING)
        return {
            ranking.probe.signal: amounts_for_ids(ranking.weighted_ranking, ids, self.amounts)
            for ranking in ranked.rankings
        }


def _ask_neighbours_instead(probe: Probe) -> Probe:
    """The question of a subject or a meaning, asked of the neighbourhoods; any other stays as it is."""
    if probe.signal == SUBJECT:
        return probe.derive_probe(view=NEIGHBOURS, scale=NEIGHBOURS)
    if probe.signal == MEANING:
        return probe.derive_probe(view=NEIGHBOURS, query=Direction(probe.query))
    return probe


def _rank_listed(fused: Ranking, shown: Int64Ids, levels: Levels | None, alike: BoolVector) -> Ranking:
    """The images in the order that they are listed in.

    Scores of the fusion fall within a band only. Here they are places, equal ones for images that nothing but
    their ids puts in order.
    """
    bands = np.zeros(len(fused), np.int8) if levels is None else levels
    changes = np.diff(fused.scores[shown]) != 0
    changes |= (np.diff(bands[shown]) != 0) | np.diff(alike[shown])
    places = np.concatenate([[0], np.cumsum(changes)])[: len(shown)]
    return Ranking(fused.ids[shown], -places.astype(np.float64))
