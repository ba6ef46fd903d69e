"""Reads sidecar files, which lie next to a picture and describe it: plain text, JSON and XMP.

JSON is an object of Pictor's own keys, what Google's Takeout exports, or the output of `exiftool -json`.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from html import unescape
from typing import Any, Final

from . import exiftool, xmp
from .dates import MODIFIED, ORIGINAL, settle_date
from .facts import Fact, Metadata, Pair, name_person
from .keywords import split_keyword
from .machine_texts import without_machine_texts

SIDECAR_SOURCE: Final = "sidecar"  # the source of annotations from such files
MAX_SIZES: Final = {"txt": 1 << 16, "json": 1 << 20, "xmp": 1 << 20}  # bytes, by file name extension
# The field of each key, and whether a text is a list of values separated by semicolons.
KEYS: Final = {
    "title": ("title", False),
    "caption": ("caption", False),
    "description": ("caption", False),
    "tags": ("tag", True),
    "keywords": ("tag", True),
    "label": ("label", True),
    "labels": ("label", True),
    "creator": ("creator", False),
    "person": ("person", False),
    "persons": ("person", True),
    "place": ("place", False),
}


def read_sidecar(data: bytes, ending: str) -> Metadata:
    """The facts in a sidecar file; `ending` is txt, json or xmp. An empty file has none.

    Text: every paragraph is a caption. JSON: an object with any of KEYS, whose values are texts or lists of
    texts, or with the keys of Google Takeout; or a list of one object that exiftool wrote. Other keys are
    ignored. XMP: as inside pictures, but the time when the file was changed says nothing about the picture.
    Raises ValueError with the reason for a file that is refused.
    """
    if len(data) > MAX_SIZES[ending]:
        raise ValueError(f"{len(data)} bytes; the limit for .{ending} is {MAX_SIZES[ending]}")
    if not data.strip():
        return Metadata()
    pairs = {"txt": _text_facts, "json": _json_facts, "xmp": _xmp_facts}[ending](data)
    facts = settle_date(Fact(SIDECAR_SOURCE, field, value) for field, value in pairs if field != MODIFIED)
    return Metadata.from_facts(facts)


def _xmp_facts(data: bytes) -> list[Pair]:
    return _human_pairs(xmp.read_xmp_facts(data))


def _human_pairs(pairs: Iterable[Pair]) -> list[Pair]:
    facts = without_machine_texts(Fact(SIDECAR_SOURCE, field, value) for field, value in pairs)
    return [(fact.field, fact.value) for fact in facts]


def _text_facts(data: bytes) -> list[Pair]:
    return [
        ("caption", paragraph) for paragraph in re.split(r"\n\s*\n", _decode_text(data).replace("\r", ""))
    ]


def _json_facts(data: bytes) -> list[Pair]:
    try:
        values = json.loads(_decode_text(data))
    except RecursionError as error:
        raise ValueError("JSON with too many nested brackets") from error
    except ValueError as error:
        raise ValueError(f"not JSON ({error})") from error
    if exiftool.is_output(values):
        return _human_pairs(exiftool.read_exiftool_facts(values))
    if not isinstance(values, dict):
        raise ValueError('JSON, but not an object; write one like {"title": …, "tags": […]}')
    if "photoTakenTime" in values:  # Takeout writes texts as HTML
        values = {key: unescape(value) if isinstance(value, str) else value for key, value in values.items()}
    return [*_key_facts(values), *_takeout_facts(values)]


def _key_facts(values: Mapping[str, Any]) -> Iterator[Pair]:
    for key, value in values.items():
        field, is_list = KEYS.get(key.casefold(), ("", False))
        for text in value if isinstance(value, list) else [value]:
            if field and isinstance(text, str):
                for part in text.split(";") if is_list else [text]:
                    yield from _make_facts(field, part.strip())


def _make_facts(field: str, text: str) -> Iterator[Pair]:
    if field == "person":
        yield from name_person(text)
    else:
        yield from ((field, level) for level in (split_keyword(text) if field == "tag" else [text]))


def _takeout_facts(values: Mapping[str, Any]) -> Iterator[Pair]:
    """The keys of Google Takeout: people, the position in degrees, and the time of the picture, in UTC."""
    for person in _as_list(values.get("people")):
        if isinstance(person, dict) and isinstance(name := person.get("name"), str):
            yield from name_person(unescape(name))
    positions = (_format_position(values.get(key)) for key in ("geoData", "geoDataExif"))
    yield "place", next(filter(None, positions), "")
    taken = values.get("photoTakenTime")
    yield ORIGINAL, _format_time(taken.get("timestamp")) if isinstance(taken, dict) else ""


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _format_position(value: object) -> str:
    """Degrees in the format of `exif`; "" for an invalid position, and for 0, 0, which means none."""
    north, east = (value.get("latitude"), value.get("longitude")) if isinstance(value, dict) else (0, 0)
    if not (isinstance(north, int | float) and isinstance(east, int | float) and (north or east)):
        return ""
    return f"{north:.5f}, {east:.5f}" if abs(north) <= 90 and abs(east) <= 180 else ""


def _format_time(seconds: object) -> str:
    try:
        moment = datetime.fromtimestamp(int(str(seconds)), UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return moment.isoformat(" ")


def _decode_text(data: bytes) -> str:
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 (byte {error.start}); save it as UTF-8") from error
    if "\0" in text:
        raise ValueError("not text: it contains a zero byte")
    return text
