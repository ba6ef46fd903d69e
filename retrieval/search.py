"""The query flow: parts become probes, probes rankings, rankings one ranking, and its page hits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .catalog import Image
from .errors import InvalidQuery
from .fusion import Amounts, WeightedRanking, amounts_of, fuse
from .hits import Contribution, Hit
from .projections.base import AbstractView
from .query import Picture, Query, StoredPicture, Text
from .ranking import Ids, Ranking
from .tokens import terms

WORDS = "words"
EVERYTHING = 2**31  # more images than any library has
Vector = npt.NDArray[np.float32]
# A picture part to its feature in every space, by signal.
Describe = Callable[[Picture | StoredPicture], Mapping[str, Vector]]


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """One question to one projection: what one part of the query asks of one signal."""

    part: int
    signal: str
    weight: float
    query: Any

    @property
    def excludes(self) -> bool:
        """Words that are not wanted take their images out; unwanted pictures only push theirs down."""
        return self.signal == WORDS and self.weight < 0


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """What each probe ranked, and the one ranking they became."""

    rankings: tuple[WeightedRanking, ...]
    fused: Ranking


def probes(query: Query, weight_of: Callable[[str], float], describe: Describe) -> list[Probe]:
    """The questions that a query asks; a signal of weight 0 is not asked."""
    found: list[Probe] = []
    for number, part in enumerate(query.parts):
        questions = {WORDS: terms(part.text)} if isinstance(part, Text) else describe(part)
        for signal, question in questions.items():
            weight = part.weight * query.weights.get(signal, weight_of(signal))
            if weight:
                found.append(Probe(number, signal, weight, question))
    return found


def rank(
    asked: Sequence[Probe],
    views: Mapping[str, AbstractView[Any]],
    amounts: Amounts,
    *,
    limit: int,
    allowed: Ids | None = None,
    left_out: Iterable[int] = (),
) -> Ranked:
    """Ask every probe for its best `limit` images among `allowed`, and fuse them.

    Every image that one signal brings is then scored by all others too, so that none loses for having
    missed another signal's cut. Images that a probe excludes, and those in `left_out`, take no rank.
    """
    out = set(left_out)
    for probe in asked:
        if probe.excludes:
            out |= set(views[WORDS].search(probe.query, limit=EVERYTHING, allowed=allowed).ids.tolist())
    wanted = [probe for probe in asked if not probe.excludes]
    first = [_search(probe, views, limit, allowed, out) for probe in wanted]
    together = np.unique(np.concatenate([each.ids for each in first] or [np.empty(0, np.int64)]))
    rankings = tuple(
        WeightedRanking(
            probe.part,
            probe.signal,
            probe.weight,
            found if len(found) < limit else _search(probe, views, len(together), together, out),
        )
        for probe, found in zip(wanted, first, strict=True)
    )
    return Ranked(rankings, fuse(rankings, amounts))


def _search(
    probe: Probe, views: Mapping[str, AbstractView[Any]], limit: int, allowed: Ids | None, out: set[int]
) -> Ranking:
    found = views[probe.signal].search(probe.query, limit=limit + len(out), allowed=allowed)
    return found.without(out).top(limit)


def unranked(ids: Ids) -> Ranked:
    """The answer to a query without parts: these images, by id, none better than another."""
    return Ranked((), Ranking.of(ids, np.zeros(len(ids))))


def hits(ranked: Ranked, images: Mapping[int, Image], amounts: Amounts) -> list[Hit]:
    """The hits of one page; `images` holds the page's images, in the order of the ranking."""
    ids = np.fromiter(images, np.int64, len(images))
    given = [_contributions(each, ids, amounts) for each in ranked.rankings]
    ranks = ranked.fused.rank_of(ids)
    return [
        Hit(
            image=image,
            rank=int(ranks[place]),
            score=float(ranked.fused.scores[ranks[place] - 1]),
            contributions=tuple(each[place] for each in given if each[place].rank),
        )
        for place, image in enumerate(images.values())
    ]


def _contributions(each: WeightedRanking, ids: Ids, amounts: Amounts) -> list[Contribution]:
    ranks, given = each.ranking.rank_of(ids), amounts_of(each, ids, amounts)
    scores = [float(each.ranking.scores[rank - 1]) if rank else 0.0 for rank in ranks]
    return [
        Contribution(each.part, each.signal, int(rank), score, float(amount))
        for rank, score, amount in zip(ranks, scores, given, strict=True)
    ]


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
