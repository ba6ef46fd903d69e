"""The one presenter: what the engine answers becomes plain dicts, which pages and JSON both show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from flask import url_for

from retrieval import Hit, Image, Library, Part, Results, Text

from .models import PageParameters
from .requests import address_values

Plain: TypeAlias = dict[str, Any]


def results(found: Results, next_address: str | None) -> Plain:
    """One page of hits."""
    return {
        "hits": [hit(each) for each in found.hits],
        "total": found.total,
        "notes": list(found.notes),
        "next": next_address,
    }


def hit(found: Hit) -> Plain:
    """One hit: its image, and what each signal gave to its score."""
    return summary(found.image) | {
        "rank": found.rank,
        "score": found.score,
        "contributions": [
            # Only images with a score above zero are ranked, so the division is safe.
            asdict(each) | {"share": each.amount / found.score}
            for each in found.contributions
        ],
    }


def summary(image: Image) -> Plain:
    """One image in short."""
    return {
        "id": image.id,
        "path": image.path,
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
        "damages": list(found.damages),
    }


def next_address(endpoint: str, found: Results, asked: PageParameters, **values: Any) -> str | None:
    """The address of the page after this one, or None at the end."""
    offset = asked.offset + asked.limit
    if offset >= found.total:
        return None
    return url_for(endpoint, **values, **address_values(asked, offset=offset))


def part_names(parts: Sequence[Part]) -> list[str]:
    """What to call each part of a query: its words, or “picture” with a number where there are several."""
    pictures = sum(not isinstance(part, Text) for part in parts)
    names: list[str] = []
    for part in parts:
        if isinstance(part, Text):
            names.append(part.text)
        else:
            number = len(names) - sum(isinstance(each, Text) for each in parts[: len(names)]) + 1
            names.append(f"picture {number}" if pictures > 1 else "picture")
    return names


def name(image: Plain) -> str:
    """What to call an image: its title, or else its file's name."""
    return str(image["title"] or image["path"].rpartition("/")[2] or f"image {image['id']}")


def alternative(image: Plain) -> str:
    """The text that stands for the picture: its caption, or else its name with tags and labels."""
    words = ", ".join([*image["tags"], *image["labels"]])
    return str(image["caption"]) or (f"{name(image)} ({words})" if words else name(image))
