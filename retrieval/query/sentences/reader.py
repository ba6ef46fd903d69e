"""Reads the bare words of a line as a sentence: what is understood becomes terms, all else stays words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final, TypeAlias

from ...errors import InvalidQuery
from ..groups import OPERATORS
from ..language import parse_query
from ..readings import Ambiguity, Reading, Understood
from ..terms import Term, split_terms
from ..values import Query
from .grammars import Grammar
from .parser import Parser, Phrase
from .periods import Calendar
from .tokens import Token, split_run
from .vocabulary import Vocabulary

LineParser: TypeAlias = Callable[[str], Query]  # raises InvalidQuery

_LONGEST_EXCLUSION: Final = 3  # words that one "without" takes
_MOST_CHARACTERS: Final = 500  # of a line that is read; nobody says more in one sentence


@dataclass(frozen=True, slots=True)
class Run:
    """Bare words that follow each other, as tokens, and the phrases in them, from left to right."""

    tokens: Sequence[Token]
    phrases: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """Tokens that become `term`, or nothing: those of a phrase, or some that say nothing beside one."""

    tokens: Sequence[Token]
    term: str
    others: tuple[str, ...] = ()

    @property
    def words(self) -> list[Token]:
        """Its tokens without marks around them and between them."""
        return [token for token in self.tokens if token.is_word]


def read_sentence(
    line: str,
    grammars: Sequence[Grammar],
    vocabulary: Vocabulary,
    calendar: Calendar,
    *,
    parse_line: LineParser = parse_query,
) -> Reading:
    """How a line reads in the language that explains most of its words; of equal ones in the first language.

    Only bare words are read: what has a key, a weight, a minus or quotation marks stays as it is, and so does
    a line with operators or parentheses. A phrase whose term does not fit the rest of the line, as
    `parse_line` reads it, stays words.
    """
    plain = Reading(line, line)
    if len(line) > _MOST_CHARACTERS or re.search(r"[()|]", line) or OPERATORS.keys() & set(line.split()):
        return plain
    runs = [list(terms) for is_bare, terms in groupby(split_terms(line), _is_read) if is_bare]
    readings = [
        _build_reading(
            line, grammar, [_parse_run(terms, grammar, vocabulary, calendar) for terms in runs], parse_line
        )
        for grammar in grammars
    ]
    return max(readings, key=_count_explained, default=plain)


def _is_read(term: Term) -> bool:
    return term.is_bare and not term.is_quoted


def _count_explained(reading: Reading) -> tuple[int, int]:
    """How many characters became terms, and how many others were explained."""
    terms = sum(len(phrase.text) for phrase in reading.understood if phrase.term)
    silent = sum(len(phrase.text) for phrase in reading.understood if not phrase.term)
    return terms, silent + sum(len(phrase.text) for phrase in reading.ambiguous)


# -- one run of words -----------------------------------------------------------------------------


def _parse_run(terms: list[Term], grammar: Grammar, vocabulary: Vocabulary, calendar: Calendar) -> Run:
    tokens = split_run(terms)
    parser = Parser(tokens, grammar, vocabulary, calendar)
    phrases: list[Phrase] = []
    position = 0
    while position < len(tokens):
        found = list(_find_phrases(parser, grammar, position))
        for phrase in found:
            _join_phrase(parser, phrases, phrase)
        position = max([position + 1, *(phrase.end for phrase in found)])
    return Run(tokens, tuple(phrases))


def _join_phrase(parser: Parser, phrases: list[Phrase], phrase: Phrase) -> None:
    """Add a phrase; as a choice with the last one, where nothing but "or" stands between them."""
    last = phrases[-1] if phrases else None
    is_choice = last is not None and parser.find_name("choice", last.end) == phrase.start
    if last and is_choice and _is_condition(last.term) and _is_condition(phrase.term):
        sign = "-" if last.term.startswith("-") else ""
        terms = (re.sub(r"^-?\(?|\)$", "", term) for term in (last.term, phrase.term))
        phrases[-1] = Phrase(last.start, phrase.end, f"{sign}({' OR '.join(terms)})")
    else:
        phrases.append(phrase)


def _is_condition(term: str) -> bool:
    """Whether a term has a key, and is no choice of parts."""
    return re.match(r"-?\(?[a-z-]+:", term) is not None and not re.match(r"-?colour:", term)


def _find_phrases(parser: Parser, grammar: Grammar, start: int) -> Iterator[Phrase]:
    """The phrase that begins at a token: a condition, one that is excluded, or words that are excluded."""
    phrase, excluded = parser.find_phrase(start), _find_excluded(parser, start)
    if excluded and (phrase is None or excluded.end > phrase.end):
        yield excluded
    elif phrase:
        yield phrase
    elif (behind := parser.find_name("without", start)) and not _is_mark_before_excluded(parser, start):
        yield from _exclude_words(parser, grammar, start, behind)


def _is_mark_before_excluded(parser: Parser, start: int) -> bool:
    """Whether a token is the comma in front of a condition that is excluded."""
    return not parser.tokens[start].is_word and _find_excluded(parser, start + 1) is not None


def _find_excluded(parser: Parser, start: int) -> Phrase | None:
    """A condition behind a word that excludes it."""
    behind = parser.find_name("not", start)
    phrase = parser.find_phrase(behind) if behind else None
    if phrase is None or not phrase.term:
        return None
    others = tuple(map(_negate, phrase.others))
    return replace(phrase, start=start, term=_negate(phrase.term), others=others)


def _negate(term: str) -> str:
    return term.removeprefix("-") if term.startswith("-") else f"-{term}"


def _exclude_words(parser: Parser, grammar: Grammar, start: int, behind: int) -> Iterator[Phrase]:
    """The words behind "without" as an excluded text, and those behind "or" as further ones."""
    tokens = parser.tokens
    while behind < len(tokens) and tokens[behind].text in grammar.nothing:
        behind += 1
    end = behind
    while end < len(tokens) and _is_excluded(parser, grammar, end, is_first=end == behind):
        end += 1
    is_cut = end < len(tokens) and tokens[end].joined
    if 0 < end - behind <= _LONGEST_EXCLUSION and not is_cut:
        words = [token.written for token in tokens[behind:end]]
        yield Phrase(start, end, f"-{words[0]}" if len(words) == 1 else f'-"{" ".join(words)}"')
        further = parser.find_name("further", end)
        if further:
            yield from _exclude_words(parser, grammar, end, further)


def _is_excluded(parser: Parser, grammar: Grammar, position: int, *, is_first: bool) -> bool:
    """Whether a token still belongs to the words that are excluded, and to no phrase behind them."""
    token, phrase = parser.tokens[position], parser.find_phrase(position)
    is_phrase = phrase is not None and (bool(phrase.term) or not (is_first or phrase.is_alone))
    return token.is_word and token.text not in grammar.ends and not is_phrase


# -- a reading ------------------------------------------------------------------------------------


def _build_reading(line: str, grammar: Grammar, runs: Sequence[Run], parse_line: LineParser) -> Reading:
    """The reading of these runs, with as many of their terms as the line can hold together."""
    terms = [phrase for run in runs for phrase in run.phrases if phrase.term]
    kept = terms if _is_query(_write_line(line, grammar, runs, terms), parse_line) else []
    for phrase in terms if not kept else ():
        if _is_query(_write_line(line, grammar, runs, [*kept, phrase]), parse_line):
            kept = [*kept, phrase]
    pieces = _list_pieces(grammar, runs, kept)
    return Reading(
        line,
        _write_pieces(line, pieces),
        tuple(_show_piece(line, piece) for piece in pieces if piece.words),
        tuple(_list_ambiguities(line, grammar, runs, pieces)),
    )


def _is_query(line: str, parse_line: LineParser) -> bool:
    try:
        parse_line(line)
    except InvalidQuery:
        return False
    return True


def _write_line(line: str, grammar: Grammar, runs: Sequence[Run], kept: Sequence[Phrase]) -> str:
    return _write_pieces(line, _list_pieces(grammar, runs, kept))


def _write_pieces(line: str, pieces: Sequence[Piece]) -> str:
    """The line with the terms of the pieces in their places."""
    written, position = [], 0
    for piece in pieces:
        written += [line[position : piece.tokens[0].start].strip(), piece.term]
        position = piece.tokens[-1].end
    return " ".join(filter(None, [*written, line[position:].strip()])) if pieces else line


def _list_pieces(grammar: Grammar, runs: Sequence[Run], kept: Sequence[Phrase]) -> list[Piece]:
    if not kept:
        return []
    return [piece for run in runs for piece in _list_run_pieces(grammar, run, kept, is_first=run is runs[0])]


def _list_run_pieces(
    grammar: Grammar, run: Run, kept: Sequence[Phrase], *, is_first: bool
) -> Iterator[Piece]:
    """The phrases that are kept, and the words beside them that say nothing."""
    tokens, phrases = run.tokens, [phrase for phrase in run.phrases if any(phrase is other for other in kept)]
    owners: list[Phrase | None] = [None] * len(tokens)
    for phrase in phrases:
        owners[phrase.start : phrase.end] = [phrase] * (phrase.end - phrase.start)
    silent = _find_silent(grammar, tokens, owners, is_first=is_first)
    numbered = groupby(range(len(tokens)), lambda number: (owners[number], number in silent))
    for (owner, is_silent), numbers in numbered:
        group = [tokens[number] for number in numbers]
        if owner or is_silent:
            term, others = (owner.term, owner.others) if owner else ("", ())
            yield Piece(group, term, others)


def _find_silent(
    grammar: Grammar, tokens: Sequence[Token], owners: Sequence[Phrase | None], *, is_first: bool
) -> set[int]:
    """The numbers of the tokens that say nothing where they stand: beside a phrase, or opening the line."""
    silent: set[int] = set()
    ways = [(number, step) for number, owner in enumerate(owners) if owner for step in (-1, 1)]
    for start, step in [*([(0, 1)] if is_first else []), *ways]:
        allowed = grammar.nothing | grammar.opening if (start, step) == (0, 1) else grammar.nothing
        number = start + step
        while 0 < number < len(tokens) and not owners[number] and _is_silent(tokens[number], allowed):
            silent.add(number)
            number += step
    return {number for number in silent if not _is_cut(tokens, silent, owners, number)}


def _is_silent(token: Token, allowed: frozenset[str]) -> bool:
    return not token.is_word or token.text in allowed


def _is_cut(tokens: Sequence[Token], silent: set[int], owners: Sequence[Phrase | None], number: int) -> bool:
    """Whether a token is one half of a word with a hyphen, whose other half says something."""
    others = [number - 1] if tokens[number].joined else []
    others += [number + 1] if number + 1 < len(tokens) and tokens[number + 1].joined else []
    return any(other not in silent and not owners[other] for other in others)


def _show_piece(line: str, piece: Piece) -> Understood:
    start, end = piece.words[0].start, piece.words[-1].end
    return Understood(start, end, line[start:end], piece.term)


def _list_ambiguities(
    line: str, grammar: Grammar, runs: Sequence[Run], pieces: Sequence[Piece]
) -> Iterator[Ambiguity]:
    """Phrases that were read and have another reading, and phrases that stayed words and have one."""
    for piece in pieces:
        if piece.others:
            shown = _show_piece(line, piece)
            yield Ambiguity(shown.start, shown.end, shown.text, (piece.term, *piece.others))
    left = [
        token
        for run in runs
        for token in run.tokens
        if token.is_word
        and token.text not in grammar.nothing
        and not any(token in piece.tokens for piece in pieces)
    ]
    for run in runs:
        for phrase in run.phrases:
            tokens = [token for token in run.tokens[phrase.start : phrase.end] if token.is_word]
            if (
                set(tokens) & set(left)
                and phrase.others
                and not (phrase.is_alone and len(left) > len(tokens))
            ):
                text = line[tokens[0].start : tokens[-1].end]
                yield Ambiguity(tokens[0].start, tokens[-1].end, text, (f'"{text}"', *phrase.others))
