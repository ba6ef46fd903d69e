"""Exports that a machine keeps for all its libraries: the export takes torch 15 seconds, copying it none."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self, final

from platformdirs import user_cache_path

from .export import Export
from .export_store import ExportStore, export_fingerprint
from .weights import Weights

CACHE_VARIABLE = "PICTOR_CACHE"  # a folder in place of the user's cache folder; empty: no cache
MAX_CACHED_BYTES = 64 << 20  # of one export; larger backbones are rare, and would fill a home folder
LOCK_FILE = "lock"


@final
@dataclass(frozen=True, slots=True)
class ExportCache:
    """A folder of exports under their fingerprints, verified by checksum as those of a library are.

    It can be deleted at any time. One that cannot be used, or that others may write to, is passed over.
    """

    folder: Path

    @classmethod
    def of_machine(cls) -> Self | None:
        """The cache of this user; None where the variable CACHE_VARIABLE is set to nothing."""
        chosen = os.environ.get(CACHE_VARIABLE)
        if chosen == "":
            return None
        return cls((Path(chosen) if chosen else user_cache_path("pictor")) / "exports")

    def find_or_make(self, weights: Weights, make_export: Callable[[Weights], Export]) -> Export:
        """The kept export of a backbone, or else a new one, which is kept; raises what `make_export` raises.

        Of several processes that need the same export at once, one makes it and the others wait.
        """
        store, name = ExportStore(self.folder), export_fingerprint(weights)
        with self._lock() as is_usable:
            if not is_usable:
                return make_export(weights)
            if export := store.load_export(name):
                return export
            export = make_export(weights)
            return store.save_export(name, export) if len(export.onnx) <= MAX_CACHED_BYTES else export

    @contextmanager
    def _lock(self) -> Iterator[bool]:
        """Hold the folder's lock, which ends with the process; gives whether the folder may be used."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            yield False
            return
        try:
            yield self._is_private() and _wait_for_lock(descriptor)
        finally:
            os.close(descriptor)

    def _is_private(self) -> bool:
        """Whether nobody else can put files here: an export is run as it is found."""
        status = self.folder.stat()
        return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _wait_for_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:  # a file system without locks
        return False
    return True
