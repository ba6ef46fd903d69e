"""The pictures themselves: only by id or token, and always as we encoded them."""

from __future__ import annotations

from flask import Blueprint, Response, request

from . import services
from .security import POLICY

media = Blueprint("media", __name__, url_prefix="/media")


@media.get("/<id:image_id>/thumbnail")
def thumbnail(image_id: int) -> Response:
    return _picture(services.current().library.thumbnail(image_id), "image/webp")


@media.get("/<id:image_id>/preview")
def preview(image_id: int) -> Response:
    return _picture(services.current().library.preview(image_id), "image/webp")


@media.get("/queries/<token>")
def query_picture(token: str) -> Response:
    return _picture(services.current().pictures.read(token), "image/png")


def _picture(data: bytes, kind: str) -> Response:
    response = Response(data, content_type=kind)
    # Browsers ask again each time: another library, served later at this address, has other pictures
    # under the same ids. What has not changed is not sent again.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Security-Policy"] = f"{POLICY}; sandbox"
    response.headers["Content-Disposition"] = "inline"
    response.add_etag()
    response.make_conditional(request)
    return response
