"""The application: a library, with pages, an interface for programs and guards around them."""

from __future__ import annotations

from flask import Flask
from flask_openapi3 import Info, OpenAPI
from werkzeug.routing import IntegerConverter

from retrieval import DECODER, Library

from . import errors, models, present, security, services
from .api import api
from .media import media
from .pages import pages

MAX_UPLOAD = 20_000_000  # bytes of one request


class ImageIdConverter(IntegerConverter):
    """A path component that can be an image id; a larger number is an address that leads nowhere."""

    def __init__(self, map: object) -> None:
        super().__init__(map, min=1, max=models.MAX_ID)  # type: ignore[arg-type]


def create_app(
    library: Library, *, hosts: tuple[str, ...] | None = security.LOOPBACK, decoder: str = DECODER
) -> Flask:
    """Make the web application for one library.

    It answers only requests addressed to one of `hosts`; None answers all, which is for servers behind
    a proxy that checks. It keeps no session and sets no cookie. `decoder` is what pictures that others send
    are decoded with, as `retrieval.DecoderPool` takes it.
    """
    app = OpenAPI(
        __name__,
        info=Info(title="Pictor", version="1"),
        doc_ui=False,
        validation_error_status=400,
        validation_error_model=models.Problem,
    )
    app.config["MAX_CONTENT_LENGTH"] = MAX_UPLOAD
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.converters["id"] = ImageIdConverter
    app.jinja_env.filters |= {"name": present.name, "alternative": present.alternative}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    local = hosts is not None and set(hosts) <= set(security.LOOPBACK)
    services.provide(app, library, local=local, decoder=decoder)
    security.protect(app, hosts)
    errors.register(app)
    app.register_blueprint(pages)
    app.register_blueprint(media)
    app.register_api(api)
    app.api_doc  # noqa: B018 - made now, before there are threads
    return app
