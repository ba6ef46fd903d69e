"""The boxes of HEIC, AVIF and CR3 (ISO 14496-12): each has its size in front. Pure.

Every size is hostile: a box that reaches beyond what it lies in ends there, and their number is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

MAX_BOXES: Final = 10_000  # boxes beside one another
HEADER: Final = 8


class Box(NamedTuple):
    """A kind of four signs, and where its content begins and ends."""

    kind: bytes
    start: int
    end: int


def iterate_boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes from `start` to `end`; one of size 0 goes on to the end, of size 1 has it in 8 more bytes."""
    end = len(data) if end is None else min(end, len(data))
    for _ in range(MAX_BOXES):
        if start + HEADER > end:
            return
        size, kind, header = read_number(data, start, 4), data[start + 4 : start + 8], HEADER
        if size == 1:
            size, header = read_number(data, start + HEADER, 8), 2 * HEADER
        behind = start + size if size else end
        if behind < start + header:
            return
        yield Box(kind, start + header, min(behind, end))
        start = behind


def nested_boxes(data: bytes, outer: Box, *kinds: bytes) -> Iterator[Box]:
    """The boxes that are reached from `outer` through boxes of these kinds, in the order of the file."""
    if not kinds:
        yield outer
        return
    for box in iterate_boxes(data, outer.start, outer.end):
        if box.kind == kinds[0]:
            yield from nested_boxes(data, box, *kinds[1:])


def read_number(data: bytes, at: int, size: int) -> int:
    """A whole number without a sign; what lies behind the end of the data counts as nothing."""
    return int.from_bytes(data[at : at + size], "big")
