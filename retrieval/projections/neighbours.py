"""The projection of neighbourhoods: features averaged with the features nearest to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
from ..durable import write_folder
from ..ranking.arrays import FeatureMatrix, Float16Matrix, Float32Matrix, Float32Vector, Int64Ids
from ..ranking.hubs import HUBS_VERSION, SHARE, Hubs
from ..ranking.neighbourhoods import (
    NEIGHBOURHOODS_VERSION,
    NEIGHBOURS,
    ROUNDS,
    SAMPLE,
    Axes,
    Direction,
    average_neighbours,
    join_directions,
    main_axes,
)
from ..ranking.ranking import Ranking
from ..ranking.word_tower import TextEncoder
from . import generations, segments
from .base import AbstractProjection, AbstractView, Tail
from .rowfile import RowFile
from .vectors import LAYOUT, RowIndex, VectorIndex, VectorView, faiss_version, save_segment

Array = npt.NDArray[Any]

CENTRE, DIRECTIONS, TEXTS, MEAN = "centre.npy", "directions.npy", "texts.npy", "mean.npy"


@final
@dataclass(frozen=True, slots=True, eq=False)
class Neighbourhoods:
    """A generation: the mapped features, and everything needed to map other features in the same way.

    In a library that is too small there are no axes and no stages: its features are compared unchanged.
    With `hubs`, the rows that are compared have a number more: what is taken off their scores with texts.
    """

    axes: Axes | None
    stages: tuple[RowIndex, ...]  # one for each round: the rows among which its neighbours are searched
    compared: VectorIndex
    hubs: Hubs | None = None
    # Mapped features of the tail: every batch needs most of them again.
    remembered: dict[bytes, Float32Vector] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path, dimension: int, device: str = "cpu") -> Self:
        """Load what `write_neighbourhoods` wrote; it must have been verified before.

        Raises ValueError if its features have another dimension.
        """
        stored = segments.segment_files(folder)
        if not (folder / CENTRE).exists():
            return cls(None, (), VectorIndex.load(stored, dimension, device))
        axes = Axes(np.load(folder / CENTRE), np.load(folder / DIRECTIONS))
        if len(axes.centre) != dimension:
            raise ValueError(f"made of features of dimension {len(axes.centre)}")
        stages = tuple(RowIndex.load(stage_path(folder, number)) for number in range(ROUNDS))
        hubs = _load_hubs(folder)
        width = 2 * axes.directions.shape[1] + bool(hubs)
        return cls(axes, stages, VectorIndex.load(stored, width, device), hubs)

    @property
    def width(self) -> int:
        """Numbers of a row that compare pictures."""
        return self.compared.dimension - bool(self.hubs)

    def map_features(self, features: FeatureMatrix) -> Float32Matrix:
        """Map features of the space, whether in the library or not, to the rows that are compared."""
        if self.axes is None:
            return features.astype(np.float32)
        own = rows = self.axes.project_features(features)
        for stage in self.stages:
            rows = _average_rows(rows, stage)
        return join_directions(own, rows)

    def map_direction(self, direction: Direction) -> Float32Matrix:
        """Map a direction of the space to a row: its score is that of the averages and own directions."""
        if self.axes is None:
            return np.atleast_2d(direction.vector)
        own = self.axes.project_direction(direction)
        return join_directions(own, own)

    def index_tail(self, ids: Int64Ids, features: Float16Matrix) -> VectorIndex:
        """The mapped features of a tail as an index; their neighbours are those in the generation."""
        keys = [row.tobytes() for row in features]
        new = [position for position, key in enumerate(keys) if key not in self.remembered]
        made = add_excess(self.map_features(features[new]), self.hubs)
        known = {key: self.remembered[key] for key in keys if key in self.remembered}
        known |= {keys[position]: row for position, row in zip(new, made, strict=True)}
        self.remembered.clear()
        self.remembered.update(known)
        rows = np.array([known[key] for key in keys], np.float16).reshape(len(keys), self.compared.dimension)
        return VectorIndex.build(ids, rows, self.compared.dimension)


def add_excess(rows: Float32Matrix, hubs: Hubs | None) -> Float32Matrix:
    """The rows with what is taken off their scores with texts as one number more, where there are hubs."""
    return rows if hubs is None else np.column_stack([rows, -hubs.measure_excess(rows)])


def write_neighbourhoods(
    folder: Path,
    axes: Axes | None,
    features: Iterable[segments.Segment],
    texts: Float32Matrix | None = None,
) -> None:
    """Map all features, which come segment by segment, and write the result into an empty folder.

    The same features always give the same bytes. Without `axes` the features are written unchanged. Only the
    index of one round is in memory at a time. `texts`: vectors of many texts, (text, dimension), by which
    hubs are known.
    """
    if axes is None:
        segments.write_segments(folder, features, save_segment)
        return
    _save_array(folder / CENTRE, axes.centre)
    _save_array(folder / DIRECTIONS, axes.directions)
    numbers_and_ids: list[tuple[int, Int64Ids]] = []

    def project_segments() -> Iterator[Float32Matrix]:
        for number, ids, plain in features:
            numbers_and_ids.append((number, ids))
            yield axes.project_features(plain)

    with ExitStack() as files:
        own = rows = files.enter_context(RowFile(folder, project_segments(), axes.directions.shape[1]))
        for number in range(ROUNDS):
            rows = files.enter_context(_write_round(folder, number, rows))
        hubs = _find_hubs(axes, texts, map(join_directions, own, rows))
        _save_hubs(folder, hubs)
        made = (
            (number, ids, add_excess(join_directions(alone, average), hubs).astype(np.float16))
            for (number, ids), alone, average in zip(numbers_and_ids, own, rows, strict=True)
        )
        segments.write_segments(folder, made, save_segment)


def _find_hubs(axes: Axes, texts: Float32Matrix | None, rows: Iterable[Float32Matrix]) -> Hubs | None:
    if texts is None:
        return None
    own = axes.project_direction(Direction(texts))
    return Hubs.from_rows(join_directions(own, own), rows)


def _save_hubs(folder: Path, hubs: Hubs | None) -> None:
    if hubs:
        _save_array(folder / TEXTS, hubs.texts.astype(np.float16))
        _save_array(folder / MEAN, np.array(hubs.mean))


def _load_hubs(folder: Path) -> Hubs | None:
    if not (folder / TEXTS).exists():
        return None
    return Hubs(np.load(folder / TEXTS).astype(np.float32), float(np.load(folder / MEAN)))


def _write_round(folder: Path, number: int, rows: RowFile) -> RowFile:
    """Write the index of a round, and average every row with the rows nearest to it there."""
    stage = RowIndex.build(rows)
    stage.save(stage_path(folder, number))
    return RowFile(folder, (_average_rows(block, stage) for block in rows), rows.dimension)


def stage_path(folder: Path, number: int) -> Path:
    """The file of a round's index."""
    return folder / f"stage-{number}.faiss"


@final
class NeighbourView(AbstractView[Float32Vector | Direction]):
    """A generation and its tail, searched as one, by unmapped features or directions of the space."""

    def __init__(self, published: Neighbourhoods, tail: VectorIndex, hidden: Int64Ids) -> None:
        self._published = published
        self._compared = VectorView(published.compared, tail, hidden)

    @property
    def has_averages(self) -> bool:
        """Whether it compares averages; a library that is too small for them compares features unchanged."""
        return self._published.axes is not None

    def search(self, query: Float32Vector | Direction, *, limit: int, allowed: Int64Ids | None) -> Ranking:
        return self._compared.search(self._compared_row(query), limit=limit, allowed=allowed)

    def search_many(
        self,
        queries: Sequence[Float32Vector | Direction],
        *,
        limit: int,
        allowed: Sequence[Int64Ids | None],
    ) -> list[Ranking]:
        rows = [self._compared_row(query) for query in queries]
        return self._compared.search_many(rows, limit=limit, allowed=allowed)

    def rank_ids(self, query: Float32Vector | Direction, ids: Int64Ids) -> Ranking:
        return self._compared.rank_ids(self._compared_row(query), ids)

    def _compared_row(self, query: Float32Vector | Direction) -> Float32Vector:
        """The row that is compared; its last number says whether hubs are taken off, where there are some."""
        row = self.row_of(query)
        if not self._published.hubs:
            return row
        return np.append(row, np.float32(SHARE if isinstance(query, Direction) else 0))

    def row_of(self, query: Float32Vector | Direction) -> Float32Vector:
        """The row that a query is compared as: the neighbourhood of a feature, or a direction itself."""
        if isinstance(query, Direction):
            direction: Float32Vector = self._published.map_direction(query)[0]
            return direction
        made: Float32Vector = self._published.map_features(query.reshape(1, -1))[0]
        return made

    def score_directions(self, direction: Direction, ids: Int64Ids) -> Float32Matrix:
        """What several directions score with each of these images, (direction, image), hubs or not."""
        scores: Float32Matrix = self._published.map_direction(direction) @ self.rows(ids).T
        return scores

    def rows(self, ids: Int64Ids) -> Float32Matrix:
        """The rows that these images are compared as, (image, dimension); zeros for unknown images."""
        return self._compared.rows(ids)[:, : self._published.width]


@final
class NeighbourProjection(AbstractProjection[Neighbourhoods, Float32Vector | Direction]):
    """The neighbourhoods of one space; its view takes the same queries as the view of the plain features.

    An image of the tail is averaged with its neighbours in the generation, but becomes part of other averages
    only when it is published. A removed image stays part of the averages of its neighbours until then.
    """

    features_only = True
    kind = "neighbours"
    signal = signals.NEIGHBOURS

    def __init__(self, space: Space, device: str = "cpu", encoder: TextEncoder | None = None) -> None:
        """`encoder`: what texts are led to the space by, apart from captions, if there is anything."""
        self._space, self._device, self._encoder = space, device, encoder
        self.space_id = space.id
        self.versions = (
            f"faiss {faiss_version()}, {LAYOUT}, {NEIGHBOURHOODS_VERSION}, space {space.fingerprint}"
        )
        self.versions += f", {HUBS_VERSION} of {encoder.identity}" if encoder else ""

    def write_generation(self, reader: Reader, root: Path, previous: Projection | None) -> Projection:
        seq = reader.last_seq()
        axes = self._main_axes(reader)
        name = generations.new_name(f"neighbours-{self._space.descriptor}-{self._space.id}", seq)
        stored = segments.StoredFeatures(reader, self._space)
        texts = self._encoder.map_anchors() if self._encoder else None
        sealed = write_folder(root, name, lambda folder: write_neighbourhoods(folder, axes, stored, texts))
        return Projection(self.kind, self.space_id, seq, name, sealed.bytes, sealed.sha256, self.versions)

    def _main_axes(self, reader: Reader) -> Axes | None:
        ids = reader.described_ids(self._space)
        chosen = ids[np.linspace(0, len(ids) - 1, min(len(ids), SAMPLE)).astype(np.int64)]
        return main_axes(reader.load_features(self._space, chosen)[1])

    def load_generation(self, root: Path, pointer: Projection | None) -> Neighbourhoods:
        dimension = self._space.dimension
        if pointer is None:
            return Neighbourhoods(None, (), VectorIndex.load([], dimension))
        path = generations.verify_generation(root, pointer, self.versions)
        with generations.translating_read_errors(pointer):
            return Neighbourhoods.load(path, dimension, self._device)

    def make_view(self, loaded: Neighbourhoods, reader: Reader, tail: Tail) -> NeighbourView:
        made = loaded.index_tail(*reader.load_features(self._space, tail.put))
        return NeighbourView(loaded, made, tail.hidden)


def _average_rows(rows: Float32Matrix, stage: RowIndex) -> Float32Matrix:
    """The average of each row with the rows of the stage that are nearest to it."""
    averages = [average_neighbours(*row) for row in stage.search_nearest(rows, NEIGHBOURS)]
    return np.concatenate(averages or [rows])


def _save_array(path: Path, array: Array) -> None:
    buffer = BytesIO()  # NumPy reports a full disk less clearly when it writes to a file itself
    np.save(buffer, array, allow_pickle=False)
    path.write_bytes(buffer.getbuffer())
