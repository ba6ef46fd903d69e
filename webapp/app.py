"""The application: the pages and the interface for programs onto one library, and the guards around them."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence

from flask import Flask
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from werkzeug.routing import IntegerConverter

from retrieval import DEFAULT_DECODER, Library, answers

from .answer_pages import answer_pages, why_address
from .api import api
from .box_lines import split_line
from .boxes import describe_box, image_address, view_around
from .browse_pages import browse_pages, list_ways
from .change_pages import changes
from .copies import list_copies
from .docs_pages import docs_pages
from .duplicate_api import duplicate_api
from .duplicate_pages import duplicate_pages
from .edit_api import edit_api
from .edit_pages import edit_pages
from .errors import register_handlers
from .exports import exports
from .image_api import image_api
from .job_api import job_api
from .jobs import Jobs
from .keys import require_keys
from .language_pages import language_pages
from .line_api import line_api
from .locales import speak_languages
from .map_pages import map_pages
from .media import media
from .metrics import measure_requests
from .named_pages import named_pages
from .pages import pages
from .query_api import query_api
from .renditions import large_sources, tile_sizes, tile_sources
from .saved_api import saved_api
from .saved_pages import saved_pages
from .scopes import may
from .scripts import scripts
from .security import LOOPBACK, protect_app
from .services import attach_services, current_services
from .status_pages import status_pages
from .steering import address_with_example
from .transport import prepare_answers
from .visitors import RelativePaths, library_key
from .webhook_api import webhook_api
from .webhooks import Webhooks, find_poster
from .wording import (
    alternative_text,
    band_name,
    fact_name,
    field_name,
    file_name,
    format_duration,
    group_words,
    hit_remarks,
    image_name,
    is_position,
    rendition_name,
    rendition_words,
    tile_shape,
)

MAX_UPLOAD = 20_000_000  # bytes of one request


class ImageIdConverter(IntegerConverter):
    """A path component that can be an image id; a larger number makes an address that does not exist."""

    def __init__(self, map: object) -> None:
        super().__init__(map, min=1, max=answers.MAX_ID)  # type: ignore[arg-type]


def create_app(
    library: Library,
    *,
    hosts: tuple[str, ...] | None = LOOPBACK,
    public: bool = False,
    keys: bool = False,
    decoder: str = DEFAULT_DECODER,
    command: Sequence[str] = (),
) -> Flask:
    """Make the web application for one library.

    It answers only requests addressed to one of `hosts`; None answers all, which is for servers behind
    a proxy that checks. With `public`, strangers may visit: paths are shown relative to the folders that hold
    the pictures. With `keys`, every request needs a key of the library, which browsers keep in a cookie.
    `decoder` decodes the pictures that visitors
    send; it is named as for `retrieval.DecoderPool`. `command` is how `pictor` is called on this machine, for
    indexing runs and copies that are started from here; without it, none are.
    """
    app = OpenAPI(
        __name__,
        info=Info(title="Pictor", version="1"),
        doc_ui=False,
        validation_error_status=400,
        validation_error_model=answers.ProblemDetails,
    )
    app.config["MAX_CONTENT_LENGTH"] = MAX_UPLOAD
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.converters["id"] = ImageIdConverter
    app.jinja_env.filters |= {
        "image_name": image_name,
        "alternative_text": alternative_text,
        "group_words": group_words,
        "hit_remarks": hit_remarks,
        "box_words": describe_box,
        "image_address": image_address,
        "view_around": view_around,
        "file_name": file_name,
        "rendition_name": rendition_name,
        "rendition_words": rendition_words,
        "shape": tile_shape,
        "why_address": why_address,
        "address_with_example": address_with_example,
        "duration": format_duration,
        "tile_sources": tile_sources,
        "tile_sizes": tile_sizes,
        "large_sources": large_sources,
        "band_name": band_name,
        "field_name": field_name,
        "fact_name": fact_name,
    }
    speak_languages(app)
    app.jinja_env.tests["position"] = is_position
    app.jinja_env.globals |= {"list_copies": list_copies, "list_ways": list_ways, "may": may}
    app.jinja_env.globals["split_line"] = split_line
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config["PUBLIC"] = public
    app.config["KEYS"] = keys
    app.config["LIBRARY_KEY"] = library_key(library)
    app.extensions["jobs"] = jobs = Jobs(library.path, command)
    app.extensions["webhooks"] = webhooks = Webhooks(library, find_poster(library.settings))
    jobs.on_end = webhooks.tell_end
    paths = RelativePaths(library)
    attach_services(app, library, show_path=paths if public else str, decoder=decoder)
    measure_requests(app, library)
    protect_app(app, hosts)
    if keys:
        require_keys(app)
    prepare_answers(app)
    register_handlers(app, paths.hide_in if public else str)
    app.register_blueprint(pages)
    app.register_blueprint(changes)
    app.register_blueprint(answer_pages)
    app.register_blueprint(saved_pages)
    app.register_blueprint(status_pages)
    app.register_blueprint(edit_pages)
    app.register_blueprint(exports)
    app.register_blueprint(browse_pages)
    app.register_blueprint(named_pages)
    app.register_blueprint(map_pages)
    app.register_blueprint(duplicate_pages)
    app.register_blueprint(media)
    app.register_blueprint(scripts)
    app.register_blueprint(language_pages)
    app.register_blueprint(docs_pages)
    app.register_api(api)
    app.register_api(query_api)
    app.register_api(line_api)
    app.register_api(image_api)
    app.register_api(job_api)
    app.register_api(webhook_api)
    app.register_api(saved_api)
    _keep_methods(app, edit_api)
    app.register_api(edit_api)
    app.register_api(duplicate_api)
    app.api_doc  # noqa: B018 - made now, before there are threads
    return app


def _keep_methods(app: OpenAPI, blueprint: APIBlueprint) -> None:
    """Have the document keep the methods of paths that another blueprint has, too; they would be replaced."""
    for path, item in blueprint.paths.items():
        if path in app.paths:
            ours = item.model_dump(exclude_none=True, exclude_unset=True)
            blueprint.paths[path] = app.paths[path].model_copy(
                update={name: getattr(item, name) for name in ours}
            )


def tell_news(app: Flask) -> None:
    """Tell webhooks of new hits from now on, in a thread of its own."""
    webhooks: Webhooks = app.extensions["webhooks"]
    webhooks.start()


def warm_up(app: Flask, is_wanted: Callable[[], bool] = lambda: True) -> None:
    """Compile every template and load what queries need, so that no visitor waits for it.

    It ends early once `is_wanted` says no. Raises RetrievalError where the library cannot be searched.
    """
    for name in app.jinja_env.list_templates(extensions=["html"]):
        app.jinja_env.get_template(name)
    with app.app_context():
        current_services().library.warm_up(is_wanted)
    # What is loaded now stays. The collector would look at these hundreds of thousands of objects again and
    # again, for 0.15 s each time, while every thread waits.
    gc.collect()
    gc.freeze()
