"""The projection of a space's neighbourhoods: features averaged with those nearest to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Self, final

import numpy as np
import numpy.typing as npt

from ..catalog import Projection, Space
from ..catalog.reader import Reader
from ..catalog.records import Features
from ..neighbourhood import NEIGHBOURS, RECIPE, ROUNDS, Axes, Rows, averaged, beside, main_axes
from ..ranking import Ids, Ranking
from . import generations
from .base import AbstractProjection, AbstractView, Tail
from .vectors import LAYOUT, RowIndex, Vector, VectorIndex, VectorView, faiss_version

Array = npt.NDArray[Any]


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
    def build(cls, ids: Ids, features: Features, dimension: int) -> Self:
        """Make the neighbourhoods of all features; the same features give the same, always."""
        axes = main_axes(features)
        if axes is None:
            return cls(None, (), VectorIndex.build(ids, features, dimension))
        own = rows = axes.project(features)
        stages: list[RowIndex] = []
        for _ in range(ROUNDS):
            stages.append(RowIndex.build(rows))
            rows = _gathered(rows, stages[-1])
        made = beside(own, rows).astype(np.float16)
        return cls(axes, tuple(stages), VectorIndex.build(ids, made, made.shape[1]))

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

    @classmethod
    def from_bytes(cls, data: bytes, dimension: int) -> Self:
        """The inverse of to_bytes; the bytes must have been verified before. Raises ValueError where they
        were made of features of another dimension."""
        compared, *others = _arrays(data)
        if not others:
            return cls(None, (), VectorIndex.from_bytes(compared.tobytes(), dimension))
        centre, directions, *stages = others
        if len(centre) != dimension:
            raise ValueError(f"made of features of dimension {len(centre)}")
        index = VectorIndex.from_bytes(compared.tobytes(), 2 * directions.shape[1])
        return cls(Axes(centre, directions), tuple(map(RowIndex.from_bytes, stages)), index)

    def to_bytes(self) -> memoryview:
        """Arrays in NumPy's own format, one after the other: the compared index, the axes, the stages."""
        arrays: list[Array] = [np.frombuffer(self.compared.to_bytes(), np.uint8)]
        if self.axes is not None:
            arrays += [self.axes.centre, self.axes.directions]
            arrays += [stage.to_bytes() for stage in self.stages]
        buffer = BytesIO()
        for each in arrays:
            np.save(buffer, each, allow_pickle=False)
        return buffer.getbuffer()


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
    signal = "neighbours"

    def __init__(self, space: Space) -> None:
        self._space = space
        self.space_id = space.id
        self.versions = f"faiss {faiss_version()}, {LAYOUT}, {RECIPE}, space {space.fingerprint}"

    def write(self, reader: Reader, root: Path, previous: Projection | None) -> Projection:
        seq = reader.last_seq()
        data = Neighbourhoods.build(*reader.features(self._space), self._space.dimension).to_bytes()
        name = generations.new_name(f"neighbours-{self._space.descriptor}-{self._space.id}", seq)
        sealed = generations.write_file(root, name, data)
        return Projection(self.kind, self.space_id, seq, name, sealed.bytes, sealed.sha256, self.versions)

    def load(self, root: Path, pointer: Projection | None) -> Neighbourhoods:
        dimension = self._space.dimension
        if pointer is None:
            nothing = np.empty((0, dimension), np.float16)
            return Neighbourhoods.build(np.empty(0, np.int64), nothing, dimension)
        path = generations.verified(root, pointer, self.versions)
        with generations.readable(pointer):
            return Neighbourhoods.from_bytes(path.read_bytes(), dimension)

    def view(self, loaded: Neighbourhoods, reader: Reader, tail: Tail) -> NeighbourView:
        made = loaded.of_tail(*reader.features(self._space, tail.put))
        return NeighbourView(loaded, made, tail.hidden)


def _gathered(rows: Rows, stage: RowIndex) -> Rows:
    """Each row's average with the rows of the stage that are nearest to it."""
    averages = [averaged(*each) for each in stage.nearest(rows, NEIGHBOURS)]
    return np.concatenate(averages or [rows])


def _arrays(data: bytes) -> Iterator[Array]:
    buffer = BytesIO(data)
    while buffer.tell() < len(data):
        yield np.load(buffer, allow_pickle=False)
