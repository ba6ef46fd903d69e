"""Facts about a picture from one file: each on one line, limited in number and length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

MAX_FACTS: Final = 200  # facts of one file
MAX_VALUE_BYTES: Final = (
    2000  # of one value in UTF-8: the limit of IPTC for a caption, and PostgreSQL can index it
)
MAX_TOTAL_BYTES: Final = 1 << 16  # of all values of one file
JOINERS: Final = "\u200c\u200d"  # invisible, but Persian words and emoji need them
SOURCES: Final = ("sidecar", "xmp", "iptc", "exif", "comment")
FIELDS: Final = ("title", "caption", "tag", "label", "creator", "person", "place", "taken", "modified",
                 "rating", "lens", "iso", "aperture", "exposure", "focal")  # fmt: skip

Pair: TypeAlias = tuple[str, str]  # field and value


class Fact(NamedTuple):
    """One of SOURCES, one of FIELDS, and the value."""

    source: str
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Metadata:
    """The facts of one file, each once, in the order of the file. Create with `from_facts`."""

    facts: tuple[Fact, ...] = ()

    @classmethod
    def from_facts(cls, facts: Iterable[Fact]) -> Metadata:
        """Clean the values: each on one line, without invisible characters, within the limits above.

        A caption that is too long is split into several at spaces; other values are cut. A caption without a
        letter, as some tools leave it in sidecar files, is dropped. So is everything beyond the limits.
        """
        kept: dict[Fact, None] = {}
        remaining = MAX_TOTAL_BYTES
        for source, field, text in facts:
            for value in _split_value(field, text):
                remaining -= len(value.encode())
                if remaining < 0 or len(kept) == MAX_FACTS:
                    return cls(tuple(kept))
                kept[Fact(source, field, value)] = None
        return cls(tuple(kept))

    def facts_from(self, source: str) -> tuple[Pair, ...]:
        """Fields and values of one source."""
        return tuple((fact.field, fact.value) for fact in self.facts if fact.source == source)

    def as_json(self) -> list[list[str]]:
        """The facts as JSON values; at most about 100 kB."""
        return [list(fact) for fact in self.facts]

    @classmethod
    def from_json(cls, value: object) -> Metadata:
        """Read what `as_json` returned, and clean it again, because the sender may be hostile.

        Raises ValueError for anything else, and for other sources and fields: a fact must not pretend to
        come from a person.
        """
        if not isinstance(value, list) or not all(_is_fact(item) for item in value):
            raise ValueError(
                "metadata must be a list of [source, field, value], with known sources and fields"
            )
        return cls.from_facts(Fact(*item) for item in value)


def _is_fact(value: object) -> bool:
    if not (isinstance(value, list) and len(value) == 3 and all(isinstance(text, str) for text in value)):
        return False
    return value[0] in SOURCES and value[1] in FIELDS


def clean_line(text: str) -> str:
    """A text on one line, with single spaces and without invisible characters."""
    return " ".join("".join(map(_blank_invisible, text[:MAX_TOTAL_BYTES])).split())


def _split_value(field: str, text: str) -> Iterator[str]:
    line = clean_line(text)
    if field != "caption":
        yield from [beginning] if (beginning := _cut_line(line)) else []
        return
    while line:
        piece = _cut_line(line)
        if any(character.isalpha() for character in piece):
            yield piece
        line = line[len(piece) :].lstrip()


def _blank_invisible(character: str) -> str:
    return character if character.isprintable() or character in JOINERS else " "


def _cut_line(line: str) -> str:
    """The beginning of a line that fits into one value, cut at a space if possible."""
    start = line.encode()[:MAX_VALUE_BYTES].decode("utf-8", "ignore")
    splits_word = len(start) < len(line) and line[len(start)] != " " and " " in start
    return (start.rpartition(" ")[0] if splits_word else start).rstrip()


def name_person(name: str) -> Iterator[Pair]:
    """The facts that say who is in a picture: the name is a tag, too, so that words find it."""
    yield "tag", name
    yield "person", name


def decode_text(data: bytes) -> str:
    """UTF-8 if the bytes are valid UTF-8, else Latin-1, for text whose encoding is not declared."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
