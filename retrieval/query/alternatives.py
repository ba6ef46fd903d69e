"""The groups of a query line as alternatives: lists of members, of which an image has to fit one whole list.

This is the disjunctive normal form: OR and NOT of groups become alternatives of plain members, as
A AND (B OR C) becomes (A AND B) OR (A AND C), and NOT (A OR B) becomes NOT A AND NOT B. Groups of conditions
stay groups: they are evaluated as they are written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import TypeAlias

from .condition_terms import is_condition
from .groups import Group, Member
from .terms import Term
from .values import MAX_ALTERNATIVES

Members: TypeAlias = tuple[Member, ...]


def list_alternatives(member: Member) -> tuple[Members, ...]:
    """The alternatives of a member: of each, all members must match. They are terms and groups of conditions.

    Raises InvalidQuery with the column of a group that has more than MAX_ALTERNATIVES.
    """
    if isinstance(member, Term) or is_condition(member):
        return ((member,),)
    if member.is_negated:
        return list_alternatives(_push_negation(member))
    if member.is_choice:
        alternatives = tuple(chosen for choice in member.members for chosen in list_alternatives(choice))
    else:
        alternatives = _combine_alternatives(member)
    if len(alternatives) > MAX_ALTERNATIVES:
        raise member.make_error(f"the group has more than {MAX_ALTERNATIVES} alternatives; make it simpler")
    return tuple(_weigh_members(members, member.weight) for members in alternatives)


def _combine_alternatives(group: Group) -> tuple[Members, ...]:
    """Every way to choose one alternative of each member."""
    combined: tuple[Members, ...] = ((),)
    for member in group.members:
        pairs = product(combined, list_alternatives(member))
        combined = tuple((*before, *chosen) for before, chosen in pairs)
        if len(combined) > MAX_ALTERNATIVES:
            break  # more members only make more of them
    return combined


def _push_negation(group: Group) -> Group:
    """De Morgan's laws: NOT of all is one of the NOTs, and NOT of a choice is all of the NOTs."""
    members = group.members if group.is_choice else _join_words(group.members)
    inverted = tuple(replace(member, is_negated=not member.is_negated) for member in members)
    return replace(group, members=inverted, is_choice=not group.is_choice, is_negated=False)


def _join_words(members: Sequence[Member]) -> Members:
    """Bare words as one text, since together they are one part."""
    words = [member for member in members if isinstance(member, Term) and member.is_bare]
    if len(words) < 2:
        return tuple(members)
    text = " ".join(word.format_words() for word in words)
    joined = replace(words[0], key="text", value=text, is_quoted=True)
    return tuple(joined if member is words[0] else member for member in members if member not in words[1:])


def _weigh_members(members: Members, factor: float | None) -> Members:
    """The members with the weight of the group around them; conditions have none."""
    if factor is None:
        return members
    return tuple(
        replace(member, weight=factor * (1.0 if member.weight is None else member.weight))
        if isinstance(member, Term) and not is_condition(member)
        else member
        for member in members
    )
