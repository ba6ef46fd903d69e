"""The HTTP interface for programs, under /api/v1; its OpenAPI document is made from the models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from flask import Response, current_app, jsonify, request
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel
from werkzeug.datastructures import CombinedMultiDict, MultiDict

from retrieval import (
    InvalidQuery,
    Query,
    Results,
    RetrievalError,
    StoredPicture,
    answers,
    query_from_json,
    read_status,
)

from .addresses import PICTURE_ADDRESSES, address_values, next_address, permalink, query_values
from .batches import SearchBatch, check_batch, keep_fields
from .documenting import IMAGE_ID, describe_body, describe_parameters, name_operation
from .errors import PROBLEM, InvalidParameter, NotPublic, problem_values
from .examples import complete_document
from .keys import document_keys
from .parameters import (
    AnswerParameters,
    ApiSearchParameters,
    CompletionParameters,
    NoParameters,
    OffsetParameters,
    PageParameters,
    SearchParameters,
    SimilarParameters,
)
from .repairs import find_repair
from .requests import (
    check_form,
    read_files,
    read_json_query,
    read_json_values,
    read_parameters,
    take_parameters,
)
from .services import current_services
from .uploads import UPLOADED_NAME

Json: TypeAlias = dict[str, Any]

api = APIBlueprint(
    "api",
    __name__,
    url_prefix="/api/v1",
    abp_responses={status: dict(PROBLEM) for status in ("400", "404", "4XX", "5XX")},
    operation_id_callback=name_operation,
)


def _document_bodies() -> Json:
    schema = SearchParameters.model_json_schema()
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    schema["properties"]["picture_file"] = files | {"description": "Pictures to search by; not stored"}
    query = {"$ref": "#/components/schemas/Query"}  # it is there, since every answer holds a query
    return {"content": {"application/json": {"schema": query}, "multipart/form-data": {"schema": schema}}}


IN_ADDRESS = {"parameters": describe_parameters(SearchParameters)}
IN_BODY = {"requestBody": _document_bodies()}
_SHOWN = describe_parameters(AnswerParameters)


def _image_id() -> int:
    image_id: int = (request.view_args or {})["image_id"]
    return image_id


# The names of these functions are in the document, as ids of operations.
@api.get(
    "/search",
    responses={200: answers.Results},
    openapi_extensions={"parameters": describe_parameters(ApiSearchParameters)},
)
def search() -> Json:
    """Search by all that the query language can say."""
    shown, values = take_parameters(AnswerParameters, request.args)
    return _search_results(query_in_address(values), shown)


@api.post("/search", responses={200: answers.Results}, openapi_extensions={"parameters": _SHOWN, **IN_BODY})
def search_by_body() -> Json:
    """Search by a query in JSON, or by a form: pictures that are sent along, and all that GET takes."""
    shown, values = take_parameters(AnswerParameters, request.args)
    return _search_results(query_in_body(values), shown)


@api.post(
    "/search/batch",
    responses={200: answers.BatchAnswers},
    openapi_extensions=describe_body(SearchBatch, *_SHOWN),
)
def search_batch() -> Json:
    """Search by many queries from one state of the library, in one request; each is answered for itself."""
    shown = read_parameters(AnswerParameters, request.args)
    batch = read_json_values(SearchBatch, request.get_data())
    queries = [_attempt(query_from_json, values) for values in batch.searches]
    check_batch([query for query in queries if isinstance(query, Query)])
    found = current_services().search_many(queries)
    presented = [_present_found(query, results, shown) for query, results in zip(queries, found, strict=True)]
    return {"answers": presented}


def _attempt(read: Callable[[object], Query], values: object) -> Query | RetrievalError:
    try:
        return read(values)
    except RetrievalError as error:
        return error


def _present_found(
    query: Query | RetrievalError, found: Results | RetrievalError, shown: AnswerParameters
) -> Json:
    if isinstance(query, RetrievalError) or isinstance(found, RetrievalError):
        assert isinstance(found, RetrievalError)
        return {"problem": problem_values(found)}
    return {"results": _present_page(found, query, None, shown)}


@api.get("/facets", responses={200: answers.Facets}, openapi_extensions=IN_ADDRESS)
def facets() -> Json:
    """How many images of the whole answer to a query have which folders, tags, labels, years …"""
    return _facet_counts(query_in_address())


@api.post("/facets", responses={200: answers.Facets}, openapi_extensions=IN_BODY)
def facets_by_body() -> Json:
    """The same for a query in JSON or a form."""
    return _facet_counts(query_in_body())


def query_in_address(values: MultiDict[str, str] | None = None) -> Query:
    values = request.args if values is None else values
    return current_services().read_query(read_parameters(SearchParameters, values))


def query_in_body(values: MultiDict[str, str] | None = None) -> Query:
    """The query of a body, and of these values of the address: all of them where none are given."""
    values = request.args if values is None else values
    if request.is_json:
        return _json_query(values)
    check_form(request)
    parameters = read_parameters(SearchParameters, CombinedMultiDict([values, request.form]))
    files = read_files(request.files, "picture_file")
    current_services().read_query(parameters, files)  # refuses too many parts before any picture is decoded
    reencoded = current_services().decoder.reencode_pictures(files, UPLOADED_NAME)
    return current_services().read_query(parameters, reencoded)


def _json_query(values: MultiDict[str, str]) -> Query:
    """The query of a body in JSON, or that of the address if the body is an empty object."""
    query = read_json_query(request.get_data())
    if not values:
        return query
    if query != Query():
        name = next(iter(values))[:80]
        raise InvalidParameter(f"{name}: the body holds a query already; put all of it there")
    return query_in_address(values)


def _search_results(query: Query, shown: AnswerParameters) -> Json:
    try:
        values = query_values(query) | address_values(shown)
    except InvalidQuery:  # a file that was sent has no address, so only the sender can ask for the next page
        values = None
    return _results_page("api.search", query, values, shown)


def _results_page(endpoint: str, query: Query, values: Json | None, shown: AnswerParameters) -> Json:
    results = current_services().search(query)
    following = None if values is None else next_address(endpoint, results, query, values)
    return _present_page(results, query, following, shown)


def _present_page(results: Results, query: Query, following: str | None, shown: AnswerParameters) -> Json:
    page = answers.present_results(
        results,
        query,
        PICTURE_ADDRESSES,
        next_address=following,
        find_permalink=permalink,
        write_line=current_services().library.write_line,
        with_timings=shown.timings,
    )
    return keep_fields(_json_values(page), shown)


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
    openapi_extensions={"parameters": [IMAGE_ID]},
)
def image() -> Json:
    """All that is known about one image."""
    read_parameters(NoParameters, request.args)
    stored = current_services().library.load_image(_image_id())
    return _json_values(answers.present_image(stored, PICTURE_ADDRESSES))


@api.get(
    "/images/<id:image_id>/similar",
    responses={200: answers.Results},
    openapi_extensions={"parameters": [IMAGE_ID, *describe_parameters(SimilarParameters)]},
)
def similar() -> Json:
    """The images most like this one."""
    shown, values = take_parameters(AnswerParameters, request.args)
    page = read_parameters(PageParameters, values)
    image_id = _image_id()
    parts = (StoredPicture(image_id),)
    query = Query(parts, limit=page.limit, offset=page.offset, cursor=page.cursor or None)
    following = {"image_id": image_id} | address_values(page) | address_values(shown)
    return _results_page("api.similar", query, following, shown)


@api.get(
    "/images/<id:image_id>/explanation",
    responses={200: answers.Explanation},
    openapi_extensions={"parameters": [IMAGE_ID, *describe_parameters(SearchParameters)]},
)
def explanation() -> Json:
    """Why an image is in the answer to a query: contributions, words, heat maps, points in common."""
    return _explanation_of_image(query_in_address())


@api.post(
    "/images/<id:image_id>/explanation",
    responses={200: answers.Explanation},
    openapi_extensions={"parameters": [IMAGE_ID], **IN_BODY},
)
def explanation_by_body() -> Json:
    """The same for a query in JSON or a form."""
    return _explanation_of_image(query_in_body())


@api.get(
    "/completions",
    responses={200: answers.Completions},
    openapi_extensions={"parameters": describe_parameters(CompletionParameters)},
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


@api.get(
    "/problems",
    responses={200: answers.Problems},
    openapi_extensions={"parameters": describe_parameters(OffsetParameters)},
)
def problems() -> Json:
    """The files that could not be indexed, and what mends each."""
    page = read_parameters(OffsetParameters, request.args)
    if current_app.config["PUBLIC"]:
        raise NotPublic
    with current_services().library.catalog.reading() as reader:
        found = reader.load_problems()
    shown = [
        answers.Problem(
            path=problem.display,
            code=problem.code,
            reason=problem.reason,
            repair=find_repair(problem.code),
            tries=problem.tries,
        )
        for problem in found[page.offset : page.offset + page.limit]
    ]
    return _json_values(answers.Problems(problems=shown, total=len(found)))


@api.get("/openapi.json", doc_ui=False)
def openapi() -> Json:
    """This interface as an OpenAPI document."""
    document: Json = current_app.api_doc  # type: ignore[attr-defined]
    whole = _without_nulls(document | {"components": _without_nulls(document["components"])})
    return document_keys(complete_document(whole, request.url_root))


def _without_nulls(values: Json) -> Json:
    """Null stands for what is not there, but a document may not hold it."""
    return {name: value for name, value in values.items() if value is not None}
