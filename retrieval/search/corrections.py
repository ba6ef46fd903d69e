"""Words of a query that nothing knows, and what was probably meant by them.

A word is misspelt if it is written about no image, no word tower and no caption gives it a meaning, it is
none of the English names of things, and no dictionary of another language has it. What was meant is looked
for among the words of the library, and among the English names of things where words have a meaning without
being written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, final

from ..languages import load_english_words
from ..projections.words import WordView
from ..query.rewording import Rewording, list_texts, list_words
from ..query.values import Query
from ..ranking.spelling import Correction, is_sure
from ..ranking.stop_words import DEPICTIONS, STOP_WORDS
from ..ranking.tokens import hide_phrases, parse_terms
from ..ranking.translation import Translator
from .probes import TextMapper

MAX_WORDS: Final = 8  # of a query that are corrected
MAX_ANSWERS: Final = 3  # queries that may have been meant
_LOOKED_AT: Final = 8  # words near to a misspelt one, of which some may find nothing


@final
class Corrector:
    """Corrects the words of queries. `knows_word` tells whether a word has a meaning without being written,
    and `map_text` gives its vector, or None.
    """

    def __init__(
        self, view: WordView, translator: Translator, knows_word: Callable[[str], bool], map_text: TextMapper
    ) -> None:
        self._view, self._translator = view, translator
        self._knows_word, self._map_text = knows_word, map_text

    def correct_query(self, query: Query) -> list[Rewording]:
        """What was probably meant, the most probable first: several where only one word is misspelt."""
        found = dict(self._correct_words(query))
        if not found:
            return []
        chosen = {typed: corrections[0].word for typed, corrections in found.items()}
        sure = all(map(is_sure, found.values())) and not any(_is_quoted(query, typed) for typed in found)
        others = [
            Rewording({typed: other.word}, is_sure=False)
            for typed, corrections in found.items()
            for other in corrections[1:]
            if len(found) == 1
        ]
        return [Rewording(chosen, sure), *others]

    def _correct_words(self, query: Query) -> Iterator[tuple[str, list[Correction]]]:
        """The misspelt words of a query, as they were typed, for which there is a better one."""
        typed = [word for text in list_texts(query) for word in list_words(text)]
        unknown = [word for word in dict.fromkeys(typed) if not self._is_known(word)]
        for word in unknown[:MAX_WORDS]:
            if corrections := self._suggest_words(word):
                yield word, corrections

    def _is_known(self, word: str) -> bool:
        folded = word.casefold()
        if folded in STOP_WORDS or folded in DEPICTIONS or self._finds_words(word):
            return True
        return (
            self._knows_word(word)
            or bool(self._translator.find_readings(word))
            or load_english_words().has_word(word)
        )

    def _finds_words(self, word: str) -> bool:
        return any(len(matches.ranking) for matches in self._view.find_matches(parse_terms(word)))

    def _suggest_words(self, word: str) -> list[Correction]:
        """Words that would find something, the most probable first; none that finds the same as one before
        it.

        Of words with as many changes, those of the library come before others.
        """
        own = self._view.vocabulary.suggest_words(word, _LOOKED_AT)
        found = [(near.changes, 0, near) for near in own if self._finds_words(near.word)]
        english = load_english_words().suggest_words(word, _LOOKED_AT)
        found += [(near.changes, 1, near) for near in english if self._map_text(near.word) is not None]
        ordered = sorted(found, key=lambda entry: (entry[0], entry[1], entry[2].rank, entry[2].word))
        different = {parse_terms(near.word).units: near for _, _, near in reversed(ordered)}
        return [
            near
            for changes, _, near in ordered
            if changes == ordered[0][0] and different[parse_terms(near.word).units] is near
        ][:MAX_ANSWERS]


def _is_quoted(query: Query, word: str) -> bool:
    """Whether a word stands in quotation marks, and so is meant as it is typed."""
    return any(
        list_words(text).count(word) > list_words(hide_phrases(text)).count(word)
        for text in list_texts(query)
    )
