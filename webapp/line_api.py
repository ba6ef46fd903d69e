"""The HTTP interface for queries themselves: what a line says, the line of a query, and the ids it finds."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from flask import request
from flask_openapi3.blueprint import APIBlueprint

from retrieval import answers

from .api import IN_ADDRESS, IN_BODY, query_in_address, query_in_body
from .documenting import describe_parameters, name_operation
from .errors import PROBLEM
from .parameters import LineParameters, NoParameters
from .requests import read_json_query, read_parameters
from .services import current_services

Json: TypeAlias = dict[str, Any]

line_api = APIBlueprint(
    "line_api",
    __name__,
    url_prefix="/api/v1",
    abp_responses={status: dict(PROBLEM) for status in ("400", "404", "4XX", "5XX")},
    operation_id_callback=name_operation,
)
_QUERY: Final = {"application/json": {"schema": {"$ref": "#/components/schemas/Query"}}}


# The names of these functions are in the document, as ids of operations.
@line_api.get(
    "/line",
    responses={200: answers.Reading},
    openapi_extensions={"parameters": describe_parameters(LineParameters)},
)
def read_line() -> Json:
    """The query that a line says, and what its words were read as; nothing is searched."""
    asked = read_parameters(LineParameters, request.args)
    library = current_services().library
    query = library.read_line(asked.q, limit=asked.limit, offset=asked.offset, today=asked.today)
    values: Json = answers.json_values(answers.present_reading(query, asked.q))
    return values


@line_api.post(
    "/line",
    responses={200: answers.Line},
    openapi_extensions={"requestBody": {"required": True, "content": _QUERY}},
)
def write_line() -> Json:
    """The line that says a query, without its limit, offset and cursor."""
    read_parameters(NoParameters, request.args)
    line = current_services().library.write_line(read_json_query(request.get_data()))
    values: Json = answers.json_values(answers.Line(line=line))
    return values


@line_api.get("/ids", responses={200: answers.ImageIds}, openapi_extensions=IN_ADDRESS)
def ids() -> Json:
    """The ids of all hits of a query, on every page, in their order."""
    return answers.ImageIds(ids=current_services().find_ids(query_in_address())).model_dump()


@line_api.post("/ids", responses={200: answers.ImageIds}, openapi_extensions=IN_BODY)
def ids_by_body() -> Json:
    """The same for a query in JSON or a form."""
    return answers.ImageIds(ids=current_services().find_ids(query_in_body())).model_dump()
