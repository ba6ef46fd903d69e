"""The boxes of HEIC, AVIF and CR3 (ISO 14496-12). Each begins with its size and its kind. Pure.

Sizes may be hostile: a box that reaches beyond the box around it is cut there, and their number is limited.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

MAX_BOXES: Final = 10_000  # in one other box
HEADER: Final = 8


class Box(NamedTuple):
    """A kind of four bytes, and where the content begins and ends."""

    kind: bytes
    start: int
    end: int


def iterate_boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes from `start` to `end`. Size 0 means up to the end, 1 that the size follows in 8 bytes."""
    end = len(data) if end is None else min(end, len(data))
    for _ in range(MAX_BOXES):
        if start + HEADER > end:
            return
        size, kind, header = read_number(data, start, 4), data[start + 4 : start + 8], HEADER
        if size == 1:
            size, header = read_number(data, start + HEADER, 8), 2 * HEADER
        box_end = start + size if size else end
        if box_end < start + header:
            return
        yield Box(kind, start + header, min(box_end, end))
        start = box_end


def nested_boxes(data: bytes, outer: Box, *kinds: bytes) -> Iterator[Box]:
    """The boxes of the last kind along a path of kinds: trak, mdia gives every mdia in every trak."""
    if not kinds:
        yield outer
        return
    for box in iterate_boxes(data, outer.start, outer.end):
        if box.kind == kinds[0]:
            yield from nested_boxes(data, box, *kinds[1:])


def read_number(data: bytes, offset: int, size: int) -> int:
    """An unsigned integer, big-endian. Bytes after the end of the data are left out."""
    return int.from_bytes(data[offset : offset + size], "big")
