"""The shape of a query in JSON, as programs send it and as answers repeat it."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from ..query.conditions import Filters
from ..query.sort import SORT_PATTERN
from ..query.values import Examples, Options

MAX_ID = 2**63 - 1
ImageId = Annotated[int, Field(ge=1, le=MAX_ID)]
Limit = Annotated[int, Field(ge=1, le=1000, description="Hits in one answer")]
Sorted = Annotated[
    str,
    Field(
        json_schema_extra={"pattern": f"^{SORT_PATTERN}$"},
        description="relevance; date, added, name or size, each also with -up or -down; or random:SEED",
    ),
]
Offset = Annotated[int, Field(ge=0, lt=2**31, description="Hits to leave out from the start")]


class StrictModel(BaseModel):
    """A frozen shape that refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Swatch(StrictModel):
    """A colour, and its share of the picture beside the others."""

    colour: str = Field(description="sRGB as #rrggbb")
    share: float = 1.0


class QueryPicture(StrictModel):
    """A picture: exactly one of its kinds, whole or a box of it."""

    image: ImageId | None = Field(default=None, description="Id of a stored image")
    url: str | None = Field(default=None, description="Address on the public web, where the server allows it")
    upload: str | None = Field(default=None, description="Token of an uploaded picture")
    file: str | None = Field(default=None, description="Path of a file; for the command, refused by servers")
    region: tuple[float, float, float, float] | None = Field(
        default=None, description="left, top, width and height as shares of the picture"
    )


class SinglePart(QueryPicture):
    """Exactly one of text, image, url, upload, colours, palette and concept."""

    text: str | None = Field(
        default=None, description='Words; "quotation marks" in it hold a phrase together'
    )
    colours: list[Swatch] | None = None
    palette: QueryPicture | None = Field(
        default=None, description="The colours of this picture, and no more of it"
    )
    concept: str | None = Field(default=None, description="Name of a saved set of examples")
    weight: float = Field(default=1.0, description="Negative: not this; from -100 to 100, never 0")


class AllOf(StrictModel):
    """All of these conditions."""

    all: list[Condition] = Field(min_length=2)


class AnyOf(StrictModel):
    """Any one of these conditions."""

    any: list[Condition] = Field(min_length=2)


class Not(StrictModel):
    """Not this condition: exactly the images that do not satisfy it."""

    condition: Condition = Field(alias="not")


Condition: TypeAlias = AllOf | AnyOf | Not | Filters


# A default would hold every field of Filters; what writes clients from the document cannot read it.
Conditions = Annotated[Condition, Field(json_schema_extra=lambda schema: schema.pop("default", None))]


class Alternative(StrictModel):
    """One way to fit: all of its parts, among the images that satisfy its filters."""

    parts: list[SinglePart] = []
    filters: Conditions = Filters()


class Part(SinglePart):
    """One part of a query: exactly one of text, image, url, upload, colours, palette, concept and either."""

    either: list[Alternative] | None = Field(
        default=None, description="Alternatives, of which an image has to fit one"
    )


class Query(StrictModel):
    """All that a line of the query language can say; what is left out stands at its default."""

    parts: list[Part] = []
    filters: Conditions = Filters()
    options: Options = Options()
    examples: Examples = Examples()
    weights: dict[str, float] = Field(default={}, description="How much each signal counts, from 0 to 100")
    sort: Sorted = "relevance"
    limit: Limit = 40
    offset: Offset = 0
    cursor: str | None = Field(default=None, description="Where to go on, as an answer to this query says")
    include_examples: bool = Field(
        default=False, description="Whether stored images that are searched by are hits"
    )
