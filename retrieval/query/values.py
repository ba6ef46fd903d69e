"""What is searched for: a Query of signed, weighted parts, with filters; frozen and checked."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeAlias

from ..errors import InvalidQuery

MAX_PARTS = 16
MAX_TEXT = 1000  # characters; longer queries are pasted by accident, and cost the word index dearly
MAX_VALUES = 100  # folders, tags or labels in one query
MAX_LIMIT = 1000  # hits in one answer; more are had by paging
MAX_SWATCHES = 8
MAX_EXAMPLES = 200  # good and bad ones together
MIN_REGION_SIDE = 0.01  # of a region, as a share of the picture: less holds next to no pixels
EDGE_TOLERANCE = 1e-6  # by which a region may stand over: shares are often written with few decimals
REFERENCE_KINDS = ("file", "url", "upload")
ORIENTATIONS = ("landscape", "portrait", "square")
FUSIONS = ("relative", "calibrated", "reciprocal-rank")
EXPANSIONS = ("none", "average", "alpha")
RERANKINGS = ("none", "k-reciprocal", "diffusion")
COLLAPSES = ("none", "copies", "scenes")

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_SIGNAL = re.compile(r"[^\W\d]\w*")


def _check_weight(weight: float) -> None:
    if not math.isfinite(weight) or weight == 0 or abs(weight) > 100:
        raise InvalidQuery(f"weight {weight}: choose a number from -100 to 100 that is not 0")


def _check_days(prefix: str, after: date | None, before: date | None) -> None:
    if after and before and after >= before:
        raise InvalidQuery(f"{prefix}after {after} and {prefix}before {before} leave no day between them")


def _check_range(name: str, least: int | None, most: int | None) -> None:
    for bound in (least, most):
        if bound is not None and not 0 <= bound < 2**63:
            raise InvalidQuery(f"{name} {bound}: choose a whole number from 0")
    if least is not None and most is not None and least > most:
        raise InvalidQuery(f"{name} from {least} to {most}: the first is larger than the second")


def _check_choice(name: str, value: str | None, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        raise InvalidQuery(f"{name} {value[:40]}: choose from {', '.join(choices)}")


def _check_id(image_id: int) -> None:
    if not 0 < image_id < 2**63:
        raise InvalidQuery(f"image {image_id}: ids are positive whole numbers")


def _check_values(name: str, values: tuple[str, ...]) -> None:
    if len(values) > MAX_VALUES:
        raise InvalidQuery(f"{len(values)} {name}; the limit is {MAX_VALUES}")
    for value in values:
        _check_name(f"one of the {name}", value)


def _check_name(what: str, name: str) -> None:
    if not name.strip():
        raise InvalidQuery(f"{what} is empty; give it a value or leave it out")
    _check_text(what, name)


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
class Region:
    """A box of a picture: its left upper corner and its size, as shares of width and height (0 to 1)."""

    left: float
    top: float
    width: float
    height: float

    def __post_init__(self) -> None:
        box = (self.left, self.top, self.width, self.height)
        inside = self.left + self.width <= 1 + EDGE_TOLERANCE and self.top + self.height <= 1 + EDGE_TOLERANCE
        if not (all(0 <= each <= 1 for each in box) and min(box[2:]) >= MIN_REGION_SIDE and inside):
            shown = ",".join(f"{each:g}" for each in box)
            raise InvalidQuery(
                f"region {shown}: give left, top, width and height as shares of the picture from 0 to 1, "
                f"at least {MIN_REGION_SIDE:g} wide and high, inside the picture"
            )


@dataclass(frozen=True, slots=True)
class Reference:
    """A picture that a door has yet to fetch: the path of a file, an address, or the token of an upload."""

    kind: str
    value: str

    def __post_init__(self) -> None:
        if self.kind not in REFERENCE_KINDS:
            raise InvalidQuery(f"{self.kind[:40]}: a picture is given as {', '.join(REFERENCE_KINDS)}")
        _check_name(f"the {self.kind}", self.value)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that need not be in the library: a file's path, its bytes, or a Reference to it.

    With a region, that box of it alone is looked for. `name` is what messages call it. The engine itself
    follows no Reference: whoever takes the query in puts the bytes in its place (see `resolved`).
    """

    source: Path | bytes | Reference
    weight: float = 1.0
    name: str = field(default="query picture", compare=False)
    region: Region | None = None

    def __post_init__(self) -> None:
        _check_weight(self.weight)


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture of the library, by image id; it costs no inference unless it has a region."""

    image_id: int
    weight: float = 1.0
    region: Region | None = None

    def __post_init__(self) -> None:
        _check_weight(self.weight)
        _check_id(self.image_id)


@dataclass(frozen=True, slots=True)
class Swatch:
    """A colour of sRGB, written #rrggbb, and its share of the picture beside the other swatches."""

    colour: str
    share: float = 1.0

    def __post_init__(self) -> None:
        if not _HEX.fullmatch(self.colour):
            raise InvalidQuery(f"colour {self.colour[:40]}: write it as #rrggbb, as in #1e90ff")
        if not (math.isfinite(self.share) and 0 < self.share <= 100):
            raise InvalidQuery(
                f"share {self.share} of colour {self.colour}: choose a number above 0, up to 100"
            )

    @property
    def rgb(self) -> tuple[int, int, int]:
        red, green, blue = bytes.fromhex(self.colour[1:])
        return red, green, blue


@dataclass(frozen=True, slots=True)
class Colours:
    """Colours to look for, wherever in the picture they lie."""

    swatches: tuple[Swatch, ...]
    weight: float = 1.0

    def __post_init__(self) -> None:
        _check_weight(self.weight)
        if not 1 <= len(self.swatches) <= MAX_SWATCHES:
            raise InvalidQuery(f"{len(self.swatches)} swatches; give from 1 to {MAX_SWATCHES}")


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a picture, wherever in it they lie, and nothing else of it."""

    picture: Picture | StoredPicture
    weight: float = 1.0

    def __post_init__(self) -> None:
        _check_weight(self.weight)
        if self.picture.weight != 1:
            raise InvalidQuery("the picture of a palette has no weight of its own; give it to the palette")


@dataclass(frozen=True, slots=True)
class Concept:
    """What a saved set of examples has in common, by its name."""

    name: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        _check_weight(self.weight)
        _check_name("the concept", self.name)


Part: TypeAlias = Text | Picture | StoredPicture | Colours | Palette | Concept


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions that every hit satisfies; all of them at once.

    `folders` and `labels`: any one of them; `tags`: every one of them; `without_…`: none of them.
    A folder is one or more whole path components ("2019/summer"), matched anywhere in the path, or an
    absolute path. `after` is the first day taken in, `before` the first day left out; an image
    without a date satisfies neither; `added_after` and `added_before` mean when Pictor saw it first.
    `shows`: any one of these labels, given, or predicted with at least `confidence`. `formats`,
    `orientations` (of ORIENTATIONS) and `cameras`: any one of them; of `concepts`: every one.
    `min_…` and `max_…` take both ends in: pixels, or bytes of the file. `captioned`: whether somebody
    described it in words; `problem`: whether a place of it could not be read when last visited.
    Letter case does not matter.
    """

    folders: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    without_folders: tuple[str, ...] = ()
    without_tags: tuple[str, ...] = ()
    without_labels: tuple[str, ...] = ()
    after: date | None = None
    before: date | None = None
    added_after: date | None = None
    added_before: date | None = None
    shows: tuple[str, ...] = ()
    confidence: float = 0.5
    formats: tuple[str, ...] = ()
    orientations: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    min_width: int | None = None
    max_width: int | None = None
    min_height: int | None = None
    max_height: int | None = None
    min_bytes: int | None = None
    max_bytes: int | None = None
    captioned: bool | None = None
    problem: bool | None = None

    def __post_init__(self) -> None:
        for name in ("folders", "tags", "labels"):
            _check_values(name, getattr(self, name) + getattr(self, f"without_{name}"))
        for name in ("shows", "formats", "orientations", "cameras", "concepts"):
            _check_values(name, getattr(self, name))
        for each in self.orientations:
            _check_choice("orientation", each, ORIENTATIONS)
        if not 0 <= self.confidence <= 1:
            raise InvalidQuery(f"confidence {self.confidence}: choose from 0 to 1")
        _check_days("", self.after, self.before)
        _check_days("added_", self.added_after, self.added_before)
        for name in ("width", "height", "bytes"):
            _check_range(name, getattr(self, f"min_{name}"), getattr(self, f"max_{name}"))

    def __bool__(self) -> bool:
        return self != Filters()


@dataclass(frozen=True, slots=True)
class Examples:
    """Relevance feedback: images that are what is looked for, and images that are not, by id."""

    good: tuple[int, ...] = ()
    bad: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for image_id in self.good + self.bad:
            _check_id(image_id)
        if len(self.good + self.bad) > MAX_EXAMPLES:
            raise InvalidQuery(f"{len(self.good + self.bad)} examples; the limit is {MAX_EXAMPLES}")
        if both := sorted(set(self.good) & set(self.bad)):
            raise InvalidQuery(f"image {both[0]} is a good and a bad example; keep one")

    def __bool__(self) -> bool:
        return bool(self.good or self.bad)


@dataclass(frozen=True, slots=True)
class Options:
    """How the rankings are made and shown; None stands for the library's setting.

    `fusion`: one of FUSIONS. `recipe`: the name of saved signal weights. `narrow`: scan only images with
    the labels that the query pictures most probably have. `neighbours`: compare subjects by the averages
    of each image's neighbourhood. `expand`: one of EXPANSIONS, `rerank`: one of RERANKINGS. `verify`: how
    many of the first are checked point by point. `diversity`: 0 for relevance alone, 1 for variety alone.
    `collapse`: one of COLLAPSES. `weaker`: list hits below the relevance line as well.
    """

    fusion: str | None = None
    recipe: str | None = None
    narrow: bool | None = None
    neighbours: bool | None = None
    expand: str | None = None
    rerank: str | None = None
    verify: int | None = None
    diversity: float | None = None
    collapse: str | None = None
    weaker: bool | None = None

    def __post_init__(self) -> None:
        if self.recipe is not None:
            _check_name("the recipe", self.recipe)
        _check_choice("fusion", self.fusion, FUSIONS)
        _check_choice("expand", self.expand, EXPANSIONS)
        _check_choice("rerank", self.rerank, RERANKINGS)
        _check_choice("collapse", self.collapse, COLLAPSES)
        if self.verify is not None and not 0 <= self.verify <= MAX_LIMIT:
            raise InvalidQuery(f"verify {self.verify}: choose from 0 to {MAX_LIMIT}")
        if self.diversity is not None and not 0 <= self.diversity <= 1:
            raise InvalidQuery(f"diversity {self.diversity}: choose from 0 to 1")


@dataclass(frozen=True, slots=True)
class Query:
    """Parts, examples, filters and options. No parts means: every image that satisfies the filters, by id.

    `weights` maps signals ("words", "subject", "colour") to their share, over the library's defaults.
    Stored pictures that serve as examples are left out of the hits unless `include_examples`.
    """

    parts: tuple[Part, ...] = ()
    filters: Filters = Filters()
    weights: Mapping[str, float] = field(default_factory=dict)
    limit: int = 40
    offset: int = 0
    include_examples: bool = False
    options: Options = Options()
    examples: Examples = Examples()

    def __post_init__(self) -> None:
        if len(self.parts) > MAX_PARTS:
            raise InvalidQuery(f"{len(self.parts)} parts; the limit is {MAX_PARTS}")
        wanted = self.examples.good or any(part.weight > 0 for part in self.parts)
        if (self.parts or self.examples) and not wanted:
            raise InvalidQuery("every part is negative; add at least one that says what to look for")
        if not 1 <= self.limit <= MAX_LIMIT:
            raise InvalidQuery(f"limit {self.limit}: choose from 1 to {MAX_LIMIT}")
        if not 0 <= self.offset < 2**31:
            raise InvalidQuery(f"offset {self.offset}: choose 0 or more")
        for signal, weight in self.weights.items():
            if not _SIGNAL.fullmatch(signal):
                raise InvalidQuery(f"signal {signal[:40]}: their names are letters, digits and underscores")
            if not (math.isfinite(weight) and 0 <= weight <= 100):
                raise InvalidQuery(f"weight {weight} of signal {signal}: choose from 0 to 100")
