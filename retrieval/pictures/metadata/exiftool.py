"""The JSON that `exiftool -json` writes about a picture; the tags are those that are read inside pictures.

A tag may have the name of its group before it (-G). Numbers are texts here: a keyword 2019 is written as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeGuard

from .dates import CREATED, DIGITIZED, MODIFIED, ORIGINAL
from .exposure import format_rating, format_setting
from .facts import Pair, name_person
from .keywords import split_keyword

_FILE: Final = "SourceFile"  # exiftool writes it into every object
# The field of each tag, in lower case, in the order in which their values are kept.
FIELDS: Final = {
    **dict.fromkeys(("title", "objectname", "xptitle"), "title"),
    **dict.fromkeys(("description", "imagedescription", "usercomment"), "caption"),
    "caption-abstract": "caption",
    **dict.fromkeys(("xpcomment", "xpsubject", "comment", "headline"), "caption"),
    **dict.fromkeys(("subject", "keywords", "hierarchicalsubject", "catalogsets", "xpkeywords"), "tag"),
    **dict.fromkeys(("tagslist", "lastkeywordxmp"), "tag"),
    **dict.fromkeys(
        ("personinimage", "personinimagename", "regionname", "regionpersondisplayname"), "person"
    ),
    **dict.fromkeys(("creator", "artist", "author", "xpauthor"), "creator"),
    "by-line": "creator",
    **dict.fromkeys(("location", "city", "state", "country"), "place"),
    "sub-location": "place",
    "province-state": "place",
    "country-primarylocationname": "place",
    "rating": "rating",
    "datetimeoriginal": ORIGINAL,
    **dict.fromkeys(("datecreated", "datetimecreated"), CREATED),
    **dict.fromkeys(("createdate", "datetimedigitized", "digitalcreationdate"), DIGITIZED),
    "modifydate": MODIFIED,
}
_ZONES: Final = {
    "datetimeoriginal": "offsettimeoriginal",
    **dict.fromkeys(("createdate", "datetimedigitized"), "offsettimedigitized"),
    "modifydate": "offsettime",
}
EXPOSURE: Final = {
    "lens": ("lensmodel", "lensid", "lens", "lenstype"),
    "iso": ("iso", "isospeedratings", "photographicsensitivity"),
    "aperture": ("fnumber", "aperture", "aperturevalue"),
    "exposure": ("exposuretime", "shutterspeed"),
    "focal": ("focallength",),
}
_SEPARATED: Final = {"xpkeywords": ";", "xpauthor": ";", "artist": ";"}  # texts that are lists
_TREES: Final = {"tagslist": "/", "lastkeywordxmp": "/"}
_MAX_VALUES: Final = 1000  # of one tag
_DEGREES: Final = re.compile(
    r"(\d{1,3}(?:\.\d{1,15})?)(?: deg (\d{1,2})' (\d{1,2}(?:\.\d{1,15})?)\")? ?([NSEW])?[A-Z]*", re.IGNORECASE
)


def is_output(values: object) -> TypeGuard[list[dict[str, Any]] | dict[str, Any]]:
    """Whether exiftool wrote this: one object, or a list of objects, with the name of a file."""
    first = values[0] if isinstance(values, list) and values else values
    return isinstance(first, dict) and _FILE in first


def read_exiftool_facts(values: list[dict[str, Any]] | dict[str, Any]) -> Iterator[Pair]:
    """Fields and values. Raises ValueError for the output about several files."""
    if isinstance(values, list) and len(values) > 1:
        raise ValueError(f"exiftool's output about {len(values)} files; write one file for each picture")
    first = values[0] if isinstance(values, list) else values
    tags = {name.rpartition(":")[2].lower(): value for name, value in first.items()}
    for name, field in FIELDS.items():
        for text in _iterate_texts(tags.get(name)):
            for part in text.split(_SEPARATED[name]) if name in _SEPARATED else [text]:
                yield from _make_facts(field, part + _find_zone(tags, name), _TREES.get(name, "|"))
    yield from _exposure_facts(tags)
    yield "place", _format_position(tags)


def _find_zone(tags: Mapping[str, Any], name: str) -> str:
    """The time zone in a tag of its own, behind a space; "" for tags that are no dates."""
    zone = tags.get(_ZONES.get(name, ""))
    return f" {zone}" if isinstance(zone, str) else ""


def _exposure_facts(tags: Mapping[str, Any]) -> Iterator[Pair]:
    """How the picture was taken: of several tags with the same meaning the first that is there."""
    for field, names in EXPOSURE.items():
        values = (text for name in names for text in _iterate_texts(tags.get(name)))
        yield field, next(filter(None, (format_setting(field, text) for text in values)), "")


def _make_facts(field: str, text: str, separator: str) -> Iterator[Pair]:
    if field == "person":
        yield from name_person(text)
    elif field == "tag":
        yield from ((field, tag) for tag in split_keyword(text, separator))
    else:
        yield field, format_rating(text) if field == "rating" else text


def _iterate_texts(value: object) -> Iterator[str]:
    for text in (value if isinstance(value, list) else [value])[:_MAX_VALUES]:
        if isinstance(text, str | int | float) and not isinstance(text, bool):
            yield str(text)


def _format_position(tags: Mapping[str, Any]) -> str:
    """Degrees in the format of `exif`; "" for an invalid position, and for 0, 0, which means none."""
    degrees = [
        _parse_degrees(tags.get(f"gps{axis}"), tags.get(f"gps{axis}ref"), maximum)
        for axis, maximum in (("latitude", 90), ("longitude", 180))
    ]
    north, east = degrees
    return f"{north:.5f}, {east:.5f}" if north is not None and east is not None and (north or east) else ""


def _parse_degrees(value: object, reference: object, maximum: int) -> float | None:
    """A number, as -n writes it, or 48 deg 51' 29.60" N."""
    text = str(value).strip()[:64]
    match = _DEGREES.fullmatch(text.removeprefix("-"))
    if not match:
        return None
    degrees = float(match[1]) + int(match[2] or 0) / 60 + float(match[3] or 0) / 3600
    side = match[4] or str(reference)[:1]
    is_negative = text.startswith("-") or side.upper() in ("S", "W")
    return None if degrees > maximum else -degrees if is_negative else degrees
