"""What a library has names for: its cameras, lenses, creators, tags, places and people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ..terms import format_term
from .patterns import split_words
from .tokens import Token, split_text

Names: TypeAlias = Mapping[
    str, list[tuple[tuple[str, ...], str]]
]  # by their first word: all words, the value

_NAMED_BY_PARTS: Final = ("camera", "lens", "creator")  # found by words of their names, too
_LONGEST: Final = 6  # words of a name that are compared
_SHORTEST: Final = 2  # letters of a word that names something by itself


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """The terms for the names that a library knows, by kind: camera, lens, creator, tag …

    Where no image `has_dates`, phrases of days stay words: as conditions they could find nothing.

    Words of a name are sure where they begin with a maker (one of `makers`), are several, or have a digit in
    them. Others are of the kind `camera-word`, and `camera-brand` if the name begins with them: they mean a
    camera only where the sentence says so. The same holds for lenses.
    """

    names: Mapping[str, Names] = field(default_factory=dict)
    beginnings: frozenset[str] = frozenset()  # the first words of all names
    has_dates: bool = True

    @classmethod
    def from_values(
        cls, values: Mapping[str, Iterable[str]], makers: Iterable[str] = (), *, has_dates: bool = True
    ) -> Vocabulary:
        """The vocabulary of these values, by kind; values without a letter, as positions, are no names."""
        sure = frozenset(makers)
        listed: dict[str, dict[tuple[str, ...], str]] = defaultdict(dict)
        for kind, texts in values.items():
            for text in filter(_has_letter, texts):
                for tokens in _list_stretches(kind, split_text(text)):
                    words = tuple(token.text for token in tokens)
                    value = text[tokens[0].start : tokens[-1].end]
                    for named in _name_kinds(kind, words, tokens[0].start, sure):
                        listed[named].setdefault(words, format_term(kind, value))
        names = {kind: index_names(phrases.items()) for kind, phrases in listed.items()}
        beginnings = frozenset(word for phrases in names.values() for word in phrases)
        return cls(names, beginnings, has_dates)


def _has_letter(text: str) -> bool:
    return any(map(str.isalpha, text))


def index_names(names: Iterable[tuple[tuple[str, ...], str]]) -> Names:
    """The names by their first words."""
    index: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
    for words, value in names:
        if words:
            index[words[0]].append((words, value))
    return dict(index)


def index_phrases(values: Mapping[str, str]) -> Names:
    """The index of values with their phrases, between which bars stand."""
    return index_names(
        (tuple(words), value) for value, names in values.items() for words in split_words(names)
    )


def _list_stretches(kind: str, tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """The stretches of words that name a value: all of them, or any where parts of its name do."""
    if tokens:
        yield tokens
    starts = [place for place, token in enumerate(tokens) if not token.joined]
    for start in starts if kind in _NAMED_BY_PARTS else ():
        for end in [*starts, len(tokens)]:
            if start < end <= start + _LONGEST and tokens[end - 1].end - tokens[start].start >= _SHORTEST:
                yield tokens[start:end]


def _name_kinds(kind: str, words: tuple[str, ...], start: int, makers: frozenset[str]) -> tuple[str, ...]:
    if kind not in ("camera", "lens"):
        return (kind,)
    has_letters, has_digit = (any(map(test, "".join(words))) for test in (str.isalpha, str.isdigit))
    is_sure = words[0] in makers or (has_letters and (has_digit or len(words) > 1) and not words[0].isdigit())
    return (kind,) if is_sure else (f"{kind}-word", f"{kind}-brand") if start == 0 else (f"{kind}-word",)
