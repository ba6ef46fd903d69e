"""IPTC-IIM: what press agencies and picture archives write, in Photoshop's resources or as a TIFF tag.

After IPTC Information Interchange Model 4.2. What is in no code that it names is UTF-8 where the bytes are
that, else Latin-1, as the Metadata Working Group advises (2010).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from .facts import Pair, decode_text

SOURCE: Final = "iptc"
RESOURCE: Final = 0x0404  # Photoshop's number for IPTC
MAX_DATASETS: Final = 10_000  # datasets of one block
UTF8: Final = b"\x1b%G"  # dataset 1:90, which names the code of all texts
FIELDS: Final = {5: "title", 120: "caption", 25: "tag", 80: "creator", 90: "place", 95: "place", 101: "place"}


def read_iptc_facts(block: bytes) -> Iterator[Pair]:
    """Fields and values of record 2: object name, caption, keywords, by-line, city, province and country."""
    said = list(islice(_iterate_datasets(block), MAX_DATASETS))
    is_utf8 = any((record, number) == (1, 90) and value == UTF8 for record, number, value in said)
    for record, number, value in said:
        if record == 2 and number in FIELDS:
            yield FIELDS[number], value.decode("utf-8", "replace") if is_utf8 else decode_text(value)


def _iterate_datasets(block: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Record, number and value of each dataset, up to the first that is none."""
    place = 0
    while block[place : place + 1] == b"\x1c" and place + 5 <= len(block):
        size, start = int.from_bytes(block[place + 3 : place + 5], "big"), place + 5
        if size & 0x8000:  # an extended dataset, whose size is a number of so many bytes
            more = min(size & 0x7FFF, 8)
            size, start = int.from_bytes(block[start : start + more], "big"), start + more
        if start + size > len(block):
            return
        yield block[place + 1], block[place + 2], block[start : start + size]
        place = start + size


def find_iptc_block(photoshop: bytes) -> bytes:
    """The IPTC block among Photoshop's resources; empty where there is none."""
    place = 0
    while photoshop[place : place + 4] == b"8BIM":
        name = place + 6
        start = name + (photoshop[name : name + 1] or b"\0")[0] // 2 * 2 + 2  # the name's size is made even
        size = int.from_bytes(photoshop[start : start + 4], "big")
        if int.from_bytes(photoshop[place + 4 : place + 6], "big") == RESOURCE:
            return photoshop[start + 4 : start + 4 + size]
        place = start + 4 + size + size % 2
    return b""
