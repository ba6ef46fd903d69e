"""The HTTP interface for single images: many at once, their vectors, and pictures of them."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field

from retrieval import answers

from .addresses import PICTURE_ADDRESSES
from .documenting import IMAGE_ID, describe_parameters, name_operation
from .errors import PROBLEM
from .media import picture_response
from .parameters import NoParameters, SearchParameters
from .renditions import LARGE_SIDE
from .requests import read_parameters
from .services import current_services

Json: TypeAlias = dict[str, Any]
MOST_IMAGES: Final = 100

image_api = APIBlueprint(
    "image_api",
    __name__,
    url_prefix="/api/v1",
    abp_responses={status: dict(PROBLEM) for status in ("400", "404", "4XX", "5XX")},
    operation_id_callback=name_operation,
)


class ImageParameters(answers.StrictModel):
    """Which images to tell of."""

    id: Annotated[
        tuple[answers.ImageId, ...],
        Field(min_length=1, max_length=MOST_IMAGES, description="Ids of images, repeatable"),
    ]


class RenditionParameters(answers.StrictModel):
    """Which rendition to send."""

    size: Literal["thumbnail", "preview", "large"] = Field(
        default="preview",
        description="At most 320 pixels, the size that pictures are described at, or larger",
    )


_PICTURE: Final = {
    "description": "The picture, without metadata",
    "content": {"image/webp": {"schema": {"type": "string", "format": "binary"}}},
}
_IN_PATH: Final = {"parameters": [IMAGE_ID]}


def _image_id() -> int:
    image_id: int = (request.view_args or {})["image_id"]
    return image_id


# The names of these functions are in the document, as ids of operations.
@image_api.get(
    "/images",
    responses={200: answers.Images},
    openapi_extensions={"parameters": describe_parameters(ImageParameters)},
)
def images() -> Json:
    """All that is known about several images."""
    asked = read_parameters(ImageParameters, request.args)
    known = current_services().library.load_images(asked.id)
    shown = [answers.present_image(image, PICTURE_ADDRESSES) for image in known.values()]
    values: Json = answers.json_values(answers.Images(images=shown))
    return values


@image_api.get("/images/<id:image_id>/vectors", responses={200: answers.Vectors}, openapi_extensions=_IN_PATH)
def vectors() -> Json:
    """The stored features of an image, by space."""
    read_parameters(NoParameters, request.args)
    stored = current_services().library.load_vectors(_image_id())
    shown = [answers.present_vector(space, vector) for space, vector in stored]
    values: Json = answers.json_values(answers.Vectors(vectors=shown))
    return values


@image_api.get("/images/<id:image_id>/thumbnail", responses={200: _PICTURE}, openapi_extensions=_IN_PATH)
def thumbnail() -> Response:
    """A small rendition of an image."""
    read_parameters(NoParameters, request.args)
    return picture_response(current_services().library.load_thumbnail(_image_id()), "image/webp")


@image_api.get(
    "/images/<id:image_id>/rendition",
    responses={200: _PICTURE},
    openapi_extensions={"parameters": [IMAGE_ID, *describe_parameters(RenditionParameters)]},
)
def rendition() -> Response:
    """An image as Pictor encodes it for browsers; originals are sent from `/media/{id}/original` alone."""
    size, library = read_parameters(RenditionParameters, request.args).size, current_services().library
    if size == "thumbnail":
        data = library.load_thumbnail(_image_id())
    elif size == "large":
        data = library.render_preview(_image_id(), LARGE_SIDE)
    else:
        data = library.render_preview(_image_id())
    return picture_response(data, "image/webp")


@image_api.get(
    "/images/<id:image_id>/heatmap",
    responses={200: _PICTURE},
    openapi_extensions={"parameters": [IMAGE_ID, *describe_parameters(SearchParameters)]},
)
def heatmap() -> Response:
    """An image with what in it is like the first picture of a query."""
    query = current_services().read_query(read_parameters(SearchParameters, request.args))
    return picture_response(current_services().render_heat(query, _image_id()), "image/webp")
