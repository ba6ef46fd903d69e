"""What a view works with: the library, and the pictures that queries name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask, current_app

from indexer import Fetcher as UrlFetcher
from retrieval import Explanation, Facet, Fetcher, Library, Query, Results, Settings, limits_of, resolved

from .uploads import QueryPictures

_KEY = "pictor"


@dataclass(frozen=True, slots=True)
class Services:
    """One per application; safe to use from many threads."""

    library: Library
    pictures: QueryPictures
    fetchers: Mapping[str, Fetcher]  # never one for files: those of this machine are nobody's to name

    def search(self, query: Query) -> Results:
        """The hits of a query; its pictures are fetched by what this door offers."""
        return self.library.search(resolved(query, self.fetchers))

    def explain(self, query: Query, image_id: int) -> Explanation:
        """Why an image is in the answer to a query."""
        return self.library.explain(resolved(query, self.fetchers), image_id)

    def facets(self, query: Query) -> dict[str, Facet]:
        """How many images of the whole answer have which values."""
        return self.library.facets(resolved(query, self.fetchers))


def provide(app: Flask, library: Library, *, local: bool) -> None:
    """Give the application its library; `local`: nobody but the user of this machine reaches it."""
    pictures = QueryPictures(library)
    fetchers: dict[str, Fetcher] = {"upload": pictures.read}
    if _fetches(library.settings, local=local):
        fetchers["url"] = UrlFetcher(limits_of(library.settings).max_bytes)
    app.extensions[_KEY] = Services(library, pictures, fetchers)


def _fetches(settings: Settings, *, local: bool) -> bool:
    """Whether pictures are fetched by their address: for others, only where the settings say so."""
    return settings.url_queries == "always" or (local and settings.url_queries == "auto")


def current() -> Services:
    """The services of the application that answers the current request."""
    services: Services = current_app.extensions[_KEY]
    return services
