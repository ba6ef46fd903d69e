"""What is searched for: a Query of signed, weighted parts, with filters; frozen and checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeAlias

from .errors import InvalidQuery

MAX_PARTS = 16
MAX_TEXT = 1000  # characters; longer queries are pasted by accident, and cost the word index dearly
MAX_VALUES = 100  # folders, tags or labels in one query
MAX_LIMIT = 1000  # hits in one answer; more are had by paging


def _check_weight(weight: float) -> None:
    if not math.isfinite(weight) or weight == 0 or abs(weight) > 100:
        raise InvalidQuery(f"weight {weight}: choose a number from -100 to 100 that is not 0")


def _check_values(name: str, values: tuple[str, ...]) -> None:
    if len(values) > MAX_VALUES:
        raise InvalidQuery(f"{len(values)} {name}; the limit is {MAX_VALUES}")
    for value in values:
        _check_text(f"one of the {name}", value)


def _check_text(what: str, text: str) -> None:
    if len(text) > MAX_TEXT:
        raise InvalidQuery(f"{what} has {len(text)} characters; the limit is {MAX_TEXT}")
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise InvalidQuery(f"{what} holds a zero byte or half a character; type it again")


@dataclass(frozen=True, slots=True)
class Text:
    """Words to look for; "quotation marks" hold a phrase together. A negative weight means *not these*."""

    text: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        _check_weight(self.weight)
        if not self.text.strip():
            raise InvalidQuery("the text part is empty; give words or leave the part out")
        _check_text("the text", self.text)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that need not be in the library: a file's path or its bytes."""

    source: Path | bytes
    weight: float = 1.0
    name: str = "query picture"

    def __post_init__(self) -> None:
        _check_weight(self.weight)


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture of the library, by image id; it costs no inference."""

    image_id: int
    weight: float = 1.0

    def __post_init__(self) -> None:
        _check_weight(self.weight)
        if not 0 < self.image_id < 2**63:
            raise InvalidQuery(f"image {self.image_id}: ids are positive whole numbers")


Part: TypeAlias = Text | Picture | StoredPicture


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions that every hit satisfies; all of them at once.

    `folders` and `labels`: any one of them; `tags`: every one of them; `without_…`: none of them.
    A folder is one or more whole path components ("2019/summer"), matched anywhere in the path, or an
    absolute path. `after` is the first day taken in, `before` the first day left out; an image
    without a date satisfies neither. Letter case does not matter.
    """

    folders: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    without_folders: tuple[str, ...] = ()
    without_tags: tuple[str, ...] = ()
    without_labels: tuple[str, ...] = ()
    after: date | None = None
    before: date | None = None

    def __post_init__(self) -> None:
        for name in ("folders", "tags", "labels"):
            _check_values(name, getattr(self, name) + getattr(self, f"without_{name}"))
        if self.after and self.before and self.after >= self.before:
            raise InvalidQuery(f"after {self.after} and before {self.before} leave no day between them")

    def __bool__(self) -> bool:
        return self != Filters()


@dataclass(frozen=True, slots=True)
class Query:
    """Parts, filters and options. No parts means: every image that satisfies the filters, by id.

    `weights` maps signals ("words", "subject", "colour") to their share, over the library's defaults.
    Stored pictures that serve as examples are left out of the hits unless `include_examples`.
    """

    parts: tuple[Part, ...] = ()
    filters: Filters = Filters()
    weights: Mapping[str, float] = field(default_factory=dict)
    limit: int = 40
    offset: int = 0
    include_examples: bool = False

    def __post_init__(self) -> None:
        if len(self.parts) > MAX_PARTS:
            raise InvalidQuery(f"{len(self.parts)} parts; the limit is {MAX_PARTS}")
        if self.parts and all(part.weight < 0 for part in self.parts):
            raise InvalidQuery("every part is negative; add at least one that says what to look for")
        if not 1 <= self.limit <= MAX_LIMIT:
            raise InvalidQuery(f"limit {self.limit}: choose from 1 to {MAX_LIMIT}")
        if not 0 <= self.offset < 2**31:
            raise InvalidQuery(f"offset {self.offset}: choose 0 or more")
        for signal, weight in self.weights.items():
            if not (math.isfinite(weight) and 0 <= weight <= 100):
                raise InvalidQuery(f"weight {weight} of signal {signal}: choose from 0 to 100")
