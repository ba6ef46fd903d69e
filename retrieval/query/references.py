"""References in a query: pictures that whoever takes the query in fetches, each door by its own means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from ..errors import InvalidQuery
from .values import Palette, Part, Picture, Query, Reference

# What stands behind one kind of reference: its value to the picture's bytes, or to the path of its file.
Fetcher: TypeAlias = Callable[[str], bytes | Path]


def resolve_references(query: Query, fetchers: Mapping[str, Fetcher]) -> Query:
    """The query with the picture itself in the place of every Reference, also inside a palette.

    `fetchers` maps the kinds that this door offers to what fetches them. Raises InvalidQuery for another
    kind, before anything is fetched, and whatever a fetcher raises.
    """
    for part in query.parts:
        _check_kind(part, fetchers)
    return replace(query, parts=tuple(_resolve_part(part, fetchers) for part in query.parts))


def _check_kind(part: Part, fetchers: Mapping[str, Fetcher]) -> None:
    source = getattr(part.picture if isinstance(part, Palette) else part, "source", None)
    if isinstance(source, Reference) and source.kind not in fetchers:
        offered = ", ".join(f"{kind}:" for kind in ("image", *fetchers))
        raise InvalidQuery(f"{source.kind}: is not offered here; there are {offered}")


def _resolve_part(part: Part, fetchers: Mapping[str, Fetcher]) -> Part:
    if isinstance(part, Palette) and isinstance(part.picture, Picture):
        return replace(part, of=_fetch_picture(part.picture, fetchers))
    return _fetch_picture(part, fetchers) if isinstance(part, Picture) else part


def _fetch_picture(part: Picture, fetchers: Mapping[str, Fetcher]) -> Picture:
    if not isinstance(part.source, Reference):
        return part
    kind, value = part.source.kind, part.source.value
    # The token of an upload says nothing to people.
    name = part.name if kind == "upload" else value
    return replace(part, source=fetchers[kind](value), name=name)
