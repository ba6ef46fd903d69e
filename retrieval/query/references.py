"""References in a query: pictures that still have to be fetched, by the command or by the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from ..errors import InvalidQuery
from .values import Palette, Picture, Query, Reference, SinglePart

# Gets the value of a reference of one kind; returns the bytes of the picture, or the path of its file.
Fetcher: TypeAlias = Callable[[str], bytes | Path]


def resolve_references(query: Query, fetchers: Mapping[str, Fetcher]) -> Query:
    """The query with a picture in place of every Reference, also inside a palette.

    `fetchers` has a function for every kind that is allowed here. Raises InvalidQuery for another kind,
    before anything is fetched, and everything that a fetcher raises.
    """
    for part in query.single_parts:
        _check_kind(part, fetchers)
    return query.map_single_parts(partial(_resolve_part, fetchers=fetchers))


def _check_kind(part: SinglePart, fetchers: Mapping[str, Fetcher]) -> None:
    source = getattr(part.picture if isinstance(part, Palette) else part, "source", None)
    if isinstance(source, Reference) and source.kind not in fetchers:
        allowed = ", ".join(f"{kind}:" for kind in ("image", *fetchers))
        raise InvalidQuery(f"{source.kind}: is not allowed here; use {allowed}")


def _resolve_part(part: SinglePart, fetchers: Mapping[str, Fetcher]) -> SinglePart:
    if isinstance(part, Palette) and isinstance(part.picture, Picture):
        return replace(part, picture=_fetch_picture(part.picture, fetchers))
    return _fetch_picture(part, fetchers) if isinstance(part, Picture) else part


def _fetch_picture(part: Picture, fetchers: Mapping[str, Fetcher]) -> Picture:
    if not isinstance(part.source, Reference):
        return part
    kind, value = part.source.kind, part.source.value
    # The token of an upload means nothing to people.
    name = part.name if kind == "upload" else value
    return replace(part, source=fetchers[kind](value), name=name)
