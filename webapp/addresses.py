"""The addresses of this server: of pictures, of searches, and of the next page of hits."""

from __future__ import annotations

from typing import Any, Final

from flask import url_for

from retrieval import InvalidQuery, Query, Results, answers

from .parameters import PageParameters
from .requests import names_web_address
from .services import current_services

PICTURE_ADDRESSES: Final = answers.PictureAddresses(
    thumbnail=lambda image_id: url_for("media.thumbnail", image_id=image_id),
    preview=lambda image_id: url_for("media.preview", image_id=image_id),
    path=lambda path: current_services().show_path(path),
)


def address_values(parameters: answers.StrictModel, **changes: object) -> dict[str, Any]:
    """The parameters as they stand in an address: those that differ from the defaults, after `changes`."""
    return parameters.model_copy(update=changes).model_dump(exclude_defaults=True)


def query_values(query: Query) -> dict[str, Any]:
    """The parameters of an address that mean this query; raises InvalidQuery for one that none can mean."""
    page = PageParameters(limit=query.limit, offset=query.offset, cursor=query.cursor or "")
    if names_web_address(query):
        raise InvalidQuery("an address never makes a server fetch a picture")
    line = current_services().library.write_line(query)
    return ({"q": line} if line else {}) | address_values(page)


def permalink(query: Query) -> str | None:
    """The address of the search page with these hits; None for a query with a file or a web address in it."""
    try:
        return url_for("pages.search", **query_values(query))
    except InvalidQuery:
        return None


def next_address(endpoint: str, results: Results, query: Query, values: dict[str, Any]) -> str | None:
    """The address of the page after this one, or None at the end; `values` are the query's parameters.

    It goes on at a cursor, or at an offset where the library cannot be written and no list is kept.
    """
    if results.next_cursor:
        return url_for(endpoint, **values | {"offset": None, "cursor": results.next_cursor})
    offset = query.offset + query.limit
    is_last = query.cursor is not None or offset >= results.total
    return None if is_last else url_for(endpoint, **values | {"offset": offset})
