"""The HTTP interface for what queries are made of: stored pictures, and vectors of pictures and texts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, TypeAlias
from urllib.parse import urlsplit

from flask import Response, request, url_for
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field

from retrieval import Picture, Reference, StoredPicture, Text, answers

from .documenting import describe_body, describe_path, name_operation
from .errors import PROBLEM, InvalidParameter, PictureExpired
from .parameters import NoParameters, Token
from .requests import read_files, read_json_values, read_parameters
from .services import current_services
from .uploads import TOKEN

Json: TypeAlias = dict[str, Any]

query_api = APIBlueprint(
    "query_api",
    __name__,
    url_prefix="/api/v1",
    abp_responses={status: dict(PROBLEM) for status in ("400", "404", "4XX", "5XX")},
    operation_id_callback=name_operation,
)


class PictureAddress(answers.StrictModel):
    """A form without a file may name the address of the picture."""

    url: str = Field(default="", max_length=2000, description="Address of the picture on the web, if allowed")


class StoredQuery(answers.StrictModel):
    """A picture that is kept to search by; each search by it renews its time."""

    id: str = Field(description="As upload in a query, and as the parameter picture")
    expires_at: datetime = Field(description="When it is forgotten if nobody searches by it")
    address: str = Field(description="Address of the picture")
    search: str = Field(description="Address of the search by it")
    permalink: str = Field(description="Address of the search page with it")


class Embedding(answers.StrictModel):
    """What to make a vector of: exactly one of text, image and upload."""

    text: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    image: answers.ImageId | None = Field(default=None, description="Id of a stored image")
    upload: Token | None = Field(default=None, description="Id of a stored query picture")
    space: str = Field(default="subject", max_length=80, description="A text has a vector in subject alone")


_FORM: Final = PictureAddress.model_json_schema()
_FORM["properties"]["picture"] = {"type": "string", "format": "binary", "description": "The picture"}
_MULTIPART: Final = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}}
_ID: Final = describe_path("query_id", {"type": "string", "pattern": f"^{TOKEN.pattern}$"})


# The names of these functions are in the document, as ids of operations.
@query_api.post("/queries", responses={201: StoredQuery}, openapi_extensions=_MULTIPART)
def store_query() -> Response:
    """Keep a picture for seven days, to search by it as often as needed."""
    read_parameters(NoParameters, request.args)
    stored = _stored_query(keep_sent_picture(read_parameters(PictureAddress, request.form).url))
    headers = {"Location": url_for("query_api.stored_query", query_id=stored.id)}
    return Response(stored.model_dump_json(), 201, headers, content_type="application/json")


@query_api.get("/queries/<query_id>", responses={200: StoredQuery}, openapi_extensions={"parameters": [_ID]})
def stored_query() -> Json:
    """Until when a query picture is kept; asking is no use of it."""
    read_parameters(NoParameters, request.args)
    token: str = (request.view_args or {})["query_id"]
    if not TOKEN.fullmatch(token):
        raise PictureExpired
    return _stored_query(token).model_dump(mode="json")


@query_api.post("/embed", responses={200: answers.Vector}, openapi_extensions=describe_body(Embedding))
def embed() -> Json:
    """The vector of a picture or a text in a space, as it is compared with those of the images."""
    read_parameters(NoParameters, request.args)
    asked = read_json_values(Embedding, request.get_data())
    space, vector = current_services().embed(_read_part(asked), asked.space)
    values: Json = answers.json_values(answers.present_vector(space, vector))
    return values


def _read_part(asked: Embedding) -> Text | StoredPicture | Picture:
    given = [part for part in (asked.text, asked.image, asked.upload) if part is not None]
    if len(given) != 1:
        raise InvalidParameter("give exactly one of text, image and upload")
    if asked.text is not None:
        return Text(asked.text)
    if asked.image is not None:
        return StoredPicture(asked.image)
    return Picture(Reference("upload", str(asked.upload)))


def _stored_query(token: str) -> StoredQuery:
    pictures = current_services().pictures
    expires_at = pictures.find_expiry(token)
    if expires_at is None:
        raise PictureExpired
    return StoredQuery(
        id=token,
        expires_at=expires_at,
        address=url_for("media.query_picture", token=token),
        search=url_for("api.search", picture=token),
        permalink=url_for("pages.search", picture=token),
    )


def keep_sent_picture(address: str) -> str:
    """Store the picture of this request, or the one at an address, and return its token."""
    files = read_files(request.files, "picture")
    if address and not files:
        data, name = current_services().fetch_picture(address), urlsplit(address).path
    elif len(files) != 1:
        raise InvalidParameter(f"picture: {len(files)} files; choose one picture")
    else:
        data, name = files[0], request.files["picture"].filename or ""
    return current_services().pictures.keep_picture(data, name)
