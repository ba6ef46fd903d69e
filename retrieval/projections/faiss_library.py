"""FAISS: loading it when it is first needed, its release, its files, and one thread for one question."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from ..durable import BLOCK


@cache
def load_faiss() -> Any:
    """The library, which takes a fifth of a second to load."""
    import faiss

    # After a fork OpenMP's threads do not exist, and a child that waits for them hangs.
    os.register_at_fork(after_in_child=partial(faiss.omp_set_num_threads, 1))
    return faiss


@cache
def faiss_version() -> str:
    """The installed release, read without loading the library."""
    for distribution in ("faiss-gpu", "faiss-cpu"):
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    raise PackageNotFoundError("faiss-gpu or faiss-cpu")


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for what this thread asks FAISS: a single query keeps no more busy, and they would spin."""
    faiss = load_faiss()
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def save_index(index: Any, path: Path) -> None:
    """Write an index block by block, because FAISS's own writer does not report a full disk."""
    faiss = load_faiss()
    with path.open("wb") as file:
        faiss.write_index(index, faiss.PyCallbackIOWriter(file.write, BLOCK))


def load_index(path: Path) -> Any:
    """Read an index from a file that has been verified."""
    return load_faiss().deserialize_index(np.fromfile(path, np.uint8))
