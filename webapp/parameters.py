"""The parameters that addresses and forms may have; they are checked here, and documented from here."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from retrieval import answers

from .uploads import TOKEN

Token = Annotated[str, Field(pattern=f"^{TOKEN.pattern}$")]


class NoParameters(answers.StrictModel):
    """An address that takes none."""


class PageParameters(answers.StrictModel):
    """Which page of the hits to show."""

    limit: answers.Limit = 40
    offset: answers.Offset = 0


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
    picture: tuple[Token, ...] = Field(default=(), description="Tokens of uploaded query pictures")
