"""Lists of images that cursors walk through: each is kept in a file until nobody has asked for it for long.

A list is what an answer was when its walk began. Nothing that others index, change or remove moves an image
in it, so each image comes once. Where the library can be read only, no list is kept and there are no cursors.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

import numpy as np

from ..errors import CursorExpired, InvalidCursor
from ..query.values import Query
from ..ranking.arrays import Int64Ids
from .cursor import NAME_BYTES, Cursor, digest_query
from .kept_files import KeptFiles

LIFETIME: Final = 24 * 3600  # seconds since a list was used last
MAX_LISTS: Final = 1000  # beyond it, and beyond MAX_BYTES, those that were not used for longest are removed
MAX_BYTES: Final = 64_000_000  # of all lists; a list takes eight for each image
SEQ_BYTES: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class KeptList:
    """The ids of an answer in order, the digest of its query, and the state of the library that it is of."""

    query_digest: bytes
    seq: int
    ids: Int64Ids

    @property
    def data(self) -> bytes:
        """The list as the bytes of its file."""
        head = self.query_digest + self.seq.to_bytes(SEQ_BYTES)
        return head + self.ids.astype("<i8").tobytes()

    @classmethod
    def from_data(cls, data: bytes) -> KeptList:
        """The list in the bytes of a file."""
        start = NAME_BYTES + SEQ_BYTES
        ids = np.frombuffer(data, "<i8", offset=start).astype(np.int64)
        return cls(data[:NAME_BYTES], int.from_bytes(data[NAME_BYTES:start]), ids)


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """The images of an answer, of which those from `start` on are shown; and the name of the kept list."""

    ids: Int64Ids
    start: int
    name: str | None = None

    def cursor_at(self, position: int) -> str | None:
        """The cursor of a place; None at the end, and where the list is not kept."""
        is_there = self.name is not None and position < len(self.ids)
        return Cursor(str(self.name), position).token if is_there else None


@final
class KeptLists:
    """The folder of the lists; a file has the digest of its content as its name. Safe for many processes."""

    def __init__(self, folder: Path) -> None:
        self._files = KeptFiles(folder, LIFETIME, MAX_LISTS, MAX_BYTES)

    def keep_answer(self, query: Query, ids: Int64Ids, seq: int) -> str | None:
        """Keep the answer to a query in the state `seq`, and return the name of the list.

        None if there are no further pages, or where the library cannot be written.
        """
        if query.offset + query.limit >= len(ids):
            return None
        try:
            return self._files.keep(KeptList(digest_query(query), seq, ids).data)
        except OSError:
            return None

    def resume_walk(self, query: Query, token: str, seq: int) -> Walk:
        """The walk that goes on at a cursor; `seq` is the state of the library now.

        Raises InvalidCursor for a text that is no cursor of this query, and CursorExpired if the list is not
        there any more, or is of a later state than the library, which was put back.
        """
        cursor = Cursor.parse_token(token)
        kept = self._load_list(cursor.name)
        if kept.query_digest != digest_query(query):
            raise InvalidCursor(InvalidCursor.OTHER_QUERY)
        if kept.seq > seq:
            raise CursorExpired
        return Walk(kept.ids, cursor.position, cursor.name)

    def _load_list(self, name: str) -> KeptList:
        """The list of this name; loading it renews its lifetime."""
        data = self._files.load(name)
        if data is None:
            raise CursorExpired
        return KeptList.from_data(data)
