"""XMP: the XML that picture software writes into pictures and into sidecar files.

After ISO 16684-1. The parser is expat from the standard library, with handlers of our own. It loads nothing
from elsewhere. A document type is refused where it begins, so no entity can be declared or expanded. Size and
depth are limited.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import Final, NoReturn
from xml.parsers import expat

from .facts import Pair

SOURCE: Final = "xmp"
MAX_SIZE: Final = 1 << 20  # bytes of a document
MAX_DEPTH: Final = 32  # nested elements; a title has depth six
_RDF, _DC = "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://purl.org/dc/elements/1.1/"
_PHOTOSHOP, _LIGHTROOM = "http://ns.adobe.com/photoshop/1.0/", "http://ns.adobe.com/lightroom/1.0/"
TREE: Final = f"{_LIGHTROOM} hierarchicalSubject"  # Places|France|Paris; the last part is the tag
FIELDS: Final = {
    f"{_DC} title": "title",
    f"{_DC} description": "caption",
    f"{_DC} subject": "tag",
    TREE: "tag",
    f"{_DC} creator": "creator",
    f"{_PHOTOSHOP} City": "place",
    f"{_PHOTOSHOP} State": "place",
    f"{_PHOTOSHOP} Country": "place",
}
_PROPERTIES: Final = (f"{_RDF} RDF", f"{_RDF} Description")  # the elements around a picture's properties


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
    return handlers.pairs


class _Handlers:
    """The handlers of the parser, with the open elements and the pairs that were read so far."""

    def __init__(self) -> None:
        self.pairs: list[Pair] = []
        self.is_rdf = False
        self._open: list[str] = []
        self._property, self._depth = "", 0  # the property that is open, and its depth
        self._text: list[str] = []

    def create_parser(self) -> expat.XMLParserType:
        # The encoding is fixed, so that no codec is looked up by a name in the document.
        parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start_element, self._end_element
        parser.CharacterDataHandler = self._text.append
        parser.StartDoctypeDeclHandler = _refuse_doctype
        return parser

    def _start_element(self, name: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) == MAX_DEPTH:
            raise ValueError(f"more than {MAX_DEPTH} nested elements")
        self.is_rdf = self.is_rdf or name == _PROPERTIES[0]
        if name in FIELDS and tuple(self._open[-2:]) == _PROPERTIES:
            self._property, self._depth = name, len(self._open)
        self._open.append(name)
        self._text.clear()
        if tuple(self._open[-2:]) == _PROPERTIES:
            for attribute, text in attributes.items():
                self._keep_fact(attribute, text)

    def _end_element(self, name: str) -> None:
        self._open.pop()
        if self._property:
            self._keep_fact(self._property, "".join(self._text))
        if len(self._open) == self._depth:
            self._property = ""
        self._text.clear()

    def _keep_fact(self, name: str, text: str) -> None:
        if name in FIELDS and text.strip():
            self.pairs.append((FIELDS[name], text.rpartition("|")[2] if name == TREE else text))


def _refuse_doctype(*_: object) -> NoReturn:
    raise ValueError("it declares a document type, which XMP never needs")
