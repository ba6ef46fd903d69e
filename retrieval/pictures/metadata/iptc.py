"""IPTC-IIM: what press agencies and picture archives write, in Photoshop resources or in a TIFF tag.

After IPTC Information Interchange Model 4.2. Text without a declared encoding is read as UTF-8 if it is valid
UTF-8, else as Latin-1, as the Metadata Working Group advises (2010).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from .dates import CREATED, DIGITIZED
from .facts import Pair, decode_text
from .keywords import split_keyword

SOURCE: Final = "iptc"
RESOURCE: Final = 0x0404  # the id of IPTC among Photoshop's resources
MAX_DATASETS: Final = 10_000  # datasets of one block
UTF8: Final = b"\x1b%G"  # in dataset 1:90, which declares the encoding of all texts
KEYWORD: Final = 25
FIELDS: Final = {
    5: "title",
    120: "caption",
    105: "caption",  # the headline
    80: "creator",
    90: "place",
    92: "place",
    95: "place",
    101: "place",
}
DATES: Final = {55: (CREATED, 60), 62: (DIGITIZED, 63)}  # the day, and the dataset with the time of that day


def read_iptc_facts(block: bytes) -> Iterator[Pair]:
    """Fields and values of record 2: object name, caption, headline, keywords, by-line, places and dates.

    The headline comes after the caption, so that the caption is shown first.
    """
    datasets = list(islice(_iterate_datasets(block), MAX_DATASETS))
    is_utf8 = any((record, number) == (1, 90) and value == UTF8 for record, number, value in datasets)
    texts = [
        (number, value.decode("utf-8", "replace") if is_utf8 else decode_text(value))
        for record, number, value in datasets
        if record == 2
    ]
    for number, text in sorted(texts, key=lambda pair: pair[0] == 105):
        if number in FIELDS:
            yield FIELDS[number], text
        elif number == KEYWORD:
            yield from (("tag", tag) for tag in split_keyword(text))
    first = dict(reversed(texts))
    for day, (field, time) in DATES.items():
        if day in first:
            yield field, f"{first[day]} {first.get(time, '')}"


def _iterate_datasets(block: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Record, number and value of each dataset, up to the first invalid one."""
    position = 0
    while block[position : position + 1] == b"\x1c" and position + 5 <= len(block):
        size, start = int.from_bytes(block[position + 3 : position + 5], "big"), position + 5
        if size & 0x8000:  # an extended dataset: this is the number of bytes of its size
            size_bytes = min(size & 0x7FFF, 8)
            size, start = int.from_bytes(block[start : start + size_bytes], "big"), start + size_bytes
        if start + size > len(block):
            return
        yield block[position + 1], block[position + 2], block[start : start + size]
        position = start + size


def find_iptc_block(photoshop: bytes) -> bytes:
    """The IPTC block among Photoshop's resources; b"" when there is none."""
    position = 0
    while photoshop[position : position + 4] == b"8BIM":
        name = position + 6
        start = name + (photoshop[name : name + 1] or b"\0")[0] // 2 * 2 + 2  # padded to an even size
        size = int.from_bytes(photoshop[start : start + 4], "big")
        if int.from_bytes(photoshop[position + 4 : position + 6], "big") == RESOURCE:
            return photoshop[start + 4 : start + 4 + size]
        position = start + 4 + size + size % 2
    return b""
