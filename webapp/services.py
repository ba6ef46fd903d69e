"""What a view works with: the library, and the query pictures that people uploaded."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app

from retrieval import Library

from .uploads import QueryPictures

_KEY = "pictor"


@dataclass(frozen=True, slots=True)
class Services:
    """One per application; safe to use from many threads."""

    library: Library
    pictures: QueryPictures


def provide(app: Flask, library: Library) -> None:
    """Give the application its library."""
    app.extensions[_KEY] = Services(library, QueryPictures(library))


def current() -> Services:
    """The services of the application that answers the current request."""
    services: Services = current_app.extensions[_KEY]
    return services
