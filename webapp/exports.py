"""The download of a whole answer, or of selected images, by the owner of a library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Annotated, Final, Literal

from flask import Blueprint, Response, current_app, request, stream_with_context
from pydantic import Field

from retrieval import ORIGINALS_SCOPE, Image, ImageNotFound, Library, OriginalMissing, answers

from .addresses import PICTURE_ADDRESSES
from .errors import InvalidParameter, NotPublic
from .parameters import SearchParameters
from .requests import read_parameters
from .scopes import require_scope
from .services import current_services

exports = Blueprint("exports", __name__, url_prefix="/export")

IMAGES_AT_A_TIME: Final = 500
Format = Annotated[
    Literal["csv", "json", "paths", "zip", "originals"],
    Field(description="zip: pictures, as WebP; originals: a ZIP of the files as they are"),
]
ZIPS: Final = ("zip", "originals")
_TYPES: Final = {
    "csv": ("text/csv; charset=utf-8", "pictures.csv"),
    "json": ("application/json", "pictures.json"),
    "paths": ("text/plain; charset=utf-8", "pictures.txt"),
    "zip": ("application/zip", "pictures.zip"),
    "originals": ("application/zip", "originals.zip"),
}


class ExportParameters(SearchParameters):
    """A search, all hits of which are exported, and in which format."""

    format: Format


class ExportForm(answers.StrictModel):
    """Selected images, and the format."""

    ids: str = Field(
        pattern=r"^[0-9]{1,18}(,[0-9]{1,18})*$", description="Ids of images, separated by commas"
    )
    format: Format


@exports.before_request
def refuse_strangers() -> None:
    """An export tells where files lie, and takes long."""
    if current_app.config["PUBLIC"]:
        raise NotPublic()


@exports.get("")
def export_answer() -> Response:
    """All hits of a search, on every page, in their order."""
    parameters = read_parameters(ExportParameters, request.args)
    query = current_services().read_query(parameters.model_copy(update={"offset": 0, "cursor": ""}))
    return _export(current_services().find_ids(query), parameters.format)


@exports.post("")
def export_selection() -> Response:
    """Selected images, in the order in which they are given; ids that are gone are left out."""
    form = read_parameters(ExportForm, request.form)
    return _export(list(dict.fromkeys(map(int, form.ids.split(",")))), form.format)


def _export(ids: list[int], format_name: str) -> Response:
    if format_name == "originals":
        require_scope(ORIGINALS_SCOPE)
    most = answers.MOST_RENDITIONS
    if format_name in ZIPS and len(ids) > most:
        raise InvalidParameter(
            f"format: a ZIP holds at most {most:,} pictures, and these are {len(ids):,}; narrow the search, "
            "or choose csv, json or paths"
        )
    library = current_services().library
    images = _load_images(library, ids)
    kind, name = _TYPES[format_name]
    response = Response(stream_with_context(_write(library, images, format_name)), content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _load_images(library: Library, ids: list[int]) -> Iterator[Image]:
    for start in range(0, len(ids), IMAGES_AT_A_TIME):
        yield from library.load_images(ids[start : start + IMAGES_AT_A_TIME]).values()


def _write(library: Library, images: Iterable[Image], format_name: str) -> Iterator[bytes]:
    if format_name == "zip":
        return answers.export_renditions(images, partial(_read_or_nothing, library.render_preview))
    if format_name == "originals":
        return answers.export_originals(
            images, partial(_read_or_nothing, lambda image_id: library.read_original(image_id)[1])
        )
    if format_name == "paths":
        return answers.export_paths(images)
    write = answers.export_csv if format_name == "csv" else answers.export_json
    return write(images, PICTURE_ADDRESSES)


def _read_or_nothing(read: Callable[[int], bytes], image_id: int) -> bytes:
    """What is read of an image, or nothing where it or its file is gone."""
    try:
        return read(image_id)
    except (ImageNotFound, OriginalMissing):
        return b""
