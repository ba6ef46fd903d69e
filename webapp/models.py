"""The shapes of what comes in and goes out, for checking parameters and for the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, RootModel

from retrieval import Examples, Filters, Options

from .uploads import TOKEN

MAX_ID = 2**63 - 1
ImageId = Annotated[int, Field(ge=1, le=MAX_ID)]
Token = Annotated[str, Field(pattern=f"^{TOKEN.pattern}$")]


class _Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoParameters(_Parameters):
    """An address that takes none."""


class PageParameters(_Parameters):
    """Which stretch of the hits is wanted."""

    limit: int = Field(default=40, ge=1, le=1000, description="Hits in one answer")
    offset: int = Field(default=0, ge=0, lt=2**31, description="Hits to leave out from the start")


class SearchParameters(PageParameters):
    """A search as its address says it; with no part at all: every image, by id."""

    q: str = Field(
        default="", description='The query, as in: harbour "old town" -night image:17 tag:boat after:2020'
    )
    image: tuple[ImageId, ...] = Field(default=(), description="Ids of stored images to find the like of")
    picture: tuple[Token, ...] = Field(default=(), description="Tokens of uploaded query pictures")


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Swatch(_Answer):
    """A colour, and its share of the picture beside the others."""

    colour: str = Field(description="sRGB as #rrggbb")
    share: float = 1.0


class Source(_Answer):
    """A picture: exactly one of its kinds, whole or a box of it."""

    image: ImageId | None = Field(default=None, description="Id of a stored image")
    url: str | None = Field(default=None, description="Address on the public web, where the server allows it")
    upload: str | None = Field(default=None, description="Token of an uploaded picture")
    file: str | None = Field(default=None, description="Path of a file; for the command, refused by servers")
    region: tuple[float, float, float, float] | None = Field(
        default=None, description="left, top, width and height as shares of the picture"
    )


class Part(Source):
    """One part of a query: exactly one of text, image, url, upload, colours, palette and concept."""

    text: str | None = Field(
        default=None, description='Words; "quotation marks" in it hold a phrase together'
    )
    colours: list[Swatch] | None = None
    palette: Source | None = Field(default=None, description="The colours of this picture, and no more of it")
    concept: str | None = Field(default=None, description="Name of a saved set of examples")
    weight: float = Field(default=1.0, description="Negative: not this; from -100 to 100, never 0")


class Query(PageParameters):
    """All that a line of the query language can say; what is left out stands at its default."""

    parts: list[Part] = []
    filters: Filters = Filters()
    options: Options = Options()
    examples: Examples = Examples()
    weights: dict[str, float] = Field(default={}, description="How much each signal counts, from 0 to 100")
    include_examples: bool = Field(
        default=False, description="Whether stored images that are searched by are hits"
    )


class Contribution(_Answer):
    """What one signal gave to one hit for one part of the query; the amounts add up to the hit's score."""

    part: int = Field(
        description="Which part of the query, counted from 0; -1: a later step that changed the order"
    )
    signal: str
    rank: int = Field(description="The image's rank by this signal alone, counted from 1")
    score: float = Field(description="The signal's own score: cosine, or BM25F for words")
    calibrated: float | None = Field(
        description="The score between those of unrelated images (0) and identical ones (1), where known"
    )
    amount: float = Field(description="The addend in the hit's score")
    share: float = Field(description="The amount as a share of the hit's score; the shares add up to 1")


class ImageSummary(_Answer):
    """One image in short. `path` is for people: what cannot be shown in it is escaped."""

    id: int
    path: str
    page: int = Field(description="Which page of the file it is, counted from 1")
    title: str
    caption: str
    tags: list[str]
    labels: list[str] = Field(description="Labels that were given; none that was predicted")
    width: int
    height: int
    taken_at: datetime | None
    thumbnail: str = Field(description="Address of a WebP picture of at most 320 pixels")


class Hit(ImageSummary):
    """One image of the answer."""

    rank: int
    score: float
    band: str | None = Field(description="How far it stands out of what unrelated images score")
    copies: list[int] = Field(description="Ids of the images that were collapsed into it, best first")
    contributions: list[Contribution]


class Results(_Answer):
    """One page of hits, best first; equal scores by rising id."""

    hits: list[Hit]
    total: int
    weaker: int = Field(description="Images below the relevance line, which are not listed")
    notes: list[str] = Field(description="What could not take part in the search, and why")
    next: str | None = Field(
        description="Address of the next page; null at the end, and where files were sent"
    )
    query: Query | None = Field(description="The query as POST takes it; null where files were sent")
    line: str | None = Field(description="The query as q takes it, without limit and offset")
    permalink: str | None = Field(description="Address of the search page with these hits")


class FacetValue(_Answer):
    """One value, and how many images of the answer have it."""

    value: str
    count: int


class Facet(_Answer):
    """The values that most images have, and how many more values there are."""

    values: list[FacetValue]
    more: int


class Facets(RootModel[dict[str, Facet]]):
    """Facets by name: folder, tag, label, shows, year, format, orientation, camera, captioned."""


class WordMatch(_Answer):
    """A stretch of a text, in characters from `start` up to `end`, that holds words of the query."""

    field: str
    value: str
    start: int
    end: int
    words: list[str]


class HeatMap(_Answer):
    """The addends of a cosine by cell, in rows from above; `frame` is the part of the picture they cover."""

    cells: list[list[float]]
    frame: list[float] = Field(description="Left, top, width and height, as shares of the picture")
    summary: str


class Heat(_Answer):
    """What each place of two pictures gives to the cosine of their subjects; each map adds up to it."""

    part: int
    cosine: float
    query: HeatMap
    image: HeatMap


class Points(_Answer):
    """Where two pictures agree: x and y in the query's picture, x and y in the image, as shares."""

    part: int
    inliers: int
    points: list[list[float]]


class Explanation(_Answer):
    """Why one image is in an answer."""

    hit: Hit
    words: list[WordMatch]
    heat: list[Heat]
    points: list[Points]


class Location(_Answer):
    """A path at which the image lies, or lay when it was last seen."""

    path: str
    page: int = Field(description="Which page of the file it is, counted from 1")
    bytes: int
    missing_since: datetime | None


class Annotation(_Answer):
    """One fact, who said it, and how surely."""

    field: str
    value: str
    source: str
    confidence: float


class Predicted(_Answer):
    """A label that nobody gave, but a classifier predicts."""

    name: str
    synonyms: list[str]
    definition: str
    confidence: float = Field(description="From 0 to 1: of the labels with 0.8, about 80 % should be right")


class Image(ImageSummary):
    """All that is known about one image."""

    sha256: str
    format: str
    bytes: int
    added_at: datetime
    preview: str = Field(description="Address of a larger WebP picture")
    predicted: list[Predicted] = Field(description="Labels that were predicted, the most confident first")
    locations: list[Location]
    annotations: list[Annotation]


class Space(_Answer):
    """One set of features that pictures are compared by."""

    descriptor: str
    fingerprint: str
    dimension: int
    state: str


class Status(_Answer):
    """What the library holds."""

    images: int
    locations: int
    missing: int
    problems: int
    signals: list[str]
    spaces: list[Space]
    meaning: str = Field(description="How texts find pictures without words, or why they do not")
    damages: list[str]


class Problem(_Answer):
    """An error as RFC 9457 has it; `code` is stable and meant for programs."""

    type: str
    title: str
    status: int
    detail: str
    code: str
