"""Groups of a ranking: which images belong together, and a ranking of the best of each group. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from .arrays import BoolMatrix
from .ranking import Ranking

Key = TypeVar("Key", int, str)


@dataclass(frozen=True, slots=True)
class Group:
    """What one image stands for: itself, and the other images of its group, best first.

    `name` is what they share, where it has a name: a day, a folder. `more`: how many others are not listed,
    as in the answer of a server.
    """

    members: tuple[int, ...] = ()
    name: str = ""
    more: int = 0

    @property
    def count(self) -> int:
        """How many images the group has, with the one that stands for it."""
        return 1 + len(self.members) + self.more


@dataclass(frozen=True, slots=True, eq=False)
class GroupedRanking:
    """A ranking with the best image of each group alone, and the group that each of these stands for.

    An image without a group in `groups` is alone in its own. `examined`: among how many of the first images
    groups were looked for.
    """

    ranking: Ranking
    groups: Mapping[int, Group] = field(default_factory=dict)
    examined: int = 0

    def group_of(self, image_id: int) -> Group:
        """The group that an image of the ranking stands for."""
        return self.groups.get(image_id, Group())

    def find_best(self, image_id: int) -> int | None:
        """The image that stands for the group of an image, maybe itself; None where there is no group."""
        if self.ranking.rank_of(np.array([image_id]))[0]:
            return image_id
        return next((best for best, group in self.groups.items() if image_id in group.members), None)

    def list_members(self) -> list[int]:
        """All images that another one stands for."""
        return [image_id for group in self.groups.values() for image_id in group.members]


def group_by_likeness(ranking: Ranking, same: BoolMatrix) -> GroupedRanking:
    """One group for each image and those that are the same as it.

    The first images are taken in rank order. Each joins the group of the best-ranked image that stands for
    one and that it is the same as, or else stands for a group of its own. An image that is the same only as
    another member does not join.
    """
    ids = ranking.ids[: len(same)].tolist()
    best: list[int] = []  # places of the images that stand for a group
    members: dict[int, list[int]] = defaultdict(list)
    for place, image_id in enumerate(ids):
        joined = next((first for first in best if same[first, place]), None)
        if joined is None:
            best.append(place)
        else:
            members[ids[joined]].append(image_id)
    return _leave_best(ranking, {first: Group(tuple(others)) for first, others in members.items()}, len(same))


def group_by_number(ranking: Ranking, numbers: Sequence[int], preferences: Sequence[int]) -> GroupedRanking:
    """One group for the first images with the same number.

    The best-ranked image stands for it; of several with the same score the one with the smallest preference,
    and then the first.
    """
    groups: dict[int, Group] = {}
    for places in _places_by_key(numbers).values():
        best = min(places, key=lambda place: (-ranking.scores[place], preferences[place], place))
        others = tuple(int(ranking.ids[place]) for place in places if place != best)
        if others:
            groups[int(ranking.ids[best])] = Group(others)
    return _leave_best(ranking, groups, len(numbers))


def group_by_name(ranking: Ranking, names: Sequence[str]) -> GroupedRanking:
    """One group for all images with the same name; the first one stands for it."""
    ids = ranking.ids.tolist()
    groups = {
        ids[places[0]]: Group(tuple(ids[place] for place in places[1:]), name)
        for name, places in _places_by_key(names).items()
    }
    return _leave_best(ranking, groups, len(ids))


def _places_by_key(keys: Iterable[Key]) -> dict[Key, list[int]]:
    places: dict[Key, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        places[key].append(place)
    return places


def _leave_best(ranking: Ranking, groups: Mapping[int, Group], examined: int) -> GroupedRanking:
    members = [image_id for group in groups.values() for image_id in group.members]
    return GroupedRanking(ranking.without(members), groups, examined)
