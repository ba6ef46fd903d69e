"""The HTTP interface for what people say of images. A public server has none of it."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from flask import Response, current_app, request
from flask_openapi3.blueprint import APIBlueprint

from retrieval import Edit, KeptEdit, answers, open_editor

from .addresses import PICTURE_ADDRESSES
from .documenting import IMAGE_ID, NUMBER, describe_body, describe_parameters, name_operation
from .errors import PROBLEM, InvalidParameter, NotPublic
from .parameters import EditParameters, NoParameters
from .requests import read_json_values, read_parameters
from .services import current_services

Json: TypeAlias = dict[str, Any]

edit_api = APIBlueprint(
    "edit_api",
    __name__,
    url_prefix="/api/v1",
    abp_responses={status: dict(PROBLEM) for status in ("400", "403", "404", "4XX", "5XX")},
    operation_id_callback=name_operation,
)


@edit_api.before_request
def refuse_strangers() -> None:
    """Strangers neither see nor change what the owner of a library says of its images."""
    if current_app.config["PUBLIC"]:
        raise NotPublic()


def _argument(name: str) -> int:
    value: int = (request.view_args or {})[name]
    return value


def _edit_images(ids: list[int], edit: Edit) -> KeptEdit | None:
    services = current_services()
    with open_editor(services.library) as editor:
        kept = editor.edit_images(ids, edit)
    services.publisher.publish_after(kept.images if kept else 0)
    return kept


# The names of these functions are in the document, as ids of operations.
@edit_api.patch(
    "/images/<id:image_id>",
    responses={200: answers.EditedImage},
    openapi_extensions=describe_body(answers.ImageEdit, IMAGE_ID),
)
def edit_image() -> Json:
    """Say something of an image: tags, labels, people, a title, a caption, a rating. No file is touched."""
    read_parameters(NoParameters, request.args)
    model, image_id = read_json_values(answers.ImageEdit, request.get_data()), _argument("image_id")
    kept = _edit_images([image_id], answers.read_edit(model))
    image = current_services().library.load_image(image_id)
    edited = answers.EditedImage(
        edit=answers.present_edit(kept), image=answers.present_image(image, PICTURE_ADDRESSES)
    )
    values: Json = answers.json_values(edited)
    return values


@edit_api.get(
    "/images/<id:image_id>/suggestions",
    responses={200: answers.Suggestions},
    openapi_extensions={"parameters": [IMAGE_ID]},
)
def suggestions() -> Json:
    """Tags and labels that may be so of an image, and what was rejected."""
    read_parameters(NoParameters, request.args)
    library, image_id = current_services().library, _argument("image_id")
    suggested = library.suggest_values(image_id)
    presented = answers.present_suggestions(suggested, library.load_statements(image_id))
    values: Json = answers.json_values(presented)
    return values


@edit_api.get(
    "/edits",
    responses={200: answers.Edits},
    openapi_extensions={"parameters": describe_parameters(EditParameters)},
)
def edits() -> Json:
    """The edits that can be taken back, or those of one image, the latest first."""
    image_id = read_parameters(EditParameters, request.args).image_id
    listed = [answers.present_edit(kept) for kept in current_services().library.load_edits(image_id)]
    values: Json = answers.json_values(answers.Edits(edits=listed))
    return values


@edit_api.post("/edits", responses={201: answers.Edit}, openapi_extensions=describe_body(answers.ImagesEdit))
def edit_images() -> Response:
    """Say the same of many images: those with these ids, or all hits of a query."""
    read_parameters(NoParameters, request.args)
    model = read_json_values(answers.ImagesEdit, request.get_data())
    kept = _edit_images(_chosen_images(model), answers.read_edit(model))
    text = json.dumps(answers.json_values(answers.present_edit(kept)))
    return Response(text, 201, content_type="application/json")


def _chosen_images(model: answers.ImagesEdit) -> list[int]:
    """The images that are meant: never all by a slip."""
    if bool(model.images) == (model.q is not None):
        raise InvalidParameter('images: give ids, or a query as q; {"q": ""} means every image')
    if model.q is None:
        return model.images
    return current_services().find_ids(current_services().library.read_line(model.q))


@edit_api.delete(
    "/edits/<id:number>",
    responses={200: answers.Edit},
    openapi_extensions={"parameters": [NUMBER]},
)
def take_back_edit() -> Json:
    """Take an edit back from all of its images; what was said later about the same values stays."""
    read_parameters(NoParameters, request.args)
    services = current_services()
    with open_editor(services.library) as editor:
        taken = editor.take_back(_argument("number"))
    services.publisher.publish_after(taken.images)
    values: Json = answers.json_values(answers.present_edit(taken))
    return values
