"""The pieces of a query: its parts, conditions and options, each with the query without it, and parts and
conditions with the query of it alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from itertools import groupby
from typing import Any, Final

from ..errors import InvalidQuery
from .condition_terms import format_condition
from .conditions import AllOf, Condition, Filters, Not
from .fields import format_fields
from .part_terms import format_parts
from .terms import format_weights
from .values import Options, Part, Query

# Fields of Filters whose values an image has to satisfy all. Of other lists one value is enough, so that they
# are one piece.
_ALL_OF: Final = re.compile(r"tags|concepts|persons|saved|among|missing|without_\w+")
_FIELDS: Final = frozenset(field.name for field in fields(Filters))


@dataclass(frozen=True, slots=True)
class Piece:
    """One part, condition or option, as a line says it.

    `part` is the number of the part among the parts of the query; None for any other. `without` is None
    where a query without the piece says nothing that can be searched for, `alone` where the piece says
    nothing by itself, and `inverse`, the query with the opposite of the piece, where it has none.
    """

    text: str
    part: int | None
    is_negative: bool
    without: Query | None
    alone: Query | None
    inverse: Query | None


def list_pieces(query: Query) -> list[Piece]:
    """The parts and conditions of a query, parts first."""
    return [*_list_parts(query), *_list_conditions(query)]


def list_options(query: Query) -> list[Piece]:
    """What a query says about the whole search: each option, and the weights of signals together."""
    options = asdict(query.options).items()
    pieces = [_option_piece(query, name, value) for name, value in options if value is not None]
    if query.include_examples:
        [term] = format_fields(Query(include_examples=True))
        pieces.append(_make_option(term, _change_query(query, include_examples=False)))
    if query.weights:
        pieces.append(_make_option(" ".join(format_weights(query.weights)), _change_query(query, weights={})))
    return pieces


def _option_piece(query: Query, name: str, value: Any) -> Piece:
    [term] = format_fields(Options(**{name: value}))
    return _make_option(term, _change_query(query, options=replace(query.options, **{name: None})))


def _make_option(text: str, without: Query | None) -> Piece:
    return Piece(text, None, is_negative=False, without=without, alone=None, inverse=None)


def _list_parts(query: Query) -> Iterator[Piece]:
    for place, part in enumerate(query.parts):
        before, after = query.parts[:place], query.parts[place + 1 :]
        yield Piece(
            _format_part(part),
            place,
            part.weight < 0,
            _change_query(query, parts=(*before, *after)),
            _change_query(query, parts=(part,), filters=Filters()),
            replace_part(query, place, weight=-part.weight),
        )


def replace_part(query: Query, place: int, **changes: Any) -> Query | None:
    """The query with changes in one of its parts, from its first hit; None where that is no query."""
    parts = query.parts
    try:
        changed = replace(parts[place], **changes)
    except InvalidQuery:  # alternatives cannot count against an image
        return None
    return _change_query(query, parts=(*parts[:place], changed, *parts[place + 1 :]))


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
        return replace(query, **changes, offset=0, cursor=None)
    except InvalidQuery:
        return None


def _list_conditions(query: Query) -> Iterator[Piece]:
    members = list(_split_condition(query.filters))
    for place, member in enumerate(members):
        before, after = members[:place], members[place + 1 :]
        inverse = _invert_condition(member)
        yield Piece(
            " ".join(format_condition(member)),
            None,
            _is_inverted(member),
            _change_query(query, filters=_join_members([*before, *after])),
            _change_query(query, parts=(), filters=member),
            _change_query(query, filters=_join_members([*before, inverse, *after])),
        )


def _is_inverted(condition: Condition) -> bool:
    return isinstance(condition, Not) or (
        isinstance(condition, Filters) and condition.asked_fields[0].startswith("without_")
    )


def _invert_condition(condition: Condition) -> Condition:
    """The opposite of one piece, in the field that the language has for it, if any."""
    if isinstance(condition, Not):
        return condition.condition
    if isinstance(condition, Filters) and len(condition.asked_fields) == 1:
        [name] = condition.asked_fields
        values = getattr(condition, name)
        other = name.removeprefix("without_") if name.startswith("without_") else f"without_{name}"
        if other in _FIELDS and len(values) == 1:
            return Filters(**{other: values})
    return Not(condition)


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
    """What `_split_condition` takes apart, with as few Filters as can say it."""
    plain, others = Filters(), list[Condition]()
    for member in members:
        merged = _merge_filters(plain, member) if isinstance(member, Filters) else None
        if merged is None:
            others.append(member)
        else:
            plain = merged
    joined = ([plain] if plain else []) + others
    if len(joined) > 1:
        return AllOf(tuple(joined))
    return joined[0] if joined else Filters()


def _merge_filters(one: Filters, other: Filters) -> Filters | None:
    """One Filters that asks for both; None where both ask for another value of the same field."""
    values = {name: getattr(one, name) for name in one.asked_fields}
    for name in other.asked_fields:
        value = getattr(other, name)
        if name in values and not _ALL_OF.fullmatch(name):
            return None
        values[name] = values.get(name, ()) + value if name in values else value
    try:
        return Filters(**values)
    except InvalidQuery:  # such as ranges that have nothing in common
        return None
