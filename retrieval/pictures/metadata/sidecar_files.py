"""What files beside a picture say about it: plain text, JSON, and XMP."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from . import xmp
from .facts import Fact, Metadata, Pair

SIDECAR_SOURCE: Final = "sidecar"  # the source of all of them
MAX_SIZES: Final = {"txt": 1 << 16, "json": 1 << 20, "xmp": 1 << 20}  # bytes, by what the name ends in
# Key to field, and whether a text holds several values, parted by semicolons.
KEYS: Final = {
    "title": ("title", False),
    "caption": ("caption", False),
    "description": ("caption", False),
    "tags": ("tag", True),
    "keywords": ("tag", True),
    "label": ("label", True),
    "labels": ("label", True),
    "creator": ("creator", False),
}


def read_sidecar(data: bytes, ending: str) -> Metadata:
    """What the bytes of a file say whose name ends in txt, json or xmp; ValueError says why it is refused.

    Text: every paragraph is a caption. JSON: an object with any of KEYS, whose values are texts or lists of
    them, or with what Google's Takeout writes; other keys are passed over. XMP: as inside pictures. An empty
    file says nothing.
    """
    if len(data) > MAX_SIZES[ending]:
        raise ValueError(f"{len(data)} bytes; the limit for .{ending} is {MAX_SIZES[ending]}")
    if not data.strip():
        return Metadata()
    said = {"txt": _text_facts, "json": _json_facts, "xmp": xmp.read_xmp_facts}[ending](data)
    return Metadata.from_facts(Fact(SIDECAR_SOURCE, field, value) for field, value in said)


def _text_facts(data: bytes) -> list[Pair]:
    return [("caption", each) for each in re.split(r"\n\s*\n", _decode_text(data).replace("\r", ""))]


def _json_facts(data: bytes) -> list[Pair]:
    try:
        found = json.loads(_decode_text(data))
    except RecursionError as error:
        raise ValueError("not JSON that can be used: too many brackets in one another") from error
    except ValueError as error:
        raise ValueError(f"not JSON ({error})") from error
    if not isinstance(found, dict):
        raise ValueError('JSON, but no object: something like {"title": …, "tags": […]} is needed')
    return [*_key_facts(found), *_takeout_facts(found)]


def _key_facts(found: Mapping[str, Any]) -> Iterator[Pair]:
    for key, value in found.items():
        field, parted = KEYS.get(key.casefold(), ("", False))
        for text in value if isinstance(value, list) else [value]:
            if field and isinstance(text, str):
                yield from ((field, each) for each in (text.split(";") if parted else [text]))


def _takeout_facts(found: Mapping[str, Any]) -> Iterator[Pair]:
    """What Google's Takeout says: people, a place in degrees, and when the picture was taken, in UTC."""
    for person in _as_list(found.get("people")):
        if isinstance(person, dict) and isinstance(name := person.get("name"), str):
            yield "tag", name
    positions = (_format_position(found.get(key)) for key in ("geoData", "geoDataExif"))
    yield "place", next(filter(None, positions), "")
    taken = found.get("photoTakenTime")
    yield "taken", _format_time(taken.get("timestamp")) if isinstance(taken, dict) else ""


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _format_position(value: object) -> str:
    """Degrees, as `exif` writes them; empty for what is no place, or 0, 0, which stands for none."""
    north, east = (value.get("latitude"), value.get("longitude")) if isinstance(value, dict) else (0, 0)
    if not (isinstance(north, int | float) and isinstance(east, int | float) and (north or east)):
        return ""
    return f"{north:.5f}, {east:.5f}" if abs(north) <= 90 and abs(east) <= 180 else ""


def _format_time(seconds: object) -> str:
    try:
        moment = datetime.fromtimestamp(int(str(seconds)), UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return moment.replace(tzinfo=None).isoformat(" ")


def _decode_text(data: bytes) -> str:
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 (byte {error.start}); save it as UTF-8") from error
    if "\0" in text:
        raise ValueError("not a text: there is a zero byte in it")
    return text
