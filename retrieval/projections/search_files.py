"""How a generation of rows is searched: a file that says so, and inverted lists where there are any.

Lists cover the segments that have not changed since they were made. A search compares the rows of the other
segments exactly, so that a change costs its segments alone, until these are too many.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from ..durable import share_file
from ..ranking.arrays import Float32Matrix, Int64Ids, Int64Matrix
from . import segments
from .inverted_lists import CODES_VERSION, InvertedLists
from .machine import read_machine
from .mapped_rows import MappedRows, pad_rows, padded_width
from .products import find_nearest_rows
from .row_scan import RowScan
from .search_method import EXACT, LISTS, RESULTS, UNASKED, Effort, choose_effort, choose_method

METHOD, CODES = "method.json", "lists.faiss"
FRESH_SHARE: Final = 0.02  # of the rows that lists may miss
FRESH_SEGMENTS: Final = 2  # that they may miss in any case
SAMPLED: Final = 200  # rows by which recall is measured
DEPTHS: Final = (25, 50, 100, 200, 400, 800)  # rows that are compared exactly
RETRAINED: Final = 2  # times as many rows as the centres were made for: then they are made anew


@dataclass(frozen=True, slots=True)
class SearchRecord:
    """The content of METHOD. `missed`: numbers of segments that the lists do not cover; `trained`: the rows
    that their centres were made for; `curve`: the recall of several efforts, as it was measured."""

    method: str
    reason: str
    rows: int
    width: int
    missed: tuple[int, ...] = ()
    trained: int = 0
    lists: int = 0
    curve: tuple[Effort, ...] = ()
    versions: str = field(default=CODES_VERSION)

    def describe(self, target_recall: float) -> str:
        """One line: the method, its reason, and how much is searched for a recall."""
        if self.method == EXACT:
            return f"exact: {self.reason}"
        effort = choose_effort(self.curve, target_recall)
        if effort is None:
            return f"exact: lists do not reach a recall of {target_recall:g}; {self.reason}"
        parts = f"{effort.lists} of {self.lists} lists, {effort.rows} rows compared"
        return f"lists: {self.reason}; {parts}, recall {effort.recall:.3f} at {RESULTS}"

    def save(self, folder: Path) -> None:
        """Write it into the folder of a generation."""
        (folder / METHOD).write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")


def read_record(folder: Path) -> SearchRecord | None:
    """How a generation is searched; None where nothing is written about it. Raises ValueError."""
    try:
        values = json.loads((folder / METHOD).read_text("utf-8"))
        curve = tuple(Effort(**effort) for effort in values.pop("curve"))
        return SearchRecord(**values | {"missed": tuple(values["missed"]), "curve": curve})
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{METHOD}: not a record of how rows are searched ({error})") from error


def write_search_files(
    folder: Path,
    dimension: int,
    device: str,
    before: Path | None = None,
    stale: set[int] | None = None,
    *,
    is_asked: bool = True,
) -> None:
    """Decide how the segments in a folder are searched, and write what this needs.

    Rows that searches do not ask by default get no lists, which take long to make.
    `before`: the generation with which segments were shared, and `stale`: the numbers of those that were not.
    """
    files = segments.segment_files(folder)
    held = [MappedRows.map(path, dimension) for path in files]
    count, width = sum(len(segment.ids) for segment in held), padded_width(dimension)
    method = choose_method(count, width, read_machine(device)) if is_asked else UNASKED
    record = SearchRecord(method.name, method.reason, count, width)
    if method.name == LISTS:
        numbers = [segments.segment_number(path) for path in files]
        record = _write_lists(folder, record, dict(zip(numbers, held, strict=True)), before, stale or set())
    record.save(folder)


def _write_lists(
    folder: Path,
    record: SearchRecord,
    held: dict[int, MappedRows],
    before: Path | None,
    stale: set[int],
) -> SearchRecord:
    """Lists as in the generation before, where they still cover enough; or with the same centres; or new."""
    old = read_record(before) if before else None
    if before is None or old is None or not _has_usable_lists(old, record):
        lists = InvertedLists.train(_sample_rows(list(held.values()), record.rows), record.rows)
        return _fill_lists(folder, record, lists, held, trained=record.rows)
    missed = (set(old.missed) | stale) & set(held)
    fresh = sum(len(held[number].ids) for number in missed)
    if len(missed) <= FRESH_SEGMENTS or fresh <= FRESH_SHARE * record.rows:
        share_file(before / CODES, folder / CODES)
        return _with_lists(record, old.lists, old.trained, old.curve, missed)
    lists = InvertedLists.load(before / CODES)
    lists.empty()
    return _fill_lists(folder, record, lists, held, trained=old.trained)


def _has_usable_lists(old: SearchRecord, new: SearchRecord) -> bool:
    is_same = old.method == LISTS and old.versions == CODES_VERSION and old.width == new.width
    return is_same and old.trained <= RETRAINED * new.rows and new.rows <= RETRAINED * old.trained


def _fill_lists(
    folder: Path, record: SearchRecord, lists: InvertedLists, held: dict[int, MappedRows], trained: int
) -> SearchRecord:
    lists.add((segment.ids, segment.rows) for segment in held.values())
    lists.save(folder / CODES)
    curve = measure_recall(lists, RowScan(list(held.values()), record.width))
    return _with_lists(record, lists.list_count, trained, curve, set())


def _with_lists(
    record: SearchRecord, lists: int, trained: int, curve: Sequence[Effort], missed: set[int]
) -> SearchRecord:
    return SearchRecord(
        record.method,
        record.reason,
        record.rows,
        record.width,
        tuple(sorted(missed)),
        trained,
        lists,
        tuple(curve),
    )


def _sample_rows(held: Sequence[MappedRows], count: int) -> Float32Matrix:
    """Evenly spaced rows, enough to make the centres of lists for `count` rows."""
    scan = RowScan(held, held[0].rows.shape[1])
    positions = _even_positions(count, InvertedLists.sample_size(count))
    return pad_rows(scan.take_rows(positions), scan.width)


def _even_positions(count: int, most: int) -> Int64Ids:
    return np.unique(np.linspace(0, count - 1, min(most, count)).astype(np.int64))


def measure_recall(lists: InvertedLists, scan: RowScan) -> tuple[Effort, ...]:
    """The recall of several efforts: how many of the RESULTS rows nearest to a sampled row they find.

    The sampled row itself, which every search finds, does not count. Efforts that read more lists than the
    first that finds all are left out.
    """
    positions = _even_positions(scan.size, SAMPLED)
    queries = pad_rows(scan.take_rows(positions), scan.width)
    nearest = _exact_neighbours(queries, scan, positions)
    curve: list[Effort] = []
    for probes in _probe_counts(lists.list_count):
        found = lists.find_many(queries, probes, max(DEPTHS))
        curve += [Effort(probes, depth, _share_found(found[:, :depth], nearest)) for depth in DEPTHS]
        if curve[-1].recall >= 1:
            break
    return tuple(curve)


def _probe_counts(lists: int) -> Iterator[int]:
    """1, 2, 3, 4, 6, 8, 12 and so on, up to all lists."""
    count = 1
    while count < lists:
        yield count
        if count > 1 and count + count // 2 < lists:
            yield count + count // 2
        count *= 2
    yield lists


def _exact_neighbours(queries: Float32Matrix, scan: RowScan, own: Int64Ids) -> list[Int64Ids]:
    """For each query, the ids of the RESULTS nearest rows besides its own."""
    nearest = find_nearest_rows(queries, scan, RESULTS + 1, [None] * len(queries))
    found = []
    for query, position, near in zip(queries, own.tolist(), nearest, strict=True):
        others = near[near != position]
        order = np.lexsort((scan.ids[others], -scan.score_rows(query, others)))
        found.append(scan.ids[others[order[:RESULTS]]])
    return found


def _share_found(found: Int64Matrix, nearest: Sequence[Int64Ids]) -> float:
    hits = [float(np.isin(near, ids).mean()) for ids, near in zip(found, nearest, strict=True) if len(near)]
    return round(float(np.mean(hits)), 4) if hits else 1.0
