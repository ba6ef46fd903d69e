"""Which files this process has compared with their checksums, so that it need not read them again.

Generations share the files of segments that have not changed. Whoever takes up a new generation, or extends
one, reads only what it has not seen before.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from threading import Lock
from typing import Final, TypeAlias, final

from ..manifest import compute_digest

MOST_REMEMBERED: Final = 16_384  # files; those of a library of a million images are some thousands

# A file under any of its names: its disk, its number there, its size and its time of change.
FileStamp: TypeAlias = tuple[int, int, int, int]


def stamp_file(status: os.stat_result) -> FileStamp:
    """What differs for another file, and for one that a program has written to."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


@final
class VerifiedFiles:
    """The files that were compared last, with their checksums. Safe to use from many threads."""

    def __init__(self) -> None:
        self._digests: OrderedDict[FileStamp, bytes] = OrderedDict()  # of the digests of all blocks
        self._lock = Lock()

    def add(self, stamp: FileStamp, digests: bytes) -> None:
        """Remember that a file has these checksums."""
        with self._lock:
            self._digests[stamp] = compute_digest(digests)
            if len(self._digests) > MOST_REMEMBERED:
                self._digests.popitem(last=False)

    def has(self, stamp: FileStamp, digests: bytes) -> bool:
        """Whether a file was found to have these checksums, and was not written to since."""
        with self._lock:
            if self._digests.get(stamp) != compute_digest(digests):
                return False
            self._digests.move_to_end(stamp)
            return True

    def forget(self, stamp: FileStamp) -> None:
        """Trust a file no longer."""
        with self._lock:
            self._digests.pop(stamp, None)
