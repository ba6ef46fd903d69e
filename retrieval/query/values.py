"""The values of a query: weighted parts, filters, examples and options. All are frozen and checked."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, NoReturn, TypeAlias

from ..errors import InvalidQuery
from .suggestions import suggest_format

MAX_PARTS = 16
MAX_TEXT_LENGTH = 1000  # characters; longer text is pasted by accident, and slow in the word index
MAX_VALUES = 100  # folders, tags or labels in one query
MAX_LIMIT = 1000  # hits in one answer; `offset` gives further pages
MAX_SWATCHES = 8
MAX_EXAMPLES = 200  # good and bad together
MIN_REGION_SIDE = 0.01  # of a region, as a share of the picture; smaller regions have hardly any pixels
EDGE_TOLERANCE = 1e-6  # by which a region may exceed the picture: shares are often rounded
REFERENCE_KINDS = ("file", "url", "upload")
ORIENTATIONS = ("landscape", "portrait", "square")
FORMATS = ("jpeg", "png", "gif", "webp", "bmp", "tiff", "ppm", "avif", "heif", "raw")
FORMAT_ENDINGS = {"jpg": "jpeg", "tif": "tiff"}  # endings of file names that are accepted as formats
FUSIONS = ("relative", "calibrated", "reciprocal-rank")
EXPANSIONS = ("none", "average", "alpha")
RERANKINGS = ("none", "k-reciprocal", "diffusion")
COLLAPSES = ("none", "copies", "scenes", "shots")

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_SIGNAL = re.compile(r"[^\W\d]\w*")


def _raise_type(subject: str, value: object, needed: str) -> NoReturn:
    """A fault of a program, not of a person who searches: a TypeError, and no InvalidQuery."""
    raise TypeError(f"{subject} is of the type {type(value).__name__}; it must be {needed}")


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


def _check_format(name: str) -> None:
    if name.casefold() not in (*FORMATS, *FORMAT_ENDINGS):
        nearest = suggest_format(name, (*FORMATS, *FORMAT_ENDINGS))
        meant = f"did you mean {nearest}?" if nearest else f"choose from {', '.join(FORMATS)}"
        raise InvalidQuery(f"format {name[:40]}: no picture has it; {meant}")


def _check_id(image_id: int) -> None:
    if not isinstance(image_id, int):
        _raise_type("the id of an image", image_id, "an int")
    if not 0 < image_id < 2**63:
        raise InvalidQuery(f"image {image_id}: ids are positive whole numbers")


def _check_values(name: str, values: tuple[str, ...]) -> None:
    if len(values) > MAX_VALUES:
        raise InvalidQuery(f"{len(values)} {name}; the limit is {MAX_VALUES}")
    for value in values:
        _check_name(f"one of the {name}", value)


def _check_name(subject: str, name: str) -> None:
    if not name.strip():
        raise InvalidQuery(f"{subject} is empty; give it a value or leave it out")
    _check_text(subject, name)


def _check_text(subject: str, text: str) -> None:
    if len(text) > MAX_TEXT_LENGTH:
        raise InvalidQuery(f"{subject} has {len(text)} characters; the limit is {MAX_TEXT_LENGTH}")
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidQuery(f"{subject} contains a zero byte or an invalid character; type it again")


@dataclass(frozen=True, slots=True)
class Text:
    """Words to search for; "quotation marks" make a phrase. A negative weight means *not these words*."""

    text: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        _check_weight(self.weight)
        if not isinstance(self.text, str):
            _raise_type("the text", self.text, "a str")
        if not self.text.strip():
            raise InvalidQuery("the text part is empty; give words or leave the part out")
        _check_text("the text", self.text)


@dataclass(frozen=True, slots=True)
class Region:
    """A box in a picture: its top left corner and its size, as shares of width and height (0 to 1)."""

    left: float
    top: float
    width: float
    height: float

    def __post_init__(self) -> None:
        box = (self.left, self.top, self.width, self.height)
        is_inside = (
            self.left + self.width <= 1 + EDGE_TOLERANCE and self.top + self.height <= 1 + EDGE_TOLERANCE
        )
        if not (all(0 <= share <= 1 for share in box) and min(box[2:]) >= MIN_REGION_SIDE and is_inside):
            shown = ",".join(f"{share:g}" for share in box)
            raise InvalidQuery(
                f"region {shown}: give left, top, width and height as shares of the picture from 0 to 1, "
                f"at least {MIN_REGION_SIDE:g} wide and high, inside the picture"
            )


@dataclass(frozen=True, slots=True)
class Reference:
    """A picture that still has to be fetched: a path of a file, a URL, or the token of an upload."""

    kind: str
    value: str

    def __post_init__(self) -> None:
        if self.kind not in REFERENCE_KINDS:
            raise InvalidQuery(f"{self.kind[:40]}: a picture is given as {', '.join(REFERENCE_KINDS)}")
        _check_name(f"the {self.kind}", self.value)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to search with: the path of a file, the bytes of one, or a Reference. It need not be stored.

    With a region, only that box of the picture is compared. Messages call the picture `name`. The engine does
    not follow a Reference: `resolve_references` replaces it before the search.
    """

    source: Path | bytes | Reference
    weight: float = 1.0
    name: str = field(default="query picture", compare=False)
    region: Region | None = None

    def __post_init__(self) -> None:
        _check_weight(self.weight)
        if not isinstance(self.source, Path | bytes | Reference):
            _raise_type("the source of a picture", self.source, "a Path, the bytes of a file or a Reference")

    def __repr__(self) -> str:
        source = f"<{len(self.source)} bytes>" if isinstance(self.source, bytes) else repr(self.source)
        return f"Picture({source}, weight={self.weight}, region={self.region})"


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture of the library, by its image id. Its features are stored, so it is fast without a region."""

    image_id: int
    weight: float = 1.0
    region: Region | None = None

    def __post_init__(self) -> None:
        _check_weight(self.weight)
        _check_id(self.image_id)


@dataclass(frozen=True, slots=True)
class Swatch:
    """An sRGB colour, written #rrggbb, and its share of the picture relative to the other swatches."""

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
    """Colours to search for, anywhere in the picture."""

    swatches: tuple[Swatch, ...]
    weight: float = 1.0

    def __post_init__(self) -> None:
        _check_weight(self.weight)
        if not 1 <= len(self.swatches) <= MAX_SWATCHES:
            raise InvalidQuery(f"{len(self.swatches)} swatches; give from 1 to {MAX_SWATCHES}")


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a picture, and nothing else of it; where they are does not matter."""

    picture: Picture | StoredPicture
    weight: float = 1.0

    def __post_init__(self) -> None:
        _check_weight(self.weight)
        if self.picture.weight != 1:
            raise InvalidQuery(
                "the picture of a palette cannot have a weight; give the weight to the palette"
            )


@dataclass(frozen=True, slots=True)
class Concept:
    """What the images of a saved concept have in common; `name` is that of the concept."""

    name: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        _check_weight(self.weight)
        _check_name("the concept", self.name)


Part: TypeAlias = Text | Picture | StoredPicture | Colours | Palette | Concept


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions for the hits. Every hit satisfies all of them. Letter case does not matter, nor does whether
    a letter and its accent are one character or two.

    - `folders`, `labels`, `formats`, `orientations` (of ORIENTATIONS), `cameras`: any one of them;
      `tags`, `concepts`: all of them; `without_…`: none of them. A folder is one or more whole path
      components ("2019/summer"), anywhere in the path, or an absolute path.
    - `names`: any one of these names of files, with or without their endings; * stands for any characters, ?
      for one.
    - `after` is the first day included, `before` the first day excluded; an image without a date satisfies
      neither. `added_after` and `added_before` are about the day when Pictor first indexed the image.
    - `shows`: any one of these labels, stated, or predicted with at least `confidence`.
    - `min_…` and `max_…` are inclusive; in pixels, or bytes of the file.
    - `captioned`: whether an image has a caption. `problem`: whether a file of it could not be read at the
      last visit.
    """

    folders: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    without_folders: tuple[str, ...] = ()
    without_names: tuple[str, ...] = ()
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
        for name in ("folders", "names", "tags", "labels"):
            _check_values(name, getattr(self, name) + getattr(self, f"without_{name}"))
        for name in ("shows", "formats", "orientations", "cameras", "concepts"):
            _check_values(name, getattr(self, name))
        for name in self.formats:
            _check_format(name)
        for orientation in self.orientations:
            _check_choice("orientation", orientation, ORIENTATIONS)
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
    """Relevance feedback: ids of images that are good results, and of images that are bad ones."""

    good: tuple[int, ...] = ()
    bad: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for image_id in self.good + self.bad:
            _check_id(image_id)
        if len(self.good + self.bad) > MAX_EXAMPLES:
            raise InvalidQuery(f"{len(self.good + self.bad)} examples; the limit is {MAX_EXAMPLES}")
        if both := sorted(set(self.good) & set(self.bad)):
            raise InvalidQuery(f"image {both[0]} is both a good and a bad example; keep one")

    def __bool__(self) -> bool:
        return bool(self.good or self.bad)


@dataclass(frozen=True, slots=True)
class Options:
    """How hits are ranked and shown. None means the setting of the library.

    `fusion`: one of FUSIONS. `recipe`: the name of saved signal weights. `narrow`: search only images with
    the labels that the query pictures most probably have. `neighbours`: compare subjects by the averages
    of each image's neighbourhood. `expand`: one of EXPANSIONS, `rerank`: one of RERANKINGS. `verify`: how
    many of the first hits are verified point by point. `diversity`: from 0 (relevance only) to 1 (variety
    only). `collapse`: one of COLLAPSES. `weaker`: list hits below the relevance line as well.
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
    """Parts, examples, filters and options. Without parts: all images that satisfy the filters, by id.

    `weights` maps signals ("words", "subject", "colour") to weights that replace the library's defaults.
    The examples and stored pictures of a query are not among its hits, unless `include_examples` is true.
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
        self._check_types()
        if len(self.parts) > MAX_PARTS:
            raise InvalidQuery(f"{len(self.parts)} parts; the limit is {MAX_PARTS}")
        has_positive = self.examples.good or any(part.weight > 0 for part in self.parts)
        if (self.parts or self.examples) and not has_positive:
            raise InvalidQuery("every part is negative; add one that says what to search for")
        if not 1 <= self.limit <= MAX_LIMIT:
            raise InvalidQuery(f"limit {self.limit}: choose from 1 to {MAX_LIMIT}")
        if not 0 <= self.offset < 2**31:
            raise InvalidQuery(f"offset {self.offset}: choose 0 or more")
        for signal, weight in self.weights.items():
            if not _SIGNAL.fullmatch(signal):
                raise InvalidQuery(
                    f"signal {signal[:40]}: names of signals have only letters, digits and underscores"
                )
            if not (math.isfinite(weight) and 0 <= weight <= 100):
                raise InvalidQuery(f"weight {weight} of signal {signal}: choose from 0 to 100")

    def _check_types(self) -> None:
        """Raise TypeError, with what to write instead, for what people try, such as a text for parts."""
        if not isinstance(self.parts, tuple):
            _raise_type(
                "parts", self.parts, "a tuple, as in Query((Text('boat'),)); parse_query reads a line"
            )
        for part in self.parts:
            if not isinstance(part, Part):
                _raise_type("a part", part, "a Text, Picture, StoredPicture, Colours, Palette or Concept")
        for name, kind in _QUERY_FIELDS.items():
            value = getattr(self, name)
            if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
                _raise_type(name, value, f"of the type {kind.__name__}")


_QUERY_FIELDS: Final[dict[str, type]] = {
    "filters": Filters,
    "weights": Mapping,
    "limit": int,
    "offset": int,
    "options": Options,
    "examples": Examples,
}
