"""Writes facts into XMP documents, and leaves every other byte of them as it is.

A property that changes is cut out where it stands, and written anew in a description of our own at the end.
What other programs wrote in a way that this would lose, such as a title in several languages, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from .facts import Pair
from .xmp import LABEL, MAX_DEPTH, MAX_SIZE, RATING, RDF, refuse_doctype

EMPTY_XMP: Final = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
    f'<rdf:RDF xmlns:rdf="{RDF}">\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>\n'
).encode()
_DC: Final = "http://purl.org/dc/elements/1.1/"
# By property: the field, the prefix that we write, and the container; "" for a plain text.
_PROPERTIES: Final = {
    f"{_DC} title": ("title", "dc", "Alt"),
    f"{_DC} description": ("caption", "dc", "Alt"),
    f"{_DC} subject": ("tag", "dc", "Bag"),
    RATING: ("rating", "xmp", ""),
    LABEL: ("label", "pictor", "Bag"),
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/ PersonInImage": ("person", "Iptc4xmpExt", "Bag"),
}
_PLAIN: Final = (f"{RDF} Alt", f"{RDF} Bag", f"{RDF} Seq", f"{RDF} li")  # elements inside a property
_LANGUAGE: Final = "http://www.w3.org/XML/1998/namespace lang"
_ATTRIBUTE: Final = re.compile(rb"""\s+([^\s=/>]+)\s*=\s*("[^"]*"|'[^']*')""")


def merge_xmp_facts(document: bytes, add: Iterable[Pair], remove: Iterable[Pair]) -> bytes:
    """The document with these facts and without those to remove; the same bytes where nothing changes.

    Titles, captions and ratings are replaced. The removal of "" removes every value of its field. Raises
    ValueError with the reason for a document that cannot be changed without loss.
    """
    found = _read_document(document)
    changed = _change_properties(found.values, list(add), list(remove))
    if not changed:
        return document
    for name in changed.keys() & found.complex:
        kind = _PROPERTIES[name][0]
        raise ValueError(f"its {kind} is written in a way that would be lost; change it there")
    written = "".join(_write_property(name, values) for name, values in changed.items() if values)
    pieces = [(start, end, b"") for name in changed for start, end in found.spans.get(name, ())]
    if written:
        about = quoteattr(found.about)
        opening = f'<rdf:Description xmlns:rdf="{RDF}" rdf:about={about}>\n'
        pieces.append((found.end, found.end, f"{opening}{written}</rdf:Description>\n".encode()))
    return _replace_pieces(document, sorted(pieces))


def _replace_pieces(document: bytes, pieces: Sequence[tuple[int, int, bytes]]) -> bytes:
    kept, last = b"", 0
    for start, end, text in pieces:
        kept += document[last:start] + text
        last = end
    return kept + document[last:]


def _change_properties(
    values: Mapping[str, list[str]], add: Sequence[Pair], remove: Sequence[Pair]
) -> dict[str, list[str]]:
    """The properties that change, with all their values from now on."""
    changed = {}
    for name, (kind, _, container) in _PROPERTIES.items():
        before = values.get(name, [])
        gone = {value.casefold() for field, value in remove if field == kind}
        new = [value for field, value in add if field == kind]
        kept = [] if "" in gone else [value for value in before if value.casefold() not in gone]
        after = (new or kept) if container != "Bag" else _without_repetitions([*kept, *new])
        if after != before:
            changed[name] = after
    return changed


def _without_repetitions(values: Iterable[str]) -> list[str]:
    first: dict[str, str] = {}
    for value in values:
        first.setdefault(value.casefold(), value)
    return list(first.values())


def _write_property(name: str, values: Sequence[str]) -> str:
    namespace, _, local = name.partition(" ")
    _, prefix, container = _PROPERTIES[name]
    language = ' xml:lang="x-default"' if container == "Alt" else ""
    items = "".join(f"<rdf:li{language}>{escape(value)}</rdf:li>" for value in values)
    inside = f"<rdf:{container}>{items}</rdf:{container}>" if container else escape(values[0])
    return f"<{prefix}:{local} xmlns:{prefix}={quoteattr(namespace)}>{inside}</{prefix}:{local}>\n"


@dataclass
class _Found:
    """What a document holds: values and places of our properties, those that cannot be replaced without loss,
    where the list of descriptions ends, and what they are about.
    """

    values: dict[str, list[str]] = field(default_factory=dict)
    spans: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    complex: set[str] = field(default_factory=set)
    end: int = -1
    about: str = ""


def _read_document(document: bytes) -> _Found:
    if len(document) > MAX_SIZE:
        raise ValueError(f"{len(document)} bytes of XMP; the limit is {MAX_SIZE}")
    reader = _Reader(document)
    try:
        reader.parser.Parse(document, True)
    except expat.ExpatError as error:
        raise ValueError(f"not well-formed XML in UTF-8 ({error})") from error
    if reader.found.end < 0:
        raise ValueError("XML, but not XMP: it has no rdf:RDF with an end")
    return reader.found


class _Reader:
    """The handlers of the parser, with the open elements and what was found so far."""

    def __init__(self, document: bytes) -> None:
        self.found = _Found()
        self._document = document
        self._open: list[tuple[str, int]] = []  # names, and where they start
        self._text: list[str] = []
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.buffer_text = self.parser.ordered_attributes = True
        self.parser.StartElementHandler, self.parser.EndElementHandler = self._start, self._end
        self.parser.CharacterDataHandler = self._text.append
        self.parser.CommentHandler = self.parser.ProcessingInstructionHandler = self._note_remark
        self.parser.StartDoctypeDeclHandler = refuse_doctype

    @property
    def _names(self) -> list[str]:
        return [name for name, _ in self._open]

    def _start(self, name: str, attributes: list[str]) -> None:
        if len(self._open) == MAX_DEPTH:
            raise ValueError(f"more than {MAX_DEPTH} nested elements")
        pairs = list(zip(attributes[::2], attributes[1::2], strict=True))
        start = self.parser.CurrentByteIndex
        if self._names[-1:] == [f"{RDF} RDF"]:
            self._keep_attributes(start, pairs)
        elif inside := self._property:
            is_plain = name in _PLAIN and all(pair == (_LANGUAGE, "x-default") for pair in pairs)
            if not is_plain or (name == f"{RDF} li" and self._is_second(inside)):
                self.found.complex.add(inside)
        self._open.append((name, start))
        if self._property == name and len(self._open) - self._names.index(f"{RDF} RDF") == 3:
            self.found.values.setdefault(name, [])
            if pairs:
                self.found.complex.add(name)
        self._text.clear()

    @property
    def _property(self) -> str:
        """The property of ours that is open."""
        names = self._names
        place = names.index(f"{RDF} RDF") + 2 if f"{RDF} RDF" in names else len(names)
        name = names[place] if place < len(names) else ""
        return name if name in _PROPERTIES and names[place - 1] == f"{RDF} Description" else ""

    def _is_second(self, name: str) -> bool:
        return _PROPERTIES[name][2] == "Alt" and bool(self.found.values[name])

    def _note_remark(self, *_: object) -> None:
        """A remark inside a property would be lost with it."""
        if self._property:
            self.found.complex.add(self._property)

    def _keep_attributes(self, start: int, pairs: Sequence[Pair]) -> None:
        """Properties of a description may be attributes of it."""
        self.found.about = next((value for name, value in pairs if name == f"{RDF} about"), self.found.about)
        tag_end = _find_tag_end(self._document, start)
        written = _ATTRIBUTE.finditer(self._document, start, tag_end)
        own = [match for match in written if not match[1].startswith(b"xmlns")]
        for (name, value), match in zip(pairs, own, strict=True):
            if name in _PROPERTIES:
                self.found.values.setdefault(name, []).append(value)
                self.found.spans.setdefault(name, []).append(match.span())

    def _end(self, name: str) -> None:
        text, inside = "".join(self._text).strip(), self._property
        if inside and name in (inside, f"{RDF} li") and text:
            self.found.values[inside].append(text)
        _, start = self._open.pop()
        end = self.parser.CurrentByteIndex
        if inside == name and not self._property:
            self.found.spans.setdefault(name, []).append(
                (start, _find_tag_end(self._document, max(start, end)))
            )
        if name == f"{RDF} RDF" and self._document[end : end + 2] == b"</":
            self.found.end = end
        self._text.clear()


def _find_tag_end(document: bytes, start: int) -> int:
    """The index behind the > of the tag that begins at `start`; one within quotation marks is no end."""
    quote, index = b"", start
    while index < len(document):
        character = document[index : index + 1]
        if quote:
            quote = b"" if character == quote else quote
        elif character in (b'"', b"'"):
            quote = character
        elif character == b">":
            return index + 1
        index += 1
    return index
