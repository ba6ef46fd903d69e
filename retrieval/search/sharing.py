"""Images that share keypoints with a picture of a query: visual words name them, their keypoints decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, final

import numpy as np

from ..projections.visual_words import VISUAL_WORDS, VisualWordView
from ..query.slots import list_slots
from ..query.values import Picture, StoredPicture
from ..ranking.arrays import Float32Vector, Int64Ids
from ..ranking.keypoints import Keypoints
from ..ranking.ranking import union_ids
from ..ranking.verification import NO_MATCH, Match, unmirror_match, verify_pictures
from ..watch import until_deadline
from .candidates import without_words
from .context import SearchContext

# How many images visual words name for a picture as it is, and for it mirrored, as a negative, and both.
NAMED: tuple[int, ...] = (24, 8, 8, 8)
MOST_PLACES: Final = 4  # of a picture, at which an image is looked for

Matches: TypeAlias = Mapping[int, Match]  # by image id


@final
@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One way in which a picture may lie in images: as it is, mirrored, as a negative, or both."""

    keypoints: Keypoints
    is_mirrored: bool = False

    def verify_images(self, stored: Iterable[tuple[int, Keypoints]]) -> dict[int, Match]:
        """What is verified to share keypoints with this side, for the picture as it is."""
        matches = verify_pictures(self.keypoints, stored, mirrored=False)
        if not self.is_mirrored:
            return matches
        return {image_id: unmirror_match(match) for image_id, match in matches.items()}


def list_sides(whole: Keypoints, fine: Keypoints) -> list[Side]:
    """The sides of a picture: as it is with its fine keypoints, the others with those of the whole."""
    mirrored = whole.mirror_keypoints()
    return [
        Side(fine),
        Side(mirrored, is_mirrored=True),
        Side(whole.invert_keypoints()),
        Side(mirrored.invert_keypoints(), is_mirrored=True),
    ]


def find_matches(whole: Keypoints, fine: Keypoints, candidate: Keypoints) -> Iterator[Match]:
    """What a picture and an image have in common, the most first, at several places of the picture.

    Once the best match is found, what lies around its points is left out, and the rest is compared again.
    """
    for _ in range(MOST_PLACES):
        sides = [Side(whole), *list_sides(whole, fine)]
        found = (side.verify_images([(0, candidate)]).get(0, NO_MATCH) for side in sides)
        best = max(found, key=lambda match: match.inliers)
        if not best.is_verified:
            return
        yield best
        low, high = best.points[:, :2].min(axis=0), best.points[:, :2].max(axis=0)
        whole, fine = (_leave_out(keypoints, low, high) for keypoints in (whole, fine))


def _leave_out(keypoints: Keypoints, low: Float32Vector, high: Float32Vector) -> Keypoints:
    """The keypoints outside of a box, whose corners are shares of width and height."""
    places = keypoints.relative_positions
    is_outside = np.any((places < low) | (places > high), axis=1)
    return keypoints.select_keypoints(np.asarray(is_outside, bool))


@final
@dataclass(frozen=True, slots=True, eq=False)
class NamedImages:
    """What visual words name for a picture of a query: the ids for each of its sides."""

    sides: Sequence[Side]
    ids: Sequence[Int64Ids]

    @property
    def all_ids(self) -> Int64Ids:
        return union_ids(*self.ids)

    def verify_images(self, context: SearchContext) -> dict[int, Match]:
        """The images that share keypoints with the picture, each by its best side."""
        stored = context.features.load_stored_keypoints(self.all_ids.tolist())
        found: dict[int, Match] = {}
        for side, ids in zip(self.sides, self.ids, strict=True):
            pairs = [(image_id, stored[image_id]) for image_id in ids.tolist() if image_id in stored]
            for image_id, match in side.verify_images(until_deadline(pairs)).items():
                if image_id not in found or match.inliers > found[image_id].inliers:
                    found[image_id] = match
        return found


def name_images(
    context: SearchContext, allowed: Int64Ids | None, left_out: Sequence[int]
) -> dict[int, NamedImages]:
    """For each wanted picture of a query, by the number of its slot, what visual words name.

    Only `allowed` images are named, unless it is None, and none of `left_out` or with unwanted words.
    """
    view = context.snapshot.views.get(VISUAL_WORDS)
    if not (isinstance(view, VisualWordView) and context.options.verify and context.features.has_details):
        return {}
    return {
        number: _name_sides(context, view, slot.single, allowed, left_out)
        for number, slot in enumerate(list_slots(context.query))
        if isinstance(slot.single, Picture | StoredPicture) and slot.single.weight > 0
    }


def _name_sides(
    context: SearchContext,
    view: VisualWordView,
    picture: Picture | StoredPicture,
    allowed: Int64Ids | None,
    left_out: Sequence[int],
) -> NamedImages:
    whole, fine = context.features.load_query_keypoints(picture)
    sides, named = list_sides(whole, fine), []
    for side, most in zip(sides, NAMED, strict=True):
        found = view.search(side.keypoints, limit=most + len(left_out), allowed=allowed)
        ids = found.without(left_out).top(most).ids
        named.append(without_words(context, ids, context.query.unwanted_texts))
    return NamedImages(sides, named)
