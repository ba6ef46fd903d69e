"""Files that are kept until nobody has asked for them for long, each named by the digest of what is in it."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import final

from ..durable import replace_file
from .cursor import NAME_BYTES, digest_bytes


@final
@dataclass(frozen=True, slots=True)
class KeptFiles:
    """A folder of such files. Safe for many processes.

    `lifetime`: seconds since the last use. Beyond `most` files and `most_bytes` in all, those that were not
    used for longest are removed.
    """

    folder: Path
    lifetime: float
    most: int
    most_bytes: int

    def keep(self, data: bytes) -> str:
        """Keep these bytes, or keep them for longer, and return their name; raises OSError."""
        name = _digest(data)
        if not self._renew(name):
            replace_file(self._path(name), data)
            self._remove_old()
        return name

    def load(self, name: str) -> bytes | None:
        """The bytes of this name, kept for longer from now on; None where they are not there, or damaged."""
        try:
            data = self._path(name).read_bytes()
        except OSError:
            return None
        is_whole = _digest(data) == name
        with suppress(OSError):  # the library may have become read-only
            if is_whole:
                self._renew(name)
            else:
                self._path(name).unlink()  # so that it can be kept again
        return data if is_whole else None

    def find_expiry(self, name: str) -> datetime | None:
        """Until when a file is kept if nobody asks for it, in UTC; None for one that is not there."""
        try:
            return datetime.fromtimestamp(self._path(name).stat().st_mtime + self.lifetime, UTC)
        except OSError:
            return None

    def _path(self, name: str) -> Path:
        return self.folder / name

    def _renew(self, name: str) -> bool:
        """Note that a file is used now; False if it is not there."""
        try:
            os.utime(self._path(name))
        except FileNotFoundError:
            return False
        return True

    def _remove_old(self) -> None:
        """Remove files unused for their lifetime, the oldest beyond the limits, and leftovers of a crash."""
        oldest, total = time.time() - self.lifetime, 0
        for count, (last_use, size, path) in enumerate(sorted(self._files_by_use(), reverse=True)):
            if count >= self.most or total >= self.most_bytes or last_use < oldest:
                path.unlink(missing_ok=True)
            total += size

    def _files_by_use(self) -> list[tuple[float, int, Path]]:
        files: list[tuple[float, int, Path]] = []
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):  # another process removes old files at the same time
                found = path.stat()
                files.append((found.st_mtime, found.st_size, path))
        return files


def _digest(data: bytes) -> str:
    return digest_bytes(data, NAME_BYTES).hex()
