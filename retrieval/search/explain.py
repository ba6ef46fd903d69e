"""Why an image matched: what each signal gave, which words stand where, what is hot, which points agree."""

from __future__ import annotations

from dataclasses import dataclass

from ..catalog import Image
from ..pictures.images import RGB
from ..projections.words import texts_of
from ..query.values import Picture, Query, StoredPicture, Text
from ..ranking.heat import HeatMap, heat_maps
from ..ranking.matches import WordMatch, word_matches
from ..ranking.tokens import Terms, terms
from ..ranking.verification import Match, Verifier
from ..spaces import Spaces
from .hits import Hit
from .probes import Questions


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """Which parts of a query's picture and of an image give how much to the cosine of their subjects.

    Both maps add up to the same cosine, that of the pictures as they are read now, without examples,
    expansion or neighbourhoods.
    """

    part: int
    query: HeatMap
    image: HeatMap


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The places at which a query's picture and an image agree; see `ranking.verification.Match`."""

    part: int
    match: Match


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """All that speaks for one image; the contributions of `hit` add up to its score."""

    hit: Hit
    words: tuple[WordMatch, ...]
    heat: tuple[Heat, ...]
    points: tuple[Points, ...]


class Explainer:
    """Explains hits of one query; pictures are decoded, and heat maps made, when they are asked for."""

    def __init__(self, query: Query, questions: Questions, spaces: Spaces) -> None:
        self._query, self._questions, self._spaces = query, questions, spaces

    def explain(self, hit: Hit) -> Explanation:
        """Raises UnreadableImage for a query picture that cannot be decoded."""
        pixels = self._questions.picture(StoredPicture(hit.id))
        return Explanation(hit, self._words(hit.image), self._heat(pixels), self._points(hit.id))

    def _words(self, image: Image) -> tuple[WordMatch, ...]:
        asked = [terms(part.text) for part in self._query.parts if isinstance(part, Text) and part.weight > 0]
        texts = [(field, value) for field, values in texts_of(image).items() for value in values]
        words = tuple(word for each in asked for word in each.words)
        phrases = tuple(phrase for each in asked for phrase in each.phrases)
        return word_matches(Terms(words, phrases), texts)

    def _heat(self, pixels: RGB) -> tuple[Heat, ...]:
        there = self._spaces.heat(pixels)
        if there is None:
            return ()
        found: list[Heat] = []
        for number, part in self._pictures():
            here = self._spaces.heat(self._questions.picture(part))
            if here is not None:
                ours, theirs = heat_maps(here[0], there[0])
                found.append(Heat(number, HeatMap(ours, here[1]), HeatMap(theirs, there[1])))
        return tuple(found)

    def _points(self, image_id: int) -> tuple[Points, ...]:
        if self._questions.details is None:
            return ()
        candidate = self._questions.keypoints(StoredPicture(image_id))
        matches = [
            (number, Verifier(self._questions.keypoints(part)).match(candidate))
            for number, part in self._pictures()
        ]
        return tuple(Points(number, match) for number, match in matches if match.verified)

    def _pictures(self) -> list[tuple[int, Picture | StoredPicture]]:
        return [
            (number, part)
            for number, part in enumerate(self._query.parts)
            if isinstance(part, Picture | StoredPicture)
        ]
