"""Decodes damaged and hostile files as an indexing run does: no crash, no hang, no failure without a reason.

The files are all files below the folders in PICTOR_MALFORMED (a list with the syntax of PATH, which may be
empty) and seeded mutations, N files in all: one drawn picture in sixteen formats, with flipped bits, cut off,
or with a piece of another file spliced in. All pages of a file are decoded, so there are more outcomes than
files. What makes a decoder process crash or takes too long is named on stderr.
--size N: N files (default 10,000).
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from itertools import chain, count, islice
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

from data.sample import draw_collection
from indexer.run.decode import Outcome, decode_files
from indexer.run.sources import FoundFile
from retrieval import Limits, Problem
from retrieval.pictures.images import RGB

FORMATS: dict[str, dict[str, Any]] = {
    "jpg": {},
    "progressive.jpg": {"progressive": True},
    "png": {},
    "gif": {},
    "webp": {},
    "lossless.webp": {"lossless": True},
    "bmp": {},
    "tif": {},
    "lzw.tif": {"compression": "tiff_lzw"},
    "jpeg.tif": {"compression": "jpeg"},
    "ppm": {},
    "avif": {},
}
BATCH = 499  # files that one worker decodes, and mutations that lie on the disk at a time
CRASHES = ("decoder-crashed", "out-of-memory")
FAILURES = (*CRASHES, "timeout", "unnamed")  # none of these should occur


def measure(size: int | None = None) -> dict[str, Any]:
    """Counts of outcomes, and the longest time between two outcomes of a worker: no file took longer."""
    codes: Counter[str] = Counter()
    slowest, read = 0.0, 0
    with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile() as whole:
        whole.write(_make_seeds()["jpg"])
        whole.flush()
        for batch in _make_batches(
            islice(chain(_files_of_folders(), _write_mutations(Path(folder))), size or 10_000)
        ):
            # A sound picture comes first, so that the start of the worker counts for no file.
            files = [_file_at(Path(whole.name)), *batch]
            outcomes = decode_files(files, is_known=lambda _: False, limits=Limits(pages="all"), threads=1)
            assert _code_of(next(outcomes)) == "decoded"
            read += len(batch)
            for code, seconds in _time_outcomes(outcomes):
                codes[code] += 1
                slowest = max(slowest, seconds)
            for mutation in Path(folder).iterdir():
                mutation.unlink()
    return {"figures": {"files": read} | _count_codes(codes) | {"slowest (s)": slowest}, "beside": {}}


def _time_outcomes(outcomes: Iterator[Outcome]) -> Iterator[tuple[str, float]]:
    started = time.perf_counter()
    for outcome in outcomes:
        if _code_of(outcome) in FAILURES and isinstance(outcome, Problem):
            print(f"{outcome.display}: {outcome.code}, {outcome.reason}", file=sys.stderr, flush=True)
        yield _code_of(outcome), time.perf_counter() - started
        started = time.perf_counter()


def _count_codes(codes: Counter[str]) -> dict[str, int]:
    return {
        "decoded": codes["decoded"],
        "refused": codes.total() - codes["decoded"],
        "refused without a code or a reason": codes["unnamed"],
        "workers crashed": sum(codes[code] for code in CRASHES),
        "timeouts": codes["timeout"],
    } | {f"refused: {code}": codes[code] for code in sorted(codes) if code != "decoded"}


def _code_of(outcome: Outcome) -> str:
    if not isinstance(outcome, Problem):
        return "decoded"
    return outcome.code if outcome.code and outcome.reason else "unnamed"


def _make_batches(files: Iterator[FoundFile]) -> Iterator[list[FoundFile]]:
    while batch := list(islice(files, BATCH)):
        yield batch


def _files_of_folders() -> Iterator[FoundFile]:
    folders = os.environ.get("PICTOR_MALFORMED", "").split(os.pathsep)
    for folder in filter(None, folders):
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                yield _file_at(path)


def _write_mutations(folder: Path) -> Iterator[FoundFile]:
    chance = random.Random(0)
    seeds = _make_seeds()
    for number in count():
        kind = chance.choice(list(seeds))
        path = folder / f"{number}.{kind}"
        path.write_bytes(chance.choice((_flip_bits, _cut_end, _splice_files))(chance, seeds, kind))
        yield _file_at(path)


def _file_at(path: Path) -> FoundFile:
    facts = path.stat()
    return FoundFile(os.fsencode(path), facts.st_size, facts.st_mtime_ns)


def _make_seeds() -> dict[str, bytes]:
    picture = Image.fromarray(next(draw_collection()).pixels)
    buffers = {kind: BytesIO() for kind in FORMATS}
    for kind, buffer in buffers.items():
        picture.save(buffer, Image.registered_extensions()[f".{kind.rpartition('.')[2]}"], **FORMATS[kind])
    return {kind: buffer.getvalue() for kind, buffer in buffers.items()} | _make_deep_seeds(
        np.asarray(picture)
    )


def _make_deep_seeds(pixels: RGB) -> dict[str, bytes]:
    """Files that Pillow does not fully read: colour in 16 bits and floats, several bands, several pages."""
    deep = pixels.astype(np.uint16) * 257
    pages = np.stack([deep, deep[::-1], deep[:, ::-1]])
    tiffs = {
        "deep.tif": {"data": deep, "photometric": "rgb", "compression": "deflate"},
        "floats.tif": {"data": pixels.astype(np.float32), "photometric": "rgb", "tile": (64, 64)},
        "pages.tif": {"data": pages, "photometric": "rgb", "compression": "packbits"},
    }
    seeds = {"deep.png": bytes(imagecodecs.png_encode(deep))}
    for kind, facts in tiffs.items():
        buffer = BytesIO()
        tifffile.imwrite(buffer, **facts)
        seeds[kind] = buffer.getvalue()
    return seeds


def _flip_bits(chance: random.Random, seeds: dict[str, bytes], kind: str) -> bytes:
    """Flip 1, 4 or 30 bits, half of the time among the first 200 bytes."""
    data = bytearray(seeds[kind])
    end = len(data) if chance.random() < 0.5 else min(200, len(data))
    for _ in range(chance.choice((1, 4, 30))):
        data[chance.randrange(end)] ^= 1 << chance.randrange(8)
    return bytes(data)


def _cut_end(chance: random.Random, seeds: dict[str, bytes], kind: str) -> bytes:
    return seeds[kind][: chance.randrange(len(seeds[kind]))]


def _splice_files(chance: random.Random, seeds: dict[str, bytes], kind: str) -> bytes:
    """Overwrite some bytes with a piece of another file."""
    data, other = seeds[kind], seeds[chance.choice(list(seeds))]
    at, start, size = chance.randrange(len(data)), chance.randrange(len(other)), chance.randrange(1, 5000)
    return data[:at] + other[start : start + size] + data[at + size :]
