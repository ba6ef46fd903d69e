"""Synthetic libraries of any size, written to the catalog by plain SQL: a million images take some minutes.

Features of subject and colour lie in clusters, whose sizes differ as those of real collections: a centre and
the spread around it in LATENT numbers, mapped to all numbers of the space, with a little noise, and without
negative numbers, as after the last layer of a CNN. Captions have CAPTION_WORDS words, tags and places are
fewer; all have Zipf's frequencies. A folder holds FOLDER_IMAGES images of a few days; one image in ten has no
date, one in four a position. Texture and layout, which by default weigh nothing, are left out. An image has
no keypoints, or as many random ones as are asked for: those of a million photographs take nine gigabytes.
"""

from __future__ import annotations

import hashlib
import math
import os
import sqlite3
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from indexer.upkeep.opening import LibrarySpec, open_or_create
from retrieval.library import CATALOG_FILE
from retrieval.ranking.keypoints import ROW

BATCH: Final = 10_000  # images written at a time
LATENT, CLUSTER_IMAGES, SPREAD, NOISE = 48, 50, 0.35, 0.15
CAPTION_WORDS, VOCABULARY, EXPONENT = 12, 30_000, 1.05
TAGS, PLACES, FOLDER_IMAGES = 500, 300, 200
FILLED: Final = ("subject", "colour", "details")
SIZES: Final = ((640, 480), (480, 640), (4000, 3000), (3000, 4000), (1024, 1024))
ROOT: Final = "/synthetic"
DONE: Final = "made"  # a file that says that a kept library is whole
# How often the four levels of a number come in descriptors of photographs: most numbers are 0.
_LEVEL_SHARES: Final = (0.78, 0.13, 0.06, 0.03)
_BYTE_SHARES: Final = np.einsum("a,b,c,d->abcd", *[_LEVEL_SHARES] * 4).ravel()  # of four numbers in a byte
DESCRIPTOR_BYTES: Final = np.searchsorted(np.cumsum(_BYTE_SHARES), np.arange(2**16) / 2**16).astype(np.uint8)
_FIRST_DAY: Final = datetime(2000, 1, 1)
_MADE_AT: Final = "2026-01-01 00:00:00.000000"

Row: TypeAlias = tuple[Any, ...]
Rows: TypeAlias = dict[str, list[Row]]  # by the statement that stores them

_IMAGE = (
    "INSERT INTO image (id, sha256, perceptual_hash, width, height, format, bytes, taken_at, added_at) "
    "VALUES (?, ?, ?, ?, ?, 'jpeg', ?, ?, ?)"
)
_CONTENT = (
    "INSERT INTO content (id, sha256, image_id, bytes, format, taken_at, said) "
    "VALUES (?, ?, ?, ?, 'jpeg', ?, '[]')"
)
_LOCATION = (
    "INSERT INTO location (path, display, folder, image_id, mtime, size, content_id, depth) "
    "VALUES (?, ?, ?, ?, 0, ?, ?, 2)"
)
_ANNOTATION = (
    "INSERT INTO annotation (image_id, field, value, folded, source, confidence, latitude, longitude) "
    "VALUES (?, ?, ?, ?, 'captions', 1.0, ?, ?)"
)
_CHANGE = "INSERT INTO change (image_id, operation) VALUES (?, 'put')"
_THUMBNAIL = "INSERT INTO thumbnail (image_id, data) VALUES (?, ?)"
_FEATURE = "INSERT INTO feature (space_id, image_id, vector, crc32) VALUES (?, ?, ?, ?)"


@contextmanager
def make_library(
    count: int, thumbnails: Sequence[bytes] = (), *, keypoints: int = 0, publish: bool = True
) -> Iterator[Path]:
    """The folder of a synthetic library, published unless `publish` is False.

    It is kept in the folder that PICTOR_BENCH_KEEP names, and a later call with the same arguments gets the
    library that was made before: whoever writes to it has to copy it first.
    """
    kept = os.environ.get("PICTOR_BENCH_KEEP")
    with tempfile.TemporaryDirectory() as temporary:
        name = f"synthetic-{count}" + ("-thumbnails" if thumbnails else "")
        folder = Path(kept or temporary, name + (f"-keypoints-{keypoints}" if keypoints else ""))
        library = folder / "library"
        with open_or_create(library, LibrarySpec()):
            pass  # its schema is made, or brought up to date
        if not (folder / DONE).exists():
            fill_library(library, count, thumbnails, keypoints=keypoints)
            (folder / DONE).touch()
        if publish:
            with open_or_create(library) as opened:
                opened.publish()
        yield library


def fill_library(
    library: Path, count: int, thumbnails: Sequence[bytes] = (), *, keypoints: int = 0, first: int = 0
) -> None:
    """Add synthetic images to a library with a catalog of SQLite; thumbnails are taken in turn.

    `first`: how many were added before, which are others.
    """
    with closing(sqlite3.connect(library / CATALOG_FILE, isolation_level=None)) as database:
        for pragma in ("synchronous = OFF", "cache_size = -400000", "temp_store = MEMORY"):
            database.execute(f"PRAGMA {pragma}")
        database.execute("INSERT OR IGNORE INTO root (path) VALUES (?)", [ROOT.encode()])
        spaces = _fill_spaces(database, first + count, keypoints)
        random = np.random.default_rng(first)
        for start in range(first, first + count, BATCH):
            numbers = range(start + 1, min(start + BATCH, first + count) + 1)
            _write_rows(database, draw_rows(random, numbers, spaces, thumbnails))
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _write_rows(database: sqlite3.Connection, rows: Rows) -> None:
    database.execute("BEGIN IMMEDIATE")
    for statement, values in rows.items():
        database.executemany(statement, values)
    database.execute("COMMIT")


def draw_rows(
    random: np.random.Generator, ids: range, spaces: Sequence[_Space], thumbnails: Sequence[bytes] = ()
) -> Rows:
    """What the catalog stores of these images."""
    rows: Rows = {_IMAGE: [], _CONTENT: [], _LOCATION: [], _CHANGE: [(image_id,) for image_id in ids]}
    for image_id in ids:
        digest = hashlib.sha256(b"%d" % image_id).hexdigest()
        taken, size = _draw_time(image_id), 1 + image_id * 7907 % 9_000_000
        # Hashes far from all others, as of pictures that have nothing in common.
        rows[_IMAGE].append(
            (image_id, digest, int(digest[:15], 16), *SIZES[image_id % len(SIZES)], size, taken, _MADE_AT)
        )
        rows[_CONTENT].append((image_id, digest, image_id, size, taken))
        folder = f"{ROOT}/{_FIRST_DAY.year + image_id // FOLDER_IMAGES % 25}/{image_id // FOLDER_IMAGES:06}"
        path = f"{folder}/{image_id:08}.jpg"
        rows[_LOCATION].append((path.encode(), path, folder + "/", image_id, size, image_id))
    rows[_ANNOTATION] = sorted(_draw_facts(random, ids))
    if thumbnails:
        rows[_THUMBNAIL] = [(image_id, thumbnails[image_id % len(thumbnails)]) for image_id in ids]
    drawn = [(space.space_id, space.draw_blobs(random, len(ids))) for space in spaces]
    rows[_FEATURE] = [
        (space_id, image_id, blobs[number], zlib.crc32(blobs[number]))
        for number, image_id in enumerate(ids)
        for space_id, blobs in drawn
    ]
    return rows


def _draw_time(image_id: int) -> str | None:
    """Images of one folder were taken within some days; one in ten has no date."""
    if image_id % 10 == 0:
        return None
    day = image_id // FOLDER_IMAGES * 389 % 9000
    taken = _FIRST_DAY + timedelta(days=day, seconds=image_id % FOLDER_IMAGES * 997)
    return taken.strftime("%Y-%m-%d %H:%M:%S.000000")


def _draw_facts(random: np.random.Generator, ids: range) -> Iterator[Row]:
    """The values of annotations: captions, tags, names of places and positions."""
    captions = draw_ranks(random, VOCABULARY, (len(ids), CAPTION_WORDS))
    tags = draw_ranks(random, TAGS, (len(ids), 3))
    places, degrees = draw_ranks(random, PLACES, (len(ids),)), random.uniform(-60, 60, (len(ids), 2))
    for number, image_id in enumerate(ids):
        caption = " ".join(map(word_of_rank, captions[number].tolist()))
        yield image_id, "caption", caption, caption, None, None
        for tag in set(tags[number, : image_id % 4].tolist()):
            yield image_id, "tag", (name := "t" + word_of_rank(tag)), name, None, None
        if image_id % 4 == 0:
            latitude, longitude = degrees[number].round(5).tolist()
            yield image_id, "place", f"{latitude:.5f}, {longitude:.5f}", "", latitude, longitude
        if image_id % 8 == 0:
            yield image_id, "place", (name := "p" + word_of_rank(int(places[number]))), name, None, None


def draw_ranks(
    random: np.random.Generator, most: int, shape: tuple[int, ...], exponent: float = EXPONENT
) -> npt.NDArray[np.int64]:
    """Ranks from 1 to `most` with Zipf's frequencies."""
    ends = np.cumsum(np.arange(1, most + 1) ** -exponent)
    return np.searchsorted(ends, random.uniform(0, ends[-1], shape)) + 1


def word_of_rank(rank: int) -> str:
    """The word with this place among the most frequent ones."""
    return "w" + "".join("abcdefghij"[int(digit)] for digit in str(rank))


@dataclass(frozen=True, slots=True, eq=False)
class _Cloud:
    """The clusters of one space: centres, (cluster, LATENT), where the choice of each ends, and the map."""

    space_id: int
    centres: npt.NDArray[np.float32]
    ends: npt.NDArray[np.float64]
    spread_out: npt.NDArray[np.float32]  # (LATENT, dimension)

    def draw_blobs(self, random: np.random.Generator, count: int) -> list[bytes]:
        """Features of unit length, as they are stored."""
        chosen = np.searchsorted(self.ends, random.uniform(0, self.ends[-1], count))
        latent = self.centres[chosen] + SPREAD * random.standard_normal((count, LATENT), np.float32)
        rows = latent @ self.spread_out
        rows += np.float32(NOISE) * random.standard_normal(rows.shape, np.float32)
        np.maximum(rows, 0, out=rows)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return [row.tobytes() for row in rows.astype("<f2")]


@dataclass(frozen=True, slots=True)
class _Scatter:
    """So many random keypoints for each image of a space."""

    space_id: int
    keypoints: int

    def draw_blobs(self, random: np.random.Generator, count: int) -> list[bytes]:
        """The keypoints of pictures of 256 × 192 pixels, as they are stored."""
        if not self.keypoints:
            return [b""] * count
        drawn = random.integers(0, 256, (count, self.keypoints, ROW.itemsize), np.uint8)
        drawn[:, :, 1] %= 192
        drawn[:, :, 4:] = DESCRIPTOR_BYTES[random.integers(0, 2**16, drawn[:, :, 4:].shape, np.uint16)]
        return [bytes([255, 191]) + rows.tobytes() for rows in drawn]


_Space: TypeAlias = _Cloud | _Scatter


def _fill_spaces(database: sqlite3.Connection, count: int, keypoints: int) -> list[_Space]:
    """The spaces that get features; the others are retired, so that no image lacks theirs."""
    database.execute(f"UPDATE space SET state = 'retired' WHERE descriptor NOT IN {FILLED}")
    live = database.execute("SELECT id, dimension FROM space WHERE state = 'live'").fetchall()
    return [
        _make_cloud(space_id, dimension, count) if dimension else _Scatter(space_id, keypoints)
        for space_id, dimension in live
    ]


def _make_cloud(space_id: int, dimension: int, count: int) -> _Cloud:
    random = np.random.default_rng(space_id)
    clusters = math.ceil(count / CLUSTER_IMAGES)
    return _Cloud(
        space_id,
        random.standard_normal((clusters, LATENT), np.float32),
        np.cumsum(1 + random.pareto(1.2, clusters)),
        random.standard_normal((LATENT, dimension), np.float32) / np.float32(math.sqrt(LATENT)),
    )
