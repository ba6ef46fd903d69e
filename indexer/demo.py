"""The pictures of the demonstration: the sample collection as files, with a captions file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from data.sample import Sample, csv_rows
from retrieval import images

CAPTIONS_FILE = "captions.csv"


def write_collection(samples: Iterable[Sample], folder: Path, on_picture: Callable[[int], None]) -> Path:
    """Write every sample as a JPEG below `folder`, then the captions file; returns the path of that file.

    A picture that is there already is not written again, so that a second call changes nothing.
    """
    captions = folder / CAPTIONS_FILE
    lines = list(csv_rows(_write_pictures(samples, folder, on_picture)))
    with captions.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
    return captions


def _write_pictures(
    samples: Iterable[Sample], folder: Path, on_picture: Callable[[int], None]
) -> Iterator[Sample]:
    for count, sample in enumerate(samples, 1):
        path = folder / sample.path
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            part.write_bytes(images.encode_jpeg(sample.pixels, taken_at=sample.taken_at))
            part.replace(path)
        on_picture(count)
        yield sample
