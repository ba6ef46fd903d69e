"""What the catalog hands out: plain frozen values, free of SQL."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from ..paths import display_path

Features = npt.NDArray[np.float16]  # (image, dimension), every row of unit length
PREDICTED_SOURCE = "predicted"  # the source of what nobody said, but a classifier takes to be so
USER_SOURCE = "user"  # the source of what a person says of an image to Pictor itself
# Whose title is shown where several have one, and whose words come first: a person's own before a list of
# theirs, files beside pictures before what lies in them. Sources that are not listed come after all.
PRECEDENCE = (USER_SOURCE, "captions", "sidecar", "xmp", "iptc", "exif")


def precedence(source: str) -> int:
    """The place of a source in the order of PRECEDENCE."""
    return PRECEDENCE.index(source) if source in PRECEDENCE else len(PRECEDENCE)


@dataclass(frozen=True, slots=True)
class Annotation:
    """One fact about an image: title, caption, tag, label, creator, place, camera or taken (a time), who said
    it, and how surely (0 to 1).
    """

    field: str
    value: str
    source: str
    confidence: float = 1.0

    @property
    def names(self) -> tuple[str, ...]:
        """The words of a predicted label, the usual one first, then its synonyms."""
        return tuple(self.value.split(", "))


@dataclass(frozen=True, slots=True)
class Location:
    """A path at which an image's content lies, as a page of the file, counted from 1.

    `mtime` is in nanoseconds, `size` in bytes; both are the file's.
    """

    path: bytes
    mtime: int
    size: int
    missing_since: datetime | None = None
    page: int = 1

    @property
    def display(self) -> str:
        return display_path(self.path)

    @property
    def shown(self) -> str:
        """The path, and the page where it is not the first."""
        return self.display + (f", page {self.page}" if self.page > 1 else "")

    @property
    def folder_name(self) -> str:
        """The name of the folder that the file lies in."""
        return display_path(self.path.split(b"/")[-2]) if b"/" in self.path else ""


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A file beside a picture as it was read: fields and values that it says. Size in bytes, mtime in ns."""

    path: bytes
    size: int
    mtime: int
    said: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Image:
    """One picture's content, with the places where it lies and what is said about it.

    The annotations come in the order of PRECEDENCE, those of one source as they were stored.
    """

    id: int
    sha256: str
    perceptual_hash: int
    width: int
    height: int
    format: str
    bytes: int
    taken_at: datetime | None
    added_at: datetime
    locations: tuple[Location, ...]
    annotations: tuple[Annotation, ...]

    @property
    def path(self) -> str:
        """The path of `location`, for people; control characters are escaped."""
        return self.location.display if self.location else ""

    @property
    def page(self) -> int:
        """The page of the file at `path` that the image is."""
        return self.location.page if self.location else 1

    @property
    def shown(self) -> str:
        """The path, and the page where it is not the first."""
        return self.location.shown if self.location else ""

    @property
    def location(self) -> Location | None:
        """The first one that is not missing, or else the first; None for an image that lies nowhere."""
        present = [place for place in self.locations if place.missing_since is None]
        return next(iter(present or self.locations), None)

    def values(self, field: str) -> tuple[str, ...]:
        """What is given for one field, in the order of the annotations; nothing that was predicted.

        Of values that differ in letter case alone, or not at all, the first is given.
        """
        given = [
            fact.value for fact in self.annotations if fact.field == field and fact.source != PREDICTED_SOURCE
        ]
        first: dict[str, str] = {}
        for value in given:
            first.setdefault(value.casefold(), value)
        return tuple(first.values())

    @property
    def title(self) -> str:
        return next(iter(self.values("title")), "")

    @property
    def caption(self) -> str:
        return next(iter(self.values("caption")), "")

    @property
    def tags(self) -> tuple[str, ...]:
        return self.values("tag")

    @property
    def labels(self) -> tuple[str, ...]:
        return self.values("label")

    @property
    def predicted(self) -> tuple[Annotation, ...]:
        """The labels that were predicted, the most confident first."""
        labels = [
            fact for fact in self.annotations if (fact.field, fact.source) == ("label", PREDICTED_SOURCE)
        ]
        return tuple(sorted(labels, key=lambda fact: -fact.confidence))

    def definition(self, label: Annotation) -> str:
        """What a predicted label means, in a few words; empty where that is not known."""
        starts = f"{label.value}: "
        definitions = (
            fact.value.removeprefix(starts)
            for fact in self.annotations
            if (fact.field, fact.source) == ("definition", PREDICTED_SOURCE) and fact.value.startswith(starts)
        )
        return next(definitions, "")

    def without_predictions(self) -> Image:
        """The same with what people and files said of it alone."""
        given = tuple(fact for fact in self.annotations if fact.source != PREDICTED_SOURCE)
        return replace(self, annotations=given)


@dataclass(frozen=True, slots=True)
class Space:
    """One versioned set of features; two with the same fingerprint hold comparable features.

    `dimension` is 0 where features are keypoints, as many as a picture has.
    """

    id: int
    fingerprint: str
    descriptor: str
    configuration: Mapping[str, Any]
    dimension: int
    state: str


@dataclass(frozen=True, slots=True)
class FusionRecipe:
    """How rankings become one, by name: the fusion, its k, a weight for each signal, and what that gained."""

    name: str
    fusion: str
    k: float
    weights: Mapping[str, float]
    measured: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the change log: `put` when an image's facts were written, `remove` when it went."""

    seq: int
    image_id: int
    operation: str


@dataclass(frozen=True, slots=True)
class Projection:
    """The pointer to the live generation of one projection; `seq` is its watermark."""

    kind: str
    space_id: int | None
    seq: int
    generation: str
    bytes: int
    sha256: str
    library_versions: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A place that could not be indexed: why (`code` for programs, `reason` for people), how often tried."""

    path: bytes
    code: str
    reason: str
    tries: int = 1

    @property
    def display(self) -> str:
        return display_path(self.path)


@dataclass(frozen=True, slots=True, eq=False)
class NewImage:
    """One picture as the indexer hands it to the catalog, described in every live space."""

    sha256: str
    perceptual_hash: int
    width: int
    height: int
    format: str
    bytes: int
    taken_at: datetime | None
    thumbnail: builtins.bytes  # WebP
    features: Mapping[int, npt.NDArray[np.float16]] = field(default_factory=dict)  # by space id
    annotations: tuple[Annotation, ...] = ()  # what it says of itself, and what a network sees in it
    keypoints: Mapping[int, builtins.bytes] = field(default_factory=dict)  # by space id, as stored
