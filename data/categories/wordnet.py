"""WordNet's nouns, read from the files of its database (their format: wndb(5WN))."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

UPWARD = ("@", "@i")  # pointers to what a synset is a kind of, or an instance of


@dataclass(frozen=True, slots=True)
class Synset:
    """Words with one meaning: their names, what they are a kind of (ids), and the definition."""

    id: str
    names: tuple[str, ...]
    parents: tuple[str, ...]
    definition: str


class WordNet:
    """The nouns in a folder with data.noun, index.noun and cntlist.rev."""

    def __init__(self, folder: Path) -> None:
        self._counts = dict(_read_counts(folder / "cntlist.rev"))
        self._keys: dict[str, tuple[str, ...]] = {}
        self.synsets: dict[str, Synset] = {}
        for line in _lines(folder / "data.noun"):
            synset, keys = _parse_synset(line)
            self.synsets[synset.id], self._keys[synset.id] = synset, keys
        self._senses = dict(map(_parse_senses, _lines(folder / "index.noun")))

    def add_parent(self, kind: str, parent: str) -> None:
        """From now on, one synset is a kind of another, too; raises ValueError for a circle."""
        if kind in self.ancestors(parent):
            raise ValueError(f"{parent} is itself a kind of {kind}")
        self._set_parents(kind, (*self.synsets[kind].parents, parent))

    def remove_parent(self, kind: str, parent: str) -> None:
        """From now on, one synset is no kind of another; raises ValueError if it was none."""
        if parent not in self.synsets[kind].parents:
            raise ValueError(f"{kind} is no kind of {parent}")
        self._set_parents(kind, tuple(known for known in self.synsets[kind].parents if known != parent))

    def _set_parents(self, kind: str, parents: tuple[str, ...]) -> None:
        self.synsets[kind] = replace(self.synsets[kind], parents=parents)

    def sense_number(self, name: str, synset: str) -> int:
        """The number of the meaning that the name has here; the most usual meaning is 1."""
        return self._senses[_fold(name)].index(synset) + 1

    def first_senses(self) -> Iterator[tuple[str, str]]:
        """Each word with the id of its most usual meaning."""
        return ((word.replace("_", " "), senses[0]) for word, senses in self._senses.items())

    def count(self, synset: str) -> int:
        """How often WordNet's tagged texts use the most used of its names in this meaning."""
        return max(self._counts.get(key, 0) for key in self._keys[synset])

    def ancestors(self, synset: str) -> set[str]:
        """All that it is a kind of, over every chain of parents."""
        found: set[str] = set()
        waiting = [synset]
        while waiting:
            new = set(self.synsets[waiting.pop()].parents) - found
            found |= new
            waiting += new
        return found

    def depth(self, synset: str) -> int:
        """The length of the longest chain up to the top."""
        return max((self.depth(parent) + 1 for parent in self.synsets[synset].parents), default=0)


def _fold(name: str) -> str:
    return name.lower().replace(" ", "_")


def _lines(path: Path) -> Iterator[str]:
    """The lines of a file without those of the licence, which begin with a space."""
    with path.open(encoding="utf-8") as file:
        yield from (line for line in file if not line.startswith(" "))


def _parse_synset(line: str) -> tuple[Synset, tuple[str, ...]]:
    """A line of data.noun as a synset, and the keys of its names in cntlist.rev."""
    head, _, gloss = line.partition(" | ")
    offset, file, _, count, *rest = head.split(" ")
    words, numbers = rest[0 : 2 * int(count, 16) : 2], rest[1 : 2 * int(count, 16) : 2]
    pointers = rest[2 * int(count, 16) + 1 :]
    parents = tuple(
        f"n{target}"
        for symbol, target in zip(pointers[::4], pointers[1::4], strict=False)
        if symbol in UPWARD
    )
    keys = tuple(
        f"{word.lower()}%1:{file}:{int(number, 16):02}::" for word, number in zip(words, numbers, strict=True)
    )
    names = tuple(word.replace("_", " ") for word in words)
    return Synset(f"n{offset}", names, parents, gloss.split('; "')[0].strip()), keys


def _parse_senses(line: str) -> tuple[str, tuple[str, ...]]:
    """A line of index.noun as a word and the ids of its meanings, the most usual one first."""
    word, _, count, *rest = line.split()
    return word, tuple(f"n{offset}" for offset in rest[-int(count) :])


def _read_counts(path: Path) -> Iterator[tuple[str, int]]:
    for line in _lines(path):
        key, _, count = line.split()
        yield key, int(count)
