"""Canon's CR3: finds its JPEGs, EXIF and XMP among its boxes. Pure.

After the description by Laurent Clévy (canon_cr3): Canon's own boxes are of kind `uuid`, and begin with the
16 bytes of their name; the picture at full size is the only sample of a track.
"""

from __future__ import annotations

from collections.abc import Iterator

from .isobmff import Box, iterate_boxes, nested_boxes, read_number

# In `moov`: EXIF in four tables, and a small picture.
_FACTS = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
_PREVIEW = bytes.fromhex("eaf42b5e1c984b88b9fbb7dc406e4d16")  # a picture of medium size
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
CAMERA_TABLE, EXPOSURE_TABLE, POSITION_TABLE = b"CMT1", b"CMT2", b"CMT4"
_NAME_SIZE = 16  # bytes of the name of a box
_MAX_TRACKS = 16  # cameras write five
_JPEG = b"\xff\xd8\xff"
_MAX_JPEG_OFFSET = 64  # bytes of a box before its JPEG


def is_cr3(data: bytes) -> bool:
    """Whether a file begins like a CR3."""
    return data[4:12] == b"ftypcrx "


def find_jpegs(data: bytes) -> Iterator[tuple[int, int]]:
    """Offset and size of everything that may be a JPEG."""
    for movie in _boxes_of_kind(data, b"moov"):
        for box in _canon_boxes(data, movie, _FACTS, 0, b"THMB"):
            yield from _find_embedded_jpeg(data, box)
        tracks = nested_boxes(data, movie, b"trak", b"mdia", b"minf", b"stbl")
        for _, track in zip(range(_MAX_TRACKS), tracks, strict=False):
            yield from _first_sample(data, track)
    for box in _canon_boxes(data, Box(b"", 0, len(data)), _PREVIEW, 8, b"PRVW"):
        yield from _find_embedded_jpeg(data, box)


def find_exif(data: bytes, kind: bytes = CAMERA_TABLE) -> bytes:
    """One of the tables of EXIF, which begins like a TIFF; b"" without one.

    Of these tables the first has maker, model and orientation, others have the exposure and the position.
    """
    tables = (
        box for movie in _boxes_of_kind(data, b"moov") for box in _canon_boxes(data, movie, _FACTS, 0, kind)
    )
    return next((data[box.start : box.end] for box in tables), b"")


def find_xmp(data: bytes) -> bytes:
    """The XMP packet; b"" without one."""
    packets = (box for box in _boxes_of_kind(data, b"uuid") if data.startswith(_XMP, box.start))
    return next((data[box.start + _NAME_SIZE : box.end] for box in packets), b"")


def _boxes_of_kind(data: bytes, kind: bytes) -> Iterator[Box]:
    return (box for box in iterate_boxes(data) if box.kind == kind)


def _canon_boxes(data: bytes, outer: Box, name: bytes, skipped: int, kind: bytes) -> Iterator[Box]:
    """The boxes of a kind in Canon's box of that name, where `skipped` bytes follow the name."""
    for box in iterate_boxes(data, outer.start, outer.end):
        if box.kind == b"uuid" and data.startswith(name, box.start):
            yield from nested_boxes(data, Box(box.kind, box.start + _NAME_SIZE + skipped, box.end), kind)


def _find_embedded_jpeg(data: bytes, box: Box) -> Iterator[tuple[int, int]]:
    """The JPEG in a box, after its size in pixels and in bytes."""
    start = data.find(_JPEG, box.start, min(box.start + _MAX_JPEG_OFFSET, box.end))
    if start >= 0:
        yield start, box.end - start


def _first_sample(data: bytes, track: Box) -> Iterator[tuple[int, int]]:
    """Offset and size of the first sample of a track."""
    tables = {box.kind: box.start + 4 for box in iterate_boxes(data, track.start, track.end)}
    if b"co64" in tables and b"stsz" in tables:
        sizes = tables[b"stsz"]
        yield (
            read_number(data, tables[b"co64"] + 4, 8),
            read_number(data, sizes, 4) or read_number(data, sizes + 8, 4),
        )
