"""The projection of a space's neighbourhoods: features averaged with those nearest to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Self, final

import numpy as np
import numpy.typing as npt

from .. import signals
from ..catalog import Projection, Space
from ..catalog.reader import Reader
from ..catalog.records import Features
from ..durable import write_folder
from ..ranking.neighbourhoods import (
    NEIGHBOURS,
    RECIPE,
    ROUNDS,
    SAMPLE,
    Axes,
    Rows,
    averaged,
    beside,
    main_axes,
)
from ..ranking.ranking import Ids, Ranking
from . import generations, segments
from .base import AbstractProjection, AbstractView, Tail
from .rowfile import RowFile
from .vectors import LAYOUT, RowIndex, Vector, VectorIndex, VectorView, faiss_version, save

Array = npt.NDArray[Any]

CENTRE, DIRECTIONS = "centre.npy", "directions.npy"


@final
@dataclass(frozen=True, slots=True, eq=False)
class Neighbourhoods:
    """A generation: what every feature was made into, and all that it takes to make others alike.

    Of a library that is too small there are no axes and no stages: its features are compared as they are.
    """

    axes: Axes | None
    stages: tuple[RowIndex, ...]  # one a round: where the neighbours of that round are found
    compared: VectorIndex
    # What features of the tail were made into: every batch asks for most of them again.
    remembered: dict[bytes, Vector] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path, dimension: int, device: str = "cpu") -> Self:
        """What `write` wrote; it must have been verified before. Raises ValueError where it was made of
        features of another dimension."""
        stored = segments.files(folder)
        if not (folder / CENTRE).exists():
            return cls(None, (), VectorIndex.load(stored, dimension, device))
        axes = Axes(np.load(folder / CENTRE), np.load(folder / DIRECTIONS))
        if len(axes.centre) != dimension:
            raise ValueError(f"made of features of dimension {len(axes.centre)}")
        stages = tuple(RowIndex.load(stage_of(folder, number)) for number in range(ROUNDS))
        return cls(axes, stages, VectorIndex.load(stored, 2 * axes.directions.shape[1], device))

    def made_of(self, features: Features | Vector) -> Rows:
        """What is compared instead of features of the space, be they in the library or not."""
        if self.axes is None:
            return features.astype(np.float32)
        own = rows = self.axes.project(features)
        for stage in self.stages:
            rows = _gathered(rows, stage)
        return beside(own, rows)

    def of_tail(self, ids: Ids, features: Features) -> VectorIndex:
        """What the features of a tail are made into, as an index; the neighbours are the generation's."""
        keys = [row.tobytes() for row in features]
        new = [place for place, key in enumerate(keys) if key not in self.remembered]
        made = self.made_of(features[new])
        known = {key: self.remembered[key] for key in keys if key in self.remembered}
        known |= {keys[place]: row for place, row in zip(new, made, strict=True)}
        self.remembered.clear()
        self.remembered.update(known)
        rows = np.array([known[key] for key in keys], np.float16).reshape(len(keys), self.compared.dimension)
        return VectorIndex.build(ids, rows, self.compared.dimension)


def write(folder: Path, axes: Axes | None, features: Iterable[segments.Segment]) -> None:
    """Make the neighbourhoods of all features, which come segment by segment, and write them into an empty
    folder; the same features give the same bytes, always.

    Without `axes` the features are written as they are. Only the index of one round is ever in memory.
    """
    if axes is None:
        segments.write(folder, features, save)
        return
    _save(folder / CENTRE, axes.centre)
    _save(folder / DIRECTIONS, axes.directions)
    places: list[tuple[int, Ids]] = []

    def projected() -> Iterator[Rows]:
        for number, ids, plain in features:
            places.append((number, ids))
            yield axes.project(plain)

    with ExitStack() as files:
        own = rows = files.enter_context(RowFile(folder, projected(), axes.directions.shape[1]))
        for number in range(ROUNDS):
            rows = files.enter_context(_round(folder, number, rows))
        made = (
            (number, ids, beside(alone, average).astype(np.float16))
            for (number, ids), alone, average in zip(places, own, rows, strict=True)
        )
        segments.write(folder, made, save)


def _round(folder: Path, number: int, rows: RowFile) -> RowFile:
    """Write the index of a round, and average every row with those that are nearest to it there."""
    stage = RowIndex.build(rows)
    stage.save(stage_of(folder, number))
    return RowFile(folder, (_gathered(block, stage) for block in rows), rows.dimension)


def stage_of(folder: Path, number: int) -> Path:
    """Where the index of a round lies."""
    return folder / f"stage-{number}.faiss"


@final
class NeighbourView(AbstractView[Vector]):
    """A generation and its tail, searched as one, with features as the space describes them."""

    def __init__(self, published: Neighbourhoods, tail: VectorIndex, hidden: Ids) -> None:
        self._published = published
        self._compared = VectorView(published.compared, tail, hidden)

    def search(self, query: Vector, *, limit: int, allowed: Ids | None) -> Ranking:
        return self._compared.search(self.row_of(query), limit=limit, allowed=allowed)

    def row_of(self, query: Vector) -> Vector:
        """What a query is compared as: its own neighbourhood."""
        made: Vector = self._published.made_of(query.reshape(1, -1))[0]
        return made

    def rows(self, ids: Ids) -> Vector:
        """What these images are compared as, (image, dimension); zeros for those that are not there."""
        return self._compared.rows(ids)


@final
class NeighbourProjection(AbstractProjection[Neighbourhoods, Vector]):
    """The neighbourhoods of one space; a view takes the same queries as that of the plain features.

    An image of the tail is averaged with its neighbours in the generation, and speaks in no average
    itself before it is published; one that was removed speaks in those of its neighbours until then.
    """

    kind = "neighbours"
    signal = signals.NEIGHBOURS

    def __init__(self, space: Space, device: str = "cpu") -> None:
        self._space, self._device = space, device
        self.space_id = space.id
        self.versions = f"faiss {faiss_version()}, {LAYOUT}, {RECIPE}, space {space.fingerprint}"

    def write(self, reader: Reader, root: Path, previous: Projection | None) -> Projection:
        seq = reader.last_seq()
        axes = self._axes(reader)
        name = generations.new_name(f"neighbours-{self._space.descriptor}-{self._space.id}", seq)
        stored = segments.Stored(reader, self._space)
        sealed = write_folder(root, name, lambda folder: write(folder, axes, stored))
        return Projection(self.kind, self.space_id, seq, name, sealed.bytes, sealed.sha256, self.versions)

    def _axes(self, reader: Reader) -> Axes | None:
        ids = reader.described(self._space)
        chosen = ids[np.linspace(0, len(ids) - 1, min(len(ids), SAMPLE)).astype(np.int64)]
        return main_axes(reader.features(self._space, chosen)[1])

    def load(self, root: Path, pointer: Projection | None) -> Neighbourhoods:
        dimension = self._space.dimension
        if pointer is None:
            return Neighbourhoods(None, (), VectorIndex.load([], dimension))
        path = generations.verified(root, pointer, self.versions)
        with generations.readable(pointer):
            return Neighbourhoods.load(path, dimension, self._device)

    def view(self, loaded: Neighbourhoods, reader: Reader, tail: Tail) -> NeighbourView:
        made = loaded.of_tail(*reader.features(self._space, tail.put))
        return NeighbourView(loaded, made, tail.hidden)


def _gathered(rows: Rows, stage: RowIndex) -> Rows:
    """Each row's average with the rows of the stage that are nearest to it."""
    averages = [averaged(*each) for each in stage.nearest(rows, NEIGHBOURS)]
    return np.concatenate(averages or [rows])


def _save(path: Path, array: Array) -> None:
    buffer = BytesIO()  # NumPy's own way to a file says less of a full disk
    np.save(buffer, array, allow_pickle=False)
    path.write_bytes(buffer.getbuffer())
