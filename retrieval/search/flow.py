"""One search: from a query and one state of the library to a page of hits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np

from ..catalog import Catalog, FusionRecipe, Image
from ..errors import InvalidQuery
from ..projections.neighbours import NeighbourView
from ..projections.snapshot import Snapshot
from ..projections.vectors import VectorView
from ..query.values import Picture, Query, StoredPicture, Text
from ..ranking.fusion import (
    Amounts,
    WeightedRanking,
    amounts_of,
    calibrated_score,
    reciprocal_rank,
    relative_score,
    with_closeness,
)
from ..ranking.keypoints import from_blob
from ..ranking.narrowing import likeliest
from ..ranking.ranking import Ids, Ranking, Scores, union
from ..ranking.relevance import BANDS, LIKELY, Calibration, Levels
from ..ranking.rerank import (
    EXPANDED,
    FIRST,
    POWERS,
    Features,
    Looks,
    Relation,
    Vector,
    collapsed,
    diffusion,
    diversified,
    expanded,
    k_reciprocal,
    same_picture,
    same_scene,
)
from ..ranking.tokens import terms
from ..ranking.verification import candidates, closeness
from ..ranking.verification import ranking as verified
from ..settings import Settings
from ..signals import (
    COLOUR,
    DETAILS,
    EXAMPLES,
    MEANING,
    NEIGHBOURS,
    SCALES,
    SUBJECT,
    WORDS,
    bandwidths,
    sharpness_by_signal,
)
from .backgrounds import Backgrounds
from .gather import EVERYTHING, Ranked, rank, unranked
from .hits import Contribution, Hit
from .judging import Judge, Judgement, hit_levels
from .probes import Probe, Questions

WeightOf: TypeAlias = Callable[[Probe], float]  # what a signal counts, for a part of weight 1
Rerank: TypeAlias = Callable[[Ranking, Vector, Features], Ranking]
RERANKING: Mapping[str, Rerank] = {"k-reciprocal": k_reciprocal, "diffusion": diffusion}
ALL = -1  # the part of contributions that belong to no single part


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """All that a query found: images in their order, how they got there, and how far they stand out.

    `levels` are indexes into BANDS, by place in the ranking, or None where nothing can be said; `shown`
    are the places that the answer lists, and `copies` what was collapsed into an image, by its id.
    """

    ranked: Ranked
    judged: tuple[Judgement, ...]
    levels: Levels | None
    shown: Ids
    copies: Mapping[int, tuple[int, ...]]

    @property
    def ids(self) -> Ids:
        """The images that are listed, in order."""
        return self.ranked.fused.ids[self.shown]

    @property
    def folded(self) -> int:
        """How many ranked images are not listed: they lie below the relevance line."""
        return len(self.ranked.fused) - len(self.shown) - sum(map(len, self.copies.values()))


class Search:
    """One query against one state of a library; `answer` goes all the way, the steps are there to look at.

    Raises InvalidQuery for a signal, a recipe or a concept that the library does not have, ImageNotFound for
    a stored picture that is not there, and UnreadableImage for a picture that cannot be decoded.
    """

    def __init__(
        self,
        query: Query,
        *,
        catalog: Catalog,
        snapshot: Snapshot,
        backgrounds: Backgrounds,
        questions: Questions,
        meant: Callable[[Scores], Scores],
        settings: Settings,
    ) -> None:
        self.query = query
        self._catalog, self._snapshot, self.questions = catalog, snapshot, questions
        self._backgrounds, self._settings = backgrounds, settings
        self._meant = meant  # what the scores of `meaning` count
        self.options = settings.complete_options(query.options)
        self._recipe = self._saved_recipe()

    # -- the steps ------------------------------------------------------------------------------

    def answer(self) -> Answer:
        """All steps: rank, expand, verify, put in another order, judge, collapse."""
        allowed = self.allowed()
        if not (self.query.parts or self.query.examples):
            return _listed(unranked(self._all_ids() if allowed is None else allowed))
        plain = [probe for probe in self._weighed(self.weight) if probe.weight]
        probes = self._by_neighbours(plain)
        ranked = self.ranked(probes, allowed, limit=self._settings.candidates)
        if self.options.expand != "none":
            probes = [self._expanded(probe, ranked) for probe in probes]
            ranked = self.ranked(probes, allowed, limit=self._settings.candidates)
        ranked = self._verified(ranked, plain)
        ranked = self._reranked(ranked, probes)
        judged = self._judged(ranked, plain, probes)
        levels = hit_levels(judged, len(ranked.fused))
        return self._listed(ranked, judged, levels)

    def probes(self, weight_of: WeightOf) -> list[Probe]:
        """What the parts and the examples ask, of the signals that count nothing as well."""
        return self._by_neighbours(self._weighed(weight_of))

    def _weighed(self, weight_of: WeightOf) -> list[Probe]:
        return [replace(each, weight=each.weight * weight_of(each)) for each in self._asked]

    @cached_property
    def _asked(self) -> list[Probe]:
        return self.questions.probes(self.query)

    def _by_neighbours(self, probes: Sequence[Probe]) -> list[Probe]:
        """Subjects are asked of the neighbourhoods where the options say so; these cannot be calibrated."""
        usable = NEIGHBOURS in self._snapshot.views and self._fusion != "calibrated"
        if not (self.options.neighbours and usable):
            return list(probes)
        return [
            replace(each, view=NEIGHBOURS, scale=NEIGHBOURS) if each.signal == SUBJECT else each
            for each in probes
        ]

    def ranked(self, probes: Sequence[Probe], allowed: Ids | None, *, limit: int) -> Ranked:
        """The probes' rankings and their fusion, without the examples of the query."""
        examples = [part.image_id for part in self.query.parts if isinstance(part, StoredPicture)]
        examples += [*self.query.examples.good, *self.query.examples.bad]
        return rank(
            probes,
            self._snapshot.views,
            self.amounts,
            limit=limit,
            allowed=allowed,
            left_out=() if self.query.include_examples else examples,
        )

    def allowed(self) -> Ids | None:
        """The images that satisfy the filters, narrowed if the options say so; None stands for all."""
        narrowed = self._narrowed()
        if not self.query.filters:
            return narrowed
        with self._catalog.reading() as reader:
            ids = reader.ids(self.query.filters, predicted=self._settings.predicted_labels)
        for name in self.query.filters.concepts:
            ids = np.intersect1d(ids, self._belonging(name))
        return ids if narrowed is None else np.intersect1d(ids, narrowed)

    def _expanded(self, probe: Probe, ranked: Ranked) -> Probe:
        """A wanted picture's question, averaged with what it found first."""
        if not (probe.picture and probe.signal == SUBJECT and probe.weight > 0):
            return probe
        found = next(each for each in ranked.rankings if (each.part, each.signal) == (probe.part, SUBJECT))
        nearest = self._features(SUBJECT, found.ranking.ids[:EXPANDED])
        query = expanded(probe.query, nearest, power=POWERS[str(self.options.expand)])
        return replace(probe, query=query, picture=False)

    def _verified(self, ranked: Ranked, plain: Sequence[Probe]) -> Ranked:
        """With a ranking of the images that are verified to share keypoints with each wanted picture."""
        weight = self.weight(Probe(0, DETAILS, 1.0, None))
        if not (self.options.verify and weight):
            return ranked
        for number, part in enumerate(self.query.parts):
            if isinstance(part, Picture | StoredPicture) and part.weight > 0:
                found = self._same(part, self._candidates(ranked, plain, number))
                if len(found):
                    joining = WeightedRanking(number, DETAILS, part.weight * weight, found)
                    ranked = ranked.joined_by(joining, self.amounts)
        return ranked

    def _candidates(self, ranked: Ranked, plain: Sequence[Probe], part: int) -> list[Ranking]:
        """The rankings of a part, and of its plain subject: averages with neighbours hide some copies."""
        found = [each.ranking for each in ranked.rankings if each.part == part]
        if NEIGHBOURS not in {each.scale for each in ranked.rankings if each.part == part}:
            return found
        subjects = (each for each in plain if (each.part, each.signal) == (part, SUBJECT))
        ids = union(*(each.ids for each in found))
        return [*found, *(self._judge.plain(each, ids) for each in subjects)]

    def _same(self, part: Picture | StoredPicture, rankings: Sequence[Ranking]) -> Ranking:
        space = self.questions.details
        if space is None or not len(query := self.questions.keypoints(part)):
            return Ranking.of([], [])
        ids = candidates(rankings, int(self.options.verify or 0)).tolist()
        with self._catalog.reading() as reader:
            blobs = reader.keypoints(space, ids)
        return verified(query, ((image_id, from_blob(blob)) for image_id, blob in blobs.items()))

    def _reranked(self, ranked: Ranked, probes: Sequence[Probe]) -> Ranked:
        """The first images in the order that the options ask for; without a picture there is no rerank."""
        rerank, diversity = str(self.options.rerank), float(self.options.diversity or 0)
        wanted = (each for each in probes if each.signal == SUBJECT and each.weight > 0)
        probe = next(wanted, None)
        if rerank != "none" and probe is not None and len(ranked.fused):
            view = self._snapshot.views[probe.view or probe.signal]
            assert isinstance(view, VectorView | NeighbourView), "subjects are compared by vectors"
            rows = view.rows(ranked.fused.ids[:FIRST])
            found = RERANKING[rerank](ranked.fused, view.row_of(probe.query), rows)
            ranked = ranked.reordered(rerank, found)
        if diversity and len(ranked.fused):
            features = self._features(SUBJECT, ranked.fused.ids[:FIRST])
            ranked = ranked.reordered("diversity", diversified(ranked.fused, features, diversity=diversity))
        return ranked

    def _features(self, signal: str, ids: Ids) -> Features:
        """The stored features of these images, in their order."""
        return self.questions.stored(signal, ids.tolist())

    def _listed(self, ranked: Ranked, judged: tuple[Judgement, ...], levels: Levels | None) -> Answer:
        """What is above the relevance line, or asked for all the same; each picture or scene once."""
        shown = np.arange(len(ranked.fused))
        if levels is not None and not self.options.weaker:
            shown = shown[levels > 0]
        copies: dict[int, tuple[int, ...]] = {}
        if self.options.collapse != "none" and len(shown):
            listed = Ranking(ranked.fused.ids[shown], ranked.fused.scores[shown])
            kept, copies = collapsed(listed, self._sameness(listed.ids[:FIRST]))
            shown = shown[np.isin(listed.ids, kept.ids)]
        return Answer(ranked, judged, levels, shown, copies)

    def _sameness(self, ids: Ids) -> Relation:
        with self._catalog.reading() as reader:
            hashes = np.array(reader.hashes(ids.tolist()), np.int64)
        looks = Looks(hashes, self._features(SUBJECT, ids), self._features(COLOUR, ids))
        return same_picture(looks) if self.options.collapse == "copies" else same_scene(looks)

    def _belonging(self, name: str) -> Ids:
        """The images that a concept finds LIKELY; its good examples decide where nothing can be judged."""
        examples = self.questions.concept(name)
        probe = Probe(0, SUBJECT, 1.0, self.questions.direction(examples), scale=EXAMPLES)
        found = self._snapshot.views[SUBJECT].search(probe.query, limit=EVERYTHING, allowed=None)
        calibration = self._judge.calibration(probe)
        if calibration is None:
            ranks = found.rank_of(np.array(examples.good, np.int64))
            return np.sort(found.ids[: int(ranks.max(initial=0))])
        return np.sort(found.ids[calibration.levels(found.scores) >= BANDS.index(LIKELY)])

    def _judged(
        self, ranked: Ranked, plain: Sequence[Probe], probes: Sequence[Probe]
    ) -> tuple[Judgement, ...]:
        """Each ranking judged by the plain question behind it: backgrounds are made of plain scores."""
        ids = ranked.fused.ids
        asked = [pair for pair in zip(plain, probes, strict=True) if not pair[0].excludes]
        found = [self._judge.judge(*each, ids) for each in zip(ranked.rankings, asked, strict=False)]
        return (*found, *(self._judge.verified(each, ids) for each in ranked.rankings[len(asked) :]))

    def _narrowed(self) -> Ids | None:
        """The images that may have the labels of the query's pictures, or None where those say nothing.

        Nothing is narrowed where another part is wanted: what words find need not look like a picture.
        """
        wanted = [part for part in self.query.parts if part.weight > 0]
        pictures = [part for part in wanted if isinstance(part, Picture | StoredPicture)]
        asked = self.options.narrow and self._settings.predicted_labels
        if not (asked and pictures and len(pictures) == len(wanted)):
            return None
        labels = [likeliest(self.questions.labels(part)) for part in pictures]
        if not all(labels):
            return None
        with self._catalog.reading() as reader:
            return reader.labelled().candidates(sorted({each for some in labels for each in some}))

    def _all_ids(self) -> Ids:
        with self._catalog.reading() as reader:
            return reader.ids()

    # -- what counts how much -------------------------------------------------------------------

    def weight(self, probe: Probe) -> float:
        """The query's own weights come first, then the recipe's, then the library's."""
        if probe.signal in self.query.weights:
            return self.query.weights[probe.signal]
        if self._recipe and probe.signal in self._recipe.weights:
            return self._recipe.weights[probe.signal]
        scale = SCALES.get(probe.scale)
        if scale is not None and scale.default_weight is not None:
            return scale.default_weight
        return self._settings.default_weight(probe.signal)

    @cached_property
    def amounts(self) -> Amounts:
        """What the rankings give to their images."""
        if self._fusion == "reciprocal-rank":
            return reciprocal_rank(self._recipe.k if self._recipe else self._settings.fusion_k)
        amounts = relative_score(bandwidths())
        if self._fusion == "calibrated":
            amounts = calibrated_score(self._calibrations(), sharpness_by_signal(), others=amounts)
        return with_closeness(amounts, {DETAILS: closeness, MEANING: self._meant})

    @property
    def _fusion(self) -> str:
        """The query's own comes first, then the recipe's, then the library's."""
        asked = self.query.options.fusion or (self._recipe.fusion if self._recipe else None)
        return str(asked or self.options.fusion)

    def _calibrations(self) -> dict[tuple[int, str], Calibration]:
        pairs = (
            ((each.part, each.signal), self._judge.calibration(each))
            for each in self._asked
            if each.signal != WORDS
        )
        return {key: calibration for key, calibration in pairs if calibration is not None}

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self._snapshot, self._backgrounds.of(self._snapshot))

    def _saved_recipe(self) -> FusionRecipe | None:
        name = self.query.options.recipe
        if not name:
            return None
        with self._catalog.reading() as reader:
            known = reader.recipes()
        if name not in known:
            there = f"there are {', '.join(known)}" if known else "make one with `pictor tune --save NAME`"
            raise InvalidQuery(f"recipe {name}: there is none of that name; {there}")
        return known[name]


def _listed(ranked: Ranked) -> Answer:
    return Answer(ranked, (), None, np.arange(len(ranked.fused)), {})


def hits(answer: Answer, images: Mapping[int, Image], amounts: Amounts, *, offset: int) -> list[Hit]:
    """The hits of a page; `images` holds its images in order, the first of them at `offset` of the answer."""
    ids = np.fromiter(images, np.int64, len(images))
    places = answer.ranked.fused.rank_of(ids) - 1
    given = _contributions(answer, ids, places, amounts)
    return [
        Hit(
            image=image,
            rank=offset + number + 1,
            score=float(answer.ranked.fused.scores[places[number]]),
            contributions=tuple(each[number] for each in given if each[number].rank),
            band=None if answer.levels is None else BANDS[answer.levels[places[number]]],
            copies=answer.copies.get(image.id, ()),
        )
        for number, image in enumerate(images.values())
    ]


def _contributions(answer: Answer, ids: Ids, places: Ids, amounts: Amounts) -> list[list[Contribution]]:
    """For every ranking and every later step, what it gave to each of these images; rank 0 for nothing."""
    found: list[list[Contribution]] = []
    for number, each in enumerate(answer.ranked.rankings):
        ranks, given = each.ranking.rank_of(ids), amounts_of(each, ids, amounts)
        scores = np.append(each.ranking.scores, 0.0)[ranks - 1]
        calibrated = answer.judged[number].calibrated if number < len(answer.judged) else None
        positions = [None] * len(ids) if calibrated is None else np.round(calibrated(places), 4).tolist()
        columns = zip(ranks.tolist(), scores.tolist(), given.tolist(), positions, strict=True)
        found.append([Contribution(each.part, each.signal, *values) for values in columns])
    for change in answer.ranked.adjustments:
        by = [change.amount(image_id) for image_id in ids.tolist()]
        steps = zip(places.tolist(), by, strict=True)
        found.append([Contribution(ALL, change.signal, place + 1, each, each) for place, each in steps])
    return found


def check_signals(query: Query, known: Iterable[str]) -> None:
    """Raise InvalidQuery for a weight of a signal that the library does not have."""
    names = sorted(known)
    for signal in query.weights:
        if signal not in names:
            raise InvalidQuery(f"signal {signal}: this library has {', '.join(names)}")


def notes(query: Query) -> list[str]:
    """What in the query cannot find anything, in sentences."""
    texts = [part.text for part in query.parts if isinstance(part, Text)]
    empty = [text for text in texts if not (terms(text).words or terms(text).phrases)]
    return [f"“{text}” holds no letters or digits to look for." for text in empty]
