"""What a view works with: the library, and the pictures that queries name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from flask import Flask, current_app

from retrieval import (
    Explanation,
    Facet,
    Fetcher,
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
UPLOAD = "upload"  # the kind of reference whose pictures we wrote ourselves


@dataclass(frozen=True, slots=True)
class Services:
    """One per application; safe to use from many threads."""

    library: Library
    decoder: Decoder
    pictures: QueryPictures
    fetchers: Mapping[str, Fetcher]  # never one for files: those of this machine are nobody's to name

    def search(self, query: Query) -> Results:
        """The hits of a query; its pictures are fetched by what this door offers."""
        return self.library.search(self._fetched(query))

    def explain(self, query: Query, image_id: int) -> Explanation:
        """Why an image is in the answer to a query."""
        return self.library.explain(self._fetched(query), image_id)

    def facets(self, query: Query) -> dict[str, Facet]:
        """How many images of the whole answer have which values."""
        return self.library.count_facets(self._fetched(query))

    def _fetched(self, query: Query) -> Query:
        """The query with its pictures; those that we did not write ourselves are decoded apart."""
        guarded = {
            kind: fetch if kind == UPLOAD else partial(self._harmless, fetch)
            for kind, fetch in self.fetchers.items()
        }
        return resolve_references(query, guarded)

    def _harmless(self, fetch: Fetcher, value: str) -> bytes:
        fetched = fetch(value)
        assert isinstance(fetched, bytes), "no door of the web names files"
        return self.decoder.harmless(fetched, value)


def provide(app: Flask, library: Library, *, local: bool, decoder: str) -> None:
    """Give the application its library; `local`: nobody but the user of this machine reaches it."""
    limits = limits_from_settings(library.settings)
    decoding = Decoder(limits, decoder)
    pictures = QueryPictures(library, decoding)
    fetchers: dict[str, Fetcher] = {UPLOAD: pictures.read}
    if _fetches(library.settings, local=local):
        fetchers["url"] = UrlFetcher(limits.max_bytes)
    app.extensions[_KEY] = Services(library, decoding, pictures, fetchers)


def _fetches(settings: Settings, *, local: bool) -> bool:
    """Whether pictures are fetched by their address: for others, only where the settings say so."""
    return settings.url_queries == "always" or (local and settings.url_queries == "auto")


def current() -> Services:
    """The services of the application that answers the current request."""
    services: Services = current_app.extensions[_KEY]
    return services
