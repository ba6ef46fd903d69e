"""How long a synthetic library takes to make and to publish, and how much of the disk each part of it takes.

`benchmarks/synthetic.py` says what is in it. Set PICTOR_BENCH_KEEP to a folder, and the library stays there:
all other benchmarks that need a synthetic library of this size then take it. Bytes are for each image: of
every table and index of the catalog, as SQLite counts its pages, and of every kind of file beside it.
--size N: N images (default 10,000). --part catalog: without the projections, which take the most time.
--part keypoints: as many keypoints for each image as a photograph has.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from retrieval.descriptors.details import MAX_KEYPOINTS
from retrieval.library import CATALOG_FILE

from .synthetic import make_library

LEAST = 1.0  # bytes an image; smaller tables are counted together


def measure(size: int | None = None, part: str | None = None) -> dict[str, Any]:
    """Seconds, and bytes for each image by what takes them."""
    if part not in (None, "catalog", "keypoints"):
        raise SystemExit(f"--part {part}: choose catalog or keypoints, or leave it out")
    count, keypoints = size or 10_000, MAX_KEYPOINTS if part == "keypoints" else 0
    start = time.perf_counter()
    with make_library(count, keypoints=keypoints, publish=part != "catalog") as library:
        seconds = time.perf_counter() - start
        tables = {name: size / count for name, size in measure_tables(library / CATALOG_FILE).items()}
        files = {name: size / count for name, size in measure_files(library / "projections").items()}
    return {
        "figures": {
            "made or found (s)": seconds,
            "bytes an image": sum(tables.values()) + sum(files.values()),
            "bytes an image, catalog": sum(tables.values()),
            "bytes an image, projections": sum(files.values()),
        },
        "beside": {"tables": _join_small(tables), "files": _join_small(files)},
    }


def measure_tables(catalog: Path) -> dict[str, int]:
    """The bytes of each table and index, the largest first."""
    with closing(sqlite3.connect(f"file:{catalog}?mode=ro", uri=True)) as database:
        return dict(database.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY 1 ORDER BY 2 DESC"))


def measure_files(projections: Path) -> dict[str, int]:
    """The bytes of the files of each projection, the largest first; files differ by their first words."""
    sizes: Counter[str] = Counter()
    for path in projections.rglob("*"):
        if path.is_file():
            projection = path.relative_to(projections).parts[0].rsplit("-", 2)[0]
            sizes[f"{projection}: {path.name.partition('-')[0]}"] += path.stat().st_size
    return dict(sizes.most_common())


def _join_small(sizes: dict[str, float]) -> dict[str, float]:
    large = {name: size for name, size in sizes.items() if size >= LEAST}
    return large | {"all others": sum(sizes.values()) - sum(large.values())}
