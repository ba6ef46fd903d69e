"""What an explanation says: heat maps, points, words, predictions and meanings, beside the hit itself."""

from __future__ import annotations

from dataclasses import dataclass

from ..ranking.heat import HeatMap
from ..ranking.matches import WordMatch
from ..ranking.relations import Relation, relate_pictures
from ..ranking.verification import Match
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

    @property
    def relation(self) -> Relation:
        """What the image is to the picture by these positions."""
        return relate_pictures(self.match, self.part)


@dataclass(frozen=True, slots=True)
class PredictionMatch:
    """A predicted label or category with words of the query: its usual name, and how sure it is.

    `kinds` are the predicted labels that are kinds of a category, with their confidences: what it was added
    up from. Labels that were not sure enough to be stored are missing among them.
    """

    name: str
    confidence: float
    kinds: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class MeaningClass:
    """A class that a text and an image have in common, with the cosine of each with the class."""

    name: str
    text: float
    image: float


@dataclass(frozen=True, slots=True)
class MeaningMatch:
    """How the meaning of a text reached an image.

    `classes`: what both have in common, the strongest first. `captioned`: the words of the text, as tokens,
    whose meaning was learned from captions of this library.
    """

    part: int
    classes: tuple[MeaningClass, ...]
    captioned: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """All that speaks for one image; the contributions of `hit` add up to its score."""

    hit: Hit
    words: tuple[WordMatch, ...]
    predictions: tuple[PredictionMatch, ...]
    heat: tuple[Heat, ...]
    points: tuple[Points, ...]
    meaning: tuple[MeaningMatch, ...] = ()

    def __repr__(self) -> str:
        """In one short line: the maps alone have hundreds of numbers."""
        signals = ", ".join(f"{share.signal} {share.amount:+.4f}" for share in self.hit.contributions)
        return f"<Explanation of {self.hit!r}: {signals or 'no signal took part'}>"
