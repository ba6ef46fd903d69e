"""A word tower that is asked with a sentence encoder beside its table. Pure.

The encoder gives a text its vector; an `EncoderMap`, which is made together with the tower, leads from there
to the subject space as the two maps of the table do. Encoder and table count alike: they err differently, and
both together find more than either. The table also tells which words mean something, since an encoder has a
vector for every text, and stands in where only the tokens of a text are known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias, final

from .arrays import Float32Matrix, Float32Vector
from .word_tower import EncoderMap, WordTower, content_tokens, scale_to_unit, spoken_words

LEAST_LETTERS = 3  # of a word that an encoder's tokenizer knows: it has entries for most shorter sequences
CACHED_TEXTS = 256  # paging and refining encode the same texts again

TextsEncoder: TypeAlias = Callable[[Sequence[str]], Float32Matrix]


@final
@dataclass(frozen=True, slots=True, eq=False)
class SentenceTower:
    """Encodes texts by an encoder of the user's choice, and by the table that was made from it.

    `encode_texts` gives the vector of each text, at length 1; `has_word` tells whether the tokenizer of the
    encoder has a word as one piece.
    """

    tower: WordTower
    map: EncoderMap
    encode_texts: TextsEncoder
    has_word: Callable[[str], bool]
    _encode_cached: Callable[[str], Float32Vector] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_encode_cached", lru_cache(CACHED_TEXTS)(self._encode))

    @property
    def identity(self) -> str:
        return f"{self.tower.identity} by encoder"

    @property
    def description(self) -> str:
        return f"a sentence encoder and {self.tower.description}"

    def is_english(self, text: str) -> bool:
        """Whether a text has several words, all of them frequent in English."""
        return self.tower.is_english(text)

    def encode_text(self, text: str) -> Float32Vector | None:
        """The text as a unit vector of the subject space, read-only; None where no word is known.

        A word is known if the table has it, or the tokenizer has it as one piece.
        """
        known = self.tower.table.find_rows(text.split()) or any(map(self._knows_word, text.split()))
        return self._encode_cached(" ".join(text.replace('"', " ").split())) if known else None

    def encode_words(self, words: Iterable[str]) -> Float32Vector | None:
        """The vector of tokens, which have no order, by the table."""
        return self.tower.encode_words(words)

    def map_anchors(self) -> Float32Matrix:
        """What the anchors lead to, which are the same texts for both, (anchor, dimension), unit vectors."""
        return scale_to_unit(self.map.map.map_anchors() + self.tower.map_anchors())

    def _knows_word(self, word: str) -> bool:
        return any(
            self.has_word(bare)
            for bare in spoken_words([word])
            if len(bare) >= LEAST_LETTERS or not bare.isascii()
        )

    def _encode(self, text: str) -> Float32Vector:
        [vector] = self.encode_texts([text])
        look = self.tower.table.mean_look(self.tower.table.find_rows(text.split()))
        own = self.map.map_vector(vector, look, len(content_tokens(text)))
        other = self.tower.encode_text(text)
        found = own if other is None else scale_to_unit(own + other)
        found.setflags(write=False)
        return found
