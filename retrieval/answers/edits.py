"""The shapes of edits: what programs send to say something of images, and what they get back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import Field

from .. import catalog
from ..search import suggested_values
from .models import Image
from .query import ImageId, StrictModel

_LISTS: Final = {"tags": "tag", "labels": "label", "people": "person"}
_SINGLE: Final = ("title", "caption", "rating")
Values = Annotated[list[str], Field(max_length=100)]


class ListEdit(StrictModel):
    """What to say of the values of one field."""

    add: Values = Field(default=[], description="Values that are so")
    remove: Values = Field(
        default=[], description='Values that are not so, whoever states or predicts them; "": all others'
    )
    unsay: Values = Field(
        default=[], description='Values about which nothing is to be said any more; "": all of them'
    )


class ImageEdit(StrictModel):
    """What to say of images; what is left out stays as it is.

    A title, caption or rating replaces those of files; an empty one (of a rating: 0) says that there is none;
    null takes back what was said, so that those of files count again.
    """

    title: str | None = None
    caption: str | None = None
    rating: Annotated[int, Field(ge=0, le=5)] | None = Field(default=None, description="Stars; 0: none")
    tags: ListEdit = ListEdit()
    labels: ListEdit = ListEdit()
    people: ListEdit = ListEdit()


class ImagesEdit(ImageEdit):
    """What to say of many images: those with these ids, or all hits of a query."""

    images: list[ImageId] = Field(default=[], max_length=100_000)
    q: str | None = Field(default=None, description="The query whose hits are meant, all of them")


class FieldValue(StrictModel):
    """A value of a field."""

    field: str
    value: str


class Said(StrictModel):
    """What an edit said."""

    add: list[FieldValue]
    remove: list[FieldValue]
    unsay: list[FieldValue]


class Edit(StrictModel):
    """An edit that can be taken back. Times are in UTC."""

    id: int | None = Field(description="Null where everything was said already, and nothing changed")
    made_at: datetime | None
    images: int = Field(description="How many images it changed")
    said: Said


class Edits(StrictModel):
    """The edits that can be taken back, the latest first."""

    edits: list[Edit]


class EditedImage(StrictModel):
    """An image after an edit."""

    edit: Edit
    image: Image


class Suggestion(FieldValue):
    """A value that may be so: several neighbours have it, or it is predicted."""

    origin: str = Field(description="neighbours or predicted")
    confidence: float = Field(description="The share of neighbours that have it, or how sure a classifier is")


class Suggestions(StrictModel):
    """What may be so of an image, and what a person said of it: what is so, and what was rejected."""

    suggestions: list[Suggestion]
    stated: list[FieldValue]
    rejected: list[FieldValue]


def read_edit(model: ImageEdit) -> catalog.Edit:
    """What the shape says, as the engine takes it; values are checked there."""
    lists = {field: getattr(model, name) for name, field in _LISTS.items()}
    singles = {field: getattr(model, field) for field in _SINGLE if field in model.model_fields_set}
    return catalog.Edit(
        add=(*_pairs(lists, "add"), *((field, str(value)) for field, value in singles.items() if value)),
        remove=(
            *_pairs(lists, "remove"),
            *((field, "") for field, value in singles.items() if value is not None and not value),
        ),
        unsay=(*_pairs(lists, "unsay"), *((field, "") for field, value in singles.items() if value is None)),
    )


def _pairs(lists: dict[str, ListEdit], name: str) -> Iterator[tuple[str, str]]:
    for field, values in lists.items():
        yield from ((field, value) for value in getattr(values, name))


def present_edit(kept: catalog.KeptEdit | None) -> Edit:
    """An edit; None: one that changed nothing."""
    if kept is None:
        return Edit(id=None, made_at=None, images=0, said=Said(add=[], remove=[], unsay=[]))
    edit = kept.edit
    said = Said(add=_present(edit.add), remove=_present(edit.remove), unsay=_present(edit.unsay))
    return Edit(id=kept.id, made_at=kept.made_at.replace(tzinfo=UTC), images=kept.images, said=said)


def present_suggestions(
    suggested: Iterable[suggested_values.Suggestion], said: Iterable[catalog.Statement]
) -> Suggestions:
    """What may be so of an image, and what a person says of it."""
    statements = tuple(said)
    return Suggestions(
        suggestions=[Suggestion(**asdict(suggestion)) for suggestion in suggested],
        stated=_present((one.field, one.value) for one in statements if one.is_so),
        rejected=_present((one.field, one.value) for one in statements if not one.is_so),
    )


def _present(pairs: Iterable[tuple[str, str]]) -> list[FieldValue]:
    return [FieldValue(field=field, value=value) for field, value in pairs]
