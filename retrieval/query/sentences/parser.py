"""Finds the phrases of a grammar in tokens: all that begin at a token, each with its value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, final

from .grammars import ANY_WORD, TERM, Grammar, Sense
from .patterns import Node
from .periods import PERIODS, Calendar
from .tokens import Token
from .vocabulary import Vocabulary

Bindings: TypeAlias = tuple[tuple[str, Any], ...]  # the values of slots, by their names
Found: TypeAlias = tuple[int, Any]  # the number of the token behind a phrase, and its value
_CALL: Final = "="
_DATED: Final = re.compile(r"\(?(taken|month|day|weekday):")  # what images with these days satisfy


@dataclass(frozen=True, slots=True)
class Phrase:
    """The tokens from `start` up to `end`, the term that they mean, and terms that they may mean as well.

    Without a term they stay words; `is_alone` then offers the others only where no further words are left.
    """

    start: int
    end: int
    term: str
    others: tuple[str, ...] = ()
    is_alone: bool = False
    rule: int = 0

    @property
    def precedence(self) -> tuple[int, bool, int]:
        """What counts among phrases that begin alike: length, then a term, then the order of the rules."""
        return self.end, bool(self.term), -self.rule


@final
class Parser:
    """Parses the tokens of one run; what was found once is kept."""

    def __init__(
        self, tokens: Sequence[Token], grammar: Grammar, vocabulary: Vocabulary, calendar: Calendar
    ) -> None:
        self.tokens, self._grammar = tokens, grammar
        self._vocabulary, self._calendar = vocabulary, calendar
        self._texts = [token.text for token in tokens]
        self._kinds = [self._list_kinds(text) for text in self._texts]
        self._found: dict[tuple[str, int], list[Found]] = {}

    def find_phrase(self, start: int) -> Phrase | None:
        """The phrase that begins at a token and takes precedence."""
        phrases = [
            phrase
            for end, (sense, bindings) in self.find_slot(TERM, start)
            if self._is_whole(start, end) and (phrase := self._make_phrase(start, end, sense, dict(bindings)))
        ]
        return max(phrases, key=lambda phrase: phrase.precedence, default=None)

    def find_name(self, kind: str, start: int) -> int | None:
        """The end of the longest phrase of this kind that begins at a token."""
        ends = [end for end, _ in self.find_slot(kind, start) if self._is_whole(start, end)]
        return max(ends, default=None)

    def find_slot(self, kind: str, start: int) -> list[Found]:
        """The phrases of a kind that begin at a token."""
        if (kind, start) not in self._found:
            is_possible = start < len(self._texts) and self._may_begin(kind, start)
            self._found[kind, start] = list(self._search(kind, start)) if is_possible else []
        return self._found[kind, start]

    def _may_begin(self, kind: str, start: int) -> bool:
        """Whether looking further is worth while: most words begin no phrase."""
        kinds = self._kinds[start]
        return kinds is None or kind in kinds

    def _list_kinds(self, word: str) -> frozenset[str] | None:
        """The kinds of which a phrase may begin with a word; None for all."""
        if word in self._vocabulary.beginnings or any(map(str.isdigit, word)):
            return None
        return self._grammar.kinds.get(word, frozenset()) | {ANY_WORD}

    def _search(self, kind: str, start: int) -> Iterator[Found]:
        for names in (self._grammar.names.get(kind), self._vocabulary.names.get(kind)):
            for words, value in (names or {}).get(self._texts[start], ()):
                if tuple(self._texts[start : start + len(words)]) == words:
                    yield start + len(words), value
        shape = self._grammar.shapes.get(kind)
        if shape and (match := shape.fullmatch(self._texts[start])):
            yield start + 1, match[1]
        if kind in self._grammar.rules:
            yield from self._search_rules(kind, start)

    def _search_rules(self, kind: str, start: int) -> Iterator[Found]:
        for end, sense, bindings in self._walk(self._grammar.rules[kind], start, ()):
            if kind == TERM:
                yield end, (sense, bindings)
            elif (value := self._evaluate(sense.means, dict(bindings))) is not None:
                yield end, value

    def _walk(
        self, node: Node[Sense], position: int, bindings: Bindings
    ) -> Iterator[tuple[int, Sense, Bindings]]:
        """Every way through the tree from here: where it ends, what it means, and the values on the way."""
        if node.meaning is not None:
            yield position, node.meaning, bindings
        if position < len(self._texts):
            following = node.words.get(self._texts[position])
            if following is not None:
                yield from self._walk(following, position + 1, bindings)
            for slot, behind in node.slots.items():
                if not self._may_begin(slot.kind, position):
                    continue
                for end, value in self.find_slot(slot.kind, position):
                    yield from self._walk(behind, end, (*bindings, (slot.name, value)))

    def _is_whole(self, start: int, end: int) -> bool:
        """Whether no word is cut in two at either end."""
        return not self.tokens[start].joined and not (end < len(self.tokens) and self.tokens[end].joined)

    def _is_closed(self, end: int) -> bool:
        """Whether no word follows directly that says something and begins no phrase itself."""
        if end == len(self.tokens) or not self.tokens[end].is_word:
            return True
        grammar = self._grammar
        return self._texts[end] in grammar.nothing | grammar.ends or self.find_phrase(end) is not None

    def _make_phrase(self, start: int, end: int, sense: Sense, bindings: Mapping[str, Any]) -> Phrase | None:
        """The phrase of a rule; None where its values do not fit each other."""
        terms = [
            self._evaluate(text, bindings) for text in (sense.means, sense.other, *sense.asks.split(" | "))
        ]
        term = terms[0] or ""
        if sense.is_closed and not self._is_closed(end):
            term, terms = "", ["", *terms]
        if not self._vocabulary.has_dates:
            terms = ["" if other and _DATED.match(other) else other for other in terms]
            term = terms[0] or ""
        others = tuple(dict.fromkeys(other for other in terms[1:] if other and other != term))
        has_sense = bool(term or others) or sense.stays
        return Phrase(start, end, term, others, sense.is_alone, sense.number) if has_sense else None

    def _evaluate(self, text: str, bindings: Mapping[str, Any]) -> Any:
        """The value of a sense with the values of its slots; None where they do not fit."""
        try:
            if not text.startswith(_CALL):
                return text.format_map(bindings)
            name, *arguments = text[1:].split()
            values = [argument[1:-1] if argument[0] == "'" else bindings[argument] for argument in arguments]
            return PERIODS[name](self._calendar, *values)
        except (ValueError, OverflowError):
            return None
