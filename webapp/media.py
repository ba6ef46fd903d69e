"""The pictures themselves: only by id or token, shown as Pictor encoded them; files are for keeping."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, current_app, request

from .errors import NotPublic
from .renditions import LARGE_SIDE, PREVIEW_SIDE
from .security import POLICY
from .services import current_services

WEBP: Final = "image/webp"
# Of files as they are, by what their bytes are; others, such as raw files, are bytes without a type.
FILE_TYPES: Final = {
    name: f"image/{name}" for name in ("jpeg", "png", "gif", "webp", "bmp", "tiff", "avif", "heif")
}
UNKNOWN_TYPE: Final = "application/octet-stream"

media = Blueprint("media", __name__, url_prefix="/media")


@media.get("/<id:image_id>/thumbnail")
def thumbnail(image_id: int) -> Response:
    return picture_response(current_services().library.load_thumbnail(image_id), WEBP)


@media.get("/<id:image_id>/preview")
def preview(image_id: int) -> Response:
    """For tiles on screens with many pixels, and where a thumbnail is too small."""
    return _rendition_response(image_id, PREVIEW_SIDE)


@media.get("/<id:image_id>/large")
def large(image_id: int) -> Response:
    """To look at closely."""
    return _rendition_response(image_id, LARGE_SIDE)


@media.get("/<id:image_id>/original")
def original(image_id: int) -> Response:
    """The file itself, to be kept, never to be shown: it may hold anything beside its picture."""
    if current_app.config["PUBLIC"]:
        raise NotPublic()
    library = current_services().library
    location, data = library.read_original(image_id)
    response = picture_response(data, FILE_TYPES.get(library.load_image(image_id).format, UNKNOWN_TYPE))
    response.headers.set("Content-Disposition", "attachment", filename=location.display.rpartition("/")[2])
    return response


@media.get("/queries/<token>")
def query_picture(token: str) -> Response:
    return picture_response(current_services().pictures.read_picture(token), "image/png")


def _rendition_response(image_id: int, side: int) -> Response:
    """A rendition of a picture; one that the browser has already is not made again."""
    library = current_services().library
    image = library.load_image(image_id)
    tag = f"{image.sha256}-{side}"
    if request.if_none_match.contains(tag):
        return picture_response(b"", WEBP, tag)
    data = library.render_preview(image_id, side)
    is_made = data != library.load_thumbnail(image_id)  # else the file cannot be read, perhaps for now
    return picture_response(data, WEBP, tag if is_made else None)


def picture_response(data: bytes, content_type: str, tag: str | None = None) -> Response:
    """A picture, whole or the range that is asked for; `tag` names it, else its bytes do."""
    response = Response(data, content_type=content_type)
    # Browsers ask again each time, since another library that is served later at this address has other
    # pictures under the same ids. A picture that has not changed is not sent again.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Security-Policy"] = f"{POLICY}; sandbox"
    response.headers["Content-Disposition"] = "inline"
    response.set_etag(tag) if tag else response.add_etag()
    response.make_conditional(request, accept_ranges=True, complete_length=len(data))
    return response
