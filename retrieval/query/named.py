"""Names of what users save, and what a query says of them: which there are, their cycles, renaming them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from ..errors import InvalidQuery
from .checks import check_name
from .conditions import AllOf, AnyOf, Condition, Filters, Not, list_filters
from .values import Concept, Either, Part, Query, SinglePart

MAX_NAME_LENGTH = 80  # characters


def check_saved_name(kind: str, name: str) -> None:
    """Raise InvalidQuery for a name that nothing can be saved by: addresses and lists have to show it."""
    check_name(f"the name of a {kind}", name)
    if len(name) > MAX_NAME_LENGTH:
        raise InvalidQuery(f"the name of a {kind} has {len(name)} characters; at most {MAX_NAME_LENGTH}")
    if "/" in name or not name.isprintable() or name != name.strip() or name in (".", ".."):
        raise InvalidQuery(
            f"{name!r}: the name of a {kind} has no slash, no invisible sign, and no space at its ends"
        )


@dataclass(frozen=True, slots=True)
class SavedNames:
    """The names of saved searches and of concepts that a query says."""

    searches: frozenset[str]
    concepts: frozenset[str]


def list_names(query: Query) -> SavedNames:
    """What a query names, in its parts, its conditions and those of its alternatives."""
    filters = [filters for condition in _list_conditions(query) for filters in list_filters(condition)]
    parts = {part.name for part in query.single_parts if isinstance(part, Concept)}
    return SavedNames(
        frozenset(name for single in filters for name in single.saved),
        frozenset(name for single in filters for name in single.concepts) | parts,
    )


def _list_conditions(query: Query) -> Iterator[Condition]:
    yield query.filters
    for part in query.parts:
        if isinstance(part, Either):
            yield from (alternative.filters for alternative in part.alternatives)


def find_cycle(name: str, queries: Mapping[str, Query]) -> tuple[str, ...]:
    """The names from a saved search over others back to itself, by the fewest steps; empty without a way."""
    ways: list[tuple[str, ...]] = [(name,)]
    reached: set[str] = set()
    for way in ways:  # grows while it is walked
        query = queries.get(way[-1])
        named = list_names(query).searches if query else frozenset()
        if name in named:
            return (*way, name)
        ways += [(*way, other) for other in sorted(named - reached)]
        reached |= named
    return ()


def rename_search(query: Query, old: str, new: str) -> Query:
    """The query with another name for a saved search."""
    return _map_filters(query, lambda filters: replace(filters, saved=_rename_among(filters.saved, old, new)))


def rename_concept(query: Query, old: str, new: str) -> Query:
    """The query with another name for a concept, in its parts and conditions."""

    def rename_part(part: SinglePart) -> SinglePart:
        is_meant = isinstance(part, Concept) and part.name == old
        return replace(part, name=new) if isinstance(part, Concept) and is_meant else part

    return _map_filters(
        query.map_single_parts(rename_part),
        lambda filters: replace(filters, concepts=_rename_among(filters.concepts, old, new)),
    )


def _rename_among(names: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if name == old else name for name in names)


def _map_filters(query: Query, change: Callable[[Filters], Filters]) -> Query:
    parts = tuple(_map_part(part, change) for part in query.parts)
    return replace(query, parts=parts, filters=_map_condition(query.filters, change))


def _map_part(part: Part, change: Callable[[Filters], Filters]) -> Part:
    if not isinstance(part, Either):
        return part
    alternatives = (
        replace(alternative, filters=_map_condition(alternative.filters, change))
        for alternative in part.alternatives
    )
    return replace(part, alternatives=tuple(alternatives))


def _map_condition(condition: Condition, change: Callable[[Filters], Filters]) -> Condition:
    if isinstance(condition, Filters):
        return change(condition)
    if isinstance(condition, Not):
        return Not(_map_condition(condition.condition, change))
    members = tuple(_map_condition(member, change) for member in condition.conditions)
    return AllOf(members) if isinstance(condition, AllOf) else AnyOf(members)
