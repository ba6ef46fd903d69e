"""Patterns of phrases, as the data files of grammars write them, as one tree that is walked word by word.

    pattern = {word | "<" [name ":"] slot ">" | "(" choice ")" | "[" choice "]"}
    choice  = pattern {"|" pattern}

Brackets hold what may be left out. A slot stands for any phrase that the grammar knows under its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeAlias, TypeVar

Meaning = TypeVar("Meaning")

_PIECES: Final = re.compile(r"<[^<>]+>|[()\[\]|]|[^\s<>()\[\]|]+")
_MOST_WAYS: Final = 20_000  # to say one pattern; more are a slip in a data file


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a pattern for a phrase of this kind; `name` is what the meaning of the pattern calls it."""

    name: str
    kind: str


Element: TypeAlias = str | Slot
Way: TypeAlias = tuple[Element, ...]


@dataclass(slots=True)
class Node(Generic[Meaning]):
    """What may follow in the patterns that begin alike; `meaning` is that of a pattern which ends here."""

    words: dict[str, Node[Meaning]] = field(default_factory=dict)
    slots: dict[Slot, Node[Meaning]] = field(default_factory=dict)
    meaning: Meaning | None = None

    def follow(self, element: Element) -> Node[Meaning]:
        """The node behind an element, which is made where there is none."""
        if isinstance(element, Slot):
            return self.slots.setdefault(element, Node())
        return self.words.setdefault(element, Node())


def build_tree(meanings: Mapping[str, Meaning]) -> Node[Meaning]:
    """The tree of these patterns; of two that can say the same, the first one counts.

    Raises ValueError for a pattern whose brackets do not match, or that can be empty.
    """
    root: Node[Meaning] = Node()
    for pattern, meaning in meanings.items():
        for way in expand_pattern(pattern):
            node = root
            for element in way:
                node = node.follow(element)
            node.meaning = meaning if node.meaning is None else node.meaning
    return root


def expand_pattern(pattern: str) -> list[Way]:
    """Every way to say a pattern, without its brackets."""
    pieces = list(_PIECES.findall(pattern))
    ways = _expand_choice(pieces, pattern)
    if pieces or not all(ways) or len(ways) > _MOST_WAYS:
        raise ValueError(f"the pattern {pattern!r} is empty, too long, or its brackets do not match")
    return ways


def _expand_choice(pieces: list[str], pattern: str) -> list[Way]:
    """The ways of the choice at the start of the pieces, which are taken away."""
    ways: list[Way] = []
    current: list[Way] = [()]
    while pieces and pieces[0] not in (")", "]"):
        piece = pieces.pop(0)
        if piece == "|":
            ways, current = ways + current, [()]
        else:
            further = list(_expand_piece(piece, pieces, pattern))
            current = [(*way, *more) for way in current for more in further]
    return ways + current


def _expand_piece(piece: str, pieces: list[str], pattern: str) -> Iterator[Way]:
    if piece in ("(", "["):
        inner = _expand_choice(pieces, pattern)
        if not pieces or pieces.pop(0) != {"(": ")", "[": "]"}[piece]:
            raise ValueError(f"the pattern {pattern!r}: a bracket has no partner")
        yield from inner
        if piece == "[":
            yield ()
    elif piece.startswith("<"):
        name, _, kind = piece[1:-1].rpartition(":")
        yield (Slot(name or kind, kind),)
    else:
        yield (piece,)


def split_words(names: str) -> list[Sequence[str]]:
    """The phrases between the bars of a text, each as its words."""
    return [name.split() for name in names.split("|")]
