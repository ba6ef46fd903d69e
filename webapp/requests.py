"""The one reader: what a request says becomes parameters and a Query, for pages and JSON alike."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.datastructures import FileStorage, MultiDict

from retrieval import Picture, Query, Reference, StoredPicture, format_query, parse_query, query_from_json

from .errors import InvalidParameter
from .models import PageParameters, SearchParameters

AnyParameters = TypeVar("AnyParameters", bound=BaseModel)
REPEATABLE = frozenset({"image", "picture"})


def read(model: type[AnyParameters], values: MultiDict[str, str]) -> AnyParameters:
    """Check the values of an address or a form; raises InvalidParameter naming the first that is wrong."""
    given: dict[str, Any] = {}
    for name, several in values.lists():
        if name not in REPEATABLE and len(several) > 1:
            raise InvalidParameter(f"{name}: given {len(several)} times; give it once")
        given[name] = several if name in REPEATABLE else several[0]
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise InvalidParameter(_sentence(model, error.errors()[0])) from error


def _sentence(model: type[BaseModel], error: ErrorDetails) -> str:
    name = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        known = ", ".join(model.model_fields) or "none here"
        return f"{name[:80]}: no such parameter; there are {known}"
    if error["type"] == "string_pattern_mismatch":
        return f"{name}: not the token of an uploaded picture; upload the picture again"
    reason = error["msg"].removeprefix("Input ")
    return f"{name}: “{str(error['input'])[:40]}” {reason}"


def query(asked: SearchParameters, files: Sequence[bytes] = ()) -> Query:
    """The Query that the parameters and the files sent along mean; raises InvalidQuery.

    Its parts are those of `q` first, then stored images, uploaded pictures and files, in the order given.
    """
    stored = [StoredPicture(image_id) for image_id in asked.image]
    uploaded = [Picture(Reference("upload", token)) for token in asked.picture]
    sent = [Picture(data, name="uploaded picture") for data in files]
    return parse_query(asked.q, parts=(*stored, *uploaded, *sent), limit=asked.limit, offset=asked.offset)


def body(data: bytes) -> Query:
    """The Query that a body in JSON says; raises InvalidQuery naming the path of what is wrong."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidParameter(f"the body is not JSON ({error})") from error
    return query_from_json(value)


def files(sent: MultiDict[str, FileStorage], name: str) -> list[bytes]:
    """The contents of the files in one field; raises InvalidParameter for files in any other field."""
    for other in sent:
        if other != name:
            raise InvalidParameter(f"{other}: no such file field; send pictures as {name}")
    chosen = [file for file in sent.getlist(name) if file.filename]  # an empty file field has no name
    return [file.read() for file in chosen]


def address_values(asked: PageParameters, **changes: object) -> dict[str, Any]:
    """The parameters as they stand in an address: those that differ from the defaults, after `changes`."""
    return asked.model_copy(update=changes).model_dump(exclude_defaults=True)


def address_of(asked: Query) -> dict[str, Any]:
    """The parameters of an address that mean this query; raises InvalidQuery for one with a file in it."""
    page = PageParameters(limit=asked.limit, offset=asked.offset)
    line = format_query(asked)
    return ({"q": line} if line else {}) | address_values(page)
