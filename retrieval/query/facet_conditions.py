"""From the value of a facet to the condition that it counts, and queries among these images alone. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from ..errors import InvalidQuery
from .conditions import AllOf, Condition, Filters, find_confidence
from .values import Query

# The fields of Filters that hold the values of facets as they are.
_FIELDS: Final[Mapping[str, str]] = {
    "folder": "folders",
    "subfolder": "folders",
    "tag": "tags",
    "label": "labels",
    "shows": "shows",
    "format": "formats",
    "orientation": "orientations",
    "shape": "shapes",
    "camera": "cameras",
    "person": "persons",
    "place": "places",
}
_ALL_OF: Final = frozenset({"tags", "persons"})  # fields whose values an image has to satisfy all


def narrow_query(query: Query, facet: str, value: str) -> Query:
    """The query among those of its images that a facet counts under a value, from the first page on.

    Raises InvalidQuery for a facet that there is not.
    """
    condition = facet_condition(facet, value, find_confidence(query.filters))
    return replace(query, filters=add_condition(query.filters, condition), offset=0, cursor=None)


def facet_condition(facet: str, value: str, confidence: float = 0.5) -> Filters:
    """The condition that the images counted under a value of a facet satisfy, and no others.

    `confidence`: with which labels were counted. The exception is `folder`, whose condition also finds what
    lies further down. Raises InvalidQuery for a facet that there is not.
    """
    if facet in ("year", "month"):
        first = date.fromisoformat(f"{value}-01-01" if facet == "year" else f"{value}-01")
        return Filters(after=first, before=_next_period(first, 366 if facet == "year" else 31))
    if facet == "captioned":
        return Filters(captioned=value == "yes")
    if facet not in _FIELDS:
        raise InvalidQuery(f"{facet}: there is no such facet; there are {', '.join(_FIELDS)}, year, month")
    asked: dict[str, Any] = {_FIELDS[facet]: (value,)}
    return Filters(**asked, confidence=confidence) if facet == "shows" else Filters(**asked)


def _next_period(first: date, longest: int) -> date | None:
    """The first day after a period of at most so many days; None for the last one that there is."""
    try:
        return (first + timedelta(days=longest)).replace(day=1)
    except OverflowError:
        return None


def add_condition(condition: Condition, addition: Filters) -> Condition:
    """Both conditions, in one Filters where that says the same.

    Of two folders one of which lies in the other, and of two periods, the narrower one remains.
    """
    if isinstance(condition, Filters):
        merged = _merge_filters(condition, addition)
        return condition & addition if merged is None else merged
    if isinstance(condition, AllOf):
        members = condition.conditions
        return condition if addition in members else AllOf((*members, addition))
    return condition & addition


def _merge_filters(one: Filters, other: Filters) -> Filters | None:
    """What satisfies both; None where no single Filters says that."""
    changes: dict[str, Any] = {}
    for name in other.asked_fields:
        ours, theirs = getattr(one, name), getattr(other, name)
        merged = theirs if name not in one.asked_fields else _merge_values(name, ours, theirs)
        if merged is None:
            return None
        changes[name] = merged
    return replace(one, **changes)


def _merge_values(name: str, ours: Any, theirs: Any) -> Any:
    if ours == theirs:
        return ours
    if name in _ALL_OF:
        return tuple(dict.fromkeys((*ours, *theirs)))
    if name in ("after", "before"):
        return max(ours, theirs) if name == "after" else min(ours, theirs)
    if name == "folders" and len(ours) == 1 and _lies_in(theirs[0], ours[0]):
        return theirs
    return None


def _lies_in(folder: str, other: str) -> bool:
    """Whether a folder lies in another one, both from the root."""
    is_path = other.startswith("/") and "*" not in other and "?" not in other
    return is_path and folder.casefold().startswith(f"{other.rstrip('/').casefold()}/")
