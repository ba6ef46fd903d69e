"""XMP: the XML that picture software writes into pictures and into sidecar files.

After ISO 16684-1. The parser is expat from the standard library, with handlers of our own. It loads nothing
from elsewhere. A document type is refused where it begins, so no entity can be declared or expanded. Size and
depth are limited.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NoReturn
from xml.parsers import expat

from .dates import CREATED, DIGITIZED, MODIFIED, ORIGINAL
from .exposure import format_rating, format_setting
from .facts import Pair, name_person
from .keywords import split_keyword

SOURCE: Final = "xmp"
MAX_SIZE: Final = 1 << 20  # bytes of a document
MAX_DEPTH: Final = 32  # nested elements; a title has depth six, the name of a face eleven
RDF, _DC = "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://purl.org/dc/elements/1.1/"
_PHOTOSHOP, _LIGHTROOM = "http://ns.adobe.com/photoshop/1.0/", "http://ns.adobe.com/lightroom/1.0/"
_XMP, _EXIF, _TIFF = (f"http://ns.adobe.com/{name}/1.0/" for name in ("xap", "exif", "tiff"))
_IPTC = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
_IPTC_EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_DIGIKAM, _WINDOWS = "http://www.digikam.org/ns/1.0/", "http://ns.microsoft.com/photo/1.0/"
_MEDIA_PRO = "http://ns.iview-multimedia.com/mediapro/1.0/"
_REGIONS = "http://www.metadataworkinggroup.com/schemas/regions/"
_PEOPLE, _PERSON = (f"http://ns.microsoft.com/photo/1.2/{name}" for name in ("", "t/Region#"))
_EXIF_EX, _AUX = "http://cipa.jp/exif/1.0/", "http://ns.adobe.com/exif/1.0/aux/"
HEADLINE: Final = f"{_PHOTOSHOP} Headline"  # a caption, after those that are called so
RATING: Final = f"{_XMP} Rating"
LABEL: Final = "urn:pictor:1.0/ Label"  # what a person says that a picture shows; no other program has it
LATITUDE, LONGITUDE = f"{_EXIF} GPSLatitude", f"{_EXIF} GPSLongitude"
# Keywords that are paths through a tree, with what separates the levels.
TREES: Final = {
    f"{_DC} subject": "|",  # where a program writes the paths here as well
    f"{_LIGHTROOM} hierarchicalSubject": "|",  # Places|France|Paris
    f"{_MEDIA_PRO} CatalogSets": "|",
    f"{_DIGIKAM} TagsList": "/",
    f"{_WINDOWS} LastKeywordXMP": "/",
}
# How a picture was taken, after CIPA DC-010 (exif, exifEX) and Adobe (aux); the first of each field counts.
EXPOSURE: Final = {
    f"{_EXIF_EX} LensModel": "lens",
    f"{_AUX} Lens": "lens",
    f"{_EXIF_EX} PhotographicSensitivity": "iso",
    f"{_EXIF} ISOSpeedRatings": "iso",
    f"{_EXIF} FNumber": "aperture",
    f"{_EXIF} ExposureTime": "exposure",
    f"{_EXIF} FocalLength": "focal",
}
FIELDS: Final = {
    **EXPOSURE,
    f"{_DC} title": "title",
    f"{_DC} description": "caption",
    f"{_TIFF} ImageDescription": "caption",
    f"{_EXIF} UserComment": "caption",
    HEADLINE: "caption",
    **dict.fromkeys(TREES, "tag"),
    f"{_IPTC_EXTENSION} PersonInImage": "person",
    f"{_DC} creator": "creator",
    f"{_IPTC} Location": "place",  # the part of the city
    f"{_PHOTOSHOP} City": "place",
    f"{_PHOTOSHOP} State": "place",
    f"{_PHOTOSHOP} Country": "place",
    LATITUDE: "place",
    LONGITUDE: "place",
    RATING: "rating",
    LABEL: "label",
    f"{_EXIF} DateTimeOriginal": ORIGINAL,
    f"{_PHOTOSHOP} DateCreated": CREATED,
    f"{_EXIF} DateTimeDigitized": DIGITIZED,
    f"{_XMP} CreateDate": DIGITIZED,
    f"{_XMP} ModifyDate": MODIFIED,
    f"{_TIFF} DateTime": MODIFIED,
}
_PLACE_PARTS: Final = {
    f"{_IPTC_EXTENSION} {name}": "place"
    for name in ("Sublocation", "City", "ProvinceState", "CountryName", "LocationName")
}
# Properties that are structures or lists of them: the field of each part that is read, at any depth.
STRUCTURES: Final = {
    f"{_REGIONS} Regions": {f"{_REGIONS} Name": "person"},  # the names of faces
    f"{_PEOPLE} RegionInfo": {f"{_PERSON} PersonDisplayName": "person"},
    f"{_IPTC_EXTENSION} PersonInImageWDetails": {f"{_IPTC_EXTENSION} PersonName": "person"},
    f"{_IPTC_EXTENSION} LocationCreated": _PLACE_PARTS,
    f"{_IPTC_EXTENSION} LocationShown": _PLACE_PARTS,
}
_PROPERTIES: Final = (f"{RDF} RDF", f"{RDF} Description")  # the elements around a picture's properties


def read_xmp_facts(document: bytes) -> list[Pair]:
    """Fields and values. Raises ValueError with the reason: the document is too large, unsafe or not XMP."""
    if len(document) > MAX_SIZE:
        raise ValueError(f"{len(document)} bytes of XMP; the limit is {MAX_SIZE}")
    if document.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        document = document.decode("utf-16", "replace").encode()
    handlers = _Handlers()
    try:
        handlers.create_parser().Parse(document.strip(b"\0 \t\r\n"), True)
    except expat.ExpatError as error:
        raise ValueError(f"not well-formed XML ({error})") from error
    if not handlers.is_rdf:
        raise ValueError("XML, but not XMP: it has no rdf:RDF")
    return list(_make_facts(handlers.values))


def _make_facts(values: Iterable[Pair]) -> Iterator[Pair]:
    """Fields and values of properties; the headline comes last, so that a caption is shown first."""
    position: dict[str, str] = {}
    settings: dict[str, str] = {}
    for name, text in sorted(values, key=lambda pair: pair[0] == HEADLINE):
        if name in TREES:
            yield from (("tag", tag) for tag in split_keyword(text, TREES[name]))
        elif name in (LATITUDE, LONGITUDE):
            position.setdefault(name, text)
        elif name in EXPOSURE:
            settings.setdefault(name, text)
        elif _ALL_FIELDS[name] == "person":
            yield from name_person(text)
        elif name != RATING:
            yield _ALL_FIELDS[name], text
        elif stars := format_rating(text):
            yield "rating", stars
    if place := _format_position(position.get(LATITUDE, ""), position.get(LONGITUDE, "")):
        yield "place", place
    found: dict[str, str] = {}
    for name, field in EXPOSURE.items():
        if setting := format_setting(field, settings.get(name, "")):
            found.setdefault(field, setting)
    yield from found.items()


_ALL_FIELDS: Final = FIELDS | {
    name: field for parts in STRUCTURES.values() for name, field in parts.items()
}  # by property or part
_DEGREES: Final = re.compile(r"(\d{1,3}),(\d{1,2}(?:\.\d{1,15})?)(?:,(\d{1,2}(?:\.\d{1,15})?))?([NSEW])")


def _format_position(latitude: str, longitude: str) -> str:
    """Degrees in the format of `exif`; "" for an invalid position, and for 0, 0, which means none."""
    north, east = _parse_degrees(latitude, 90), _parse_degrees(longitude, 180)
    return f"{north:.5f}, {east:.5f}" if north is not None and east is not None and (north or east) else ""


def _parse_degrees(text: str, maximum: int) -> float | None:
    """Degrees, minutes and seconds, or degrees and minutes, as in 48,51.4933N."""
    match = _DEGREES.fullmatch(text.strip().upper()[:64])
    if not match:
        return None
    degrees = int(match[1]) + float(match[2]) / 60 + float(match[3] or 0) / 3600
    return None if degrees > maximum else -degrees if match[4] in "SW" else degrees


class _Handlers:
    """The handlers of the parser, with the open elements and the values that were read so far."""

    def __init__(self) -> None:
        self.values: list[tuple[str, str]] = []  # of properties and parts of structures, with their names
        self.is_rdf = False
        self._open: list[str] = []
        self._property, self._depth = "", 0  # the property that is open, and its depth
        self._part, self._part_depth = "", 0  # the part of a structure that is open, and its depth
        self._text: list[str] = []

    def create_parser(self) -> expat.XMLParserType:
        # The encoding is fixed, so that no codec is looked up by a name in the document.
        parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start_element, self._end_element
        parser.CharacterDataHandler = self._text.append
        parser.StartDoctypeDeclHandler = refuse_doctype
        return parser

    def _start_element(self, name: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) == MAX_DEPTH:
            raise ValueError(f"more than {MAX_DEPTH} nested elements")
        self.is_rdf = self.is_rdf or name == _PROPERTIES[0]
        parts = STRUCTURES.get(self._property, {})
        if (name in FIELDS or name in STRUCTURES) and tuple(self._open[-2:]) == _PROPERTIES:
            self._property, self._depth = name, len(self._open)
            parts = STRUCTURES.get(name, {})
        elif name in parts:
            self._part, self._part_depth = name, len(self._open)
        self._open.append(name)
        self._text.clear()
        readable = FIELDS if tuple(self._open[-2:]) == _PROPERTIES else parts
        for attribute, text in attributes.items():
            self._keep_value(attribute, text, readable)

    def _end_element(self, name: str) -> None:
        self._open.pop()
        if self._property:
            parts = STRUCTURES.get(self._property, FIELDS)
            self._keep_value(self._part or self._property, "".join(self._text), parts)
        if len(self._open) == self._part_depth:
            self._part = ""
        if len(self._open) == self._depth:
            self._property = self._part = ""
        self._text.clear()

    def _keep_value(self, name: str, text: str, readable: Mapping[str, str]) -> None:
        if name in readable and text.strip():
            self.values.append((name, text))


def refuse_doctype(*_: object) -> NoReturn:
    """The handler of document types: raises ValueError."""
    raise ValueError("it declares a document type, which XMP never needs")
