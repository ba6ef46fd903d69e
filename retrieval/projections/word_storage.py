"""What Whoosh reads its files through: a sealed folder, so that it sees no byte that was not verified.

Whoosh maps a segment into memory, and then copies every file in it; here it reads what it asks for.
"""

from __future__ import annotations

import io
from functools import cache
from typing import Any

from .sealed_folder import SealedFile, SealedFolder

_READ_AHEAD = 4096  # bytes


class _Window(io.RawIOBase):
    """A part of a sealed file, as a file of its own."""

    def __init__(self, file: SealedFile, start: int, length: int) -> None:
        self._file, self._start, self._length, self._place = file, start, length, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._length}[whence]
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: Any) -> int:
        found = self.look(self._place, len(buffer))
        buffer[: len(found)] = found
        self._place += len(found)
        return len(found)

    def look(self, position: int, length: int) -> memoryview:
        """So many bytes, or up to the end."""
        start = self._start + position
        return self._file.read(start, max(start, min(start + length, self._start + self._length)))


def open_storage(folder: SealedFolder) -> Any:
    """The storage of a verified folder, as Whoosh takes it."""
    return _storage_class()(folder)


@cache
def _storage_class() -> Any:
    from whoosh.filedb.filestore import FileStorage
    from whoosh.filedb.structfile import BufferFile

    class SealedStructFile(BufferFile):  # type: ignore[misc]
        """Numbers and strings in a window."""

        def __init__(self, file: SealedFile, start: int, length: int, name: str) -> None:
            self._sealed, self._start, self._name = file, start, name
            self._window = _Window(file, start, length)
            self.file = io.BufferedReader(self._window, _READ_AHEAD)
            self.onclose, self.is_real, self.is_closed = None, False, False

        def subset(self, position: int, length: int, name: str | None = None) -> Any:
            return SealedStructFile(self._sealed, self._start + position, length, name or self._name)

        def get(self, position: int, length: int) -> bytes:
            return bytes(self._window.look(position, length))

    class SealedStorage(FileStorage):  # type: ignore[misc]
        """Reads only what the manifest names."""

        def __init__(self, folder: SealedFolder) -> None:
            super().__init__(str(folder.path), supports_mmap=False, readonly=True)
            self._sealed = folder

        def list(self) -> list[str]:
            return self._sealed.names

        def file_exists(self, name: str) -> bool:
            return name in self._sealed.names

        def open_file(self, name: str, **_: Any) -> Any:
            file = self._sealed.open_file(name)
            return SealedStructFile(file, 0, file.size, name)

    return SealedStorage
