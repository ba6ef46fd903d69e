"""The shapes of answers: hits, images, explanations, facets, status and errors.

Only a server has addresses (`thumbnail`, `preview`, `next`, `permalink`); elsewhere they are null. The schema
is that of the API, where thumbnail and preview are always there.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

from pydantic import ConfigDict, Field, RootModel, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from ..ranking.relations import RelationName
from .query import Query, StrictModel

PictureAddress: TypeAlias = str | SkipJsonSchema[None]
# Cameras note the time of their place and not always its zone. One that is not stated would be invented, so
# only with a zone this is a date-time of RFC 3339.
CameraTime: TypeAlias = Annotated[
    datetime,
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$",
            "description": "Date and time where the picture was taken (RFC 3339); its zone if one is stated",
        }
    ),
]


Box: TypeAlias = Annotated[
    list[float],
    Field(
        min_length=4,
        max_length=4,
        description="Left, top, width and height as shares of the image, as in the region of a picture",
    ),
]


class Contribution(StrictModel):
    """What one signal gave to one hit for one part of the query; the amounts add up to the hit's score."""

    part: int = Field(
        description="Which part of the query, counted from 0; -1: a later step that changed the order"
    )
    signal: str
    rank: int = Field(description="The image's rank by this signal alone, counted from 1")
    score: float = Field(description="The signal's own score: cosine, or BM25F for words")
    amount: float = Field(description="The addend in the hit's score")
    calibrated: float | None = Field(
        description="The score between those of unrelated images (0) and identical ones (1), where known"
    )
    box: Box | None = Field(description="Where in the image the signal found something; null: in the whole")
    share: float = Field(description="The amount as a share of the hit's score; the shares add up to 1")


class ImageSummary(StrictModel):
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
    taken_at: CameraTime | None
    missing: bool = Field(description="Whether none of its files was there when its folder was last indexed")
    thumbnail: PictureAddress = Field(description="Address of a WebP picture of at most 320 pixels")


class Group(StrictModel):
    """The group of images that one image of the answer stands for, as the best of them."""

    name: str = Field(description="The day, or the folder; empty for other groups and where there is none")
    count: int = Field(description="How many images it has, with the one that stands for it")
    members: list[int] = Field(description="Ids of the others, best first; at most 100")
    more: int = Field(description="How many others are not listed in members")
    line: str | None = Field(
        description="The query that lists all of its images, as q takes it; null where files were sent"
    )


class Relation(StrictModel):
    """What the image is to a picture of the query, and where both show the same."""

    name: RelationName = Field(description="Read it as “the image is a crop of the picture”")
    part: int = Field(description="The part of the query that is the picture, counted from 0")
    of_query: float = Field(description="The share of the picture's area that both show")
    of_image: float = Field(description="The share of the image's area that both show")
    query_outline: list[tuple[float, float]] = Field(
        description="The corners of what both show, in the query's picture, as shares of width and height"
    )
    image_outline: list[tuple[float, float]] = Field(description="The same in the image")


class Hit(ImageSummary):
    """One image of the answer; with `fields`, only these of it and the id."""

    model_config = ConfigDict(json_schema_extra={"required": ["id"]})

    rank: int
    score: float
    band: str | None = Field(
        description="How far it stands out of what unrelated images score: strong, likely, weak, chance; "
        "looks like: weak, and none of the words asked for is written about it"
    )
    group: Group | None = Field(description="What the image stands for; null where nothing is grouped")
    box: Box | None = Field(
        description="Where in the image a part of the query was found, by the signal that gives most; "
        "null: in the whole, or parts were not asked"
    )
    relation: Relation | None = Field(
        description="What the image is to a picture of the query; null where keypoints do not show that they "
        "share anything"
    )
    contributions: list[Contribution]


class UnderstoodPhrase(StrictModel):
    """Words of the line, in characters from `start` up to `end`, and the term that they were read as."""

    text: str
    start: int
    end: int
    term: str = Field(description="In the query language; empty for words that say nothing beside others")
    without: str = Field(description="The line without these words")
    as_words: str = Field(description="The line with these words in quotation marks, as words to search for")


class PossibleReading(StrictModel):
    """One way to read words, and the line that says so."""

    term: str
    line: str


class AmbiguousPhrase(StrictModel):
    """Words of the line that can mean several things, the first of which was searched."""

    text: str
    start: int
    end: int
    readings: list[PossibleReading]


class Rewording(StrictModel):
    """What was probably meant by misspelt words."""

    words: dict[str, str] = Field(description="By each word as it was typed: the one that was meant")
    is_sure: bool = Field(description="Whether that can be taken for granted")
    line: str | None = Field(
        description="The query with these words, as q takes it; null where files were sent"
    )
    permalink: str | None = Field(description="Address of the search page with that query")
    is_used: bool = Field(
        description="Whether the hits are those of that query, because the one that was typed finds nothing"
    )
    literal: str | None = Field(
        description="Where it is used: the query that looks for the words just as they were typed"
    )
    literal_permalink: str | None = Field(description="Address of the search page with that query")


class Remainder(StrictModel):
    """What a query that finds nothing would find without a part or condition of it, or by this piece
    alone.
    """

    piece: str = Field(description="The part or condition, as a line says it")
    number: int = Field(description="Which piece of the query it is, counted from 0")
    is_alone: bool = Field(description="Whether the rest was left out, and not the piece")
    total: int
    line: str | None = Field(
        description="The query that finds so many, as q takes it; null where files were sent"
    )
    permalink: str | None = Field(description="Address of the search page with that query")


class SearchProblem(StrictModel):
    """A query of a batch that could not be answered."""

    problem: ProblemDetails


class SearchResults(StrictModel):
    """The answer to a query of a batch."""

    results: Results


class BatchAnswers(StrictModel):
    """The answers to the queries of a batch, in their order."""

    answers: list[SearchResults | SearchProblem]


class Results(StrictModel):
    """One page of hits: best first, equal scores by rising id, or in the order that `sort` says."""

    hits: list[Hit]
    total: int
    weaker: int = Field(description="Images below the relevance line or min_score, which are not listed")
    notes: list[str] = Field(description="What could not take part in the search, and why")
    unknown_words: list[str] = Field(
        description="Words that nothing knows, as they were typed; they were not used"
    )
    did_you_mean: list[Rewording] = Field(
        description="What was probably meant by misspelt words, the most probable first"
    )
    remainders: list[Remainder] = Field(
        description="Of an empty answer: the parts and conditions that empty it, or what each finds alone"
    )
    cursor: str | None = Field(
        description="With this as cursor, the same query gives the next page of this list, whatever is "
        "indexed or removed meanwhile; null at the end, and where the library cannot be written"
    )
    previous_cursor: str | None = Field(description="The same for the page before this one")
    next: str | None = Field(
        description="Address of the next page; null at the end, and where files were sent"
    )
    query: Query | None = Field(description="The query as POST takes it; null where files were sent")
    understood: list[UnderstoodPhrase] = Field(description="What the words of q were read as, in their order")
    ambiguous: list[AmbiguousPhrase] = Field(description="Words of q that may mean something else")
    line: str | None = Field(description="The query as q takes it, without limit and offset")
    permalink: str | None = Field(description="Address of the search page with these hits")
    timings: dict[str, float] | None = Field(
        description="Seconds of each stage, where they were asked for: describe, filter, rank, verify, "
        "judge, order, load"
    )


class NewHits(StrictModel):
    """One page of what a saved search finds among the images since the last look, ranked among themselves."""

    hits: list[Hit]
    total: int
    newest: int = Field(description="The newest image that was looked at; a look may be noted up to it")
    next: str | None = Field(description="Address of the next page; null at the end")


class SavedSearch(StrictModel):
    """A search that is kept by name. Times are in UTC."""

    name: str
    line: str = Field(description="The query, as q takes it")
    created_at: datetime
    looked_at: datetime | None
    seen_image: int = Field(description="The newest image at the last look, or when it was saved")
    new: int | None = Field(
        description="How many of its hits were added since the last look; null where that was not counted"
    )
    problem: str | None = Field(description="Why it cannot be answered, where it cannot")
    permalink: str | None = Field(description="Address of the search page with its hits")


class SavedSearches(StrictModel):
    """Every saved search, by name."""

    searches: list[SavedSearch]


class SavedConcept(StrictModel):
    """A set of examples that is kept by name: ids of images that belong to it, and of some that do not."""

    name: str
    good: list[int]
    bad: list[int]


class SavedConcepts(StrictModel):
    """Every concept, by name."""

    concepts: list[SavedConcept]


class ApiKey(StrictModel):
    """A key of the API, without its secret. Times are in UTC."""

    name: str
    prefix: str = Field(description="The part of the key that is no secret")
    scopes: list[str] = Field(description="What the key allows")
    sees: str | None = Field(description="The folder or tag that the key is restricted to")
    created_at: datetime
    last_used_at: datetime | None = Field(description="May be an hour behind")
    revoked_at: datetime | None


class ApiKeys(StrictModel):
    """Every key, the oldest first."""

    keys: list[ApiKey]


class Person(StrictModel):
    """Who may sign in by name and password. Times are in UTC."""

    name: str
    scopes: list[str] = Field(description="What the person may do")
    sees: str | None = Field(description="The folder or tag that the person is restricted to")
    created_at: datetime
    last_used_at: datetime | None = Field(description="May be an hour behind")


class People(StrictModel):
    """Everybody who may sign in, the oldest first."""

    people: list[Person]


class Deed(StrictModel):
    """Who did what, and when (in UTC)."""

    done_at: datetime
    who: str
    what: str
    about: str


class Deeds(StrictModel):
    """The latest deeds, the newest first."""

    deeds: list[Deed]


class FacetValue(StrictModel):
    """One value, and how many images of the answer have it."""

    value: str
    count: int


class Facet(StrictModel):
    """The values that most images have, and how many more values there are."""

    values: list[FacetValue]
    more: int


class Facets(RootModel[dict[str, Facet]]):
    """Facets by name: folder, subfolder, tag, label, shows, year, month, format, orientation, shape, camera,
    person, place and captioned."""


class Completion(StrictModel):
    """One way in which the last term of an unfinished line may go on."""

    text: str = Field(description="The word, the key with its colon, or the value of the key")
    line: str = Field(description="The whole line with it")
    count: int | None = Field(description="How many images have it; null where nothing is counted")
    kind: str = Field(
        description="word, key, value; label: what a classifier predicts, or a category; search: a saved one"
    )


class Completions(RootModel[list[Completion]]):
    """The most frequent first; keys, predicted labels and saved searches behind words."""


class WordMatch(StrictModel):
    """A stretch of a text, in characters from `start` up to `end`, that holds words of the query.

    `typed`: what was typed in another language, where the stretch is its English name; else empty.
    """

    field: str
    value: str
    start: int
    end: int
    words: list[str]
    typed: str


class NamedConfidence(StrictModel):
    """A name, and how surely the picture shows it."""

    name: str
    confidence: float


class PredictionMatch(NamedConfidence):
    """A predicted label or category with words of the query."""

    kinds: list[NamedConfidence] = Field(
        description="The predicted labels that are kinds of a category: what its confidence is added up from"
    )


class HeatMap(StrictModel):
    """The addends of a cosine by cell, in rows from above; `frame` is the part of the picture they cover."""

    cells: list[list[float]]
    frame: list[float] = Field(description="Left, top, width and height, as shares of the picture")
    summary: str


class Heat(StrictModel):
    """What each place of two pictures gives to the cosine of their subjects; each map adds up to it."""

    part: int
    cosine: float
    query: HeatMap
    image: HeatMap


class Points(StrictModel):
    """Where two pictures agree: x and y in the query's picture, x and y in the image, as shares."""

    part: int
    inliers: int
    relation: Relation
    transform: list[list[float]] = Field(
        description="Two rows of three numbers, which map x, y and 1 of the query's picture to x and y"
    )
    points: list[list[float]]


class MeaningClass(StrictModel):
    """A class that a text and an image have in common, with the cosine of each with the class."""

    name: str
    text: float
    image: float


class Meaning(StrictModel):
    """How the meaning of a text reached the image."""

    part: int
    classes: list[MeaningClass]
    captioned: list[str] = Field(description="Tokens of the text that were learned from captions")


class Explanation(StrictModel):
    """Why one image is in an answer."""

    hit: Hit
    words: list[WordMatch]
    predictions: list[PredictionMatch]
    heat: list[Heat]
    points: list[Points]
    meaning: list[Meaning]


class Location(StrictModel):
    """A path at which the image lies, or lay when it was last seen."""

    path: str
    page: int = Field(description="Which page of the file it is, counted from 1")
    bytes: int
    sha256: str = Field(description="Of the file's content, as it was read last")
    written_at: datetime = Field(description="When the file was last changed, in UTC")
    depth: int = Field(description="How many of its folders lie below the one that was given to be indexed")
    missing_since: datetime | None


class Annotation(StrictModel):
    """One fact, who said it, and how surely."""

    field: str
    value: str
    source: str
    confidence: float


class PredictedLabel(StrictModel):
    """A label or category that nobody gave, but a classifier predicts."""

    name: str
    synonyms: list[str]
    definition: str = Field(description="Empty for a category")
    is_category: bool = Field(description="Whether it is what labels are kinds of, such as dog or vehicle")
    confidence: float = Field(description="From 0 to 1: of the labels with 0.8, about 80 % should be right")


class Image(ImageSummary):
    """All that is known about one image."""

    sha256: str
    perceptual_hash: str = Field(description="16 hexadecimal digits; alike pictures differ in few bits")
    format: str
    bytes: int
    added_at: datetime
    preview: PictureAddress = Field(description="Address of a larger WebP picture")
    predicted: list[PredictedLabel] = Field(
        description="What was predicted: first what is at least 0.5 sure, from the most specific label to "
        "the most general category; then the rest, the most confident first"
    )
    locations: list[Location]
    annotations: list[Annotation]


class ImageIds(StrictModel):
    """The ids of all hits of a query, in their order."""

    ids: list[int]


class Line(StrictModel):
    """A query as a line, as q takes it."""

    line: str


class Reading(Line):
    """What a line was read as: phrases that were understood, and ambiguities."""

    meant: str = Field(description="What the line is meant to be in the query language")
    query: Query = Field(description="The query as POST takes it")
    understood: list[UnderstoodPhrase]
    ambiguous: list[AmbiguousPhrase]


class Space(StrictModel):
    """One set of features that pictures are compared by."""

    descriptor: str
    fingerprint: str
    dimension: int
    state: str


class Vector(StrictModel):
    """The feature of an image, a picture or a text in one space; the cosine of two compares them."""

    space: str
    fingerprint: str = Field(description="Vectors with the same one may be compared")
    dimension: int
    values: list[float]


class Vectors(StrictModel):
    """The stored features of an image, one for each space."""

    vectors: list[Vector]


class Images(StrictModel):
    """Images in the order that they were asked for in, without those that are not there."""

    images: list[Image]


class Problem(StrictModel):
    """A file that could not be indexed."""

    path: str
    code: str
    reason: str
    repair: str = Field(description="What mends it")
    tries: int


class Problems(StrictModel):
    """One page of the files that could not be indexed."""

    problems: list[Problem]
    total: int


class Status(StrictModel):
    """What the library holds."""

    images: int
    newest: int = Field(description="The highest id of an image; 0 where there is none")
    locations: int
    missing: int
    problems: int
    signals: list[str]
    spaces: list[Space]
    meaning: str = Field(description="How texts find pictures without words, or why they do not")
    damages: list[str]


class ProblemDetails(StrictModel):
    """An error as RFC 9457 has it; `code` is stable and meant for programs."""

    type: str
    title: str
    status: int
    detail: str
    code: str
