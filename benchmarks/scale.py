"""What a library of N images costs, row by row: cold starts, memory, searches, facets, status, publication.

The library is synthetic (`benchmarks/synthetic.py`). Cold searches are whole processes of `pictor search`;
everything else is asked in one process, and is a median of ASKED. Peers in the same run: FAISS's IndexFlatIP
over the same subjects, SQLite's FTS5 over the same captions, tantivy over the same captions where it is
installed, and an interpreter that loads nothing. `100 more`: that many images more are added to a copy, and
published. --part warm: without cold starts and publications. --size N: N images (default 10,000).
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from indexer.upkeep.opening import open_existing
from retrieval import Library, Query, StoredPicture, images, read_status
from retrieval.library import CATALOG_FILE

from .synthetic import fill_library, make_library, word_of_rank

ASKED: Final = 7
COLD: Final = 3
COMMAND: Final = ("-m", "indexer.cli")
FREQUENT: Final = word_of_rank(1)
WORDS: Final = {
    "most frequent word": FREQUENT,
    "two frequent words": f"{FREQUENT} {word_of_rank(2)}",
    "three words": f"{word_of_rank(3)} {word_of_rank(30)} {word_of_rank(300)}",
    "phrase of frequent words": f'"{FREQUENT} {word_of_rank(2)}"',
    "prefix": f"{word_of_rank(123)}*",
    "not a frequent word": f"{word_of_rank(2)} -{FREQUENT}",
}
Figures = dict[str, float]


def measure(size: int | None = None, part: str | None = None) -> dict[str, Any]:
    """Seconds, milliseconds and megabytes."""
    if part not in (None, "warm"):
        raise SystemExit(f"--part {part}: choose warm, or leave it out")
    count = size or 10_000
    with make_library(count) as path:
        figures = {} if part else _measure_cold(path)
        figures |= _measure_warm(path, count)
        figures |= {} if part else _measure_publication(path, count)
        beside = {"peers": _measure_flat(path) | _measure_texts(path)}
    return {"figures": figures, "beside": beside}


def _median(work: Callable[[], object], times: int = ASKED) -> float:
    """Seconds; the first call is not counted."""
    work()
    return float(np.median([_time(work) for _ in range(times)]))


def _time(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _measure_cold(path: Path) -> Figures:
    """Whole processes, the files in the system's memory."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "picture.png")
        pixels = np.random.default_rng(3).integers(0, 256, (224, 224, 3), np.uint8)
        picture.write_bytes(images.encode_png(pixels))
        asked = {"words": [FREQUENT], "id": ["image:7"], "picture": ["--image", str(picture)]}
        return {
            f"cold search by {name} (s)": _median(partial(_run, path, *line), COLD)
            for name, line in asked.items()
        } | {
            "cold status (s)": _median(lambda: _call("-m", "indexer.cli", "status", "--library", path), COLD)
        }


def _run(path: Path, *line: str) -> None:
    _call(*COMMAND, "search", *line, "--library", path)


def _call(*arguments: object) -> None:
    subprocess.run([sys.executable, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def _measure_warm(path: Path, count: int) -> Figures:
    before = _resident()
    with Library.open(path) as library:
        opened = _time(library.snapshot)
        figures = {"first snapshot (s)": opened, "memory of it (MB)": _resident() - before}
        library.warm_up()
        asked = _make_queries(count)
        times = {name: _median(partial(library.search, query)) for name, query in asked.items()}
        times["facets of everything"] = _median(lambda: library.count_facets(""))
        times["status"] = _median(lambda: read_status(library))
        times["count of images"] = _median(library.count_images)
        figures |= {f"{name} (ms)": 1000 * seconds for name, seconds in times.items()}
        return figures | {"memory after all (MB)": _resident() - before}


def _make_queries(count: int) -> dict[str, Query | str]:
    image_id = count // 2
    return {
        "stored picture": Query((StoredPicture(image_id),)),
        "stored picture, subject alone": f"image:{image_id} weight.subject:1 weight.colour:0 verify:0",
        "stored picture, half allowed": f"image:{image_id} verify:0 after:2012",
        **{name: f"{line} weight.words:1 weight.meaning:0" for name, line in WORDS.items()},
    }


def _measure_publication(path: Path, count: int) -> Figures:
    with tempfile.TemporaryDirectory(dir=path.parent.parent) as folder:
        copy = shutil.copytree(path, Path(folder, "library"))
        fill_library(copy, 100, first=count)
        with open_existing(copy) as library:
            more = _time(library.publish)
            anew = _time(lambda: library.publish(anew=True))
    return {"100 more until published (s)": more, "publication anew (s)": anew}


def _measure_flat(path: Path) -> Figures:
    """FAISS alone, with its defaults."""
    import faiss

    with Library.open(path) as library, library.catalog.reading() as reader:
        space = next(space for space in library.spaces if space.descriptor == "subject")
        features = reader.load_features(space)[1].astype(np.float32)
    index = faiss.IndexFlatIP(features.shape[1])
    index.add(features)
    return {"IndexFlatIP, one query (ms)": 1000 * _median(lambda: index.search(features[:1], 40))}


def _measure_texts(path: Path) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        figures = _measure_fts5(path, Path(folder))
        return figures | (_measure_tantivy(path) if find_spec("tantivy") else {})


def _captions(path: Path) -> Iterator[tuple[int, str]]:
    with closing(sqlite3.connect(f"file:{path / CATALOG_FILE}?mode=ro", uri=True)) as database:
        yield from database.execute("SELECT image_id, value FROM annotation WHERE field = 'caption'")


def _measure_fts5(path: Path, folder: Path) -> Figures:
    """All hits with their scores, as Pictor counts them."""
    with closing(sqlite3.connect(folder / "fts5.sqlite")) as database:
        database.execute("CREATE VIRTUAL TABLE text USING fts5(caption, content='')")
        database.executemany("INSERT INTO text (rowid, caption) VALUES (?, ?)", _captions(path))
        database.commit()
        asked = "SELECT rowid, bm25(text) FROM text WHERE text MATCH ?"
        seconds = _median(lambda: database.execute(asked, [FREQUENT]).fetchall())
    return {"FTS5, most frequent word (ms)": 1000 * seconds}


def _measure_tantivy(path: Path) -> Figures:
    """The best hundred, and the count."""
    tantivy = import_module("tantivy")

    schema = tantivy.SchemaBuilder().add_text_field("caption").add_integer_field("id", stored=True).build()
    index = tantivy.Index(schema)
    writer = index.writer()
    for image_id, caption in _captions(path):
        writer.add_document(tantivy.Document(id=image_id, caption=caption))
    writer.commit()
    index.reload()
    searcher, query = index.searcher(), index.parse_query(FREQUENT, ["caption"])
    return {"tantivy, most frequent word (ms)": 1000 * _median(lambda: searcher.search(query, 100))}


def _resident() -> float:
    """Megabytes of this process."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in line)
    return int(line.split()[1]) / 1024
