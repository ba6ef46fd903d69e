"""Probes: what the parts of a query ask, one question for each signal that a part uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, final

from ..descriptors.palette import palette_vector, swatches_vector
from ..errors import ImageNotFound, InvalidQuery
from ..query.slots import Place, Slot, limited_slots, list_slots
from ..query.values import (
    Colours,
    Concept,
    Examples,
    Palette,
    Picture,
    Query,
    SinglePart,
    StoredPicture,
    Text,
)
from ..ranking.arrays import Float32Matrix, Float32Vector, Int64Ids
from ..ranking.feedback import BAD, move_query
from ..ranking.fusion import Choice
from ..ranking.tokens import parse_terms, split_tokens
from ..ranking.translation import Translator
from ..remark import Remark
from ..signals import (
    COLOUR,
    CONDITION,
    EXAMPLES,
    MEANING,
    PALETTE,
    PART,
    REGION,
    SIGNALS,
    SUBJECT,
    SWATCHES,
    WORDS,
)
from .features import FeatureSource

TextMapper: TypeAlias = Callable[[str], Float32Vector | None]


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """One question to one signal: what one part of the query asks.

    `query` is what the projection takes: Terms for words, else a vector. `view` names the projection and
    `scale` what its scores mean (see `signals.SCALES`); where they are empty, both are the signal's own.
    `is_picture`: whether the vector is the feature of a picture, and not made from something else.
    `shared` is the weight that the signals of its part share, or 0 where each counts what its weight says.
    `part` is the number of its slot (see `query.slots`), and `place` where that stands in the query; without
    one, it is the part of this number. `allowed` are the only images that it may find, rising; None: all.

    `origin` is the plain question that this one was derived from, or None for a plain one. Only the scores of
    plain questions can be compared with those of unrelated pictures.
    """

    part: int
    signal: str
    weight: float
    query: Any
    view: str = ""
    scale: str = ""
    is_picture: bool = False
    shared: float = 0.0
    place: Place | None = None
    allowed: Int64Ids | None = None
    origin: Probe | None = None

    @property
    def plain(self) -> Probe:
        """The plain question behind this one, which may be itself."""
        return self.origin or self

    @property
    def query_part(self) -> int:
        """The index of its part in the query."""
        return self.place.part if self.place else self.part

    @property
    def choice(self) -> Choice | None:
        """The alternative that it belongs to."""
        if self.place is None or self.place.alternative is None:
            return None
        return Choice(self.place.part, self.place.alternative)

    @property
    def is_plain(self) -> bool:
        return self.origin is None

    @property
    def view_name(self) -> str:
        """The projection that answers: `view`, or that of the space whose features the signal compares."""
        return self.view or SIGNALS[self.signal].space or self.signal

    @property
    def is_about_parts(self) -> bool:
        """Whether it is compared with the windows of images, and not with whole images."""
        return self.signal != CONDITION and self.view_name == PART

    @property
    def is_exclusion(self) -> bool:
        """Whether it takes images out: unwanted words do; unwanted pictures only move their images down."""
        return self.signal == WORDS and self.weight < 0

    def derive_probe(self, **changes: Any) -> Probe:
        """Another question in its place, which remembers the plain one."""
        return replace(self, origin=self.plain, **changes)


@final
class ProbeMaker:
    """Makes the probes of a query.

    `map_text` gives the vector of a text in the subject space, or None. `find_allowed` gives the images that
    the alternative of a limited slot allows.
    """

    def __init__(
        self,
        features: FeatureSource,
        map_text: TextMapper,
        translator: Translator,
        find_allowed: Callable[[Slot], Int64Ids],
    ) -> None:
        self._features, self._map_text = features, map_text
        self._translator, self._find_allowed = translator, find_allowed

    def make_probes(self, query: Query) -> list[Probe]:
        """The plain questions that a query asks of every signal, each with the weight of its part.

        Raises ImageNotFound, UnreadableImage, and InvalidQuery for a concept that is not saved or whose
        examples were removed.
        """
        slots = list_slots(query)
        # Once for an alternative: several parts of it ask several signals each.
        allowed = {slot.place: self._find_allowed(slot) for slot in limited_slots(slots)}
        probes = [
            replace(
                probe,
                part=number,
                weight=slot.weight,
                place=slot.place,
                allowed=allowed.get(slot.place),
            )
            for number, slot in enumerate(slots)
            for probe in self._slot_probes(slot)
        ]
        return self._add_examples(probes, query.examples, len(slots), Place(len(query.parts)))

    def make_concept_probe(self, name: str) -> Probe:
        """What the examples of a saved concept have in common, asked of the subject."""
        examples = self._features.load_concept(name)
        good, bad = self._load_subjects(examples)
        if not len(good) and (examples.good or not len(bad)):
            raise InvalidQuery(
                f"concept {name}: none of its good examples is in the library any more; "
                f"give it others with `pictor concept save {name} --good ID`"
            )
        return Probe(0, SUBJECT, 1.0, move_query(None, good, bad), scale=EXAMPLES)

    def _slot_probes(self, slot: Slot) -> Iterator[Probe]:
        if slot.single is None:
            yield Probe(0, CONDITION, 1, None)
        else:
            yield from self._part_probes(slot.single)

    def _part_probes(self, part: SinglePart) -> Iterator[Probe]:
        """What one part asks, as if it were the first and all its signals counted the same."""
        if isinstance(part, Text):
            yield from self._text_probes(part.text)
        elif isinstance(part, Colours):
            yield Probe(0, COLOUR, 1, swatches_vector(part.swatches), scale=SWATCHES)
        elif isinstance(part, Palette):
            feature = self._features.load_picture_features(part.picture)[COLOUR]
            yield Probe(0, COLOUR, 1, palette_vector(feature), scale=PALETTE)
        elif isinstance(part, Concept):
            yield self.make_concept_probe(part.name)
        else:
            yield from self._picture_probes(part)

    def _picture_probes(self, part: Picture | StoredPicture) -> Iterator[Probe]:
        features = self._features.load_picture_features(part)
        for signal, vector in features.items():
            yield Probe(0, signal, 1, vector, is_picture=True)
        if self._features.has_parts:
            scale = REGION if part.region else ""
            yield Probe(0, PART, 1, features[SUBJECT], scale=scale, is_picture=True)

    def _text_probes(self, text: str) -> Iterator[Probe]:
        yield Probe(0, WORDS, 1, self._translator.parse_terms(text))
        vector = self._map_text(text)
        if vector is not None:
            yield Probe(0, MEANING, 1, vector)

    def _add_examples(self, probes: list[Probe], examples: Examples, part: int, place: Place) -> list[Probe]:
        """The probes with examples: wanted subjects move towards them; if there are none, they are asked."""
        if not examples:
            return probes
        good, bad = self._load_subjects(examples)
        if not (len(good) or len(bad)):  # all of them were removed
            if not probes:
                raise ImageNotFound((*examples.good, *examples.bad)[0])
            return probes
        if any(_is_wanted_subject(probe) for probe in probes):
            return [
                replace(probe, query=move_query(probe.query, good, bad), is_picture=False)
                if _is_wanted_subject(probe)
                else probe
                for probe in probes
            ]
        sign, vector = (1, move_query(None, good, bad)) if len(good) else (-BAD, move_query(None, bad, good))
        return [*probes, Probe(part, SUBJECT, sign, vector, scale=EXAMPLES, place=place)]

    def _load_subjects(self, examples: Examples) -> tuple[Float32Matrix, Float32Matrix]:
        """The subjects of the good and of the bad examples."""
        good = self._features.load_example_features(SUBJECT, examples.good)
        return good, self._features.load_example_features(SUBJECT, examples.bad)


def _is_wanted_subject(probe: Probe) -> bool:
    return probe.signal == SUBJECT and probe.weight > 0


def describe_empty_texts(query: Query) -> list[str]:
    """A sentence for each text of a query that has no words to look for."""
    texts = [part.text for part in query.single_parts if isinstance(part, Text)]
    return [_describe_empty_text(text) for text in texts if not parse_terms(text)]


def _describe_empty_text(text: str) -> str:
    if split_tokens(text):
        return Remark(
            "“%(text)s” says too little to look for; put it in quotation marks to look for just this.",
            text=text,
        )
    return Remark("“%(text)s” holds no letters or digits to look for.", text=text)
