"""What the images of a library are sorted by; that of all images is kept, and follows what changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from ..catalog import MAX_NAMED, Catalog, SortValues
from ..catalog.reader import Reader
from ..query.sort import DATE, NAME, Sort
from ..ranking.arrays import Int64Ids, Int64Vector
from ..ranking.order import (
    NO_VALUE,
    TextVector,
    find_places,
    insert_texts,
    shuffle_values,
    sort_texts,
)


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """What all images are sorted by in the state `seq` of the library: a number for each, by rising id.

    The number of a name is its place among `names`, the distinct ones in their order, some of which no image
    may have any more.
    """

    seq: int
    ids: Int64Ids
    numbers: Int64Vector
    names: TextVector


@final
class SortKeys:
    """Gives the values that images are ordered by; safe to ask from many threads."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._kept: dict[str, _Kept] = {}  # by what is sorted by

    def warm_up(self, seq: int) -> None:
        """Load what takes longest at the first sorted list: the names and dates of all images."""
        for by in (NAME, DATE):
            self._keep_numbers(by, seq)

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
                few = reader.load_sort_values(by, ids.tolist()) if len(ids) <= MAX_NAMED else None
            kept = self._keep_numbers(by, seq) if few is None else _number_values(by, seq, few)
        return kept.ids, kept.numbers

    def _keep_numbers(self, by: str, seq: int) -> _Kept:
        with self._catalog.reading() as reader:
            kept = self._kept[by] = _load_all(reader, by, self._kept.get(by), seq)
        return kept


def _load_all(reader: Reader, by: str, kept: _Kept | None, seq: int) -> _Kept:
    """The numbers of all images: those of before and what changed since, where that is known and not much."""
    changes = reader.changes_since(kept.seq) if kept is not None and kept.seq < seq else None
    if kept is None or changes is None or len(changes) > MAX_NAMED:
        return _number_values(by, seq, reader.load_sort_values(by))
    changed = sorted({change.image_id for change in changes})
    return _replace_values(by, seq, kept, changed, reader.load_sort_values(by, changed))


def _number_values(by: str, seq: int, loaded: SortValues) -> _Kept:
    ids, values = loaded
    if by != NAME:
        return _Kept(seq, ids, values, sort_texts(()))
    names = sort_texts(values)
    return _Kept(seq, ids, find_places(names, values.tolist()), names)


def _replace_values(by: str, seq: int, kept: _Kept, changed: Sequence[int], loaded: SortValues) -> _Kept:
    """The numbers of before without those of changed images, and with what these have now."""
    ids, values = loaded
    names, numbers = kept.names, kept.numbers
    if by == NAME:
        names, places = insert_texts(kept.names, values)
        numbers, values = places[numbers], find_places(names, values.tolist())
    stays = ~np.isin(kept.ids, changed)
    where = np.searchsorted(kept.ids[stays], ids)
    return _Kept(seq, np.insert(kept.ids[stays], where, ids), np.insert(numbers[stays], where, values), names)
