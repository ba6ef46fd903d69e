"""Uploaded query pictures: kept for a week under a token, so that a search by them has an address."""

from __future__ import annotations

import hashlib
import os
import re
import struct
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from retrieval import Library, StorageFailed, images, replace_file

from .decoding import Decoder
from .errors import PictureExpired

TOKEN: Final = re.compile(r"[0-9a-f]{32}")
FOLDER: Final = "queries"  # in the library; nothing is written outside it
MAX_PICTURES: Final = 500  # beyond it, the least recently used are removed
UPLOADED_NAME: Final = "uploaded picture"  # in messages
MAX_NAME: Final = 120  # characters
LIFETIME: Final = 7 * 24 * 3600  # seconds since the last use


class QueryPictures:
    """The folder of uploaded query pictures, each re-encoded by this server and named by its content."""

    def __init__(self, library: Library, decoder: Decoder, *, keeps_names: bool = True) -> None:
        """Without `keeps_names`, nobody learns what others call a picture that both have."""
        self._folder, self._decoder = library.path / FOLDER, decoder
        self._keeps_names = keeps_names

    def keep_picture(self, data: bytes, name: str = "") -> str:
        """Store an uploaded picture at working size, without metadata, and return its token.

        `name` is that of its file, which is kept beside it.

        Raises UnreadableImage, or StorageFailed where the library cannot be written.
        """
        picture = images.encode_png(self._decoder.decode_pixels(data, UPLOADED_NAME))
        token = hashlib.sha256(picture).hexdigest()[:32]
        try:
            replace_file(self._picture_path(token), picture)
            self._write_name(token, name)
            self._remove_old_pictures()
        except OSError as error:
            raise StorageFailed(self._folder, error) from error
        return token

    def read_picture(self, token: str) -> bytes:
        """The stored picture as PNG; reading it renews its lifetime. Raises PictureExpired."""
        if not TOKEN.fullmatch(token):
            raise PictureExpired()
        path = self._picture_path(token)
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise PictureExpired() from error
        except OSError as error:
            raise StorageFailed(path, error) from error
        with suppress(OSError):  # another request may remove it now, or the library is read-only
            os.utime(path)
        return data

    def find_name(self, token: str) -> str:
        """The name of the file that was uploaded; empty where none is known."""
        if not (self._keeps_names and TOKEN.fullmatch(token)):
            return ""
        try:
            return self._name_path(token).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return ""

    def find_ratio(self, token: str) -> float:
        """The width of a stored picture over its height; 1 for one that is not there."""
        try:
            with self._picture_path(token).open("rb") as file:
                width, height = struct.unpack(">II", file.read(24)[16:])  # where PNG says them
        except (OSError, struct.error):
            return 1.0
        return float(width / height)

    def _write_name(self, token: str, name: str) -> None:
        shown = "".join(filter(str.isprintable, re.split(r"[/\\]", name)[-1])).strip()[:MAX_NAME]
        if self._keeps_names and shown:
            self._name_path(token).write_text(shown, "utf-8")

    def _name_path(self, token: str) -> Path:
        return self._folder / f"{token}.name"

    def find_expiry(self, token: str) -> datetime | None:
        """Until when a picture is kept if nobody searches by it, in UTC; None for one that is not there."""
        try:
            last_use = self._picture_path(token).stat().st_mtime
        except OSError:
            return None
        return datetime.fromtimestamp(last_use + LIFETIME, UTC)

    def _picture_path(self, token: str) -> Path:
        return self._folder / f"{token}.png"

    def _remove_old_pictures(self) -> None:
        """Remove pictures unused for LIFETIME, the oldest beyond MAX_PICTURES, and leftovers of a crash."""
        oldest = time.time() - LIFETIME
        for index, (last_use, path) in enumerate(sorted(self._pictures_by_use(), reverse=True)):
            if index >= MAX_PICTURES or last_use < oldest:
                path.unlink(missing_ok=True)
                path.with_suffix(".name").unlink(missing_ok=True)

    def _pictures_by_use(self) -> list[tuple[float, Path]]:
        pictures: list[tuple[float, Path]] = []
        for path in self._folder.iterdir():
            if path.suffix == ".name":
                continue
            with suppress(FileNotFoundError):  # another request removes old pictures at the same time
                pictures.append((path.stat().st_mtime, path))
        return pictures
