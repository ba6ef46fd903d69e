"""Snapshots: one state of all projections, which a search holds from beginning to end."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..catalog import Catalog, Change, Projection
from ..catalog.reader import Reader
from ..errors import ProjectionDamaged
from .base import AbstractProjection, AbstractView, Tail

ATTEMPTS = 3  # a writer may prune a generation between our reading its pointer and our opening it

AnyProjection = AbstractProjection[Any, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Every projection's view at one watermark, by signal, and the generation that it is a view of."""

    seq: int
    views: Mapping[str, AbstractView[Any]]
    pointers: Mapping[str, Projection | None]


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """A loaded generation, kept for as long as its pointer stays the same."""

    pointer: Projection | None
    loaded: Any


class Snapshots:
    """Gives the newest snapshot; what has not changed since the last one is used again.

    Safe to call from many threads: a snapshot is replaced by reference, never changed.
    """

    def __init__(self, catalog: Catalog, projections: Sequence[AnyProjection], root: Path) -> None:
        self._catalog, self._projections, self._root = catalog, projections, root
        self._refreshing = threading.Lock()
        self._opened: dict[str, _Opened] = {}
        self._snapshot: Snapshot | None = None

    def current(self) -> Snapshot:
        """The state that holds every image acknowledged before the call.

        Raises ProjectionDamaged when a generation is not what the catalog says.
        """
        with self._refreshing:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    return self._refreshed()
                except ProjectionDamaged:
                    if attempt == ATTEMPTS or not self._pointers_moved():
                        raise
            raise AssertionError("the loop returns or raises")

    def _refreshed(self) -> Snapshot:
        with self._catalog.reading() as reader:
            pointers = _by_signal(self._projections, reader.projections())
            seq = reader.last_seq()
            if self._snapshot is None or self._snapshot.seq != seq or self._stale(pointers):
                views = {
                    each.signal: self._view(each, pointers[each.signal], reader) for each in self._projections
                }
                self._snapshot = Snapshot(seq, views, pointers)
        return self._snapshot

    def _stale(self, pointers: Mapping[str, Projection | None]) -> bool:
        return any(self._opened[signal].pointer != pointer for signal, pointer in pointers.items())

    def _view(
        self, projection: AnyProjection, pointer: Projection | None, reader: Reader
    ) -> AbstractView[Any]:
        opened = self._opened.get(projection.signal)
        if opened is None or opened.pointer != pointer:
            opened = _Opened(pointer, projection.load(self._root, pointer))
            self._opened[projection.signal] = opened
        changes = reader.changes_since(pointer.seq if pointer else 0)
        return projection.view(opened.loaded, reader, tail_of(changes))

    def _pointers_moved(self) -> bool:
        with self._catalog.reading() as reader:
            pointers = _by_signal(self._projections, reader.projections())
        opened = {signal: each.pointer for signal, each in self._opened.items()}
        return any(opened.get(signal) != pointer for signal, pointer in pointers.items())


def tail_of(changes: Sequence[Change]) -> Tail:
    """The images to search beside a generation, and those whose entry in it no longer counts."""
    put = [change.image_id for change in changes if change.operation == "put"]
    changed = [change.image_id for change in changes]
    return Tail(np.array(sorted(put), np.int64), np.array(sorted(changed), np.int64))


def pointer_of(projection: AnyProjection, pointers: Sequence[Projection]) -> Projection | None:
    """The catalog's pointer to a projection's live generation, if it has been published."""
    mine = [each for each in pointers if (each.kind, each.space_id) == (projection.kind, projection.space_id)]
    return mine[0] if mine else None


def _by_signal(
    projections: Sequence[AnyProjection], pointers: Sequence[Projection]
) -> dict[str, Projection | None]:
    return {each.signal: pointer_of(each, pointers) for each in projections}
