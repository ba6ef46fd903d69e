"""The files of neighbourhoods: written for a whole library, or for what changed since they were written.

    centre.npy, directions.npy       the main directions of the frozen images
    stage-0.faiss, stage-1.faiss     for each round, the rows among which its neighbours are searched
    texts.npy, mean.npy              what hubs are known by, where there are texts
    segment-NNNNNNNN.rows            the rows that are compared
    method.json, lists.faiss         how they are searched (`projections.search_files`)
    made.json                        what is frozen (`projections.frozen`)

Axes and stages are made of frozen images alone (`ranking.freezing`). Every other image is averaged with the
frozen ones, by itself, so that it is made into the same row whenever it comes and whatever comes with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Final, TypeAlias, final

import numpy as np
import numpy.typing as npt

from ..durable import share_file
from ..manifest import MANIFEST
from ..ranking.arrays import BoolVector, FeatureMatrix, Float16Matrix, Float32Matrix, Int64Ids
from ..ranking.hubs import Hubs
from ..ranking.neighbourhoods import (
    NEIGHBOURS,
    ROUNDS,
    Axes,
    Direction,
    average_neighbours,
    join_directions,
)
from . import segments
from .frozen import MADE
from .likenesses import save_array
from .rowfile import RowFile
from .search_files import CODES, METHOD
from .vectors import ALONE, RowIndex, load_segment, save_segment

Array: TypeAlias = npt.NDArray[Any]
Part: TypeAlias = tuple[int, Int64Ids, bool]  # the number of its segment, its ids, whether they are late

CENTRE, DIRECTIONS, TEXTS, MEAN = "centre.npy", "directions.npy", "texts.npy", "mean.npy"
SAME_DIRECTION: Final = 4e-3  # more than what rounding to float16 changes in a number of a row of length 1


def write_neighbourhoods(
    folder: Path,
    axes: Axes | None,
    features: Iterable[segments.Segment],
    texts: Float32Matrix | None = None,
    end: int | None = None,
) -> None:
    """Map all features, which come segment by segment, and write the result into an empty folder.

    Neighbours are searched among the images up to the id `end`, or among all. The same features always give
    the same bytes. Without `axes` the features are written unchanged. Only the index of one round is in
    memory at a time. `texts`: vectors of many texts, (text, dimension), by which hubs are known.
    """
    if axes is None:
        segments.write_segments(folder, features, save_segment)
        return
    save_axes(folder, axes)
    parts: list[Part] = []

    def project_parts() -> Iterator[Float32Matrix]:
        for number, ids, plain in _split_segments(features, end):
            parts.append((number, ids, end is not None and int(ids[0]) > end))
            yield map_alone(axes.project_features, plain) if parts[-1][2] else axes.project_features(plain)

    with ExitStack() as files:
        own = rows = files.enter_context(RowFile(folder, project_parts(), axes.directions.shape[1]))
        for number in range(ROUNDS):
            rows = files.enter_context(_write_round(folder, number, rows, parts))
        frozen = islice(map(join_directions, own, rows), _count_frozen(parts))
        hubs = _find_hubs(axes, texts, frozen)
        _save_hubs(folder, hubs)
        made = (
            (number, ids, _finish_rows(alone, averages, hubs, late))
            for (number, ids, late), alone, averages in zip(parts, own, rows, strict=True)
        )
        segments.write_segments(folder, _join_parts(made), save_segment)


def _split_segments(features: Iterable[segments.Segment], end: int | None) -> Iterator[segments.Segment]:
    """The segments, but that of the last frozen image in two parts."""
    for number, ids, rows in features:
        cut = len(ids) if end is None else int(np.searchsorted(ids, end, "right"))
        for part in (slice(0, cut), slice(cut, None)):
            if len(ids[part]):
                yield number, ids[part], rows[part]


def _join_parts(parts: Iterable[segments.Segment]) -> Iterator[segments.Segment]:
    for number, several in groupby(parts, key=lambda part: part[0]):
        _, ids, rows = zip(*several, strict=True)
        yield number, np.concatenate(ids), np.concatenate(rows)


def _count_frozen(parts: Iterable[Part]) -> int:
    return sum(not late for _, _, late in parts)


def map_alone(make: Callable[[Any], Float32Matrix], rows: FeatureMatrix) -> Float32Matrix:
    """What a function makes of rows, each the same whatever rows there are beside it.

    A product of matrices rounds in another way where it has another number of rows: here it has ALONE.
    """
    padded = np.zeros((-(-len(rows) // ALONE) * ALONE or ALONE, rows.shape[1]), rows.dtype)
    padded[: len(rows)] = rows
    blocks = [make(padded[start : start + ALONE]) for start in range(0, len(padded), ALONE)]
    return np.concatenate(blocks)[: len(rows)]


def _write_round(folder: Path, number: int, rows: RowFile, parts: list[Part]) -> RowFile:
    """Write the index of a round, and average every row with the rows nearest to it there."""
    stage = RowIndex.build(rows.first_blocks(_count_frozen(parts)))
    stage.save(stage_path(folder, number))
    averages = (
        average_rows(block, stage, ALONE if late else None)
        for (_, _, late), block in zip(parts, rows, strict=True)
    )
    return RowFile(folder, averages, rows.dimension)


def average_rows(rows: Float32Matrix, stage: RowIndex, at_once: int | None = None) -> Float32Matrix:
    """The average of each row with the rows of the stage that are nearest to it, `at_once` at a time."""
    nearest = stage.search_nearest(rows, NEIGHBOURS, *([at_once] if at_once else []))
    return np.concatenate([average_neighbours(*row) for row in nearest] or [rows])


def _finish_rows(own: Float32Matrix, averages: Float32Matrix, hubs: Hubs | None, late: bool) -> Float16Matrix:
    rows = join_directions(own, averages)
    finished = map_alone(lambda block: add_excess(block, hubs), rows) if late else add_excess(rows, hubs)
    return finished.astype(np.float16)


def add_excess(rows: Float32Matrix, hubs: Hubs | None) -> Float32Matrix:
    """The rows with what is taken off their scores with texts as one number more, where there are hubs."""
    return rows if hubs is None else np.column_stack([rows, -hubs.measure_excess(rows)])


@final
@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """How the images of a generation were mapped, opened for mapping a few more; `folder`: its files."""

    folder: Path
    axes: Axes
    stages: tuple[RowIndex, ...]
    hubs: Hubs | None

    @property
    def width(self) -> int:
        """Numbers of a row."""
        return 2 * int(self.axes.directions.shape[1]) + bool(self.hubs)

    def project(self, features: FeatureMatrix) -> Float32Matrix:
        """The features along the directions."""
        return map_alone(self.axes.project_features, features)

    def finish(self, own: Float32Matrix) -> Float16Matrix:
        """The rows that are compared of features along the directions."""
        rows = own
        for stage in self.stages:
            rows = average_rows(rows, stage, ALONE)
        return _finish_rows(own, rows, self.hubs, late=True)

    def load_rows(self, number: int) -> tuple[Int64Ids, Float16Matrix]:
        """A segment of the generation: its ids, rising, and their rows."""
        path = segments.segment_path(self.folder, number)
        if not path.exists():
            return np.empty(0, np.int64), np.empty((0, self.width), np.float16)
        return load_segment(path, self.width)


def open_mapping(folder: Path) -> Mapping:
    """Open what maps features from a verified generation that has axes."""
    axes = load_axes(folder)
    assert axes is not None
    stages = tuple(RowIndex.map(stage_path(folder, number)) for number in range(ROUNDS))
    return Mapping(folder, axes, stages, load_hubs(folder))


def update_neighbourhoods(
    folder: Path, mapping: Mapping, changed: Int64Ids, held: tuple[Int64Ids, Float16Matrix], end: int
) -> int:
    """Write a generation in which some images are new, gone or others, into an empty folder.

    `changed`: their ids, rising; `held`: the ids and features of those that are there. What does not depend
    on them is shared. Returns how many of them were frozen, whose id is at most `end`, and are others now.
    """
    stale = np.unique(changed // segments.SEGMENT_SIZE).tolist()
    renewed = {segments.segment_path(folder, number).name for number in stale}
    renewed.update((MADE, METHOD, CODES, MANIFEST))
    for path in sorted(mapping.folder.iterdir()):
        if path.name not in renewed:
            share_file(path, folder / path.name)
    return sum(_update_segment(folder, mapping, number, changed, held, end) for number in stale)


def _update_segment(
    folder: Path,
    mapping: Mapping,
    number: int,
    changed: Int64Ids,
    held: tuple[Int64Ids, Float16Matrix],
    end: int,
) -> int:
    before, rows = mapping.load_rows(number)
    is_here = held[0] // segments.SEGMENT_SIZE == number
    ids, own = held[0][is_here], mapping.project(held[1][is_here])
    ids, own = (array[~_is_as_before(ids, own, before, rows)] for array in (ids, own))
    gone = np.setdiff1d(changed, held[0])
    kept = ~np.isin(before, np.concatenate([ids, gone]))
    after, order = np.unique(np.concatenate([before[kept], ids]), return_index=True)
    if len(after):
        made = np.concatenate([rows[kept], mapping.finish(own)])
        save_segment(segments.segment_path(folder, number), after, made[order])
    others = np.union1d(before[~kept], ids)
    return int((others <= end).sum())


def _is_as_before(ids: Int64Ids, own: Float32Matrix, before: Int64Ids, rows: Float16Matrix) -> BoolVector:
    """Which images lie along the same directions as their rows say: only words about them have changed."""
    if not len(before):
        return np.zeros(len(ids), bool)
    places = np.minimum(np.searchsorted(before, ids), len(before) - 1)
    count = own.shape[1]
    directions = rows[places, count : 2 * count].astype(np.float32)
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    units = directions / np.where(lengths > 0, lengths, 1)
    is_same: BoolVector = (before[places] == ids) & (
        np.abs(units - own).max(axis=1, initial=0) < SAME_DIRECTION
    )
    return is_same


def save_axes(folder: Path, axes: Axes) -> None:
    """Write axes into the folder of a generation."""
    save_array(folder / CENTRE, axes.centre)
    save_array(folder / DIRECTIONS, axes.directions)


def load_axes(folder: Path) -> Axes | None:
    """The axes of a generation; None for one of a library that is too small."""
    if not (folder / CENTRE).exists():
        return None
    return Axes(np.load(folder / CENTRE), np.load(folder / DIRECTIONS))


def load_hubs(folder: Path) -> Hubs | None:
    """What hubs of a generation are known by; None for one without."""
    if not (folder / TEXTS).exists():
        return None
    return Hubs(np.load(folder / TEXTS).astype(np.float32), float(np.load(folder / MEAN)))


def row_width(folder: Path, dimension: int) -> int:
    """Numbers of the rows that are compared; `dimension`: of the features, which small libraries compare."""
    if not (folder / CENTRE).exists():
        return dimension
    directions = np.load(folder / DIRECTIONS, mmap_mode="r").shape[1]
    return int(2 * directions + (folder / TEXTS).exists())


def _find_hubs(axes: Axes, texts: Float32Matrix | None, rows: Iterable[Float32Matrix]) -> Hubs | None:
    if texts is None:
        return None
    own = axes.project_direction(Direction(texts))
    return Hubs.from_rows(join_directions(own, own), rows)


def _save_hubs(folder: Path, hubs: Hubs | None) -> None:
    if hubs:
        save_array(folder / TEXTS, hubs.texts.astype(np.float16))
        save_array(folder / MEAN, np.array(hubs.mean))


def stage_path(folder: Path, number: int) -> Path:
    """The file of a round's index."""
    return folder / f"stage-{number}.faiss"
