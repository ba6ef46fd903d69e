"""The pieces of a query: its parts and conditions, each with the query without it and the query of it
alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final

from ..errors import InvalidQuery
from .condition_terms import format_condition
from .conditions import AllOf, Condition, Filters
from .part_terms import format_parts
from .values import Part, Query

MAX_PIECES: Final = 8  # that are looked at; a search for each answers in the time of a few

# Fields of Filters whose values an image has to satisfy all. Of other lists one value is enough, so that they
# are one piece.
_ALL_OF: Final = re.compile(r"tags|concepts|persons|saved|missing|without_\w+")


@dataclass(frozen=True, slots=True)
class Piece:
    """One part or condition, as a line says it. `without` is None where a query without it says nothing that
    can be searched for, and `alone` where it says nothing by itself.
    """

    text: str
    without: Query | None
    alone: Query | None


def list_pieces(query: Query) -> list[Piece]:
    """The first MAX_PIECES parts and conditions of a query, parts first."""
    return [*_list_parts(query), *_list_conditions(query)][:MAX_PIECES]


def _list_parts(query: Query) -> Iterator[Piece]:
    for place, part in enumerate(query.parts):
        others = (*query.parts[:place], *query.parts[place + 1 :])
        yield Piece(
            _format_part(part),
            _change_query(query, parts=others),
            _change_query(query, parts=(part,), filters=Filters()),
        )


def _format_part(part: Part) -> str:
    try:
        return " ".join(format_parts((part,)))
    except InvalidQuery:  # a picture without a name
        return "the picture"


def _change_query(query: Query, **changes: Any) -> Query | None:
    """The query with changes, from its first hit; None where that is no query, such as negative parts
    alone.
    """
    try:
        return replace(query, **changes, offset=0)
    except InvalidQuery:
        return None


def _list_conditions(query: Query) -> Iterator[Piece]:
    members = list(_split_condition(query.filters))
    for place, member in enumerate(members):
        others = _join_members([*members[:place], *members[place + 1 :]])
        yield Piece(
            " ".join(format_condition(member)),
            _change_query(query, filters=others),
            _change_query(query, parts=(), filters=member),
        )


def _split_condition(condition: Condition) -> Iterator[Condition]:
    """Conditions that all have to be satisfied, as small as they can be."""
    if isinstance(condition, AllOf):
        for member in condition.conditions:
            yield from _split_condition(member)
    elif isinstance(condition, Filters):
        yield from _split_filters(condition)
    else:
        yield condition


def _split_filters(filters: Filters) -> Iterator[Filters]:
    """One Filters for each thing that is asked for; both ends of a range are one."""
    asked = [name for name in filters.asked_fields if name != "confidence"]
    for _, names in groupby(asked, _name_range):
        values: dict[str, Any] = {name: getattr(filters, name) for name in names}
        [first, *_] = values
        confidence: dict[str, Any] = {"confidence": filters.confidence} if first == "shows" else {}
        if _ALL_OF.fullmatch(first):
            singles: list[dict[str, Any]] = [{first: (value,)} for value in values[first]]
            yield from (Filters(**single) for single in singles)
        else:
            yield Filters(**values, **confidence)


def _name_range(field: str) -> str:
    """The same for both ends of a range."""
    return re.sub("^(min|max)_", "", field.replace("before", "after"))


def _join_members(members: list[Condition]) -> Condition:
    """What `_split_condition` takes apart; Filters of one field each may be joined as they are."""
    if len(members) > 1:
        return AllOf(tuple(members))
    return members[0] if members else Filters()
