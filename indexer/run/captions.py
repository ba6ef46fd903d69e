"""Captions files: what a CSV says about pictures, by path."""

from __future__ import annotations

import csv
import io
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path

from retrieval import Annotation, InvalidLabels, path_bytes

from .paths import path_spellings

CAPTIONS_SOURCE = "captions"
# Column to field, and the separator of several values in one cell.
COLUMNS = {
    "title": ("title", None),
    "caption": ("caption", "||"),
    "tags": ("tag", ";"),
    "label": ("label", "|"),
}

Captions = Mapping[bytes, tuple[Annotation, ...]]


def read_captions(path: Path) -> Captions:
    """Annotations by absolute path; relative paths start at the folder of the CSV file.

    The first line names the columns: path, and any of title, caption (separated by ||), tags (separated by ;)
    and label (separated by |). Other columns are ignored. Raises InvalidLabels with the line.
    """
    return {picture: tuple(_row_annotations(row)) for picture, row in read_caption_rows(path)}


def annotations_by_image(
    captions: Captions, image_paths: Iterable[tuple[bytes, int]]
) -> dict[int, tuple[Annotation, ...]]:
    """What the captions say about each image, by its id: those of all its paths, in the order given."""
    annotations: dict[int, tuple[Annotation, ...]] = {}
    for path, image_id in image_paths:
        spelling = find_spelling(path, captions) or path
        annotations[image_id] = annotations.get(image_id, ()) + captions.get(spelling, ())
    return annotations


def find_spelling(path: bytes, known: Container[bytes]) -> bytes | None:
    """The path among those that are known, or else its other spelling."""
    return next((spelling for spelling in path_spellings(path) if spelling in known), None)


def read_caption_rows(path: Path) -> Iterator[tuple[bytes, dict[str, str]]]:
    """The absolute path in each row of a CSV file, and its cells by column."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InvalidLabels(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InvalidLabels(f"{path}: not UTF-8 (byte {error.start}); save it as UTF-8") from error
    yield from _parse_rows(path, text)


def _parse_rows(path: Path, text: str) -> Iterator[tuple[bytes, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        if "path" not in (reader.fieldnames or ()):
            raise InvalidLabels(f"{path}: line 1 must name the columns, and one of them must be path")
        line = reader.line_num + 1  # where the next record starts
        for row in reader:
            if not row["path"] or None in row or "\0" in "".join(value or "" for value in row.values()):
                raise InvalidLabels(f"{path}: line {line}: no path, too many cells or a zero byte")
            yield path_bytes(path.parent / row["path"]), row
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidLabels(f"{path}: line {line}: {error}") from error


def _row_annotations(row: Mapping[str, str | None]) -> Iterator[Annotation]:
    for column, (field, separator) in COLUMNS.items():
        cell = row.get(column) or ""
        for value in cell.split(separator) if separator else [cell]:
            if value.strip():
                yield Annotation(field, value.strip(), CAPTIONS_SOURCE)
