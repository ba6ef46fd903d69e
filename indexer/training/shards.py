"""A pool packed into files of limited size, to be taken to a machine that cannot fetch pictures itself."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np

from retrieval import images

from .pool import Pool

ENTRY_BYTES = 256  # what a zip file holds for every picture beside its bytes, at most

OnProgress: TypeAlias = Callable[[int, int], None]


def pack_pool(
    pool: Pool,
    folder: Path,
    *,
    side: int,
    quality: int,
    limit: int,
    most: int,
    seed: int,
    on_progress: OnProgress,
) -> list[Path]:
    """Write up to `most` zip files of at most `limit` bytes with JPEGs whose short side is `side` pixels.

    A picture comes the earlier the more often a training would see it, by chance, so that the first files
    are a fair sample of the pool. In them every folder of the pool has a folder, called by its number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    order = draw_order(pool, seed)
    shards: list[Path] = []
    pictures = ((place, _encode_small(pool.get_picture(place), side, quality)) for place in order)
    for shard in _split_by_size(pictures, limit, most):
        path = folder / f"shard-{len(shards):03}.zip"
        with zipfile.ZipFile(path, "w") as file:
            for place, jpeg in shard:
                file.writestr(f"{pool.rows[place]['folder']:03}/{place:07}.jpg", jpeg)
        shards.append(path)
        on_progress(len(shards), most)
    return shards


def draw_order(pool: Pool, seed: int) -> list[int]:
    """All places of a pool, drawn one after the other by their chances (Efraimidis and Spirakis 2006)."""
    chances = np.diff(pool.cumulated, prepend=0)
    random = np.random.default_rng(seed).random(len(pool))
    order: list[int] = np.argsort(np.log(random) / np.maximum(chances, 1e-12))[::-1].tolist()
    return order


def _encode_small(picture: images.RGB, side: int, quality: int) -> bytes:
    height, width = picture.shape[:2]
    scale = min(1.0, side / min(height, width))
    small = images.resize_pixels(picture, max(1, round(width * scale)), max(1, round(height * scale)))
    return images.encode_jpeg(small, quality=quality)


def _split_by_size(
    pictures: Iterator[tuple[int, bytes]], limit: int, most: int
) -> Iterator[list[tuple[int, bytes]]]:
    """The pictures in lists that fit into a file each, `most` lists at most."""
    shard: list[tuple[int, bytes]] = []
    size = 0
    for place, jpeg in pictures:
        if shard and size + len(jpeg) + ENTRY_BYTES > limit:
            yield shard
            most -= 1
            shard, size = [], 0
        if not most:
            return
        shard.append((place, jpeg))
        size += len(jpeg) + ENTRY_BYTES
    if shard:
        yield shard
