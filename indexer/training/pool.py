"""The pictures to train on: decoded once into one file, which every later run maps into memory."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from retrieval import UnreadableImage, display_path, images, read_file

from ..errors import TrainingImpossible
from ..run.prefetch import prefetch_results
from ..run.sources import FoundFile, walk_folders

PIXELS, ROWS, MADE_OF = "pixels.u8", "rows.npy", "made_of.json"
THREADS, LOOKAHEAD = os.cpu_count() or 2, 64
THUMB_SIDE = 8  # pixels of the thumbnails by which a picture is known again
SAME = 0.98  # cosine of two such thumbnails, without their mean, from which two pictures count as one
COMPARED = 64  # pictures that are compared at once with those that must not be seen
SMALL_SIDE = 100  # pixels of the short side below which a picture is small
SMALL_COUNTS = 0.25  # how often a small picture is seen, beside a large one of the same folder

ROW = np.dtype([("offset", "<i8"), ("height", "<i4"), ("width", "<i4"), ("folder", "<i4")])
Thumbs = npt.NDArray[np.float32]
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Pool:
    """Pictures as one run of bytes, with a row (offset, height, width, folder) for each.

    `favours` says for every folder how many times as often as usual its pictures are seen (empty: once).
    """

    pixels: npt.NDArray[np.uint8]
    rows: npt.NDArray[np.void]
    favours: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def get_picture(self, place: int) -> images.RGB:
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
        Small pictures, which show less, and folders that are favoured count for less and for more.
        """
        folders = self.rows["folder"]
        weights = 1 / np.sqrt(np.bincount(folders)[folders])
        small = np.minimum(self.rows["height"], self.rows["width"]) < SMALL_SIDE
        weights *= np.where(small, SMALL_COUNTS, 1.0)
        if self.favours:
            weights *= np.array(self.favours)[folders]
        cumulated: npt.NDArray[np.float64] = np.cumsum(weights / weights.sum())
        cumulated[-1] = 1.0
        return cumulated


def provide_pool(
    path: Path,
    folders: Sequence[bytes],
    *,
    side: int,
    apart_from: Sequence[bytes],
    on_progress: OnProgress,
    favours: tuple[float, ...] = (),
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
    return open_pool(path, favours)


def open_pool(path: Path, favours: tuple[float, ...] = ()) -> Pool:
    """A pool that was finished."""
    return Pool(np.memmap(path / PIXELS, np.uint8, "r"), np.load(path / ROWS), favours)


def make_pool(
    path: Path, folders: Sequence[bytes], *, side: int, apart_from: Sequence[bytes], on_progress: OnProgress
) -> None:
    """Decode the pictures below the folders, with short sides of at most `side` pixels.

    Pictures that look like one below `apart_from` are left out: what a backbone is measured on it must
    not have seen. Unreadable files are passed over. Raises TrainingImpossible when nothing is left.
    """
    unseen = np.array([_make_thumb(p) for p in _decode_pictures(_find_files(apart_from)) if p is not None])
    files = [(found, number) for number, folder in enumerate(folders) for found in _find_files([folder])]
    path.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[int, int, int, int]] = []
    end = 0
    with (path / PIXELS).open("wb") as file:
        pictures = _decode_pictures([found for found, _ in files], side)
        for done, (picture, (_, folder)) in enumerate(
            zip(_keep_unlike(pictures, unseen), files, strict=True), 1
        ):
            if picture is not None:
                rows.append((end, *picture.shape[:2], folder))
                end += file.write(picture.tobytes())
            on_progress(done, len(files))
    if not rows:
        raise TrainingImpossible("no picture to train on below the folders; give folders with pictures")
    np.save(path / ROWS, np.array(rows, ROW))


def _find_files(roots: Sequence[bytes]) -> list[FoundFile]:
    return list(walk_folders(roots).files)


def _decode_pictures(
    files: Sequence[FoundFile], side: int = images.WORKING_SIDE
) -> Iterator[images.RGB | None]:
    def decode(found: FoundFile) -> images.RGB | None:
        return _decode_picture(found, side)

    return prefetch_results(decode, files, name="pool", threads=THREADS, count=LOOKAHEAD)


def _decode_picture(found: FoundFile, side: int) -> images.RGB | None:
    try:
        pixels = images.decode_image(read_file(found.path), name="picture").pixels
    except UnreadableImage:
        return None
    height, width = pixels.shape[:2]
    scale = side / min(height, width)
    if scale >= 1:
        return pixels
    return images.resize_pixels(pixels, max(side, round(width * scale)), max(side, round(height * scale)))


def _keep_unlike(pictures: Iterator[images.RGB | None], unseen: Thumbs) -> Iterator[images.RGB | None]:
    """The pictures in order, None in the place of those that look like one of the thumbnails."""
    while some := list(islice(pictures, COMPARED)):
        thumbs = [_make_thumb(picture) for picture in some if picture is not None]
        alike = iter(_find_alike(np.array(thumbs), unseen))
        yield from (None if picture is None or next(alike) else picture for picture in some)


def _make_thumb(picture: images.RGB) -> Thumbs:
    small = images.resize_pixels(picture, THUMB_SIDE, THUMB_SIDE, "bilinear").astype(np.float32).ravel()
    small -= small.mean()
    unit: Thumbs = small / max(float(np.linalg.norm(small)), 1e-6)
    return unit


def _find_alike(thumbs: Thumbs, unseen: Thumbs) -> npt.NDArray[np.bool_]:
    """Whether each thumbnail is about the same as one of the others."""
    if not len(thumbs) or not len(unseen):
        return np.zeros(len(thumbs), bool)
    alike: npt.NDArray[np.bool_] = (thumbs @ unseen.T).max(axis=1) > SAME
    return alike
