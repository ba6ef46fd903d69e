"""The parameters that addresses and forms may have; they are checked here, and documented from here."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

from retrieval import answers, suggest_name

from .uploads import TOKEN

HIT_FIELDS: Final = tuple(answers.Hit.model_fields)
SHARE: Final = r"[01](\.\d{1,6})?"  # of a side
Token = Annotated[str, Field(pattern=f"^{TOKEN.pattern}$")]


class NoParameters(answers.StrictModel):
    """An address that takes none."""


class OffsetParameters(answers.StrictModel):
    """Which page of a list that has no cursors to show."""

    limit: answers.Limit = 40
    offset: answers.Offset = 0


class PageParameters(OffsetParameters):
    """Which page of the hits to show."""

    cursor: str = Field(default="", description="Where to go on, as an answer to the same query says")


class SearchParameters(PageParameters):
    """A search as its address says it; with no part at all: every image, by id."""

    q: str = Field(
        default="",
        description='The query, as in: harbour "old town" -night image:17 tag:boat after:2020; or a '
        "sentence, as in: harbours last summer, at least four stars",
    )
    image: tuple[answers.ImageId, ...] = Field(
        default=(), description="Ids of stored images to find the like of"
    )
    like: tuple[answers.ImageId, ...] = Field(
        default=(), description="Ids of stored images that are good examples of what is meant"
    )
    unlike: tuple[answers.ImageId, ...] = Field(
        default=(), description="Ids of stored images that are bad examples"
    )
    sort: answers.Sorted = "relevance"
    picture: tuple[Token, ...] = Field(default=(), description="Tokens of uploaded query pictures")


def _split_commas(values: object) -> object:
    """A list of names, also where one value holds several with commas between them."""
    if isinstance(values, tuple | list) and all(isinstance(value, str) for value in values):
        return tuple(name.strip() for value in values for name in value.split(","))
    return values


def _check_field(name: str) -> str:
    """Raises ValueError for what is no field of a hit."""
    if name not in HIT_FIELDS:
        nearest = suggest_name(name, HIT_FIELDS)
        meant = f"did you mean {nearest}?" if nearest else f"there are {', '.join(HIT_FIELDS)}"
        raise ValueError(f"is no field of a hit; {meant}")
    return name


HitField = Annotated[str, AfterValidator(_check_field), Field(json_schema_extra={"enum": list(HIT_FIELDS)})]


class AnswerParameters(answers.StrictModel):
    """What of an answer is wanted."""

    fields: Annotated[tuple[HitField, ...], BeforeValidator(_split_commas)] = Field(
        default=(), description="Fields of each hit, besides its id; all of them where none is named"
    )
    timings: bool = Field(default=False, description="Whether to tell how long each stage took")


class ApiSearchParameters(SearchParameters, AnswerParameters):
    """A search, and what of the answer is wanted."""


class SimilarParameters(PageParameters, AnswerParameters):
    """Which page of the images like another one, and what of it is wanted."""


class PageSearchParameters(SearchParameters):
    """A search as the address of the page says it: with what was put aside, which counts nothing."""

    off: Annotated[tuple[Annotated[str, Field(max_length=2000)], ...], Field(max_length=16)] = ()


class BoxParameters(PageSearchParameters):
    """A search as the form sends it."""

    also: str = Field(default="", description="What belongs to the line, and does not stand in the box")


class ColourParameters(PageSearchParameters):
    """A search to which a colour is added."""

    colour: Annotated[str, Field(max_length=7)]  # #rrggbb; the query language checks it


# Left, top, width and height as shares of a picture.
BoxText = Annotated[str, Field(pattern=r"^[01](\.\d{1,6})?(,[01](\.\d{1,6})?){3}$")]


class CropParameters(PageSearchParameters):
    """A search of which one picture is cut to a box."""

    part: Annotated[int, Field(ge=0, le=1000, description="The number of the part, from 0")]
    box: BoxText


class ThingParameters(PageSearchParameters):
    """A search of which one picture shows several things."""

    part: Annotated[int, Field(ge=0, le=1000, description="The number of the part, from 0")]


class ImageParameters(answers.StrictModel):
    """The page of an image, opened at a box of it."""

    box: BoxText | None = None


Step = Annotated[int, Field(ge=0, le=5)]


class EmphasisParameters(PageSearchParameters):
    """A search in which other things count: a step for each way to be similar, words against pictures."""

    subject: Step | None = None
    colour: Step | None = None
    texture: Step | None = None
    layout: Step | None = None
    details: Step | None = None
    part: Step | None = None
    balance: Annotated[int, Field(ge=-2, le=2)] | None = None


class UploadParameters(PageSearchParameters):
    """A search to which a picture is added: a file that is sent along, or the one at a web address."""

    url: str = Field(default="", max_length=2000, description="Address of the picture on the web, if allowed")


AnySearch = TypeVar("AnySearch", bound=SearchParameters)


class LineParameters(OffsetParameters):
    """A line that is to be read, and not searched for."""

    q: str = Field(default="", description="The line, as a search takes it")
    today: date | None = Field(default=None, description="The day that “last summer” is reckoned from")


class EditParameters(answers.StrictModel):
    """Which edits are wanted."""

    image_id: answers.ImageId | None = Field(default=None, description="Only those of this image")


class CompletionParameters(answers.StrictModel):
    """A line that is not finished, up to where the cursor stands."""

    q: str = Field(default="", max_length=2000, description="The line up to the cursor, as in: boat tag:ha")
    limit: Annotated[int, Field(ge=1, le=50, description="How many ways to go on")] = 10
