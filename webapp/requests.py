"""The one reader: a request becomes parameters and a Query, for pages and JSON alike."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from flask import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.datastructures import FileStorage, MultiDict

from retrieval import (
    Concept,
    Either,
    Examples,
    InvalidQuery,
    Library,
    Palette,
    Part,
    Picture,
    Query,
    Reading,
    Reference,
    Sort,
    StoredPicture,
    format_sort,
    list_filters,
    parse_sort,
    query_from_json,
    suggest_name,
)

from .errors import InvalidParameter
from .parameters import AnySearch, SearchParameters

AnyParameters = TypeVar("AnyParameters", bound=BaseModel)
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
REPEATABLE = frozenset({"image", "picture", "like", "unlike", "good", "bad", "off", "fields", "id"})
_SORT_TERM = re.compile(r"(?<!\S)sort:\S+", re.IGNORECASE)


def read_parameters(model: type[AnyParameters], values: MultiDict[str, str]) -> AnyParameters:
    """Check the values of an address or a form; raises InvalidParameter naming the first that is wrong."""
    parameters: dict[str, Any] = {}
    for name, texts in values.lists():
        if name not in REPEATABLE and len(texts) > 1:
            raise InvalidParameter(f"{name}: given {len(texts)} times; give it once")
        parameters[name] = texts if name in REPEATABLE else texts[0]
    try:
        return model.model_validate(parameters)
    except ValidationError as error:
        raise InvalidParameter(_error_sentence(model, _choose_error(error.errors()))) from error


def take_parameters(
    model: type[AnyParameters], values: MultiDict[str, str]
) -> tuple[AnyParameters, MultiDict[str, str]]:
    """Check those values that a model knows, and return the others with it; raises InvalidParameter."""
    known, others = (
        MultiDict([pair for pair in values.items(multi=True) if (pair[0] in model.model_fields) is is_known])
        for is_known in (True, False)
    )
    return read_parameters(model, known), others


def _choose_error(errors: list[ErrorDetails]) -> ErrorDetails:
    """A name that is not known says more than that the one which was meant is missing."""
    return min(errors, key=lambda error: error["type"] != "extra_forbidden")


def _error_sentence(model: type[BaseModel], error: ErrorDetails) -> str:
    name = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        known_names = ", ".join(model.model_fields) or "none here"
        nearest = suggest_name(name[:80], model.model_fields)
        meant = f"; did you mean {nearest}?" if nearest else ""
        return f"{name[:80]}: no such parameter; there are {known_names}{meant}"
    if error["type"] == "string_pattern_mismatch":
        return f"{name}: not the token of an uploaded picture; upload the picture again"
    reason = error["msg"].removeprefix("Input ").removeprefix("Value error, ")
    return f"{name}: “{str(error['input'])[:40]}” {reason}"


def build_query(library: Library, parameters: SearchParameters, files: Sequence[bytes] = ()) -> Query:
    """The Query of these parameters and of the files sent with them; raises InvalidQuery.

    Its parts are those of `q` first, which the library reads, then stored images, uploaded pictures and
    files, each in their order; so with examples. An order in `q` counts before that of `sort`.
    """
    stored = [StoredPicture(image_id) for image_id in parameters.image]
    uploaded = [Picture(Reference("upload", token)) for token in parameters.picture]
    sent = [Picture(data, name="uploaded picture") for data in files]
    parts: tuple[Part, ...] = (*stored, *uploaded, *sent)
    query = library.read_line(parameters.q, parts=parts, limit=parameters.limit)
    sort = parse_sort(parameters.sort) if query.sort == Sort() else query.sort
    good, bad = query.examples.good + parameters.like, query.examples.bad + parameters.unlike
    return replace(
        query,
        sort=sort,
        examples=Examples(good, bad),
        offset=parameters.offset,
        cursor=parameters.cursor or None,
    )


def move_sort(library: Library, parameters: AnySearch) -> AnySearch:
    """The same search with the order that `q` says in `sort`, so that the page shows and changes it there.

    Where the order cannot be taken out of the line without changing the rest, everything stays as it is.
    """
    first_page = parameters.model_copy(update={"offset": 0, "cursor": ""})
    query = build_query(library, first_page)
    line = _remove_sort(parameters.q, query.reading)
    if line == parameters.q:
        return parameters
    moved = {"q": line, "sort": format_sort(query.sort)}
    try:
        is_same = build_query(library, first_page.model_copy(update=moved)) == query
    except InvalidQuery:
        is_same = False
    return parameters.model_copy(update=moved) if is_same else parameters


def _remove_sort(line: str, reading: Reading | None) -> str:
    """The line without the term, or the words, that say an order."""
    if reading:
        for phrase in reading.understood:
            if phrase.term.startswith("sort:"):
                return reading.line_without(phrase)
    return " ".join(_SORT_TERM.sub(" ", line).split()) if _SORT_TERM.search(line) else line


def names_saved(query: Query) -> bool:
    """Whether a query asks for something that was saved by name: a search, a concept, a recipe."""
    alternatives = [
        choice for part in query.parts if isinstance(part, Either) for choice in part.alternatives
    ]
    conditions = (query.filters, *(choice.filters for choice in alternatives))
    filters = [single for condition in conditions for single in list_filters(condition)]
    return (
        query.options.recipe is not None
        or any(isinstance(part, Concept) for part in query.single_parts)
        or any(single.saved or single.concepts for single in filters)
    )


def names_web_address(query: Query) -> bool:
    """Whether a server has to fetch a picture from the web for this query."""
    pictures = [part.picture if isinstance(part, Palette) else part for part in query.single_parts]
    sources = [picture.source for picture in pictures if isinstance(picture, Picture)]
    return any(isinstance(source, Reference) and source.kind == "url" for source in sources)


def read_json_query(body: bytes) -> Query:
    """The Query of a body in JSON; raises InvalidQuery naming the path of what is wrong."""
    return query_from_json(_load_json(body))


def read_json_values(model: type[AnyParameters], body: bytes) -> AnyParameters:
    """Check the values of a body in JSON; raises InvalidParameter naming the first that is wrong."""
    values = _load_json(body)
    if not isinstance(values, dict):
        raise InvalidParameter("the body is no object; send one as JSON, as in {}")
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise InvalidParameter(_error_sentence(model, _choose_error(error.errors()))) from error


def _load_json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidParameter(f"the body is not JSON ({error})") from error


def check_form(request: Request) -> None:
    """Raise InvalidParameter for a body that is no form, or that says nothing."""
    if not request.content_length:
        raise InvalidParameter("the body is empty; send a query in it as JSON or as a form, or use GET")
    if request.mimetype not in FORMS:
        raise InvalidParameter(
            f"the body is {request.mimetype[:80] or 'of no type'}; send application/json or a form"
        )
    if not (request.args or request.form or request.files):
        raise InvalidParameter("the body holds no query; send {} as JSON for all images")


def read_files(files: MultiDict[str, FileStorage], field: str) -> list[bytes]:
    """The contents of the files in one field; raises InvalidParameter for files in any other field."""
    for name in files:
        if name != field:
            raise InvalidParameter(f"{name}: no such file field; send pictures as {field}")
    chosen = [file for file in files.getlist(field) if file.filename]  # an empty file field has no name
    return [file.read() for file in chosen]
