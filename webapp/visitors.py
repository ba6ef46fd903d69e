"""What strangers may not learn: where on this machine the pictures and the library lie."""

from __future__ import annotations

import time
from collections.abc import Iterable
from hashlib import blake2b
from posixpath import commonpath
from threading import Lock
from typing import Final

from retrieval import Library

KEY_BYTES: Final = 6
MAX_AGE: Final = 60.0  # seconds after which the folders are looked up again: an indexing run may add some


def library_key(library: Library) -> str:
    """What browsers tell libraries apart by, where they remember ids; it tells nothing about the library."""
    facts = library.path.stat()
    return blake2b(f"{facts.st_dev}:{facts.st_ino}".encode(), digest_size=KEY_BYTES).hexdigest()


class RelativePaths:
    """Shows paths relative to the folders that hold the pictures; safe to use from many threads."""

    def __init__(self, library: Library) -> None:
        self._library, self._lock = library, Lock()
        self._depths: dict[str, int] = {}
        self._looked_up = float("-inf")

    def __call__(self, path: str) -> str:
        """The path below the indexed folder; the name of the file alone where that is not known."""
        parts = path.strip("/").split("/")
        depth = self._current_depths().get(parts[0].casefold(), len(parts) - 1)
        return "/".join(parts[min(depth, len(parts) - 1) :])

    def hide_in(self, message: str) -> str:
        """A message without the place of the library."""
        return message.replace(str(self._library.path), "the library")

    def _current_depths(self) -> dict[str, int]:
        with self._lock:
            if time.monotonic() - self._looked_up > MAX_AGE:
                with self._library.catalog.reading() as reader:
                    self._depths = indexed_depths(reader.list_folders())
                self._looked_up = time.monotonic()
            return self._depths


def indexed_depths(folders: Iterable[str]) -> dict[str, int]:
    """How many folders stand above the pictures: the folders that all paths with one beginning share.

    The beginning is the first folder of a path, such as home or mnt. `folders` as the catalog stores them.
    """
    trees: dict[str, list[str]] = {}
    for folder in folders:
        inner = folder.strip("/")
        trees.setdefault(inner.partition("/")[0], []).append(inner)
    return {first: commonpath(tree).count("/") + 1 for first, tree in trees.items()}
