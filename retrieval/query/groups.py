"""The groups of a query line: AND, OR, NOT and parentheses around its terms.

    line   = choice
    choice = all {("OR" | "|") all}
    all    = member {["AND"] member}
    member = ["NOT"] (term | ["-"] [weight ":"] "(" choice ")")

AND binds closer than OR, and a bar inside a word, as in dog|cat, closer than both. The operators are written
in capitals. A parenthesis whose partner stands in the same word belongs to the word, as in IMG_1(2).jpg. In a
line without operators, parentheses that do not match are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from ..errors import InvalidQuery
from .conditions import MAX_DEPTH
from .terms import NUMBER, Term, split_terms

OPERATORS: Final = {"AND": "AND", "OR": "OR", "|": "OR", "NOT": "NOT"}

_QUOTED: Final = r'"(?:[^"]|"")*"|[“„”‟][^“”„‟"]*[“”‟]|[«»][^«»"]*[«»]'
_WORD: Final = re.compile(rf"(?:{_QUOTED}|\S)+")  # a space in quotation marks does not end it
_OPENING: Final = re.compile(rf"(-?)(?:({NUMBER}):)?\(")


@dataclass(frozen=True, slots=True)
class Group:
    """Members that must all match, or (`is_choice`) of which one must match. `column` counts from 1."""

    column: int
    members: tuple[Member, ...]
    is_choice: bool = False
    is_negated: bool = False
    weight: float | None = None
    is_parenthesised: bool = False

    def make_error(self, reason: object) -> InvalidQuery:
        """An error about this group, with its column."""
        return InvalidQuery(reason, column=self.column)


Member: TypeAlias = Term | Group


@dataclass(frozen=True, slots=True)
class Mark:
    """A parenthesis or an operator: "(", ")", AND, OR or NOT, and as it is written in `text`."""

    column: int
    kind: str
    text: str
    is_negated: bool = False
    weight: float | None = None

    def make_error(self, reason: object) -> InvalidQuery:
        """An error about this mark, with its column."""
        return InvalidQuery(reason, column=self.column)


def parse_groups(line: str) -> Group:
    """The members of a line as one group.

    Raises InvalidQuery with the column for an operator that has nothing to join, for a parenthesis without
    its partner in a line with operators, and for whatever a term is refused for.
    """
    marks = list(_find_marks(line))
    unmatched = _find_unmatched(marks)
    if unmatched and any(mark.kind not in "()" for mark in marks):
        raise unmatched.make_error("the parenthesis has no partner; write both, or put it in quotation marks")
    return _GroupParser(line, [] if unmatched else marks).parse_line()


def _find_marks(line: str) -> Iterator[Mark]:
    for word in _WORD.finditer(line):
        text, column = word[0], word.start() + 1
        if text in OPERATORS:
            yield Mark(column, OPERATORS[text], text)
        else:
            yield from _find_parentheses(text, column)


def _find_parentheses(text: str, column: int) -> Iterator[Mark]:
    """The parentheses at both ends of a word, and the bars in it."""
    start, end, depth = 0, len(text), 0
    while (
        depth <= MAX_DEPTH
        and (opening := _OPENING.match(text, start))
        and not _is_enclosed(text, opening.end() - 1)
    ):
        weight = None if opening[2] is None else float(opening[2])
        yield Mark(column + start, "(", opening[0], bool(opening[1]), weight)
        start, depth = opening.end(), depth + 1
    closing = len(text) - max(start, len(text.rstrip(")")))
    end -= max(0, min(closing, -_balance(_blank_quotations(text[start:]))))
    yield from _find_bars(text[start:end], column + start)
    for position in range(end, len(text)):
        yield Mark(column + position, ")", ")")


def _find_bars(text: str, column: int) -> Iterator[Mark]:
    """The bars in words like dog|cat, which are a choice of their own: as (dog OR cat) without the marks."""
    bars = [match.start() for match in re.finditer(r"\|", text)]
    if bars and not re.search(r'[:"“”„«»]', text):
        yield Mark(column, "(", "")
        yield from (Mark(column + bar, "OR", "|") for bar in bars)
        yield Mark(column + len(text), ")", "")


def _is_enclosed(text: str, opening: int) -> bool:
    """Whether its partner stands in the word, right behind it or before other characters."""
    depth = 0
    unquoted = _blank_quotations(text)
    for position in range(opening, len(text)):
        depth += _balance(unquoted[position])
        if not depth:
            return position == opening + 1 or bool(text[position:].strip(")"))
    return False


def _balance(text: str) -> int:
    """The opening parentheses of a text less its closing ones."""
    return text.count("(") - text.count(")")


def _blank_quotations(text: str) -> str:
    """The text with a character that means nothing for each one in quotation marks."""
    return re.sub(_QUOTED, lambda quotation: "_" * len(quotation[0]), text)


def _find_unmatched(marks: Sequence[Mark]) -> Mark | None:
    """The first parenthesis without a partner."""
    open_marks: list[Mark] = []
    for mark in marks:
        if mark.kind == "(":
            open_marks.append(mark)
        elif mark.kind == ")":
            if not open_marks:
                return mark
            open_marks.pop()
    return open_marks[0] if open_marks else None


class _GroupParser:
    """Parses the terms and marks of one line, from left to right."""

    def __init__(self, line: str, marks: Sequence[Mark]) -> None:
        blanked = list(line)
        for mark in marks:
            start = mark.column - 1
            blanked[start : start + len(mark.text)] = " " * len(mark.text)
        terms = split_terms("".join(blanked))
        self._tokens: list[Term | Mark] = sorted([*marks, *terms], key=lambda token: token.column)
        self._position, self._depth = 0, 0

    def parse_line(self) -> Group:
        """The whole line; a line of one group in parentheses without a minus or weight is that group."""
        return self._parse_choice(1) if self._tokens else Group(1, ())

    def _next_kind(self) -> str:
        """The kind of the next mark, "term" for a term, and "" at the end."""
        if self._position == len(self._tokens):
            return ""
        token = self._tokens[self._position]
        return token.kind if isinstance(token, Mark) else "term"

    def _take(self) -> Term | Mark:
        self._position += 1
        return self._tokens[self._position - 1]

    def _parse_choice(self, column: int) -> Group:
        members = [self._parse_all()]
        while self._next_kind() == "OR":
            self._take()
            members.append(self._parse_all())
        return (
            members[0] if len(members) == 1 else Group(column, tuple(map(_unwrap, members)), is_choice=True)
        )

    def _parse_all(self) -> Group:
        members = [self._parse_member()]
        while (kind := self._next_kind()) and kind not in ("OR", ")"):
            if kind == "AND":
                self._take()
            members.append(self._parse_member())
        return Group(members[0].column, tuple(members))

    def _parse_member(self) -> Member:
        kind = self._next_kind()
        if kind == "NOT":
            self._take()
            member = self._parse_member()
            return replace(member, is_negated=not member.is_negated)
        if kind == "term":
            term = self._take()
            assert isinstance(term, Term)
            return term
        if kind == "(":
            return self._parse_parentheses()
        raise self._misplaced_error()

    def _parse_parentheses(self) -> Group:
        opening = self._take()
        assert isinstance(opening, Mark)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise opening.make_error(f"parentheses are nested more than {MAX_DEPTH} deep; make it simpler")
        if self._next_kind() == ")":
            raise opening.make_error("the parentheses are empty; write something between them")
        group = self._parse_choice(opening.column)
        self._take()
        self._depth -= 1
        return replace(
            group,
            column=opening.column,
            is_negated=opening.is_negated,
            weight=opening.weight,
            is_parenthesised=True,
        )

    def _misplaced_error(self) -> InvalidQuery:
        """The error for an operator where a member should stand, or for a line that ends there."""
        token = self._tokens[min(self._position, len(self._tokens) - 1)]
        text = token.text if isinstance(token, Mark) else token.value
        reason = f"{text} joins nothing; write something on both sides, or put it in quotation marks"
        return InvalidQuery(reason, column=token.column)


def _unwrap(group: Group) -> Member:
    """The only member of a group that says nothing more than its member."""
    is_plain = not (group.is_choice or group.is_negated or group.weight is not None)
    return group.members[0] if is_plain and len(group.members) == 1 else group
