"""Makes a pool: decodes its pictures once, and goes on where it was broken off."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt

from retrieval import UnreadableImage, display_path, images, read_file

from ..errors import TrainingImpossible
from ..run.prefetch import prefetch_results
from ..run.sources import FoundFile, walk_folders
from .pool import PIXELS, ROW, ROWS, Pool, open_pool

MADE_OF = "made_of.json"
PART = (
    "rows.part"  # a digest of the files, then a row for each one so far; its height is 0 if it was left out
)
THREADS, LOOKAHEAD = os.cpu_count() or 2, 64
THUMB_SIDE = 8  # pixels of the thumbnails by which a picture is known again
SAME = 0.98  # cosine of two such thumbnails, without their mean, from which two pictures count as one
COMPARED = 64  # pictures that are compared at once with those that must not be seen

Rows: TypeAlias = npt.NDArray[np.void]
Thumbs: TypeAlias = npt.NDArray[np.float32]
OnProgress: TypeAlias = Callable[[int, int], None]


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


def make_pool(
    path: Path, folders: Sequence[bytes], *, side: int, apart_from: Sequence[bytes], on_progress: OnProgress
) -> None:
    """Decode the pictures below the folders, with short sides of at most `side` pixels.

    Pictures that look like one below `apart_from` are left out: what a backbone is measured on it must
    not have seen. Unreadable files are passed over. Broken off, the same call goes on behind the last file,
    as long as the same files are there. Raises TrainingImpossible when nothing is left.
    """
    files = [(found, number) for number, folder in enumerate(folders) for found in _find_files([folder])]
    unseen = np.array([_make_thumb(p) for p in _decode_pictures(_find_files(apart_from)) if p is not None])
    path.mkdir(parents=True, exist_ok=True)
    with _open_part(path / PIXELS) as pixels, _open_part(path / PART) as part:
        done = _take_up(pixels, part, _compute_digest(files, side, apart_from))
        pictures = _decode_pictures([found for found, _ in files[done:]], side)
        for picture, (_, folder) in zip(_keep_unlike(pictures, unseen), files[done:], strict=True):
            _write_picture(pixels, part, picture, folder)
            on_progress(done := done + 1, len(files))
    rows = _read_rows((path / PART).read_bytes())
    kept = rows[rows["height"] > 0]
    if not len(kept):
        raise TrainingImpossible("no picture to train on below the folders; give folders with pictures")
    np.save(path / ROWS, kept)
    (path / PART).unlink()


def _compute_digest(files: Sequence[tuple[FoundFile, int]], side: int, apart_from: Sequence[bytes]) -> bytes:
    """What tells one pool in the making from another."""
    named = [(found.path, found.size, found.mtime, folder) for found, folder in files]
    return hashlib.sha256(repr((named, side, list(apart_from))).encode()).digest()


def _open_part(path: Path) -> BinaryIO:
    """A file to read and to write, which need not be there."""
    path.touch()
    return path.open("r+b")


def _take_up(pixels: BinaryIO, part: BinaryIO, digest: bytes) -> int:
    """How many files an unfinished pool of this digest has already; both files then end behind the last."""
    written, size = part.read(), pixels.seek(0, os.SEEK_END)
    rows = _read_rows(written) if written.startswith(digest) else np.empty(0, ROW)
    ends = rows["offset"] + rows["height"].astype(np.int64) * rows["width"] * 3
    there = ends <= size
    part.seek(0)
    part.write(digest + rows[there].tobytes())
    part.truncate()
    pixels.truncate(pixels.seek(int(ends[there].max(initial=0))))
    return int(there.sum())


def _read_rows(part: bytes) -> Rows:
    """The rows behind the digest, without one cut short."""
    start = hashlib.sha256().digest_size
    return np.frombuffer(part, ROW, max(0, len(part) - start) // ROW.itemsize, min(start, len(part)))


def _write_picture(pixels: BinaryIO, part: BinaryIO, picture: images.RGB | None, folder: int) -> None:
    """Write the pixels first: of what was broken off in between, nothing is known."""
    height, width = (0, 0) if picture is None else picture.shape[:2]
    row = np.array([(pixels.tell(), height, width, folder)], ROW)
    if picture is not None:
        pixels.write(picture.tobytes())
        pixels.flush()
    part.write(row.tobytes())
    part.flush()


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
