"""Why an image matched: what each signal gave, where the words stand, which cells and points agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import final

from ..catalog import CATEGORY, SURE, Image
from ..categories import find_kinds
from ..projections.bridge import BridgeView
from ..projections.word_entries import PREDICTED, searchable_texts
from ..query.slots import list_slots
from ..query.values import Picture, Query, StoredPicture, Text
from ..ranking.heat import HeatMap, heat_maps
from ..ranking.matches import WordMatch, translation_matches, word_matches
from ..ranking.tokens import Terms, parse_terms
from ..ranking.translation import Translator
from ..signals import MEANING, SUBJECT
from ..spaces import Spaces
from .explanations import Explanation, Heat, MeaningClass, MeaningMatch, Points, PredictionMatch
from .features import FeatureSource
from .hits import Hit
from .sharing import find_matches


@final
class Explainer:
    """Explains hits of one query; pictures are decoded, and heat maps made, when they are asked for."""

    def __init__(
        self,
        query: Query,
        features: FeatureSource,
        spaces: Spaces,
        translator: Translator,
        meaning: BridgeView | None = None,
    ) -> None:
        """`meaning`: what maps texts to the subject space, where that is no text tower."""
        self._query, self._features, self._spaces = query, features, spaces
        self._translator, self._meaning = translator, meaning

    def explain(self, hit: Hit) -> Explanation:
        """Raises UnreadableImage for a query picture that cannot be decoded."""
        words = self._find_words(hit.image)
        return Explanation(
            hit,
            words,
            tuple(self._find_predictions(hit.image, words)),
            self._map_heat(hit.id),
            self._match_points(hit.id),
            self._explain_meaning(hit),
        )

    def _explain_meaning(self, hit: Hit) -> tuple[MeaningMatch, ...]:
        """For each text whose meaning gave something to the hit."""
        if self._meaning is None:
            return ()
        gave = {share.part for share in hit.contributions if share.signal == MEANING and share.amount > 0}
        matches = (
            self._match_meaning(slot.place.part, slot.single.text, self._meaning, hit.id)
            for slot in list_slots(self._query)
            if isinstance(slot.single, Text) and slot.place.part in gave
        )
        return tuple(match for match in matches if match.classes or match.captioned)

    def _match_meaning(self, number: int, text: str, meaning: BridgeView, image_id: int) -> MeaningMatch:
        vector = meaning.query_vector(text, self._translator.write_english(text))
        assert vector is not None, "a text without a vector contributes nothing"
        [picture] = self._features.load_stored_features(SUBJECT, [image_id])
        classes = tuple(
            MeaningClass(name, shared.text, shared.picture)
            for name, shared in self._spaces.shared_classes(vector, picture)
        )
        return MeaningMatch(number, classes, meaning.bridge.known_words(parse_terms(text)))

    def _find_words(self, image: Image) -> tuple[WordMatch, ...]:
        texts = [part.text for part in self._query.single_parts if isinstance(part, Text) and part.weight > 0]
        queries = [self._translator.parse_terms(text) for text in texts]
        terms = Terms(
            tuple(word for query in queries for word in query.words),
            tuple(phrase for query in queries for phrase in query.phrases),
            tuple(compound for query in queries for compound in query.compounds),
            prefixes=tuple(prefix for query in queries for prefix in query.prefixes),
        )
        translations = [translation for query in queries for translation in query.translations]
        fields = [(field, value) for field, values in searchable_texts(image).items() for value in values]
        labels = [(field, value) for field, value in fields if field == PREDICTED]
        return (*word_matches(terms, fields), *translation_matches(translations, labels))

    def _find_predictions(self, image: Image, words: Sequence[WordMatch]) -> Iterator[PredictionMatch]:
        """In the order of `Image.predictions`."""
        names = {match.value for match in words if match.field == PREDICTED}
        for fact in image.predictions:
            if fact.confidence >= SURE and not names.isdisjoint(fact.label_names):
                is_category = fact.field == CATEGORY
                kinds = find_kinds(fact.value, self._spaces.label_set) if is_category else frozenset()
                parts = [label for label in image.predicted_labels if label.value in kinds]
                listed = tuple((label.label_names[0], label.confidence) for label in parts)
                yield PredictionMatch(fact.label_names[0], fact.confidence, listed)

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
        return tuple(
            Points(number, match)
            for number, picture in self._pictures()
            for match in find_matches(*self._features.load_query_keypoints(picture), candidate)
        )

    def _pictures(self) -> list[tuple[int, Picture | StoredPicture]]:
        """The parts of the query that are pictures, with their numbers."""
        return [
            (slot.place.part, slot.single)
            for slot in list_slots(self._query)
            if isinstance(slot.single, Picture | StoredPicture)
        ]
