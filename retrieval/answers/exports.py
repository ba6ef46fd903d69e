"""Images for other programs, a part at a time: as a table, as JSON, as paths, and as pictures in a ZIP."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final

from ..catalog import Image
from .addresses import NO_SERVER, PictureAddresses
from .presenter import json_values, present_image

COLUMNS: Final = (
    *("id", "path", "page", "missing", "title", "caption", "tags", "labels", "people", "rating"),
    *("width", "height", "format", "bytes", "taken_at"),
)
MOST_RENDITIONS: Final = 1000  # pictures in a ZIP
MOST_BYTES: Final = 500_000_000  # of the pictures in a ZIP; what comes behind is left out and listed
FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")  # what formulas begin with
LEFT_OUT: Final = "left out.txt"  # the file in a ZIP that lists what does not fit


def export_csv(images: Iterable[Image], addresses: PictureAddresses = NO_SERVER) -> Iterator[bytes]:
    """A line of names, then a line for each image; several tags, labels and people are separated by ;."""
    yield _csv_line(COLUMNS)
    for image in images:
        yield _csv_line(_row_values(image, addresses))


def _row_values(image: Image, addresses: PictureAddresses) -> tuple[object, ...]:
    return (
        image.id,
        addresses.path(image.path),
        image.page,
        "yes" if image.is_missing else "no",
        image.title,
        image.caption,
        *(";".join(image.field_values(field)) for field in ("tag", "label", "person")),
        next(iter(image.field_values("rating")), ""),
        image.width,
        image.height,
        image.format,
        image.bytes,
        image.taken_with_zone.isoformat() if image.taken_with_zone else "",
    )


def _csv_line(values: Iterable[object]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(map(quiet_cell, values))
    return line.getvalue().encode()


def quiet_cell(value: object) -> object:
    """A cell that no program for tables takes for a formula, with an apostrophe before what would begin one:
    words of pictures may be anybody's.
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULAS) else value


def export_json(images: Iterable[Image], addresses: PictureAddresses = NO_SERVER) -> Iterator[bytes]:
    """A list of all that is known about each image."""
    opening = "["
    for image in images:
        text = json.dumps(json_values(present_image(image, addresses)), ensure_ascii=False)
        yield f"{opening}\n{text}".encode()
        opening = ","
    yield b"[]\n" if opening == "[" else b"\n]\n"


def export_paths(images: Iterable[Image]) -> Iterator[bytes]:
    """The file of each image on a line, its bytes as they are: none twice, none that is gone."""
    known: set[bytes] = set()
    for image in images:
        if image.location and not image.is_missing and image.location.path not in known:
            known.add(image.location.path)
            yield image.location.path + b"\n"


class _Stream(io.RawIOBase):
    """What was written since it was last taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


def export_renditions(images: Iterable[Image], render: Callable[[int], bytes]) -> Iterator[bytes]:
    """A ZIP of the large WebP renditions, in the order of the images, up to MOST_BYTES."""
    named = (
        (f"{number:04} {PurePosixPath(image.path).stem[:100]}.webp", image.id)
        for number, image in enumerate(images, 1)
    )
    return _export_zip(named, render)


def export_originals(images: Iterable[Image], read: Callable[[int], bytes]) -> Iterator[bytes]:
    """A ZIP of the files as they are, up to MOST_BYTES; of those with one name, later ones get a number."""
    return _export_zip(_name_files(images), read)


def _name_files(images: Iterable[Image]) -> Iterator[tuple[str, int]]:
    used: Counter[str] = Counter()
    for image in images:
        path = PurePosixPath(image.path)
        used[path.name] += 1
        count = used[path.name]
        yield path.name if count == 1 else f"{path.stem} ({count}){path.suffix}", image.id


def _export_zip(named: Iterable[tuple[str, int]], read: Callable[[int], bytes]) -> Iterator[bytes]:
    """A ZIP of what is read of each image; what is empty or does not fit is listed in it."""
    stream, size, left_out = _Stream(), 0, []
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, image_id in named:
            data = read(image_id) if size < MOST_BYTES else b""
            size += len(data)
            if not data or size > MOST_BYTES:
                left_out.append(f"{name}\n")
                continue
            archive.writestr(name, data)
            yield stream.take()
        if left_out:
            archive.writestr(LEFT_OUT, "".join(left_out))
    yield stream.take()
