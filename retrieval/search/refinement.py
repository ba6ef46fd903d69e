"""What happens to a fused ranking: expansion, verification, and another order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from ..projections.neighbours import NeighbourView
from ..projections.vectors import VectorView
from ..query.slots import list_slots
from ..query.values import Picture, StoredPicture
from ..ranking.arrays import FeatureMatrix, Float32Matrix, Float32Vector, Int64Ids
from ..ranking.fusion import Amounts
from ..ranking.ranking import Ranking, union_ids
from ..ranking.rerank import (
    EXPANDED,
    FIRST,
    POWERS,
    diversify_ranking,
    expand_query,
    rerank_by_diffusion,
    rerank_k_reciprocal,
)
from ..ranking.verification import Match, choose_candidates, rank_matches, verify_pictures
from ..signals import DETAILS, NEIGHBOURS, SUBJECT
from ..watch import until_deadline
from .context import SearchContext
from .gather import FusedRanking, ProbeRanking
from .probes import Probe
from .sharing import NamedImages

Rerank: TypeAlias = Callable[[Ranking, Float32Vector, FeatureMatrix], Ranking]
RERANKING: Mapping[str, Rerank] = {"k-reciprocal": rerank_k_reciprocal, "diffusion": rerank_by_diffusion}


# -- expansion ----------------------------------------------------------------------------------


def expand_probe(context: SearchContext, probe: Probe, ranked: FusedRanking) -> Probe:
    """The question of a wanted picture, averaged with what it found first; any other stays as it is."""
    if not (probe.is_picture and probe.signal == SUBJECT and probe.weight > 0):
        return probe
    own = next(ranking for ranking in ranked.rankings if ranking.probe is probe)
    nearest = _load_features(context, SUBJECT, own.ranking.ids[:EXPANDED])
    query = expand_query(probe.query, nearest, power=POWERS[context.options.expand])
    return probe.derive_probe(query=query, is_picture=False)


# -- verification -------------------------------------------------------------------------------


def verify_images(
    context: SearchContext,
    ranked: FusedRanking,
    named: Mapping[int, NamedImages],
    weight: float,
    amounts: Amounts,
) -> FusedRanking:
    """With a ranking of the images that share keypoints with each wanted picture; `weight`: of DETAILS.

    `named`: what visual words name, by the number of the slot.
    """
    if not (context.options.verify and weight and context.features.has_details):
        return ranked
    for number, slot in enumerate(list_slots(context.query)):
        part = slot.single
        if isinstance(part, Picture | StoredPicture) and part.weight > 0:
            rankings = _rankings_to_verify(context, ranked, number)
            matches = _match_keypoints(context, part, rankings, named.get(number))
            if matches:
                probe = Probe(number, DETAILS, slot.weight * weight, part, place=slot.place)
                found = ProbeRanking(probe, rank_matches(matches), matches=matches)
                ranked = ranked.join_ranking(found, amounts)
    return ranked


def _rankings_to_verify(context: SearchContext, ranked: FusedRanking, part: int) -> list[Ranking]:
    """The rankings of a part, and of its plain subject: averages with neighbours hide some copies."""
    own = [ranking for ranking in ranked.rankings if ranking.probe.part == part]
    rankings = [ranking.ranking for ranking in own]
    subjects = [ranking.probe.plain for ranking in own if ranking.probe.scale == NEIGHBOURS]
    ids = union_ids(*(ranking.ids for ranking in rankings))
    return [*rankings, *(context.judge.rank_plainly(subject, ids) for subject in subjects)]


def _match_keypoints(
    context: SearchContext,
    picture: Picture | StoredPicture,
    rankings: list[Ranking],
    named: NamedImages | None,
) -> dict[int, Match]:
    """The verified matches of the first images of the rankings, and of what visual words name."""
    keypoints = context.features.load_keypoints(picture)
    if not len(keypoints):
        return {}
    matches = named.verify_images(context) if named else {}
    ids = choose_candidates(rankings, context.options.verify)
    stored = context.features.load_stored_keypoints(np.setdiff1d(ids, list(matches)).tolist())
    return matches | verify_pictures(keypoints, until_deadline(stored.items()))


# -- another order ------------------------------------------------------------------------------


def reorder_images(context: SearchContext, ranked: FusedRanking) -> FusedRanking:
    """The first images in the order that the options ask for; without a picture there is no re-ranking."""
    method, diversity = context.options.rerank, context.options.diversity
    subjects = (probe for probe in ranked.probes if probe.signal == SUBJECT and probe.weight > 0)
    probe = next(subjects, None)
    if method != "none" and probe is not None and len(ranked.fused):
        ranked = _rerank_images(context, ranked, probe, method)
    if diversity and len(ranked.fused):
        features = _load_features(context, SUBJECT, ranked.fused.ids[:FIRST])
        ranked = ranked.reorder_images(
            "diversity", diversify_ranking(ranked.fused, features, diversity=diversity)
        )
    return ranked


def _rerank_images(context: SearchContext, ranked: FusedRanking, probe: Probe, method: str) -> FusedRanking:
    view = context.snapshot.views[probe.view_name]
    if not isinstance(view, VectorView | NeighbourView):
        return ranked
    rows = view.rows(ranked.fused.ids[:FIRST])
    return ranked.reorder_images(method, RERANKING[method](ranked.fused, view.row_of(probe.query), rows))


def _load_features(context: SearchContext, signal: str, ids: Int64Ids) -> Float32Matrix:
    return context.features.load_stored_features(signal, ids.tolist())
