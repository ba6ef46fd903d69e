"""Why an image matched: what each signal gave, where the words stand, which cells and points agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from ..catalog import Image
from ..projections.words import searchable_texts
from ..query.slots import list_slots
from ..query.values import Picture, Query, StoredPicture, Text
from ..ranking.heat import HeatMap, heat_maps
from ..ranking.matches import WordMatch, word_matches
from ..ranking.tokens import Terms, parse_terms
from ..ranking.verification import Match, Verifier
from ..spaces import Spaces
from .features import FeatureSource
from .hits import Hit


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """How much each cell of a query's picture and of an image adds to the cosine of their subjects.

    Both maps add up to the same cosine, that of the pictures as they are read now, without examples,
    expansion or neighbourhoods.
    """

    part: int
    query: HeatMap
    image: HeatMap


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The positions at which a query's picture and an image agree; see `ranking.verification.Match`."""

    part: int
    match: Match


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """All that speaks for one image; the contributions of `hit` add up to its score."""

    hit: Hit
    words: tuple[WordMatch, ...]
    heat: tuple[Heat, ...]
    points: tuple[Points, ...]

    def __repr__(self) -> str:
        """In one short line: the maps alone have hundreds of numbers."""
        signals = ", ".join(f"{share.signal} {share.amount:+.4f}" for share in self.hit.contributions)
        return f"<Explanation of {self.hit!r}: {signals or 'no signal took part'}>"


@final
class Explainer:
    """Explains hits of one query; pictures are decoded, and heat maps made, when they are asked for."""

    def __init__(self, query: Query, features: FeatureSource, spaces: Spaces) -> None:
        self._query, self._features, self._spaces = query, features, spaces

    def explain(self, hit: Hit) -> Explanation:
        """Raises UnreadableImage for a query picture that cannot be decoded."""
        return Explanation(
            hit, self._find_words(hit.image), self._map_heat(hit.id), self._match_points(hit.id)
        )

    def _find_words(self, image: Image) -> tuple[WordMatch, ...]:
        texts = [part.text for part in self._query.single_parts if isinstance(part, Text) and part.weight > 0]
        queries = [parse_terms(text) for text in texts]
        terms = Terms(
            tuple(word for query in queries for word in query.words),
            tuple(phrase for query in queries for phrase in query.phrases),
            tuple(compound for query in queries for compound in query.compounds),
        )
        fields = [(field, value) for field, values in searchable_texts(image).items() for value in values]
        return word_matches(terms, fields)

    def _map_heat(self, image_id: int) -> tuple[Heat, ...]:
        image_map = self._spaces.subject_map(self._features.load_pixels(StoredPicture(image_id)))
        if image_map is None:
            return ()
        maps: list[Heat] = []
        for number, picture in self._pictures():
            query_map = self._spaces.subject_map(self._features.load_pixels(picture))
            if query_map is not None:
                query_cells, image_cells = heat_maps(query_map[0], image_map[0])
                query_heat = HeatMap(query_cells, query_map[1])
                maps.append(Heat(number, query_heat, HeatMap(image_cells, image_map[1])))
        return tuple(maps)

    def _match_points(self, image_id: int) -> tuple[Points, ...]:
        if not self._features.has_details:
            return ()
        candidate = self._features.load_keypoints(StoredPicture(image_id))
        matches = [
            (number, Verifier(self._features.load_keypoints(picture)).match_candidate(candidate))
            for number, picture in self._pictures()
        ]
        return tuple(Points(number, match) for number, match in matches if match.is_verified)

    def _pictures(self) -> list[tuple[int, Picture | StoredPicture]]:
        """The parts of the query that are pictures, with their numbers."""
        return [
            (slot.place.part, slot.single)
            for slot in list_slots(self._query)
            if isinstance(slot.single, Picture | StoredPicture)
        ]
