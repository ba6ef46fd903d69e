"""The word tower: texts to vectors of a subject space, by a table of word vectors and two maps. Pure.

A text is split into tokens as for the word index; stop words are left out. Each token, or several tokens that
stand side by side and have an entry of their own ("hot dog"), has a row of the table. The mean of the rows at
length 1 is the vector x of the text, among the vectors of a sentence encoder.

Two maps lead from there to the subject space: f(x) = (Σ exp(−|x − aⱼ|²) bⱼ − c) V with anchors aⱼ,
coefficients bⱼ, the centre c and a few directions V. One was learned from the names of classes and a
classifier's weights, the other from captions and pictures. Names want the first and sentences the second, so
both are added up by the number of rows. The centre is what many texts have in common: without it a few
pictures that resemble everything would be near every text (Radovanović et al., "Hubs in space", JMLR 2010).

Words that name things have `looks` as well: coefficients that are guessed from what WordNet says about the
thing. The mean over the rows of a text, zero for words without, is added to the Σ of names.

How the bundled one was made is told beside it (data/word_towers/README.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, final

import numpy as np
import numpy.typing as npt

from .arrays import BoolVector, Float32Matrix, Float32Vector, Int64Vector
from .stop_words import DEPICTIONS, STOP_WORDS
from .tokens import split_tokens

Int8Matrix: TypeAlias = npt.NDArray[np.int8]  # (row, number)

MOST_TOKENS = 3  # in one entry of the table
KERNEL = 2.0  # twice the γ of exp(−γ |x − a|²), between vectors of length 1
LEAST_PIECE = 3  # letters of a word inside an unknown word
PUNCTUATION = "\"“”„«».,;:!?()[]{}'’‘`*…"
PROBES = ("a dog on the beach", "grand piano", "children play in the snow", "two red cars in a street")
SAME_ENCODER = 0.97  # cosine of the vectors of one text
_SILENT = STOP_WORDS | DEPICTIONS


def spoken_words(words: Iterable[str]) -> Iterator[str]:
    """The words without punctuation around them, stop words, and words like "picture"."""
    bare = (word.strip(PUNCTUATION) for word in words)
    return (word for word in bare if word.casefold() not in _SILENT)


def content_tokens(text: str) -> list[str]:
    """The tokens of a text that can have rows in a table."""
    return [token for word in spoken_words(text.split()) for token in split_tokens(word)]


@final
@dataclass(frozen=True, slots=True, eq=False)
class WordTable:
    """Vectors of words: `scales` × `numbers`, row by row.

    `rows`: the row of each key, which is a token or up to MOST_TOKENS tokens joined by blanks. `is_piece`:
    the rows of words so common that they are trusted inside an unknown word (“snow”, “board” in “snowboard”).
    `looks` are those of some rows, (look, coefficient), as numbers and scales; `look_of` has the look of each
    row, or −1.
    """

    rows: Mapping[str, int]
    numbers: Int8Matrix
    scales: Float32Vector
    is_piece: BoolVector
    looks: Int8Matrix
    look_scales: Float32Vector
    look_of: Int64Vector

    @classmethod
    def without_looks(
        cls, rows: Mapping[str, int], numbers: Int8Matrix, scales: Float32Vector, is_piece: BoolVector
    ) -> WordTable:
        """A table in which no word has a look."""
        looks, look_scales = np.zeros((0, 0), np.int8), np.zeros(0, np.float32)
        return cls(rows, numbers, scales, is_piece, looks, look_scales, np.full(len(rows), -1))

    def find_rows(self, words: Iterable[str]) -> list[int]:
        """The rows of the words that the table knows, in their order; stop words have none."""
        tokens = [
            token for word in spoken_words(words) for token in self._split_unknown(word, split_tokens(word))
        ]
        return list(self._match_rows(tokens))

    def mean_vector(self, rows: Sequence[int]) -> Float32Vector:
        """The mean of these rows, at length 1."""
        return scale_to_unit((self.numbers[rows] * self.scales[rows, None]).mean(axis=0, dtype=np.float32))

    def mean_look(self, rows: Sequence[int]) -> Float32Vector:
        """The mean of the looks of these rows; a row without a look counts as zeros."""
        found = self.look_of[rows]
        found = found[found >= 0]
        total = (self.looks[found] * self.look_scales[found, None]).sum(axis=0, dtype=np.float32)
        return np.asarray(total / np.float32(max(1, len(rows))), np.float32)

    def _match_rows(self, tokens: Sequence[str]) -> Iterator[int]:
        """The longest entries from left to right; two tokens may also be written as one ("sea horse")."""
        start = 0
        while start < len(tokens):
            for count in range(min(MOST_TOKENS, len(tokens) - start), 0, -1):
                part = tokens[start : start + count]
                row = self.rows.get(" ".join(part), self.rows.get("".join(part)))
                if row is not None:
                    yield row
                    break
            start += count

    def _split_unknown(self, word: str, tokens: list[str]) -> list[str]:
        """The tokens; or of one unknown token the two common words that it is made of, if it is."""
        if len(tokens) != 1 or tokens[0] in self.rows or not word.isalpha():
            return tokens
        for end in range(len(word) - LEAST_PIECE, LEAST_PIECE - 1, -1):
            pieces = [*split_tokens(word[:end].casefold()), *split_tokens(word[end:].casefold())]
            if all(self.is_trusted(piece) for piece in pieces):
                return pieces
        return tokens

    def is_trusted(self, token: str) -> bool:
        """Whether a token is a frequent English word, of three letters or more."""
        row = self.rows.get(token)
        return row is not None and bool(self.is_piece[row])


@final
@dataclass(frozen=True, slots=True, eq=False)
class KernelMap:
    """`coefficients` is (anchor, coefficient), `centre` (coefficient,), `axes` (coefficient, dimension)."""

    coefficients: Float32Matrix
    centre: Float32Vector
    axes: Float32Matrix

    def map_nearness(
        self, nearness: Float32Vector | Float32Matrix, look: Float32Vector | None = None
    ) -> Float32Vector:
        """What a text leads to that is so near to the anchors, at length 1; rows of a matrix as well."""
        found: Float32Vector = nearness @ self.coefficients - self.centre
        return scale_to_unit(np.asarray((found if look is None else found + look) @ self.axes, np.float32))


@final
@dataclass(frozen=True, slots=True, eq=False)
class SubjectMap:
    """Leads from text vectors to the subject space.

    `anchors` is (anchor, number). `shares`: how much sentences count beside names for a text of one row, two
    rows and so on; the last share holds for all longer texts.
    """

    anchors: Float32Matrix
    names: KernelMap
    sentences: KernelMap
    shares: Float32Vector

    def map_anchors(self) -> Float32Matrix:
        """What the anchors themselves lead to, as texts of one word: (anchor, dimension), unit vectors."""
        anchors = scale_to_unit(self.anchors)
        rows: Float32Matrix = self._map_rows(anchors, np.zeros_like(self.names.centre), 1)
        return rows

    def map_text(self, vector: Float32Vector, look: Float32Vector, count: int) -> Float32Vector:
        """A text vector of length 1, made of so many words that have this look, as a unit vector there."""
        return self._map_rows(vector, look, count)

    def _map_rows(
        self, vectors: Float32Vector | Float32Matrix, look: Float32Vector, count: int
    ) -> Float32Vector:
        nearness = np.exp(KERNEL * (vectors @ self.anchors.T - 1))  # −|x − a|² = 2 (x a − 1)
        share = self.shares[min(count, len(self.shares)) - 1]
        name, sentence = self.names.map_nearness(nearness, look), self.sentences.map_nearness(nearness)
        return scale_to_unit((1 - share) * name + share * sentence)


@final
@dataclass(frozen=True, slots=True, eq=False)
class EncoderMap:
    """Leads to the subject space from the vectors of a sentence encoder, along the axes of the table's map.

    `probes` are the vectors that the encoder gives to PROBES, by which it is known in whatever file it comes.
    `centres` holds what the vectors of texts of one word, of two and so on have in common, (count, number);
    the last one holds for all longer texts.
    """

    probes: Float32Matrix
    centres: Float32Matrix
    map: SubjectMap

    def is_made_for(self, probes: Float32Matrix) -> bool:
        """Whether an encoder that gives these vectors to PROBES is the one that it was made for.

        Weights that were rounded for speed change little.
        """
        if probes.shape != self.probes.shape:
            return False
        cosines = (scale_to_unit(probes) * scale_to_unit(self.probes)).sum(axis=1)
        return bool((cosines > SAME_ENCODER).all())

    def map_vector(self, vector: Float32Vector, look: Float32Vector, count: int) -> Float32Vector:
        """The vector that the encoder gives to a text of so many words with this look, as a unit vector."""
        centred = scale_to_unit(vector - self.centres[max(1, min(count, len(self.centres))) - 1])
        return self.map.map_text(centred, look, max(1, count))


class TextEncoder(Protocol):
    """What leads texts to a subject space without captions: a word tower, asked by its table or otherwise.

    `identity` changes with everything that changes a vector; `description` is what people are told.
    """

    @property
    def identity(self) -> str: ...

    @property
    def description(self) -> str: ...

    def encode_text(self, text: str) -> Float32Vector | None:
        """The text as a unit vector of the subject space, or None when none of its words is known."""

    def encode_words(self, words: Iterable[str]) -> Float32Vector | None:
        """The same for the tokens of a text, in any order."""

    def is_english(self, text: str) -> bool:
        """Whether a text has several words, all of them frequent in English."""

    def map_anchors(self) -> Float32Matrix:
        """The vectors of many other texts, (text, dimension), unit vectors."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class WordTower:
    """A table and the map behind it, for the backbone whose weights have the checksum `weights_sha256`.

    `identity` is the checksum of the file that it was read from. `encoder_map` is for the encoder that the
    table was made from, to be asked in its place (`sentence_tower`).
    """

    table: WordTable
    map: SubjectMap
    weights_sha256: str
    identity: str
    encoder_map: EncoderMap | None = None

    @property
    def description(self) -> str:
        return f"the word tower, {len(self.table.rows)} words"

    def encode_text(self, text: str) -> Float32Vector | None:
        """The text as a unit vector of the subject space, or None when the table knows none of its words."""
        return self.encode_words(text.split())

    def is_english(self, text: str) -> bool:
        """Whether a text has several words, all of them frequent in English.

        A single word can belong to several languages; several that are all English seldom do.
        """
        tokens = content_tokens(text)
        return len(tokens) > 1 and all(self.table.is_trusted(token) for token in tokens)

    def encode_words(self, words: Iterable[str]) -> Float32Vector | None:
        """The same for a text that has been split into words, or for tokens."""
        rows = self.table.find_rows(words)
        return self._encode_rows(rows) if rows else None

    def map_anchors(self) -> Float32Matrix:
        """What the anchors lead to, (anchor, dimension), unit vectors."""
        return self.map.map_anchors()

    def _encode_rows(self, rows: Sequence[int]) -> Float32Vector:
        return self.map.map_text(self.table.mean_vector(rows), self.table.mean_look(rows), len(rows))


def scale_to_unit(vector: Float32Vector | Float32Matrix) -> Float32Vector:
    """The vector, or each row of a matrix, at length 1; zeros stay zeros."""
    lengths = np.linalg.norm(vector, axis=-1, keepdims=True)
    return np.asarray(vector / np.maximum(lengths, 1e-12), np.float32)
