"""The projection of neighbourhoods: features averaged with the features nearest to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self, final

import numpy as np

from .. import signals
from ..catalog import Projection, Space
from ..catalog.reader import Reader
from ..durable import write_folder
from ..ranking.arrays import FeatureMatrix, Float16Matrix, Float32Matrix, Float32Vector, Int64Ids
from ..ranking.freezing import FREEZING_VERSION
from ..ranking.hubs import HUBS_VERSION, SHARE, Hubs
from ..ranking.neighbourhoods import (
    NEIGHBOURHOODS_VERSION,
    ROUNDS,
    SAMPLE,
    Axes,
    Direction,
    join_directions,
    main_axes,
)
from ..ranking.ranking import Ranking
from ..ranking.word_tower import TextEncoder
from . import generations, segments
from .base import AbstractProjection, AbstractView, Tail
from .faiss_library import faiss_version
from .frozen import Made, find_changed, find_extensible
from .neighbour_files import (
    CENTRE,
    add_excess,
    average_rows,
    load_axes,
    load_hubs,
    open_mapping,
    row_width,
    stage_path,
    update_neighbourhoods,
    write_neighbourhoods,
)
from .search_files import write_search_files
from .vectors import LAYOUT, TARGET_RECALL, RowIndex, VectorIndex, VectorView


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
    def load(
        cls, folder: Path, dimension: int, device: str = "cpu", target_recall: float = TARGET_RECALL
    ) -> Self:
        """Load what `write_neighbourhoods` wrote; it must have been verified before.

        Raises ValueError if its features have another dimension.
        """
        axes = load_axes(folder)
        if axes is None:
            return cls(None, (), VectorIndex.load(folder, dimension, device, target_recall))
        if len(axes.centre) != dimension:
            raise ValueError(f"made of features of dimension {len(axes.centre)}")
        stages = tuple(RowIndex.load(stage_path(folder, number)) for number in range(ROUNDS))
        hubs = load_hubs(folder)
        width = row_width(folder, dimension)
        return cls(axes, stages, VectorIndex.load(folder, width, device, target_recall), hubs)

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
            rows = average_rows(rows, stage)
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


@final
@dataclass(frozen=True, slots=True, eq=False)
class Mapped:
    """The row that a feature or a direction is compared as.

    Where there are hubs, its last number says whether they are taken off.
    """

    row: Float32Vector


@final
class NeighbourView(AbstractView[Float32Vector | Direction | Mapped]):
    """A generation and its tail, searched as one, by unmapped features or directions of the space."""

    def __init__(self, published: Neighbourhoods, tail: VectorIndex, hidden: Int64Ids) -> None:
        self._published = published
        self._compared = VectorView(published.compared, tail, hidden)

    @property
    def has_averages(self) -> bool:
        """Whether it compares averages; a library that is too small for them compares features unchanged."""
        return self._published.axes is not None

    def prepare_query(self, query: Float32Vector | Direction | Mapped) -> Mapped:
        if isinstance(query, Mapped):
            return query
        row = self.row_of(query)
        if self._published.hubs:
            row = np.append(row, np.float32(SHARE if isinstance(query, Direction) else 0))
        return Mapped(row)

    def search(
        self, query: Float32Vector | Direction | Mapped, *, limit: int, allowed: Int64Ids | None
    ) -> Ranking:
        return self._compared.search(self.prepare_query(query).row, limit=limit, allowed=allowed)

    def search_many(
        self,
        queries: Sequence[Float32Vector | Direction | Mapped],
        *,
        limit: int,
        allowed: Sequence[Int64Ids | None],
    ) -> list[Ranking]:
        rows = [self.prepare_query(query).row for query in queries]
        return self._compared.search_many(rows, limit=limit, allowed=allowed)

    def rank_ids(self, query: Float32Vector | Direction | Mapped, ids: Int64Ids) -> Ranking:
        return self._compared.rank_ids(self.prepare_query(query).row, ids)

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
class NeighbourProjection(AbstractProjection[Neighbourhoods, Float32Vector | Direction | Mapped]):
    """The neighbourhoods of one space; its view takes the same queries as the view of the plain features.

    An image of the tail is averaged with its neighbours in the generation, but becomes part of other averages
    only when it is published. A removed image stays part of the averages of its neighbours until then.
    """

    features_only = True
    kind = "neighbours"
    signal = signals.NEIGHBOURS

    def __init__(
        self,
        space: Space,
        device: str = "cpu",
        encoder: TextEncoder | None = None,
        target_recall: float = TARGET_RECALL,
    ) -> None:
        """`encoder`: what texts are led to the space by, apart from captions, if there is anything.
        `target_recall`: see `VectorIndex.load`."""
        self._space, self._device, self._encoder = space, device, encoder
        self._target_recall = target_recall
        self.space_id = space.id
        self.versions = (
            f"faiss {faiss_version()}, {LAYOUT}, {NEIGHBOURHOODS_VERSION}, {FREEZING_VERSION}, "
            f"space {space.fingerprint}"
        )
        self.versions += f", {HUBS_VERSION} of {encoder.identity}" if encoder else ""

    def write_generation(self, reader: Reader, root: Path, previous: Projection | None) -> Projection:
        seq = reader.last_seq()
        made = find_extensible(reader, root, previous, CENTRE)
        name = generations.new_name(f"neighbours-{self._space.descriptor}-{self._space.id}", seq)

        def fill(folder: Path) -> None:
            if previous is None or made is None:
                self._write_anew(folder, reader)
                write_search_files(folder, row_width(folder, self._space.dimension), self._device)
            else:
                self._write_update(folder, reader, root, previous, made)

        before = root / previous.generation if previous and made else None
        sealed = write_folder(root, name, fill, before=before)
        return Projection(self.kind, self.space_id, seq, name, sealed.bytes, sealed.sha256, self.versions)

    def _write_anew(self, folder: Path, reader: Reader) -> None:
        made = Made.of_library(reader)
        axes, stored = self._main_axes(reader, made.end), segments.StoredFeatures(reader, self._space)
        texts = self._encoder.map_anchors() if self._encoder else None
        write_neighbourhoods(folder, axes, stored, texts, made.end)
        made.save(folder)

    def _write_update(
        self, folder: Path, reader: Reader, root: Path, previous: Projection, made: Made
    ) -> None:
        changed = find_changed(reader, previous)
        before, stale = root / previous.generation, set((changed // segments.SEGMENT_SIZE).tolist())
        held = reader.load_features(self._space, changed.tolist())
        lost = update_neighbourhoods(folder, open_mapping(before), changed, held, made.end)
        replace(made, changed=made.changed + lost).save(folder)
        write_search_files(folder, row_width(folder, self._space.dimension), self._device, before, stale)

    def _main_axes(self, reader: Reader, end: int) -> Axes | None:
        ids = reader.described_ids(self._space)
        ids = ids[ids <= end]
        chosen = ids[np.linspace(0, len(ids) - 1, min(len(ids), SAMPLE)).astype(np.int64)]
        return main_axes(reader.load_features(self._space, chosen)[1])

    def load_generation(self, root: Path, pointer: Projection | None) -> Neighbourhoods:
        dimension = self._space.dimension
        if pointer is None:
            return Neighbourhoods(None, (), VectorIndex.empty(dimension))
        path = generations.verify_generation(root, pointer, self.versions)
        with generations.translating_read_errors(pointer):
            return Neighbourhoods.load(path, dimension, self._device, self._target_recall)

    def make_view(self, loaded: Neighbourhoods, reader: Reader, tail: Tail) -> NeighbourView:
        made = loaded.index_tail(*reader.load_features(self._space, tail.put))
        return NeighbourView(loaded, made, tail.hidden)
