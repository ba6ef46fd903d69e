"""Which images `among:` means: those of a text of ids, or of a list that is kept in a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final, final

import numpy as np

from ..errors import InvalidQuery, StorageFailed
from ..query.picks import is_list_name, list_spans
from ..ranking.arrays import BoolVector, Int64Ids
from .kept_files import KeptFiles

LIFETIME: Final = 7 * 24 * 3600  # seconds since a list was used last
MAX_LISTS: Final = 500
MAX_WRITTEN: Final = 300  # characters of ids in a line
MAX_BYTES: Final = 64_000_000  # of all lists; a list takes eight for each image


@final
class PickedLists:
    """The lists of one library, in a folder. Safe for many processes."""

    def __init__(self, folder: Path) -> None:
        self._files = KeptFiles(folder, LIFETIME, MAX_LISTS, MAX_BYTES)

    def write_value(self, ids: Int64Ids) -> str:
        """The value of `among:` for at least one image: their ids, or the name of a list that is kept now.

        Raises StorageFailed where there are too many for a line and the library cannot be written.
        """
        picked = np.unique(ids)
        if text := _write_picked(picked):
            return text
        try:
            return self._files.keep(picked.astype("<i8").tobytes())
        except OSError as error:
            raise StorageFailed(self._files.folder, error) from error

    def select_ids(self, ids: Int64Ids, value: str) -> Int64Ids:
        """Those of these ids that a value of `among:` means; raises InvalidQuery if its list is not kept."""
        if not is_list_name(value):
            return ids[_select_picked(ids, value)]
        data = self._files.load(value)
        if data is None:
            raise InvalidQuery(
                "among: this list of pictures is not kept any more; it is for seven days after its last use. "
                "Pick the pictures again"
            )
        return np.intersect1d(ids, np.frombuffer(data, "<i8"))

    def find_expiry(self, value: str) -> datetime | None:
        """Until when a value means its images, in UTC; None where that is for ever, or no more."""
        return self._files.find_expiry(value) if is_list_name(value) else None


def _select_picked(ids: Int64Ids, value: str) -> BoolVector:
    """Which of these ids a text of ids picks."""
    spans = sorted(list_spans(value))
    starts = np.array([first for first, _ in spans], np.int64)
    ends = np.maximum.accumulate(np.array([last for _, last in spans], np.int64))
    places = np.searchsorted(starts, ids, "right") - 1
    return (places >= 0) & (ids <= ends[places])


def _write_picked(ids: Int64Ids) -> str | None:
    """The text that picks these ids, rising and at least one; None where it is too long for a line."""
    ends = np.flatnonzero(np.diff(ids) > 1)
    starts = ids[np.concatenate(([0], ends + 1))]
    lasts = ids[np.concatenate((ends, [len(ids) - 1]))]
    spans = (
        f"{first}..{last}" if last > first else str(first) for first, last in zip(starts, lasts, strict=True)
    )
    text = ",".join(spans)
    return text if len(text) <= MAX_WRITTEN else None
