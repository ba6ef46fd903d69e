"""Query pictures that people uploaded: kept for a week under a token, so that a search has an address."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from retrieval import Library, StorageFailed, images

from .decoding import Decoder
from .errors import PictureExpired

TOKEN: Final = re.compile(r"[0-9a-f]{32}")
FOLDER: Final = "queries"  # in the library; nothing outside it is written
KEPT: Final = 500  # pictures; the least recently used go first
UPLOADED: Final = "uploaded picture"  # what messages call it
LIFETIME: Final = 7 * 24 * 3600  # seconds since the last use


class QueryPictures:
    """The folder of uploaded query pictures, each re-encoded by us and named by its own content."""

    def __init__(self, library: Library, decoder: Decoder) -> None:
        self._folder, self._decoder = library.path / FOLDER, decoder

    def keep(self, data: bytes) -> str:
        """Store what was uploaded, at working size and without metadata; its token.

        Raises UnreadableImage, or StorageFailed where the library cannot be written.
        """
        picture = images.encode_png(self._decoder.pixels(data, UPLOADED))
        token = hashlib.sha256(picture).hexdigest()[:32]
        try:
            self._write(token, picture)
            self._sweep()
        except OSError as error:
            raise StorageFailed(self._folder, error) from error
        return token

    def read(self, token: str) -> bytes:
        """The stored picture as PNG; being used renews its lifetime. Raises PictureExpired."""
        if not TOKEN.fullmatch(token):
            raise PictureExpired()
        path = self._path(token)
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise PictureExpired() from error
        except OSError as error:
            raise StorageFailed(path, error) from error
        with suppress(OSError):  # it may be swept right now, or the library be read-only
            os.utime(path)
        return data

    def _path(self, token: str) -> Path:
        return self._folder / f"{token}.png"

    def _write(self, token: str, picture: bytes) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=self._folder, suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(picture)
            Path(temporary).replace(self._path(token))
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _sweep(self) -> None:
        """Remove what nobody used for LIFETIME, and the oldest beyond KEPT; leftovers of a crash as well."""
        oldest = time.time() - LIFETIME
        for place, (used, path) in enumerate(sorted(self._by_use(), reverse=True)):
            if place >= KEPT or used < oldest:
                path.unlink(missing_ok=True)

    def _by_use(self) -> list[tuple[float, Path]]:
        found: list[tuple[float, Path]] = []
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):  # another request sweeps at the same time
                found.append((path.stat().st_mtime, path))
        return found
