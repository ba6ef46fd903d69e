"""The projection of parts: the codes of the windows of all images, in segments as vectors are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias, final

import numpy as np

from ..catalog import Projection, Space
from ..catalog.reader import Reader
from ..durable import write_folder
from ..ranking.arrays import Float32Vector, Int64Ids
from ..ranking.neighbourhoods import Direction
from ..ranking.ranking import Ranking
from ..ranking.windows import CODE_BYTES, WINDOWS, Codes, WindowAxes
from ..signals import PART
from . import generations, segments
from .base import AbstractProjection, AbstractView, Tail
from .faiss_library import faiss_version
from .window_index import WindowIndex, save_codes

_CODES = f"codes of {len(WINDOWS)} × {CODE_BYTES} bytes"
LAYOUT = f"{_CODES} in segments of {segments.SEGMENT_SIZE}, {generations.SEALING}"
Question: TypeAlias = Float32Vector | Direction  # a feature of the subject space, or a direction of it


@final
class PartView(AbstractView[Question]):
    """A generation and its tail, searched as one. Questions are of the subject space."""

    def __init__(
        self, published: WindowIndex, tail: WindowIndex, hidden: Int64Ids, load_axes: Callable[[], WindowAxes]
    ) -> None:
        self._published, self._tail, self._hidden = published, tail, hidden
        self._load_axes = load_axes

    def count_images(self) -> int:
        """How many images have windows."""
        published = int(np.isin(self._published.ids, self._hidden, invert=True).sum())
        return published + len(self._tail.ids)

    def search(self, query: Question, *, limit: int, allowed: Int64Ids | None) -> Ranking:
        """The images whose best window is nearest to the question, by the cosine along the axes."""
        row = self._project(query)
        old = self._search_published(row, limit, allowed)
        new = self._tail.search(row, limit=limit, allowed=allowed)
        return Ranking.from_scores(
            np.concatenate([old.ids, new.ids]), np.concatenate([old.scores, new.scores])
        ).top(limit)

    def find_windows(self, query: Question, ids: Int64Ids) -> dict[int, int]:
        """The index in WINDOWS of the best window of each of these images, by image id."""
        row = self._project(query)
        published = np.setdiff1d(ids, self._hidden)
        return self._published.find_windows(row, published) | self._tail.find_windows(row, ids)

    def _project(self, query: Question) -> Float32Vector:
        axes = self._load_axes()
        if isinstance(query, Direction):
            [row] = axes.project_directions(np.atleast_2d(query.vector))
        else:
            [row] = axes.project_features(query.reshape(1, -1))
        return np.asarray(row)

    def _search_published(self, row: Float32Vector, limit: int, allowed: Int64Ids | None) -> Ranking:
        if allowed is not None:
            return self._published.search(row, limit=limit, allowed=np.setdiff1d(allowed, self._hidden))
        ranking = self._published.search(row, limit=limit + len(self._hidden), allowed=None)
        return ranking.without(self._hidden).top(limit)


@final
class PartProjection(AbstractProjection[WindowIndex, Question]):
    """The windows of one space; `load_axes` gives its axes, which only searches need."""

    features_only = True
    kind = "parts"
    signal = PART

    def __init__(self, space: Space, load_axes: Callable[[], WindowAxes]) -> None:
        self._space, self._load_axes = space, load_axes
        self.space_id = space.id
        self.versions = f"faiss {faiss_version()}, {LAYOUT}, space {space.fingerprint}"

    def write_generation(self, reader: Reader, root: Path, previous: Projection | None) -> Projection:
        seq = reader.last_seq()
        stored = segments.StoredSegments(reader, partial(_load_codes, reader, self._space))

        def fill(folder: Path) -> None:
            if previous is None:
                segments.write_segments(folder, stored, save_codes)
            else:
                stale = segments.changed_segments(reader, previous)
                segments.rewrite_segments(
                    folder, stored, save_codes, before=root / previous.generation, stale=stale
                )

        name = generations.new_name(f"parts-{self._space.id}", seq)
        before = root / previous.generation if previous else None
        sealed = write_folder(root, name, fill, before=before)
        return Projection(
            self.kind, self.space_id, seq, sealed.name, sealed.bytes, sealed.sha256, self.versions
        )

    def load_generation(self, root: Path, pointer: Projection | None) -> WindowIndex:
        if pointer is None:
            return WindowIndex.load([])
        path = generations.verify_generation(root, pointer, self.versions)
        with generations.translating_read_errors(pointer):
            return WindowIndex.load(segments.segment_files(path))

    def make_view(self, loaded: WindowIndex, reader: Reader, tail: Tail) -> PartView:
        blobs = reader.load_blobs(self._space, tail.put.tolist())
        return PartView(loaded, WindowIndex(*_stack_codes(blobs)), tail.hidden, self._load_axes)


def _load_codes(reader: Reader, space: Space, first: int, end: int) -> tuple[Int64Ids, Codes]:
    return _stack_codes(reader.load_blobs_between(space, first, end))


def _stack_codes(blobs: dict[int, bytes]) -> tuple[Int64Ids, Codes]:
    """The ids and the codes of the images that have any."""
    held = {image_id: blob for image_id, blob in blobs.items() if blob}
    codes = np.frombuffer(b"".join(held.values()), np.uint8).reshape(-1, len(WINDOWS), CODE_BYTES)
    return np.fromiter(held, np.int64, len(held)), codes
