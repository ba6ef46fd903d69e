"""The slots of a query: one for each single part, and for each alternative that is a condition alone.

A search asks every slot by itself. What belongs together is put together afterwards: by the part of the
query, and by its alternatives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .conditions import Condition, Filters
from .values import Alternative, Either, Query, SinglePart, Text


@dataclass(frozen=True, slots=True)
class Place:
    """Where a slot stands: the index of its part, and of its alternative in an Either."""

    part: int
    alternative: int | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """One question of a query; its number is its index in `list_slots`.

    `single` is None where `filters` and `without` (negative words) say everything: they limit the images that
    the alternative allows. `weight` is what it counts in the query.
    """

    place: Place
    single: SinglePart | None
    weight: float
    filters: Condition = Filters()  # noqa: RUF009 - a frozen value
    without: tuple[str, ...] = ()

    @property
    def is_limited(self) -> bool:
        """Whether it is asked among some of the images only."""
        return bool(self.filters or self.without)


def limited_slots(slots: Iterable[Slot]) -> list[Slot]:
    """One slot of each alternative that is asked among some of the images only."""
    return list({slot.place: slot for slot in slots if slot.is_limited}.values())


def list_slots(query: Query) -> tuple[Slot, ...]:
    """The slots of all parts, in order."""
    return tuple(slot for number, part in enumerate(query.parts) for slot in _list_part_slots(number, part))


def _list_part_slots(number: int, part: SinglePart | Either) -> Iterator[Slot]:
    if not isinstance(part, Either):
        yield Slot(Place(number), part, part.weight)
        return
    for index, alternative in enumerate(part.alternatives):
        yield from _list_alternative_slots(Place(number, index), alternative, part.weight)


def _list_alternative_slots(place: Place, alternative: Alternative, weight: float) -> Iterator[Slot]:
    """Its single parts share the weight, as those of no other alternative count beside them."""
    without = tuple(part.text for part in alternative.parts if isinstance(part, Text) and part.weight < 0)
    asked = [part for part in alternative.parts if not (isinstance(part, Text) and part.weight < 0)]
    total = sum(part.weight for part in asked if part.weight > 0)
    for part in asked:
        yield Slot(place, part, weight * part.weight / total, alternative.filters, without)
    if not asked:
        yield Slot(place, None, weight, alternative.filters, without)
