"""The pictures themselves: only by id or token, shown as Pictor encoded them; files are for keeping."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request

from .errors import NotPublic
from .security import POLICY
from .services import current_services
from .wording import LARGE_SIDE

media = Blueprint("media", __name__, url_prefix="/media")


@media.get("/<id:image_id>/thumbnail")
def thumbnail(image_id: int) -> Response:
    return picture_response(current_services().library.load_thumbnail(image_id), "image/webp")


@media.get("/<id:image_id>/preview")
def preview(image_id: int) -> Response:
    return picture_response(current_services().library.render_preview(image_id), "image/webp")


@media.get("/<id:image_id>/large")
def large(image_id: int) -> Response:
    """To look at closely."""
    return picture_response(current_services().library.render_preview(image_id, LARGE_SIDE), "image/webp")


@media.get("/<id:image_id>/original")
def original(image_id: int) -> Response:
    """The file itself, to be kept, never to be shown: it may hold anything beside its picture."""
    if current_app.config["PUBLIC"]:
        raise NotPublic()
    location, data = current_services().library.read_original(image_id)
    response = picture_response(data, "application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=location.display.rpartition("/")[2])
    return response


@media.get("/queries/<token>")
def query_picture(token: str) -> Response:
    return picture_response(current_services().pictures.read_picture(token), "image/png")


def picture_response(data: bytes, content_type: str) -> Response:
    """A picture that Pictor encoded; nothing is sent to whoever has the same one already."""
    response = Response(data, content_type=content_type)
    # Browsers ask again each time, since another library that is served later at this address has other
    # pictures under the same ids. A picture that has not changed is not sent again.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Security-Policy"] = f"{POLICY}; sandbox"
    response.headers["Content-Disposition"] = "inline"
    response.add_etag()
    response.make_conditional(request)
    return response
