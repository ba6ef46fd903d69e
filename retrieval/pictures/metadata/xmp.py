"""XMP: what picture software writes, in XML, inside pictures and beside them.

After ISO 16684-1. The parser is the standard library's expat with handlers of our own: it loads nothing from
elsewhere, and a document type is refused where it begins, so that no entity can be declared, let alone be
expanded. What is left of XML's tricks is size and depth, and both are bounded.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import Final, NoReturn
from xml.parsers import expat

from .facts import Pair

SOURCE: Final = "xmp"
MAX_SIZE: Final = 1 << 20  # bytes of a document
MAX_DEPTH: Final = 32  # elements in one another; a title is the sixth
_RDF, _DC = "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://purl.org/dc/elements/1.1/"
_PHOTOSHOP, _LIGHTROOM = "http://ns.adobe.com/photoshop/1.0/", "http://ns.adobe.com/lightroom/1.0/"
TREE: Final = f"{_LIGHTROOM} hierarchicalSubject"  # Places|France|Paris, of which the leaf is a word
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
_PROPERTIES: Final = (f"{_RDF} RDF", f"{_RDF} Description")  # what a picture's own properties lie in


def read_xmp_facts(document: bytes) -> list[Pair]:
    """Fields and values; ValueError, with the reason, for what is no XMP, too large, or not to be trusted."""
    if len(document) > MAX_SIZE:
        raise ValueError(f"{len(document)} bytes of XMP; the limit is {MAX_SIZE}")
    if document.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        document = document.decode("utf-16", "replace").encode()
    reading = _Handlers()
    try:
        reading.create_parser().Parse(document.strip(b"\0 \t\r\n"), True)
    except expat.ExpatError as error:
        raise ValueError(f"not well-formed XML ({error})") from error
    if not reading.is_rdf:
        raise ValueError("XML, but not XMP: there is no rdf:RDF in it")
    return reading.found


class _Handlers:
    """The handlers, with the elements that are open and what was found so far."""

    def __init__(self) -> None:
        self.found: list[Pair] = []
        self.is_rdf = False
        self._open: list[str] = []
        self._property, self._depth = "", 0  # the one that is open, and how deep it lies
        self._text: list[str] = []

    def create_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate("utf-8", " ")  # said here, so that no codec is looked up by a name in it
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start_element, self._end_element
        parser.CharacterDataHandler = self._text.append
        parser.StartDoctypeDeclHandler = _refuse_doctype
        return parser

    def _start_element(self, name: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) == MAX_DEPTH:
            raise ValueError(f"more than {MAX_DEPTH} elements in one another")
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
            self.found.append((FIELDS[name], text.rpartition("|")[2] if name == TREE else text))


def _refuse_doctype(*_: object) -> NoReturn:
    raise ValueError("it declares a document type, which XMP has no need of")
