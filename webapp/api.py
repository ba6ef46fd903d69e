"""The HTTP interface for programs, under /api/v1; its OpenAPI document is made from the models."""

from __future__ import annotations

from typing import Any

from flask import current_app, request
from flask_openapi3 import APIBlueprint
from pydantic import BaseModel

from retrieval import InvalidQuery, Query, StoredPicture

from . import models, present, requests, services
from .present import Plain
from .uploads import UPLOADED

_PROBLEM = {
    "description": "What went wrong, in one sentence",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}

api = APIBlueprint(
    "api",
    __name__,
    url_prefix="/api/v1",
    abp_responses={status: dict(_PROBLEM) for status in ("400", "404", "4XX", "5XX")},
)

_IMAGE_ID = {"name": "image_id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}


# flask-openapi3 documents and requests.py reads, since the former takes every form value for JSON: it would
# turn q="old town" into q=old town. So parameters are documented by hand, from the models that check them.
def _parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "description": value.get("description"), "schema": value}
        for name, value in model.model_json_schema()["properties"].items()
    ]


def _bodies() -> dict[str, Any]:
    schema = models.SearchParameters.model_json_schema()
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    schema["properties"]["picture_file"] = files | {"description": "Pictures to search by; not stored"}
    query = {"$ref": "#/components/schemas/Query"}  # there, since every answer holds one
    return {"content": {"application/json": {"schema": query}, "multipart/form-data": {"schema": schema}}}


_ASKED = {"parameters": _parameters(models.SearchParameters)}
_SENT = {"requestBody": _bodies()}


def _image_id() -> int:
    image_id: int = (request.view_args or {})["image_id"]
    return image_id


@api.get("/search", responses={200: models.Results}, openapi_extensions=_ASKED)
def search() -> Plain:
    """Search by all that the query language can say."""
    return _answered(_asked())


@api.post("/search", responses={200: models.Results}, openapi_extensions=_SENT)
def search_by_body() -> Plain:
    """Search by a query in JSON, or by a form: pictures that are sent along, and all that GET takes."""
    return _answered(_sent())


@api.get("/facets", responses={200: models.Facets}, openapi_extensions=_ASKED)
def facets() -> Plain:
    """How many images of the whole answer to a query have which folders, tags, labels, years …"""
    return present.facets(services.current().facets(_asked()))


@api.post("/facets", responses={200: models.Facets}, openapi_extensions=_SENT)
def facets_by_body() -> Plain:
    """The same for a query in JSON or a form."""
    return present.facets(services.current().facets(_sent()))


def _asked() -> Query:
    return requests.query(requests.read(models.SearchParameters, request.args))


def _sent() -> Query:
    if request.is_json:
        return requests.body(request.get_data())
    sent = requests.files(request.files, "picture_file")
    files = [services.current().decoder.harmless(each, UPLOADED) for each in sent]
    return requests.query(requests.read(models.SearchParameters, request.form), files)


def _answered(query: Query) -> Plain:
    found = services.current().search(query)
    try:
        following = present.next_address("api.search", found, query, requests.address_of(query))
    except InvalidQuery:  # a file that was sent has no address, so only the sender can ask for the next page
        following = None
    return present.results(found, query, following)


@api.get(
    "/images/<id:image_id>",
    responses={200: models.Image},
    openapi_extensions={"parameters": [_IMAGE_ID]},
)
def image() -> Plain:
    """All that is known about one image."""
    requests.read(models.NoParameters, request.args)
    return present.details(services.current().library.image(_image_id()))


@api.get(
    "/images/<id:image_id>/similar",
    responses={200: models.Results},
    openapi_extensions={"parameters": [_IMAGE_ID, *_parameters(models.PageParameters)]},
)
def similar() -> Plain:
    """The images most like this one."""
    asked = requests.read(models.PageParameters, request.args)
    image_id = _image_id()
    query = Query((StoredPicture(image_id),), limit=asked.limit, offset=asked.offset)
    found = services.current().search(query)
    values = {"image_id": image_id} | requests.address_values(asked)
    return present.results(found, query, present.next_address("api.similar", found, query, values))


@api.get(
    "/images/<id:image_id>/explanation",
    responses={200: models.Explanation},
    openapi_extensions={"parameters": [_IMAGE_ID, *_parameters(models.SearchParameters)]},
)
def explanation() -> Plain:
    """Why an image is in the answer to a query: contributions, words, heat maps, points in common."""
    return present.explanation(services.current().explain(_asked(), _image_id()))


@api.post(
    "/images/<id:image_id>/explanation",
    responses={200: models.Explanation},
    openapi_extensions={"parameters": [_IMAGE_ID], **_SENT},
)
def explanation_by_body() -> Plain:
    """The same for a query in JSON or a form."""
    return present.explanation(services.current().explain(_sent(), _image_id()))


@api.get("/status", responses={200: models.Status})
def status() -> Plain:
    """What the library holds, and whether its projections can be trusted."""
    requests.read(models.NoParameters, request.args)
    return present.status(services.current().library)


@api.get("/openapi.json", doc_ui=False)
def openapi() -> Plain:
    """This interface as an OpenAPI document."""
    document: Plain = current_app.api_doc  # type: ignore[attr-defined]
    return document
