"""The values of a query: weighted parts, examples and options, and the Query itself. Frozen and checked."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias

from ..errors import InvalidQuery
from .checks import check_choice, check_id, check_name, check_text, check_weight, raise_type
from .conditions import Condition, Filters
from .readings import Reading
from .sort import Sort

MAX_PARTS = 16  # those of alternatives included
MAX_ALTERNATIVES = 16
MAX_LIMIT = 1000  # hits in one answer; `offset` gives further pages
MAX_SWATCHES = 8
MAX_EXAMPLES = 200  # good and bad together
MIN_REGION_SIDE = 0.01  # of a region, as a share of the picture; smaller regions have hardly any pixels
EDGE_TOLERANCE = 1e-6  # by which a region may exceed the picture: shares are often rounded
REFERENCE_KINDS = ("file", "url", "upload")
FUSIONS = ("relative", "calibrated", "reciprocal-rank")
EXPANSIONS = ("none", "average", "alpha")
RERANKINGS = ("none", "k-reciprocal", "diffusion")
GROUPINGS = ("none", "shot", "day", "folder", "copies", "scene")
_FORMER_GROUPINGS = {"scenes": "scene", "shots": "shot"}  # of the option `collapse`, which `group` was before

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_SIGNAL = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Text:
    """Words to search for; "quotation marks" make a phrase. A negative weight means *not these words*."""

    text: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        check_weight(self.weight)
        if not isinstance(self.text, str):
            raise_type("the text", self.text, "a str")
        if not self.text.strip():
            raise InvalidQuery("the text part is empty; give words or leave the part out")
        check_text("the text", self.text)


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

    def place_box(self, box: Region) -> Region:
        """A box that is given in shares of this one, in shares of the picture."""
        return Region(
            self.left + box.left * self.width,
            self.top + box.top * self.height,
            box.width * self.width,
            box.height * self.height,
        )


@dataclass(frozen=True, slots=True)
class Reference:
    """A picture that still has to be fetched: a path of a file, a URL, or the token of an upload."""

    kind: str
    value: str

    def __post_init__(self) -> None:
        if self.kind not in REFERENCE_KINDS:
            raise InvalidQuery(f"{self.kind[:40]}: a picture is given as {', '.join(REFERENCE_KINDS)}")
        check_name(f"the {self.kind}", self.value)


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
        check_weight(self.weight)
        if not isinstance(self.source, Path | bytes | Reference):
            raise_type("the source of a picture", self.source, "a Path, the bytes of a file or a Reference")

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
        check_weight(self.weight)
        check_id(self.image_id)


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
        check_weight(self.weight)
        if not 1 <= len(self.swatches) <= MAX_SWATCHES:
            raise InvalidQuery(f"{len(self.swatches)} swatches; give from 1 to {MAX_SWATCHES}")


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a picture, and nothing else of it; where they are does not matter."""

    picture: Picture | StoredPicture
    weight: float = 1.0

    def __post_init__(self) -> None:
        check_weight(self.weight)
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
        check_weight(self.weight)
        check_name("the concept", self.name)


SinglePart: TypeAlias = Text | Picture | StoredPicture | Colours | Palette | Concept


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to fit an Either: all of these parts together, among the images that satisfy `filters`.

    Negative words leave images out, as everywhere.
    """

    parts: tuple[SinglePart, ...] = ()
    filters: Condition = Filters()  # noqa: RUF009 - a frozen value

    def __post_init__(self) -> None:
        for part in self.parts:
            if not isinstance(part, SinglePart):
                raise_type("a part of an alternative", part, SINGLE_PARTS)
        if not (self.parts or self.filters):
            raise InvalidQuery("an alternative is empty; give it parts or filters, or leave it out")
        has_positive = any(part.weight > 0 for part in self.parts)
        if not has_positive and any(not isinstance(part, Text) for part in self.parts):
            raise InvalidQuery("an alternative has negative pictures only; add what to search for instead")


@dataclass(frozen=True, slots=True)
class Either:
    """Alternatives, of which an image has to fit one: it gets the amount of the one that it fits best.

    An image fits an alternative without positive parts fully or not at all.
    """

    alternatives: tuple[Alternative, ...]
    weight: float = 1.0

    def __post_init__(self) -> None:
        check_weight(self.weight)
        if not 2 <= len(self.alternatives) <= MAX_ALTERNATIVES:
            raise InvalidQuery(f"{len(self.alternatives)} alternatives; give from 2 to {MAX_ALTERNATIVES}")
        if self.weight < 0:
            raise InvalidQuery("alternatives cannot have a negative weight; exclude each of them")


Part: TypeAlias = SinglePart | Either
SINGLE_PARTS: Final = "a Text, Picture, StoredPicture, Colours, Palette or Concept"


def list_single_parts(part: Part) -> tuple[SinglePart, ...]:
    """The parts of all alternatives of an Either; any other part alone."""
    if not isinstance(part, Either):
        return (part,)
    return tuple(single for alternative in part.alternatives for single in alternative.parts)


def _is_exclusion(part: Part) -> bool:
    """Whether it takes images out: unwanted words do, and unwanted pictures only move theirs down."""
    return isinstance(part, Text) and part.weight < 0


def _map_single_parts(part: Part, change: Callable[[SinglePart], SinglePart]) -> Part:
    if not isinstance(part, Either):
        return change(part)
    alternatives = (
        replace(alternative, parts=tuple(map(change, alternative.parts))) for alternative in part.alternatives
    )
    return replace(part, alternatives=tuple(alternatives))


@dataclass(frozen=True, slots=True)
class Examples:
    """Relevance feedback: ids of images that are good results, and of images that are bad ones."""

    good: tuple[int, ...] = ()
    bad: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for image_id in self.good + self.bad:
            check_id(image_id)
        if len(self.good + self.bad) > MAX_EXAMPLES:
            raise InvalidQuery(f"{len(self.good + self.bad)} examples; the limit is {MAX_EXAMPLES}")
        if both := sorted(set(self.good) & set(self.bad)):
            raise InvalidQuery(f"image {both[0]} is both a good and a bad example; keep one")

    def __bool__(self) -> bool:
        return bool(self.good or self.bad)


def read_former_grouping(name: str) -> str:
    """The grouping that a value of the former option `collapse` means; any other name stays as it is."""
    return _FORMER_GROUPINGS.get(name, name)


@dataclass(frozen=True, slots=True)
class Options:
    """How hits are ranked and shown. None means the setting of the library.

    `fusion`: one of FUSIONS. `recipe`: the name of saved signal weights. `narrow`: search only images with
    the labels that the query pictures most probably have. `neighbours`: compare subjects by the averages
    of each image's neighbourhood. `expand`: one of EXPANSIONS, `rerank`: one of RERANKINGS. `verify`: how
    many of the first hits are verified point by point. `diversity`: from 0 (relevance only) to 1 (variety
    only). `group`: one of GROUPINGS; of each group only the best image is listed. `group_of`: list the images
    of the group that holds this one instead. `weaker`: list hits below the relevance line as well.
    `min_score`: list no hit with a lower score; images without a score are listed all the same.
    """

    fusion: str | None = None
    recipe: str | None = None
    narrow: bool | None = None
    neighbours: bool | None = None
    expand: str | None = None
    rerank: str | None = None
    verify: int | None = None
    diversity: float | None = None
    group: str | None = None
    group_of: int | None = None
    weaker: bool | None = None
    min_score: float | None = None

    def __post_init__(self) -> None:
        if self.recipe is not None:
            check_name("the recipe", self.recipe)
        check_choice("fusion", self.fusion, FUSIONS)
        check_choice("expand", self.expand, EXPANSIONS)
        check_choice("rerank", self.rerank, RERANKINGS)
        check_choice("group", self.group, GROUPINGS)
        if self.group_of is not None:
            check_id(self.group_of)
        if self.verify is not None and not 0 <= self.verify <= MAX_LIMIT:
            raise InvalidQuery(f"verify {self.verify}: choose from 0 to {MAX_LIMIT}")
        if self.diversity is not None and not 0 <= self.diversity <= 1:
            raise InvalidQuery(f"diversity {self.diversity}: choose from 0 to 1")
        if self.min_score is not None and not 0 <= self.min_score <= MAX_LIMIT:
            raise InvalidQuery(f"min_score {self.min_score}: choose from 0 to {MAX_LIMIT}")


@dataclass(frozen=True, slots=True)
class Query:
    """Parts, examples, filters and options. Without parts: all images that satisfy the filters, by id; with
    unwanted words alone, those of them that hold none of these.

    `filters` is a Filters, or a tree of them: AllOf, AnyOf, Not. `sort`: the order of the hits.
    `cursor`, from the answer to the same query, asks for the hits that come next there, whatever was indexed
    or removed since; `offset` leaves out the first hits of the answer as it is now.
    `weights` maps signals ("words", "subject", "colour") to weights that replace the library's defaults.
    The examples and stored pictures of a query are not among its hits, unless `include_examples` is true.
    `reading` tells how the line of a query was read, if it came from one; queries are compared without it.
    """

    parts: tuple[Part, ...] = ()
    filters: Condition = Filters()  # noqa: RUF009 - a frozen value
    weights: Mapping[str, float] = field(default_factory=dict)
    limit: int = 40
    offset: int = 0
    include_examples: bool = False
    options: Options = Options()
    examples: Examples = Examples()
    sort: Sort = Sort()  # noqa: RUF009 - a frozen value
    cursor: str | None = None
    reading: Reading | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        self._check_types()
        if len(self.single_parts) > MAX_PARTS:
            raise InvalidQuery(f"{len(self.single_parts)} parts; the limit is {MAX_PARTS}")
        if not self.is_wanting and (self.examples or not all(map(_is_exclusion, self.parts))):
            raise InvalidQuery("every part is negative; add one that says what to search for")
        if not 1 <= self.limit <= MAX_LIMIT:
            raise InvalidQuery(f"limit {self.limit}: choose from 1 to {MAX_LIMIT}")
        if not 0 <= self.offset < 2**31:
            raise InvalidQuery(f"offset {self.offset}: choose 0 or more")
        self._check_cursor()
        for signal, weight in self.weights.items():
            if not _SIGNAL.fullmatch(signal):
                raise InvalidQuery(
                    f"signal {signal[:40]}: names of signals have only letters, digits and underscores"
                )
            if not (math.isfinite(weight) and 0 <= weight <= 100):
                raise InvalidQuery(f"weight {weight} of signal {signal}: choose from 0 to 100")

    @property
    def is_wanting(self) -> bool:
        """Whether a part or an example says what to search for; otherwise no image is better than another."""
        return bool(self.examples.good) or any(part.weight > 0 for part in self.parts)

    @property
    def unwanted_texts(self) -> tuple[str, ...]:
        """The texts of the parts that are unwanted words."""
        return tuple(part.text for part in self.parts if isinstance(part, Text) and part.weight < 0)

    @property
    def single_parts(self) -> tuple[SinglePart, ...]:
        """The parts, with those of alternatives in the place of each Either."""
        return tuple(single for part in self.parts for single in list_single_parts(part))

    def map_single_parts(self, change: Callable[[SinglePart], SinglePart]) -> Query:
        """The same query with each single part changed, also inside alternatives."""
        return replace(self, parts=tuple(_map_single_parts(part, change) for part in self.parts))

    def _check_cursor(self) -> None:
        if self.cursor is None:
            return
        check_name("the cursor", self.cursor)
        if self.offset:
            raise InvalidQuery(f"offset {self.offset}: a cursor says where to go on; leave one of them out")

    def _check_types(self) -> None:
        """Raise TypeError, with what to write instead, for what people try, such as a text for parts."""
        if not isinstance(self.parts, tuple):
            raise_type("parts", self.parts, "a tuple, as in Query((Text('boat'),)); parse_query reads a line")
        for part in self.parts:
            if not isinstance(part, Part):
                raise_type("a part", part, f"{SINGLE_PARTS}, or an Either of them")
        if not isinstance(self.filters, Condition):
            raise_type("filters", self.filters, "a Filters, or a tree of them: AllOf, AnyOf, Not")
        for name, kind in _QUERY_FIELDS.items():
            value = getattr(self, name)
            if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
                raise_type(name, value, f"of the type {kind.__name__}")
        if not isinstance(self.cursor, str | None):
            raise_type("cursor", self.cursor, "a str, or None")


_QUERY_FIELDS: Final[dict[str, type]] = {
    "weights": Mapping,
    "limit": int,
    "offset": int,
    "options": Options,
    "examples": Examples,
    "sort": Sort,
}
