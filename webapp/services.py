"""What a view works with: the library, and the pictures that queries name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from flask import Flask, current_app

from retrieval import (
    Explanation,
    Facet,
    Library,
    Query,
    Results,
    Settings,
    UrlFetcher,
    limits_from_settings,
    resolve_references,
)

from .decoding import Decoder
from .uploads import QueryPictures

_KEY = "pictor"
UPLOAD_KIND = "upload"  # of a reference; the server wrote these pictures itself

ByteFetcher: TypeAlias = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Services:
    """One per application; safe to use from many threads."""

    library: Library
    decoder: Decoder
    pictures: QueryPictures
    fetchers: Mapping[str, ByteFetcher]  # none for files: visitors may not name files here

    def search(self, query: Query) -> Results:
        """The hits of a query, whose pictures are fetched first."""
        return self.library.search(self._fetch_pictures(query))

    def explain(self, query: Query, image_id: int) -> Explanation:
        """Why an image is in the answer to a query."""
        return self.library.explain(self._fetch_pictures(query), image_id)

    def count_facets(self, query: Query) -> dict[str, Facet]:
        """How many images of the whole answer have which values."""
        return self.library.count_facets(self._fetch_pictures(query))

    def _fetch_pictures(self, query: Query) -> Query:
        """The query with its pictures; a decoder process re-encodes those that this server did not write."""
        safe_fetchers = {
            kind: fetch if kind == UPLOAD_KIND else partial(self._fetch_reencoded, fetch)
            for kind, fetch in self.fetchers.items()
        }
        return resolve_references(query, safe_fetchers)

    def _fetch_reencoded(self, fetch: ByteFetcher, value: str) -> bytes:
        return self.decoder.reencode_picture(fetch(value), value)


def attach_services(app: Flask, library: Library, *, local: bool, decoder: str) -> None:
    """Give the application its library; `local`: only the user of this machine reaches it."""
    limits = replace(limits_from_settings(library.settings), background=library.background)
    picture_decoder = Decoder(limits, decoder)
    pictures = QueryPictures(library, picture_decoder)
    fetchers: dict[str, ByteFetcher] = {UPLOAD_KIND: pictures.read_picture}
    if _allows_addresses(library.settings, local=local):
        fetchers["url"] = UrlFetcher(limits.max_bytes)
    app.extensions[_KEY] = Services(library, picture_decoder, pictures, fetchers)


def _allows_addresses(settings: Settings, *, local: bool) -> bool:
    """Whether queries may name pictures by address; for other machines, only where the settings allow it."""
    return settings.url_queries == "always" or (local and settings.url_queries == "auto")


def current_services() -> Services:
    """The services of the application that answers the current request."""
    services: Services = current_app.extensions[_KEY]
    return services
