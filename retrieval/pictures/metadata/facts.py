"""What a file says about a picture: facts on one line each, bounded in number and length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

MAX_FACTS: Final = 200  # facts of one file
MAX_VALUE_BYTES: Final = (
    2000  # bytes of one value in UTF-8: IPTC's limit for a caption, and PostgreSQL can index it
)
MAX_TOTAL_BYTES: Final = 1 << 16  # bytes of all values of one file
JOINERS: Final = "\u200c\u200d"  # invisible, but they belong to Persian words and to emoji
SOURCES: Final = ("sidecar", "xmp", "iptc", "exif")
FIELDS: Final = ("title", "caption", "tag", "label", "creator", "place", "taken")

Pair: TypeAlias = tuple[str, str]  # field and value


class Fact(NamedTuple):
    """Who says what: one of SOURCES, one of FIELDS, and the value."""

    source: str
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Metadata:
    """The facts of one file, each once, in the order in which they were found. Made by `of`."""

    facts: tuple[Fact, ...] = ()

    @classmethod
    def from_facts(cls, facts: Iterable[Fact]) -> Metadata:
        """Clean values: on one line, nothing invisible, at most LONGEST bytes; MOST of them, ALL in all.

        A longer caption becomes several, parted at blanks; of other values the rest is dropped. A caption
        without a letter, as tools leave beside pictures, is none. What is beyond the bounds is left out.
        """
        kept: dict[Fact, None] = {}
        room = MAX_TOTAL_BYTES
        for source, field, text in facts:
            for value in _split_value(field, text):
                room -= len(value.encode())
                if room < 0 or len(kept) == MAX_FACTS:
                    return cls(tuple(kept))
                kept[Fact(source, field, value)] = None
        return cls(tuple(kept))

    def facts_from(self, source: str) -> tuple[Pair, ...]:
        """Fields and values of one source."""
        return tuple((fact.field, fact.value) for fact in self.facts if fact.source == source)

    def as_json(self) -> list[list[str]]:
        """The facts as JSON values, at most about 100 kB of them."""
        return [list(fact) for fact in self.facts]

    @classmethod
    def from_json(cls, value: object) -> Metadata:
        """What `as_json` gave, cleaned anew: whoever sent it may be no friend. ValueError for all else.

        What is not of SOURCES and FIELDS, and so may claim to be a person's own words, is refused.
        """
        if not isinstance(value, list) or not all(_is_fact(each) for each in value):
            raise ValueError(
                "metadata must be a list of [source, field, value], with known sources and fields"
            )
        return cls.from_facts(Fact(*each) for each in value)


def _is_fact(value: object) -> bool:
    if not (isinstance(value, list) and len(value) == 3 and all(isinstance(each, str) for each in value)):
        return False
    return value[0] in SOURCES and value[1] in FIELDS


def _split_value(field: str, text: str) -> Iterator[str]:
    line = " ".join("".join(map(_blank_invisible, text[:MAX_TOTAL_BYTES])).split())
    if field != "caption":
        yield from [first] if (first := _cut_line(line)) else []
        return
    while line:
        piece = _cut_line(line)
        if any(sign.isalpha() for sign in piece):
            yield piece
        line = line[len(piece) :].lstrip()


def _blank_invisible(sign: str) -> str:
    return sign if sign.isprintable() or sign in JOINERS else " "


def _cut_line(line: str) -> str:
    """As much of a line as one value may hold, up to a blank where there is one."""
    start = line.encode()[:MAX_VALUE_BYTES].decode("utf-8", "ignore")
    cut = len(start) < len(line) and line[len(start)] != " " and " " in start
    return (start.rpartition(" ")[0] if cut else start).rstrip()


def decode_text(data: bytes) -> str:
    """UTF-8 where the bytes are that, else Latin-1: what is meant where a format says nothing of it."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
