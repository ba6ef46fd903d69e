"""The pictures to train on: decoded once into one file, which every later run maps into memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from retrieval import UnreadableImage, display_path, images, read_file

from ..errors import TrainingImpossible
from ..run.prefetch import prefetch_results
from ..run.sources import FoundFile, walk_folders

PIXELS, ROWS, MADE_OF = "pixels.u8", "rows.npy", "made_of.json"
THREADS, LOOKAHEAD = 2, 64
THUMB_SIDE = 8  # pixels of the thumbnails by which a picture is known again
SAME = 0.98  # cosine of two such thumbnails, without their mean, from which two pictures count as one

ROW = np.dtype([("offset", "<i8"), ("height", "<i4"), ("width", "<i4"), ("folder", "<i4")])
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Pool:
    """Pictures as one run of bytes, with a row (offset, height, width, folder) for each."""

    pixels: npt.NDArray[np.uint8]
    rows: npt.NDArray[np.void]

    def __len__(self) -> int:
        return len(self.rows)

    def picture(self, place: int) -> images.RGB:
        """The picture at a place: (height, width, 3)."""
        row = self.rows[place]
        height, width = int(row["height"]), int(row["width"])
        start = int(row["offset"])
        return self.pixels[start : start + height * width * 3].reshape(height, width, 3)

    @cached_property
    def cumulated(self) -> npt.NDArray[np.float64]:
        """The cumulated chances of the pictures: a folder's share grows with the square root of its size.

        So neither does a large folder drown the others, nor is a small one seen over and over
        (the sampling of imbalanced classes in Mahajan et al. 2018, with folders for classes).
        """
        counts = np.bincount(self.rows["folder"])
        weights = 1 / np.sqrt(counts[self.rows["folder"]])
        cumulated: npt.NDArray[np.float64] = np.cumsum(weights / weights.sum())
        cumulated[-1] = 1.0
        return cumulated


def pool_of(
    path: Path, folders: Sequence[bytes], *, side: int, apart_from: Sequence[bytes], on_progress: OnProgress
) -> Pool:
    """The pool that `path` holds already, or one that is made now, as make_pool says.

    Raises TrainingImpossible where it holds the pictures of other folders.
    """
    asked = {"folders": [*map(display_path, folders)], "side": side, "not": [*map(display_path, apart_from)]}
    made = path / MADE_OF
    if not made.exists():
        make_pool(path, folders, side=side, apart_from=apart_from, on_progress=on_progress)
        made.write_text(json.dumps(asked))
    if json.loads(made.read_text()) != asked:
        raise TrainingImpossible(f"{path}: holds the pictures of other folders; take another --out")
    return opened(path)


def opened(path: Path) -> Pool:
    """A pool that was finished."""
    return Pool(np.memmap(path / PIXELS, np.uint8, "r"), np.load(path / ROWS))


def make_pool(
    path: Path, folders: Sequence[bytes], *, side: int, apart_from: Sequence[bytes], on_progress: OnProgress
) -> None:
    """Decode the pictures below the folders, with short sides of at most `side` pixels.

    Pictures that look like one below `apart_from` are left out: what a backbone is measured on it must
    not have seen. Unreadable files are passed over. Raises TrainingImpossible when nothing is left.
    """
    seen = np.array([_thumb(each) for each in _pictures(_files(apart_from)) if each is not None])
    files = [(found, number) for number, folder in enumerate(folders) for found in _files([folder])]
    path.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[int, int, int, int]] = []
    end = 0
    with (path / PIXELS).open("wb") as file:
        pictures = _pictures([found for found, _ in files], side)
        for done, (picture, (_, folder)) in enumerate(zip(pictures, files, strict=True), 1):
            if picture is not None and not _is_among(picture, seen):
                rows.append((end, *picture.shape[:2], folder))
                end += file.write(picture.tobytes())
            on_progress(done, len(files))
    if not rows:
        raise TrainingImpossible("no picture to train on below the folders; give folders with pictures")
    np.save(path / ROWS, np.array(rows, ROW))


def _files(roots: Sequence[bytes]) -> list[FoundFile]:
    return list(walk_folders(roots).files)


def _pictures(files: Sequence[FoundFile], side: int = images.WORKING_SIDE) -> Iterator[images.RGB | None]:
    return prefetch_results(
        lambda found: _decoded(found, side), files, name="pool", threads=THREADS, count=LOOKAHEAD
    )


def _decoded(found: FoundFile, side: int) -> images.RGB | None:
    try:
        pixels = images.decode_image(read_file(found.path), name="picture").pixels
    except UnreadableImage:
        return None
    height, width = pixels.shape[:2]
    scale = side / min(height, width)
    if scale >= 1:
        return pixels
    return images.resize_pixels(pixels, max(side, round(width * scale)), max(side, round(height * scale)))


def _thumb(picture: images.RGB) -> npt.NDArray[np.float32]:
    small = images.resize_pixels(picture, THUMB_SIDE, THUMB_SIDE, "bilinear").astype(np.float32).ravel()
    small -= small.mean()
    unit: npt.NDArray[np.float32] = small / max(float(np.linalg.norm(small)), 1e-6)
    return unit


def _is_among(picture: images.RGB, thumbs: npt.NDArray[np.float32]) -> bool:
    return bool(len(thumbs)) and float((thumbs @ _thumb(picture)).max()) > SAME
