"""What a view works with: the library, and the pictures that queries name."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from threading import BoundedSemaphore, Lock
from typing import Final, TypeAlias, final

import numpy as np
import numpy.typing as npt
from flask import Flask, current_app, g, request

from retrieval import (
    BackgroundPublisher,
    Completion,
    Explanation,
    Facet,
    InvalidQuery,
    Library,
    Picture,
    Query,
    Restriction,
    Results,
    RetrievalError,
    Space,
    StoredPicture,
    Text,
    UrlFetcher,
    limits_from_settings,
    resolve_references,
)

from .decoding import Decoder
from .errors import TooManyFetches
from .parameters import SearchParameters
from .requests import build_query, names_saved, names_web_address
from .uploads import QueryPictures

_KEY = "pictor"
MOST_PARTS: Final = 16  # restricted libraries that are open at a time
FETCHES: Final = 2  # requests that may wait for the web at a time, so that threads are left for the others
NO_NAMES: Final = "something that this query names is not saved here, or cannot be searched"
NO_FETCHES: Final = "this server fetches no pictures from the web; save the picture, and send it as a file"
NO_WEB_IN_BATCH: Final = "url: is not taken in a batch; store the picture by POST /api/v1/queries first"
UPLOAD_KIND = "upload"  # of a reference; the server wrote these pictures itself

Vector: TypeAlias = npt.NDArray[np.float32]
ByteFetcher: TypeAlias = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Services:
    """One for all who see the whole library, and one for each part of it; safe to use from many threads."""

    library: Library
    decoder: Decoder
    pictures: QueryPictures
    fetchers: Mapping[str, ByteFetcher]  # none for files: visitors may not name files here
    show_path: Callable[[str], str]  # how a path is shown to visitors
    is_public: bool  # whether strangers may visit
    publisher: BackgroundPublisher
    free_fetches: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(FETCHES))

    def read_query(self, parameters: SearchParameters, files: Sequence[bytes] = ()) -> Query:
        """The query of these parameters, and of the files sent with them."""
        return build_query(self.library, parameters, files)

    def search(self, query: Query) -> Results:
        """The hits of a query, whose pictures are fetched first."""
        with self._keep_names(query):
            return self.library.search(self._fetch_pictures(query), with_cursor=True)

    def search_many(self, queries: Sequence[Query | RetrievalError]) -> list[Results | RetrievalError]:
        """The hits of each query, or why it has none; errors among them are kept."""
        fetched = [
            query if isinstance(query, RetrievalError) else self._fetch_in_batch(query) for query in queries
        ]
        found = iter(
            self.library.search_many(
                [query for query in fetched if isinstance(query, Query)], with_cursor=True
            )
        )
        return [query if isinstance(query, RetrievalError) else next(found) for query in fetched]

    def _fetch_in_batch(self, query: Query) -> Query | RetrievalError:
        try:
            if names_web_address(query):
                raise InvalidQuery(NO_WEB_IN_BATCH)
            with self._keep_names(query):
                return self._resolve_pictures(query)
        except RetrievalError as error:
            return error

    def explain(self, query: Query, image_id: int) -> Explanation:
        """Why an image is in the answer to a query."""
        with self._keep_names(query):
            return self.library.explain(self._fetch_pictures(query), image_id)

    def render_heat(self, query: Query, image_id: int) -> bytes:
        """An image with what in it is like the first picture of a query."""
        with self._keep_names(query):
            return self.library.render_heat(self._fetch_pictures(query), image_id)

    def embed(self, part: Text | Picture | StoredPicture, signal: str) -> tuple[Space, Vector]:
        """The vector of a text or a picture in the space of a signal."""
        if isinstance(part, Picture):
            [resolved] = self._resolve_pictures(Query((part,))).single_parts
            assert isinstance(resolved, Picture)
            part = resolved
        return self.library.embed(part, signal)

    def find_ids(self, query: Query) -> list[int]:
        """The ids of all hits of a query, on every page."""
        with self._keep_names(query):
            return self.library.find_ids(self._fetch_pictures(query))

    def count_facets(self, query: Query) -> dict[str, Facet]:
        """How many images of the whole answer have which values."""
        with self._keep_names(query):
            return self.library.count_facets(self._fetch_pictures(query))

    @contextmanager
    def _keep_names(self, query: Query) -> Iterator[None]:
        """What is saved by name can be used by strangers who know its name, but a refusal tells them none."""
        try:
            yield
        except InvalidQuery as error:
            if self.is_public and names_saved(query):
                raise InvalidQuery(NO_NAMES) from error
            raise

    def complete_line(self, line: str, limit: int) -> list[Completion]:
        """How the last term of an unfinished line may go on."""
        return self.library.complete_line(
            line, limit=limit, show_folder=self.show_folder, with_saved=not self.is_public
        )

    def show_folder(self, folder: str) -> str:
        """The path of a folder as visitors see those of its files, with a slash behind it."""
        return self.show_path(f"{folder}file").removesuffix("file")

    def fetch_picture(self, address: str) -> bytes:
        """The bytes of the picture at a web address, which may be anything.

        Raises InvalidQuery where the owner does not let this server fetch, PictureUnreachable and
        TooManyFetches.
        """
        if "url" not in self.fetchers:
            raise InvalidQuery(NO_FETCHES)
        with self._wait_for_web():
            return self.fetchers["url"](address)

    @contextmanager
    def _wait_for_web(self) -> Iterator[None]:
        if not self.free_fetches.acquire(blocking=False):
            raise TooManyFetches(FETCHES)
        try:
            yield
        finally:
            self.free_fetches.release()

    def _fetch_pictures(self, query: Query) -> Query:
        """The query with its pictures.

        Raises InvalidQuery if the web address of a picture came in a link: whoever makes a visitor follow a
        link may not make this server fetch something. Raises TooManyFetches.
        """
        if not ("url" in self.fetchers and names_web_address(query)):
            return self._resolve_pictures(query)
        if request.method != "POST":
            raise InvalidQuery("url: is taken by POST alone, never from a link; or send the picture itself")
        with self._wait_for_web():
            return self._resolve_pictures(query)

    def _resolve_pictures(self, query: Query) -> Query:
        """The query with its pictures; a decoder process re-encodes those that this server did not write."""
        safe_fetchers = {
            kind: fetch if kind == UPLOAD_KIND else partial(self._fetch_reencoded, fetch)
            for kind, fetch in self.fetchers.items()
        }
        return resolve_references(query, safe_fetchers)

    def _fetch_reencoded(self, fetch: ByteFetcher, value: str) -> bytes:
        return self.decoder.reencode_picture(fetch(value), value)


@final
class Parts:
    """The services for those who see a part of the library alone; the latest are kept. Safe for threads.

    Their library holds nothing else, and so nothing that is asked of it can tell of anything else.
    """

    def __init__(self, whole: Services) -> None:
        self._whole, self._opening = whole, Lock()
        self._kept: OrderedDict[Restriction, Services] = OrderedDict()

    def find_part(self, restriction: Restriction | None) -> Services:
        """The services of those who see no more than this; those of the whole library for None."""
        if restriction is None:
            return self._whole
        with self._opening:
            part = self._kept.pop(restriction, None) or self._open_part(restriction)
            self._kept[restriction] = part
            if len(self._kept) > MOST_PARTS:
                _, oldest = self._kept.popitem(last=False)
                oldest.library.close()
        return part

    def _open_part(self, restriction: Restriction) -> Services:
        whole = self._whole
        library = whole.library.restrict(restriction)
        pictures = QueryPictures(library, whole.decoder)
        fetchers = {**whole.fetchers, UPLOAD_KIND: pictures.read_picture}
        return replace(whole, library=library, pictures=pictures, fetchers=fetchers)


def attach_services(app: Flask, library: Library, *, show_path: Callable[[str], str], decoder: str) -> None:
    """Give the application its library."""
    limits = replace(limits_from_settings(library.settings), background=library.background)
    picture_decoder = Decoder(limits, decoder)
    pictures = QueryPictures(library, picture_decoder, keeps_names=not app.config["PUBLIC"])
    fetchers: dict[str, ByteFetcher] = {UPLOAD_KIND: pictures.read_picture}
    if library.settings.url_queries == "always":
        fetchers["url"] = UrlFetcher(limits.max_bytes)
    app.config["FETCHES_ADDRESSES"] = "url" in fetchers
    publisher = BackgroundPublisher(library.path, library.snapshot)
    whole = Services(library, picture_decoder, pictures, fetchers, show_path, app.config["PUBLIC"], publisher)
    app.extensions[_KEY] = Parts(whole)


def current_services() -> Services:
    """The services of the application that answers the current request."""
    return _parts_of(current_app).find_part(g.get("restriction"))


def services_of(app: Flask) -> Services:
    """The services of an application, for the whole library."""
    return _parts_of(app).find_part(None)


def _parts_of(app: Flask) -> Parts:
    parts: Parts = app.extensions[_KEY]
    return parts
