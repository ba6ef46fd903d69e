"""Conditions from the terms and groups of a query line, and back.

`confidence:` counts for its group, and for the groups in it that have none of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from .conditions import AllOf, AnyOf, Condition, Filters, Not
from .fields import Fields, collect_fields, format_fields
from .groups import Group, Member
from .keys import KEYS
from .terms import Term, format_number, format_term, split_terms

DEFAULT_CONFIDENCE = Filters().confidence


def is_condition(member: Member) -> bool:
    """Whether a member of a line consists of conditions alone: terms whose keys set fields of Filters."""
    if isinstance(member, Group):
        return member.weight is None and all(map(is_condition, member.members))
    key = KEYS.get(member.key or "")
    return key is not None and key.owner is Filters


def split_conditions(members: Iterable[Member]) -> tuple[list[Member], list[Member]]:
    """The members that consist of conditions alone, and the others; each in their order."""
    conditions: list[Member] = []
    others: list[Member] = []
    for member in members:
        (conditions if is_condition(member) else others).append(member)
    return conditions, others


def build_condition(member: Member, confidence: float = DEFAULT_CONFIDENCE) -> Condition:
    """The condition of a term or group. Raises InvalidQuery with the column of the term that is wrong."""
    if isinstance(member, Term):
        return build_all((member,), confidence)
    if member.is_choice:
        choices = tuple(build_condition(choice, confidence) for choice in member.members)
        condition: Condition = AnyOf(choices)
    else:
        condition = build_all(member.members, confidence)
    return Not(condition) if member.is_negated else condition


def build_all(members: Sequence[Member], confidence: float = DEFAULT_CONFIDENCE) -> Condition:
    """The condition that all of these members make together; `confidence` is that of the group around them.

    Terms are one Filters, which comes first; then come, in their order, the groups and the negated terms that
    have no field of their own. Without members it is an empty Filters.
    """
    plain = [member for member in members if isinstance(member, Term) and not _is_inverted(member)]
    further = [member for member in members if isinstance(member, Group) or _is_inverted(member)]
    fields = collect_fields(plain)[Filters]
    confidence = fields.get("confidence", confidence)
    conditions = [
        _build_filters(fields, confidence),
        *(_build_further(member, confidence) for member in further),
    ]
    return _join_conditions(tuple(filter(None, conditions)))


def _is_inverted(term: Term) -> bool:
    return term.is_negated and KEYS[str(term.key)].is_invertible


def _build_further(member: Member, confidence: float) -> Condition:
    """The condition of a group, or of a negated term."""
    return (
        build_condition(member, confidence)
        if isinstance(member, Group)
        else Not(_build_inverted(member, confidence))
    )


def _build_inverted(term: Term, confidence: float) -> Filters:
    """What a term says without its minus."""
    return _build_filters(collect_fields([replace(term, is_negated=False)])[Filters], confidence)


def _build_filters(fields: Fields, confidence: float) -> Filters:
    return Filters(**({"confidence": confidence} | fields if fields.get("shows") else fields))


def _join_conditions(conditions: tuple[Condition, ...]) -> Condition:
    if len(conditions) > 1:
        return AllOf(conditions)
    return conditions[0] if conditions else Filters()


def format_condition(condition: Condition, confidence: float = DEFAULT_CONFIDENCE) -> Iterator[str]:
    """The terms that a line says a condition with; `confidence` is that of the group around them."""
    if isinstance(condition, AllOf):
        yield from _format_all(condition, confidence)
    elif isinstance(condition, AnyOf):
        # AND binds closer than OR, so that only a choice in a choice needs parentheses, which it has.
        choices = (" ".join(format_condition(choice, confidence)) for choice in condition.conditions)
        yield f"({' OR '.join(choices)})"
    elif isinstance(condition, Not):
        yield _format_inverse(condition.condition, confidence)
    else:
        yield from _format_filters(condition, confidence)


def _format_all(condition: AllOf, confidence: float) -> Iterator[str]:
    """The members as groups; Filters are written without parentheses only as the first."""
    first, *others = condition.conditions
    if isinstance(first, Filters):
        yield from _format_filters(first, confidence)
        confidence = first.confidence if _says_confidence(first, confidence) else confidence
    else:
        others = [first, *others]
    yield from (_format_group(member, confidence) for member in others)


def _format_group(condition: Condition, confidence: float) -> str:
    """A member that is written as one group, with parentheses around it unless it has them."""
    terms = " ".join(format_condition(condition, confidence))
    return terms if isinstance(condition, AnyOf | Not) else f"({terms})"


def _format_inverse(condition: Condition, confidence: float) -> str:
    """A group with a minus before it, or only the term in it where its key can be inverted."""
    terms = list(format_condition(condition, confidence))
    if isinstance(condition, Filters) and len(terms) == 1:
        [term] = split_terms(terms[0])
        if KEYS[str(term.key)].is_invertible and not term.is_negated:
            return f"-{terms[0]}"
    text = " ".join(terms)
    return f"-{text}" if isinstance(condition, AnyOf) else f"-({text})"


def _format_filters(filters: Filters, confidence: float) -> Iterator[str]:
    yield from format_fields(filters, left_out=("confidence",))
    if _says_confidence(filters, confidence):
        yield format_term("confidence", format_number(filters.confidence))


def _says_confidence(filters: Filters, around: float) -> bool:
    """Whether a confidence must be written: it is not what the Filters have anyway inside this group."""
    return filters.confidence != (around if filters.shows else DEFAULT_CONFIDENCE)
