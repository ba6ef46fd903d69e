"""The pictures that a search names: where each can be seen, and the box of it that counts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import url_for

from retrieval import ImageNotFound, Palette, Part, Picture, Query, Region, StoredPicture, replace_part

from .addresses import address_values
from .changes import FIRST_PAGE, AskedSearch, upload_token
from .services import current_services


@dataclass(frozen=True, slots=True)
class QueryPicture:
    """A picture that is searched by. `ratio`: its width over its height; `region`: the box that counts.

    `crop` is the address that takes another box, and `whole` that of the search by all of it, where a box
    counts; both are None for a picture that was put aside.
    """

    thumbnail: str
    large: str
    ratio: float
    region: Region | None
    crop: str | None = None
    whole: str | None = None


def find_picture(part: Part) -> QueryPicture | None:
    """The picture of a part; None where it has none that can be shown."""
    picture = part.picture if isinstance(part, Palette) else part
    if isinstance(picture, StoredPicture):
        thumbnail, large = (
            url_for(f"media.{size}", image_id=picture.image_id) for size in ("thumbnail", "large")
        )
        return QueryPicture(thumbnail, large, _find_ratio(picture.image_id), picture.region)
    if isinstance(picture, Picture) and (token := upload_token(picture)):
        address = url_for("media.query_picture", token=token)
        return QueryPicture(address, address, current_services().pictures.find_ratio(token), picture.region)
    return None


def find_asked_picture(asked: AskedSearch, place: int) -> QueryPicture | None:
    """The picture of a part of a search, with the addresses that change its box."""
    picture = find_picture(asked.query.parts[place])
    if picture is None:
        return None
    crop = url_for("changes.crop", part=place, **address_values(asked.parameters, **FIRST_PAGE))
    whole = address_with_region(asked, place, None) if picture.region else None
    return replace(picture, crop=crop, whole=whole)


def address_with_region(asked: AskedSearch, place: int, region: Region | None) -> str | None:
    """The search by a box of one of its pictures, or by all of it; None where that part has no picture."""
    changed = _change_region(asked.query, place, region)
    return None if changed is None else asked.changed_address(changed)


def _change_region(query: Query, place: int, region: Region | None) -> Query | None:
    part = query.parts[place] if place < len(query.parts) else None
    if not isinstance(part, Palette | Picture | StoredPicture):
        return None
    if isinstance(part, Palette):
        return replace_part(query, place, picture=replace(part.picture, region=region))
    return replace_part(query, place, region=region)


def _find_ratio(image_id: int) -> float:
    try:
        image = current_services().library.load_image(image_id)
    except ImageNotFound:
        return 1.0
    return image.width / image.height
