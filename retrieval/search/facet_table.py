"""Facets of large answers: the values of all images as arrays, which are kept and follow what changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from posixpath import commonpath
from threading import Lock
from typing import Any, Final, TypeAlias, final

import numpy as np

from ..catalog import MAX_NAMED, Catalog, Facet
from ..catalog.facet_rows import FacetRow, FacetRows
from ..catalog.facets import (
    FACETS,
    MAX_VALUES,
    PATH,
    Counts,
    Label,
    cut_path,
    label_names,
    list_components,
    list_telling,
    select_largest,
)
from ..catalog.reader import Reader
from ..ranking.arrays import BoolVector, Float64Vector, Int64Ids, Int64Vector
from ..ranking.ranking import union_ids

IMAGE_BITS: Final = 40
IMAGES: Final = (1 << IMAGE_BITS) - 1  # the part of a key that is the image
Values: TypeAlias = dict[str, tuple[Counts, int]]  # by facet: those with most images, and how many more
Group: TypeAlias = tuple[Int64Ids, int]  # the images with one value, rising, and the first row with it


@final
@dataclass(frozen=True, slots=True, eq=False)
class FacetColumn:
    """The values of one facet. A key is the number of a value, times 2^40, plus an image that has it.

    Keys rise; the rows of equal ones rise, too.
    """

    values: tuple[Any, ...]
    keys: Int64Vector
    rows: Int64Vector
    surenesses: Float64Vector

    @classmethod
    def from_rows(cls, rows: Sequence[FacetRow], known: Sequence[Any] = ()) -> FacetColumn:
        """The rows of a facet; `known` are values that have a number already."""
        numbers = {value: number for number, value in enumerate(known)}
        codes = [numbers.setdefault(value, len(numbers)) for value, _, _, _ in rows]
        images, own = (np.array([row[place] for row in rows], np.int64) for place in (1, 2))
        keys = (np.array(codes, np.int64) << IMAGE_BITS) + images
        order = np.lexsort((own, keys))
        surenesses = np.array([row[3] for row in rows], np.float64)
        return cls(tuple(numbers), keys[order], own[order], surenesses[order])

    def replace_images(self, changed: Int64Ids, rows: Sequence[FacetRow]) -> FacetColumn:
        """The same without the values of changed images, and with those that they have now."""
        stays = ~np.isin(self.keys & IMAGES, changed)
        new = FacetColumn.from_rows(rows, self.values)
        keys = self.keys[stays]
        places = np.searchsorted(keys, new.keys)
        return FacetColumn(
            new.values,
            np.insert(keys, places, new.keys),
            np.insert(self.rows[stays], places, new.rows),
            np.insert(self.surenesses[stays], places, new.surenesses),
        )

    def select(self, chosen: BoolVector, least: float = 0.0) -> FacetColumn:
        """What is at least so sure of chosen images, each value of an image once."""
        kept = chosen[self.keys & IMAGES]
        if least:
            kept &= self.surenesses >= least
        keys, rows, surenesses = self.keys[kept], self.rows[kept], self.surenesses[kept]
        first = np.ones(len(keys), bool)
        first[1:] = keys[1:] != keys[:-1]
        return FacetColumn(self.values, keys[first], rows[first], surenesses[first])

    def count(self) -> tuple[Counts, int]:
        """The values with most images, each with their number and its first row; how many more there are."""
        starts = self._find_starts()
        codes = (self.keys[starts] >> IMAGE_BITS).tolist()
        sizes = np.diff(starts, append=len(self.keys)).tolist()
        firsts = np.minimum.reduceat(self.rows, starts).tolist() if codes else []
        listed = nsmallest(MAX_VALUES, zip(codes, sizes, firsts, strict=True), key=self._place_value)
        return {self.values[code]: (size, row) for code, size, row in listed}, len(codes) - len(listed)

    def _place_value(self, counted: tuple[int, int, int]) -> tuple[int, Any]:
        code, size, _ = counted
        return -size, self.values[code]

    def group(self) -> dict[Any, Group]:
        """By value: its images and its first row."""
        starts = self._find_starts()
        ends = np.append(starts, len(self.keys))[1:].tolist()
        images, codes = self.keys & IMAGES, (self.keys[starts] >> IMAGE_BITS).tolist()
        return {
            self.values[code]: (images[start:end], int(self.rows[start:end].min()))
            for code, start, end in zip(codes, starts.tolist(), ends, strict=True)
        }

    def _find_starts(self) -> Int64Vector:
        codes = self.keys >> IMAGE_BITS
        starts: Int64Vector = np.flatnonzero(np.diff(codes, prepend=-1))
        return starts


@final
@dataclass(frozen=True, slots=True, eq=False)
class FacetTable:
    """The values of all images of a library in its state `seq`, by facet."""

    seq: int
    columns: Mapping[str, FacetColumn]

    @classmethod
    def from_rows(cls, seq: int, rows: FacetRows) -> FacetTable:
        """The table of these rows."""
        names = (*(name for name in FACETS if name != "subfolder"), PATH)
        return cls(seq, {name: FacetColumn.from_rows(rows.get(name, ())) for name in names})

    def replace_images(self, seq: int, changed: Collection[int], rows: FacetRows) -> FacetTable:
        """The table in a later state, with the rows of the images that changed."""
        ids = np.array(sorted(changed), np.int64)
        columns = {
            name: column.replace_images(ids, rows.get(name, ())) for name, column in self.columns.items()
        }
        return FacetTable(seq, columns)

    def count_values(self, ids: Int64Ids | None, *, confidence: float, predicted: bool) -> Values:
        """By facet, the values of these distinct images, or of all, with most of them; how many more."""
        chosen = self._choose_images(ids)
        counted = {
            name: column.select(chosen).count()
            for name, column in self.columns.items()
            if name not in ("shows", PATH)
        }
        counted["subfolder"] = _count_subfolders(self.columns[PATH].select(chosen))
        labels = self.columns["shows"].select(chosen, confidence if predicted else 0.0).group()
        stated = {label: group for label, group in labels.items() if predicted or not label[2]}
        counted["shows"] = select_largest(_count_labels(stated))
        return {name: counted[name] for name in FACETS}

    def _choose_images(self, ids: Int64Ids | None) -> BoolVector:
        highest = int((self.columns["captioned"].keys & IMAGES).max(initial=0))
        chosen = np.full(highest + 1, ids is None)
        if ids is not None:
            chosen[ids[ids <= highest]] = True
        return chosen


def _count_subfolders(paths: FacetColumn) -> tuple[Counts, int]:
    """By the folders directly below the one that holds all; an image counts once in each."""
    codes = paths.keys >> IMAGE_BITS
    present = union_ids(codes).tolist()
    depth = len(list_components(commonpath([paths.values[code] for code in present]))) if present else 0
    cut = {code: cut_path(paths.values[code], depth + 1) for code in present}
    numbers = {path: number for number, path in enumerate(dict.fromkeys(cut.values()))}
    below = np.zeros(len(paths.values), np.int64)
    below[present] = [numbers[cut[code]] for code in present]
    keys = (below[codes] << IMAGE_BITS) + (paths.keys & IMAGES)
    order = np.lexsort((paths.rows, keys))
    every = FacetColumn(tuple(numbers), keys[order], paths.rows[order], paths.surenesses[order])
    chosen = np.ones(int((keys & IMAGES).max(initial=0)) + 1, bool)
    groups = every.select(chosen).group()
    return select_largest({path: (len(images), row) for path, (images, row) in groups.items() if path})


def _count_labels(groups: Mapping[Label, Group]) -> Counts:
    """By the first name of each label. An image with several labels of one name counts once."""
    named: dict[str, list[Int64Ids]] = {}
    for label, (images, _) in groups.items():
        for name in label_names(label):
            named.setdefault(name, []).append(images)
    rows = {label: row for label, (_, row) in groups.items()}
    shown = {label: images.tobytes() for label, (images, _) in groups.items()}
    counts: dict[str, tuple[int, int]] = {}
    for label in list_telling(shown, rows):
        name = label_names(label)[0]
        same = named[name]
        count = len(same[0]) if len(same) == 1 else len(union_ids(*same))
        counts[name] = count, min(rows[label], counts.get(name, (0, rows[label]))[1])
    return counts


@final
class FacetTables:
    """Counts the facets of answers; safe to ask from many threads."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._making = Lock()
        self._kept: FacetTable | None = None
        self._of_all: tuple[tuple[int, float, bool], Values] | None = None

    def warm_up(self) -> None:
        """Load the table, which takes some seconds for each million values."""
        with self._catalog.reading() as reader:
            self._find_table(reader)

    def count_facets(self, ids: Int64Ids | None, *, confidence: float, predicted: bool) -> dict[str, Facet]:
        """What `retrieval.catalog.facets.count_facets` gives for the newest state of the library.

        Without a table, few images are counted in SQL.
        """
        with self._catalog.reading() as reader:
            if self._kept is None and ids is not None and len(ids) <= MAX_NAMED:
                return reader.count_facets(ids.tolist(), confidence=confidence, predicted=predicted)
            table = self._find_table(reader)
            return reader.spell_facets(self._count_values(table, ids, confidence, predicted))

    def _count_values(
        self, table: FacetTable, ids: Int64Ids | None, confidence: float, predicted: bool
    ) -> Values:
        """What a table counts; the counts of all images, which every visitor sees first, are kept."""
        if ids is not None:
            return table.count_values(ids, confidence=confidence, predicted=predicted)
        key = table.seq, confidence, predicted
        kept = self._of_all
        if kept is None or kept[0] != key:
            kept = self._of_all = key, table.count_values(None, confidence=confidence, predicted=predicted)
        return kept[1]

    def _find_table(self, reader: Reader) -> FacetTable:
        with self._making:
            if self._kept is None or self._kept.seq != reader.last_seq():
                self._kept = _load_table(reader, self._kept)
            return self._kept


def _load_table(reader: Reader, kept: FacetTable | None) -> FacetTable:
    """The table of all images: that of before with what changed since, where that is known and not much."""
    seq = reader.last_seq()
    changed = {change.image_id for change in reader.changes_since(kept.seq)} if kept else set()
    if kept is None or kept.seq > seq or len(changed) > MAX_NAMED:
        return FacetTable.from_rows(seq, reader.load_facet_rows())
    return kept.replace_images(seq, changed, reader.load_facet_rows(sorted(changed)))
