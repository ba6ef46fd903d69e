"""The one presenter: what the engine answers becomes plain dicts, which pages and JSON both show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from flask import url_for

from retrieval import (
    Colours,
    Concept,
    Explanation,
    Facet,
    Hit,
    Image,
    InvalidQuery,
    Library,
    Palette,
    Part,
    Query,
    Results,
    Text,
    format_query,
    query_to_json,
)

from .requests import address_of

Plain: TypeAlias = dict[str, Any]


def results(found: Results, query: Query, next_address: str | None) -> Plain:
    """One page of hits, with the query as it can be asked again."""
    return {
        "hits": [hit(each) for each in found.hits],
        "total": found.total,
        "weaker": found.weaker,
        "notes": list(found.notes),
        "next": next_address,
    } | asked_again(query)


def asked_again(query: Query) -> Plain:
    """The query as JSON, as a line and as an address; None where it holds a file that was sent along."""
    try:
        address = url_for("pages.search", **address_of(query))
        return {"query": query_to_json(query), "line": format_query(query), "permalink": address}
    except InvalidQuery:
        return dict.fromkeys(("query", "line", "permalink"))


def hit(found: Hit) -> Plain:
    """One hit: its image, and what each signal gave to its score."""
    return summary(found.image) | {
        "rank": found.rank,
        "score": found.score,
        "band": found.band,
        "copies": list(found.copies),
        "contributions": [
            asdict(each) | {"share": each.amount / found.score if found.score else 0.0}
            for each in found.contributions
        ],
    }


def explanation(found: Explanation) -> Plain:
    """Why one image is in an answer."""
    return {"hit": hit(found.hit)} | found.as_json()


def facets(found: Mapping[str, Facet]) -> Plain:
    """Values with their counts, by facet."""
    return {
        name: {
            "values": [{"value": value, "count": count} for value, count in each.counts],
            "more": each.more,
        }
        for name, each in found.items()
    }


def summary(image: Image) -> Plain:
    """One image in short."""
    return {
        "id": image.id,
        "path": image.path,
        "page": image.page,
        "title": image.title,
        "caption": image.caption,
        "tags": list(image.tags),
        "labels": list(image.labels),
        "width": image.width,
        "height": image.height,
        "taken_at": image.taken_at and image.taken_at.isoformat(),
        "thumbnail": url_for("media.thumbnail", image_id=image.id),
    }


def details(image: Image) -> Plain:
    """All that is known about one image."""
    return summary(image) | {
        "sha256": image.sha256,
        "format": image.format,
        "bytes": image.bytes,
        "added_at": image.added_at.isoformat(),
        "preview": url_for("media.preview", image_id=image.id),
        "predicted": image.predicted_json(),
        "locations": [
            {
                "path": place.display,
                "page": place.page,
                "bytes": place.size,
                "missing_since": place.missing_since and place.missing_since.isoformat(),
            }
            for place in image.locations
        ],
        "annotations": [asdict(fact) for fact in image.annotations],
    }


def status(library: Library) -> Plain:
    """What the library holds."""
    found = library.status()
    return {
        "images": found.images,
        "locations": found.locations,
        "missing": found.missing,
        "problems": found.problems,
        "signals": list(library.signals),
        "spaces": [
            {name: getattr(space, name) for name in ("descriptor", "fingerprint", "dimension", "state")}
            for space in found.spaces
        ],
        "meaning": found.meaning,
        "damages": list(found.damages),
    }


def next_address(endpoint: str, found: Results, query: Query, values: Plain) -> str | None:
    """The address of the page after this one, or None at the end; `values` say the query."""
    offset = query.offset + query.limit
    return url_for(endpoint, **values | {"offset": offset}) if offset < found.total else None


def part_names(parts: Sequence[Part]) -> list[str]:
    """What to call each part of a query: its words, or “picture” with a number where there are several."""
    kinds = [_part_name(part) for part in parts]
    said = [isinstance(part, Text | Concept) for part in parts]
    alike = Counter(kind for kind, own in zip(kinds, said, strict=True) if not own)
    numbers = [Counter(kinds[: place + 1])[kind] for place, kind in enumerate(kinds)]
    return [
        kind if own or alike[kind] == 1 else f"{kind} {number}"
        for kind, own, number in zip(kinds, said, numbers, strict=True)
    ]


def _part_name(part: Part) -> str:
    if isinstance(part, Text):
        return part.text
    if isinstance(part, Concept):
        return part.name
    return "colours" if isinstance(part, Colours) else "palette" if isinstance(part, Palette) else "picture"


def name(image: Plain) -> str:
    """What to call an image: its title, or else its file's name."""
    return str(image["title"] or image["path"].rpartition("/")[2] or f"image {image['id']}")


def alternative(image: Plain) -> str:
    """The text that stands for the picture: its caption, or else its name with tags and labels."""
    words = ", ".join([*image["tags"], *image["labels"]])
    return str(image["caption"]) or (f"{name(image)} ({words})" if words else name(image))
