"""One line of text to a Query and back, in a grammar of our own, not that of the word index.

    harbour "old town" -night tag:boat -tag:private folder:"2019/summer" taken:2020..2021
    2:"golden retriever" file:pool.jpg -fruit image:17@0,0.5,1,0.5 colour:navy@3,white weight.colour:0.3
    (dog OR cat OR tag:pet) NOT (camera:x100 iso:>=6400)

All bare words and quoted phrases together are one text part, the first. Every term with a minus, a weight or
the key of a part is a part of its own, in the order of the line. A group with OR (see `groups`) is a
condition where it holds conditions alone, or else an Either, behind the other parts. KEYS has the keys that
set fields of Filters, Examples, Options and Query; those of Filters exclude with `-` before them. Any other
`name:` is refused, except in quotation marks. The line does not say which page of the hits is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ..errors import InvalidQuery
from .alternatives import list_alternatives
from .condition_terms import build_all, format_condition, is_condition, split_conditions
from .fields import build_checked, collect_fields, format_fields
from .groups import Group, Member, parse_groups
from .keys import KEYS, parse_number
from .local_names import ENGLISH_ONLY, LocalNames
from .part_terms import build_either, build_parts, format_parts, is_part
from .suggestions import describe_unknown_key
from .terms import PICTURE_KEYS, WEIGHT_PREFIX, Term, format_weights
from .values import Examples, Options, Part, Query

PART_KEYS: Final = ("text", *PICTURE_KEYS, "palette", "colour", "concept")
ENGLISH_KEYS: Final = frozenset({*KEYS, *PART_KEYS})


# -- a line to a query ----------------------------------------------------------------------------


def parse_query(
    line: str,
    *,
    parts: tuple[Part, ...] = (),
    limit: int = 40,
    offset: int = 0,
    names: LocalNames = ENGLISH_ONLY,
) -> Query:
    """Parse one line into a Query; `parts` are added after the parts of the line.

    `names` are what other languages call keys, colours and months.

    Pictures of `file:`, `url:` and `upload:` become a Reference (see `resolve_references`). Raises
    InvalidQuery with the column, counted from 1, for an unknown key, a value that does not fit its key, an
    empty value, a missing quotation mark, or an operator or parenthesis without its partner.
    """
    try:
        return replace(_parse_line(line, parts, names), limit=limit, offset=offset)
    except InvalidQuery as error:
        error.line = line
        raise


def _parse_line(line: str, parts: tuple[Part, ...], names: LocalNames) -> Query:
    members = _list_members(parse_groups(line), names)
    conditions, others = split_conditions(members)
    terms = [member for member in others if isinstance(member, Term)]
    groups = [member for member in others if isinstance(member, Group)]
    fields = collect_fields(terms)
    return Query(
        (*build_parts(list(filter(is_part, terms))), *map(build_either, groups), *parts),
        build_all(conditions),
        weights=_read_weights(terms),
        options=Options(**fields[Options]),
        examples=Examples(**fields[Examples]),
        **fields[Query],
    )


def _list_members(group: Group, names: LocalNames) -> tuple[Member, ...]:
    """The members of a line, with keys that there are; a group without alternatives is its members."""
    checked = _check_keys(group, names)
    assert isinstance(checked, Group)
    members = _lift_options(checked) if checked.is_choice else checked.members
    return tuple(inner for member in members for inner in _open_group(member))


def _lift_options(choice: Group) -> tuple[Member, ...]:
    """A choice and, beside it, what its members say about the whole search: `dog OR cat collapse:copies`."""
    lifted: list[Member] = []
    members: list[Member] = []
    for member in choice.members:
        inner = member.members if isinstance(member, Group) and not member.is_parenthesised else ()
        options = [term for term in inner if isinstance(term, Term) and _is_about_everything(term)]
        if isinstance(member, Group) and len(options) < len(inner):
            lifted += options
            member = replace(member, members=tuple(term for term in inner if term not in options))
        members.append(member)
    return (replace(choice, members=tuple(members)), *lifted)


def _is_about_everything(term: Term) -> bool:
    """Whether a term sets options, examples or weights, which belong to no part and no condition."""
    return not (is_part(term) or is_condition(term))


def _open_group(member: Member) -> tuple[Member, ...]:
    alternatives = list_alternatives(member)
    return alternatives[0] if len(alternatives) == 1 else (member,)


def _check_keys(member: Member, names: LocalNames) -> Member:
    if isinstance(member, Term):
        return _check_key(names.fold_term(member, ENGLISH_KEYS))
    return replace(member, members=tuple(_check_keys(inner, names) for inner in member.members))


def _check_key(term: Term) -> Term:
    key = term.key
    if key is None or is_part(term) or key in KEYS or key.startswith(WEIGHT_PREFIX):
        return term
    if key == "palette":
        raise term.make_error("palette: takes a picture, as in palette:image:17 or palette:file:beach.jpg")
    names = (*KEYS, *PART_KEYS, f"{WEIGHT_PREFIX}SIGNAL")
    raise term.make_error(describe_unknown_key(key, term.value, names))


def _read_weights(terms: Sequence[Term]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for term in terms:
        if term.key and term.key.startswith(WEIGHT_PREFIX):
            signal = term.key.removeprefix(WEIGHT_PREFIX)
            if term.is_negated or term.weight is not None or signal in weights:
                raise term.make_error(f"{term.key}: write it once, without a minus or a weight before it")
            weights[signal] = build_checked(term, parse_number, term.value)
            build_checked(term, Query, weights={signal: weights[signal]})
    return weights


# -- a query to a line ----------------------------------------------------------------------------


def format_query(query: Query, *, bare: bool = True) -> str:
    """The line that `parse_query` reads as this query; limit, offset and cursor are not in it.

    Without `bare` words, every text has the key `text:`, so that nothing reads it as a sentence. A path is
    written as `file:`. Raises InvalidQuery for a picture that was given as bytes.
    """
    values = (query.examples, query.options, query)
    terms = [
        *format_parts(query.parts, bare=bare),
        *format_condition(query.filters),
        *(term for value in values for term in format_fields(value)),
    ]
    return " ".join([*terms, *format_weights(query.weights)])
