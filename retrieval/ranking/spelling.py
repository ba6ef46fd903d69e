"""Words that were probably meant by a word that is not known, and words that begin like one. Pure.

The distance of two words is that of Damerau and Levenshtein in its restricted form (optimal string alignment:
no letters change twice), as a cost. What fingers do costs SLIP: a key beside the right one, two letters in
the wrong order, a letter twice, a letter left out. Any other change costs OTHER. A wrong first letter costs
FIRST more, since people rarely get it wrong (Pollock and Zamora, "Automatic spelling correction in scientific
and scholarly text", CACM 1984). The values were chosen on typos of the captions of coco_mini and
flickr_train; `python -m benchmarks typos` measures them.

Of a large vocabulary few words are compared in full. Their lengths, and the sets of their letters, which are
kept as 64 bits, may differ by no more than the changes; words with one change are looked for first, and those
with two only where there are none; and at most MAX_COMPARED words are compared, those with the most similar
letters.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final, TypeAlias, final

import numpy as np
import numpy.typing as npt

from .arrays import Int64Ids
from .tokens import fold_word

MAX_LETTERS: Final = 24  # of words that are corrected; longer ones are hardly typed by hand
MIN_LETTERS: Final = 3
SHORT: Final = 4  # letters of a word in which more than one change leaves too little
MAX_COMPARED: Final = 2048
SLIP: Final = 0.7
OTHER: Final = 1.0
FIRST: Final = 0.1
COMMON: Final = 0.04  # taken off a cost for each time that a word is twice as frequent
MOST_COSTS: Final = {1: OTHER + FIRST, 2: 2 * OTHER}  # by changes; three slips cost more
MARGIN: Final = 0.25  # by which a sure correction costs less than the next
TOLERANCE: Final = 1e-4  # of sums of costs

# Rows of letters as they lie on keyboards: QWERTY, and the neighbours that QWERTZ and AZERTY have elsewhere.
_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_ELSEWHERE: Final = ("tz", "zu", "gz", "hz", "az", "ys", "yx", "qs", "lm", "om", "pm")

Letters: TypeAlias = npt.NDArray[np.uint32]
Costs: TypeAlias = npt.NDArray[np.float32]


@final
@dataclass(frozen=True, slots=True)
class Correction:
    """A word that was probably meant: its cost, how often it occurs, and what decides the order of
    several.
    """

    word: str
    cost: float
    count: int
    rank: float

    @property
    def changes(self) -> int:
        """How many changes the cost stands for."""
        return 1 if self.cost <= MOST_COSTS[1] + TOLERANCE else 2


@final
@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Words in small letters, in the order of their code points, and how often each occurs."""

    words: tuple[str, ...]
    counts: Int64Ids

    @staticmethod
    def from_counts(counts: Mapping[str, int]) -> Vocabulary:
        """The vocabulary of these words."""
        words = tuple(sorted(counts))
        return Vocabulary(words, np.fromiter((counts[word] for word in words), np.int64, len(words)))

    def suggest_words(self, word: str, most: int = 3) -> list[Correction]:
        """The words that were probably meant by one that is unknown, the most probable first.

        A word of up to SHORT letters is taken to hold one change, a longer one up to two. The order is that
        of the costs, each lowered by COMMON × log₂ of how often the word occurs; equal ones by their letters.
        """
        typed = fold_word(word)
        if not MIN_LETTERS <= len(typed) <= MAX_LETTERS:
            return []
        found = self._find_near(typed, 1)
        if not found and len(typed) > SHORT:
            found = self._find_near(typed, 2)
        return sorted(found, key=lambda correction: (correction.rank, correction.word))[:most]

    def has_word(self, word: str) -> bool:
        """Whether the vocabulary has a word, in any letter case."""
        folded = word.casefold()
        place = bisect_left(self.words, folded)
        return place < len(self.words) and self.words[place] == folded

    def complete_word(self, start: str, most: int) -> list[tuple[str, int]]:
        """The words that begin so, the most frequent first, each with how often it occurs."""
        first = bisect_left(self.words, start)
        end = bisect_left(self.words, start + "\U0010ffff")
        counts = self.counts[first:end]
        order = np.argsort(-counts, kind="stable")[:most].tolist()
        return [(self.words[first + place], int(counts[place])) for place in order]

    def _find_near(self, typed: str, changes: int) -> list[Correction]:
        alike = self._find_alike(typed, changes)
        costs = measure_costs(typed, self._letters[:, alike])
        places = np.flatnonzero((costs > 0) & (costs <= MOST_COSTS[changes] + TOLERANCE))
        found = zip(alike[places].tolist(), costs[places].tolist(), strict=True)
        return [self._make_correction(index, cost) for index, cost in found]

    def _make_correction(self, index: int, cost: float) -> Correction:
        count = int(self.counts[index])
        rank = round(cost - COMMON * float(np.log2(max(count, 1))), 5)
        return Correction(self.words[index], round(cost, 2), count, rank)

    def _find_alike(self, typed: str, changes: int) -> Int64Ids:
        """Indices of the words that may lie within so many changes, at most MAX_COMPARED."""
        near: Int64Ids = np.flatnonzero(np.abs(self._lengths - len(typed)) <= changes)
        differing = np.bitwise_count(self._letter_sets[near] ^ _letter_sets(_encode_words([typed]))[0])
        alike = differing <= 2 * changes
        near, differing = near[alike], differing[alike]
        if len(near) <= MAX_COMPARED:
            return near
        near = near[np.argsort(differing, kind="stable")[:MAX_COMPARED]]
        return np.sort(near)

    @cached_property
    def _letters(self) -> Letters:
        return _encode_words([fold_word(word) for word in self.words])

    @cached_property
    def _lengths(self) -> npt.NDArray[np.int64]:
        return np.asarray(np.count_nonzero(self._letters, axis=0), np.int64)

    @cached_property
    def _letter_sets(self) -> npt.NDArray[np.uint64]:
        return _letter_sets(self._letters)


def is_sure(corrections: Sequence[Correction]) -> bool:
    """Whether the first one can be taken for granted: one change away, and clearly before the others."""
    if not corrections or corrections[0].changes > 1:
        return False
    return len(corrections) == 1 or corrections[1].rank - corrections[0].rank >= MARGIN


def _encode_words(words: Sequence[str]) -> Letters:
    """As (letter, word): code points, 0 behind the end; of a long word the first letters."""
    width = MAX_LETTERS + 3  # so that a long word stays longer than any typed one with two letters more
    texts = np.array([word[:width] for word in words], f"<U{width}")
    return np.ascontiguousarray(texts.view(np.uint32).reshape(len(words), width).T)


def _letter_sets(letters: Letters) -> npt.NDArray[np.uint64]:
    """The letters of each word as bits; letters of other alphabets share some."""
    sets = np.zeros(letters.shape[1], np.uint64)
    for row in letters:
        sets |= np.where(row > 0, np.uint64(1) << (row % 64).astype(np.uint64), np.uint64(0))
    return sets


def measure_costs(typed: str, letters: Letters) -> Costs:
    """What was typed as a slip of each word, given by their letters as (letter, word)."""
    lengths = np.count_nonzero(letters, axis=0)
    letters = letters[: lengths.max(initial=1)]
    table = [_start_table(letters)]
    for place in range(len(typed)):
        table.append(_add_letter(typed[: place + 1], table, letters))
    costs: Costs = table[-1][lengths, np.arange(letters.shape[1])]
    return costs + np.where(letters[0] == ord(typed[0]), np.float32(0), np.float32(FIRST))


def _start_table(letters: Letters) -> Costs:
    """What it costs to leave out the first letters of each word, as (letter, word)."""
    left_out = np.arange(len(letters) + 1, dtype=np.float32) * np.float32(SLIP)
    return np.repeat(left_out[:, None], letters.shape[1], axis=1)


def _add_letter(typed: str, table: Sequence[Costs], letters: Letters) -> Costs:
    """The costs with one more typed letter, the last one, from those before it."""
    letter, before = typed[-1], table[-1]
    is_doubled = typed[-2:-1] == letter
    costs = before + np.float32(SLIP if is_doubled else OTHER)  # the letter is one too many
    changed = np.where(np.isin(letters, NEIGHBOURS.get(letter, [])), SLIP, OTHER).astype(np.float32)
    changed[letters == ord(letter)] = 0
    np.minimum(costs[1:], before[:-1] + changed, out=costs[1:])
    if len(typed) > 1:
        is_swapped = (letters[1:] == ord(typed[-2])) & (letters[:-1] == ord(letter))
        swapped = np.where(is_swapped, table[-2][:-2] + np.float32(SLIP), np.float32(np.inf))
        np.minimum(costs[2:], swapped, out=costs[2:])
    for place in range(len(letters)):
        np.minimum(costs[place + 1], costs[place] + np.float32(SLIP), out=costs[place + 1])  # left out
    return costs


def _find_neighbours() -> dict[str, list[int]]:
    """The code points of the keys that lie beside each letter."""
    pairs = [*_ELSEWHERE, *(row[place : place + 2] for row in _ROWS for place in range(len(row) - 1))]
    for upper, lower in pairwise(_ROWS):
        # A key lies between the two keys above it.
        pairs += [upper[place] + lower[place] for place in range(len(lower))]
        pairs += [upper[place + 1] + lower[place] for place in range(min(len(lower), len(upper) - 1))]
    neighbours: dict[str, list[int]] = {}
    for pair in pairs:
        neighbours.setdefault(pair[0], []).append(ord(pair[1]))
        neighbours.setdefault(pair[1], []).append(ord(pair[0]))
    return neighbours


NEIGHBOURS: Final = _find_neighbours()
