"""What the images of a library are sorted by; that of all images is kept, and follows what changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from ..catalog import MAX_NAMED, Catalog, SortValues
from ..catalog.reader import Reader
from ..query.sort import NAME, Sort
from ..ranking.arrays import Int64Ids, Int64Vector
from ..ranking.order import NO_VALUE, rank_texts, shuffle_values


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """What all images were sorted by in the state `seq` of the library, as it was loaded and as numbers."""

    seq: int
    loaded: SortValues
    numbers: Int64Vector


@final
class SortKeys:
    """Gives the values that images are ordered by; safe to ask from many threads."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._kept: dict[str, _Kept] = {}  # by what is sorted by

    def values_of(self, ids: Int64Ids, sort: Sort, seq: int) -> Int64Vector:
        """The value of each of these images in the state `seq` of the library; NO_VALUE for none."""
        if sort.seed is not None:
            return shuffle_values(ids, sort.seed)
        known, numbers = self._find_numbers(sort.by, ids, seq)
        places = np.searchsorted(known, ids)
        is_known = np.append(known, -1)[places] == ids
        return np.where(is_known, np.append(numbers, NO_VALUE)[places], NO_VALUE)

    def _find_numbers(self, by: str, ids: Int64Ids, seq: int) -> tuple[Int64Ids, Int64Vector]:
        """Some images by rising id, these among them, and a number for each."""
        kept = self._kept.get(by)
        if kept is None or kept.seq != seq:
            with self._catalog.reading() as reader:
                if len(ids) <= MAX_NAMED:
                    loaded = reader.load_sort_values(by, ids.tolist())
                    return loaded[0], _to_numbers(by, loaded)
                loaded = _load_all(reader, by, kept, seq)
            kept = self._kept[by] = _Kept(seq, loaded, _to_numbers(by, loaded))
        return kept.loaded[0], kept.numbers


def _to_numbers(by: str, loaded: SortValues) -> Int64Vector:
    return rank_texts(loaded[1].tolist()) if by == NAME else loaded[1]


def _load_all(reader: Reader, by: str, kept: _Kept | None, seq: int) -> SortValues:
    """The values of all images: those of before with what changed since, where that is known and not much."""
    changes = reader.changes_since(kept.seq) if kept is not None and kept.seq < seq else None
    if kept is None or changes is None or len(changes) > MAX_NAMED:
        return reader.load_sort_values(by)
    changed = [change.image_id for change in changes]
    return _replace_values(kept.loaded, changed, reader.load_sort_values(by, changed))


def _replace_values(before: SortValues, changed: Sequence[int], now: SortValues) -> SortValues:
    """The values of before without those of changed images, and with what these have now."""
    stays = ~np.isin(before[0], changed)
    ids, values = (np.concatenate([old[stays], new]) for old, new in zip(before, now, strict=True))
    order = np.argsort(ids)
    return ids[order], values[order]
