"""The HTTP interface for programs, under /api/v1; its OpenAPI document is made from the models."""

from __future__ import annotations

from typing import Any, TypeAlias

from flask import Response, current_app, jsonify, request
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel
from werkzeug.datastructures import CombinedMultiDict

from retrieval import InvalidQuery, Query, StoredPicture, answers, read_status

from .addresses import PICTURE_ADDRESSES, address_values, next_address, permalink, query_values
from .errors import PROBLEM, InvalidParameter
from .keys import document_keys
from .parameters import CompletionParameters, NoParameters, PageParameters, SearchParameters
from .requests import check_form, read_files, read_json_query, read_parameters
from .services import current_services
from .uploads import UPLOADED_NAME

Json: TypeAlias = dict[str, Any]

api = APIBlueprint(
    "api",
    __name__,
    url_prefix="/api/v1",
    abp_responses={status: dict(PROBLEM) for status in ("400", "404", "4XX", "5XX")},
)

_IMAGE_ID = {"name": "image_id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}


# flask-openapi3 documents and requests.py reads, since the former takes every form value for JSON: it would
# turn q="old town" into q=old town. So parameters are documented by hand, from the models that check them.
def _document_parameters(model: type[BaseModel]) -> list[Json]:
    return [
        {"name": name, "in": "query", "description": value.get("description"), "schema": value}
        for name, value in model.model_json_schema()["properties"].items()
    ]


def _document_bodies() -> Json:
    schema = SearchParameters.model_json_schema()
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    schema["properties"]["picture_file"] = files | {"description": "Pictures to search by; not stored"}
    query = {"$ref": "#/components/schemas/Query"}  # it is there, since every answer holds a query
    return {"content": {"application/json": {"schema": query}, "multipart/form-data": {"schema": schema}}}


_IN_ADDRESS = {"parameters": _document_parameters(SearchParameters)}
_IN_BODY = {"requestBody": _document_bodies()}


def _image_id() -> int:
    image_id: int = (request.view_args or {})["image_id"]
    return image_id


# The names of these functions are in the document, as ids of operations.
@api.get("/search", responses={200: answers.Results}, openapi_extensions=_IN_ADDRESS)
def search() -> Json:
    """Search by all that the query language can say."""
    return _search_results(_query_in_address())


@api.post("/search", responses={200: answers.Results}, openapi_extensions=_IN_BODY)
def search_by_body() -> Json:
    """Search by a query in JSON, or by a form: pictures that are sent along, and all that GET takes."""
    return _search_results(_query_in_body())


@api.get("/facets", responses={200: answers.Facets}, openapi_extensions=_IN_ADDRESS)
def facets() -> Json:
    """How many images of the whole answer to a query have which folders, tags, labels, years …"""
    return _facet_counts(_query_in_address())


@api.post("/facets", responses={200: answers.Facets}, openapi_extensions=_IN_BODY)
def facets_by_body() -> Json:
    """The same for a query in JSON or a form."""
    return _facet_counts(_query_in_body())


def _query_in_address() -> Query:
    return current_services().read_query(read_parameters(SearchParameters, request.args))


def _query_in_body() -> Query:
    if request.is_json:
        return _json_query()
    check_form(request)
    parameters = read_parameters(SearchParameters, CombinedMultiDict([request.args, request.form]))
    files = read_files(request.files, "picture_file")
    current_services().read_query(parameters, files)  # refuses too many parts before any picture is decoded
    reencoded = current_services().decoder.reencode_pictures(files, UPLOADED_NAME)
    return current_services().read_query(parameters, reencoded)


def _json_query() -> Query:
    """The query of a body in JSON, or that of the address if the body is an empty object."""
    query = read_json_query(request.get_data())
    if not request.args:
        return query
    if query != Query():
        name = next(iter(request.args))[:80]
        raise InvalidParameter(f"{name}: the body holds a query already; put all of it there")
    return _query_in_address()


def _search_results(query: Query) -> Json:
    try:
        values = query_values(query)
    except InvalidQuery:  # a file that was sent has no address, so only the sender can ask for the next page
        values = None
    return _results_page("api.search", query, values)


def _results_page(endpoint: str, query: Query, values: Json | None) -> Json:
    results = current_services().search(query)
    following = None if values is None else next_address(endpoint, results, query, values)
    page = answers.present_results(
        results,
        query,
        PICTURE_ADDRESSES,
        next_address=following,
        find_permalink=permalink,
        write_line=current_services().library.write_line,
    )
    return _json_values(page)


def _facet_counts(query: Query) -> Json:
    return _json_values(answers.present_facets(current_services().count_facets(query), PICTURE_ADDRESSES))


def _explanation_of_image(query: Query) -> Json:
    explanation = current_services().explain(query, _image_id())
    return _json_values(answers.present_explanation(explanation, PICTURE_ADDRESSES))


def _json_values(model: BaseModel) -> Json:
    values: Json = answers.json_values(model)
    return values


@api.get(
    "/images/<id:image_id>",
    responses={200: answers.Image},
    openapi_extensions={"parameters": [_IMAGE_ID]},
)
def image() -> Json:
    """All that is known about one image."""
    read_parameters(NoParameters, request.args)
    stored = current_services().library.load_image(_image_id())
    return _json_values(answers.present_image(stored, PICTURE_ADDRESSES))


@api.get(
    "/images/<id:image_id>/similar",
    responses={200: answers.Results},
    openapi_extensions={"parameters": [_IMAGE_ID, *_document_parameters(PageParameters)]},
)
def similar() -> Json:
    """The images most like this one."""
    page = read_parameters(PageParameters, request.args)
    image_id = _image_id()
    parts = (StoredPicture(image_id),)
    query = Query(parts, limit=page.limit, offset=page.offset, cursor=page.cursor or None)
    return _results_page("api.similar", query, {"image_id": image_id} | address_values(page))


@api.get(
    "/images/<id:image_id>/explanation",
    responses={200: answers.Explanation},
    openapi_extensions={"parameters": [_IMAGE_ID, *_document_parameters(SearchParameters)]},
)
def explanation() -> Json:
    """Why an image is in the answer to a query: contributions, words, heat maps, points in common."""
    return _explanation_of_image(_query_in_address())


@api.post(
    "/images/<id:image_id>/explanation",
    responses={200: answers.Explanation},
    openapi_extensions={"parameters": [_IMAGE_ID], **_IN_BODY},
)
def explanation_by_body() -> Json:
    """The same for a query in JSON or a form."""
    return _explanation_of_image(_query_in_body())


@api.get(
    "/completions",
    responses={200: answers.Completions},
    openapi_extensions={"parameters": _document_parameters(CompletionParameters)},
)
def completions() -> Response:
    """How the last term of an unfinished line may go on: words, keys, and the library's values."""
    parameters = read_parameters(CompletionParameters, request.args)
    found = current_services().complete_line(parameters.q, parameters.limit)
    return jsonify(answers.json_values(answers.present_completions(found)))


@api.get("/status", responses={200: answers.Status})
def status() -> Json:
    """What the library holds, and whether its projections can be trusted."""
    read_parameters(NoParameters, request.args)
    library = current_services().library
    return _json_values(answers.present_status(read_status(library), library.signal_names))


@api.get("/openapi.json", doc_ui=False)
def openapi() -> Json:
    """This interface as an OpenAPI document."""
    document: Json = current_app.api_doc  # type: ignore[attr-defined]
    return document_keys(_without_nulls(document | {"components": _without_nulls(document["components"])}))


def _without_nulls(values: Json) -> Json:
    """Null stands for what is not there, but a document may not hold it."""
    return {name: value for name, value in values.items() if value is not None}
