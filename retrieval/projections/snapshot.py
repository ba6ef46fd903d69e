"""Snapshots: one state of all projections, which a search uses from beginning to end."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..catalog import Catalog, Change, Projection
from ..catalog.reader import Reader
from ..errors import ProjectionDamaged
from .base import AbstractProjection, AbstractView, Tail
from .generations import Stamp, stamp_generation
from .publications import live_pointers

ATTEMPTS = 3  # a writer may prune a generation after its pointer was read and before it was opened

AnyProjection = AbstractProjection[Any, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The views of all projections at one watermark, and the pointers to their generations, by signal."""

    seq: int
    views: Mapping[str, AbstractView[Any]]
    pointers: Mapping[str, Projection | None]


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """A loaded generation; it is used as long as its pointer stays the same.

    `stamp` is that of its files when they were verified.
    """

    pointer: Projection | None
    stamp: Stamp
    loaded: Any


@dataclass(frozen=True, slots=True, eq=False)
class _Loading:
    """Generations that another thread loads, and the pointers that lead to them."""

    pointers: Mapping[str, Projection | None]
    opened: Future[dict[str, _Opened]]


class Snapshots:
    """Gives the newest snapshot; parts that did not change since the last one are used again.

    Safe to call from many threads: a snapshot is replaced by a new object, never changed. A generation that
    was published meanwhile is loaded by the thread that needs it, while the others wait, or aside (see
    `load_aside`).
    """

    def __init__(self, catalog: Catalog, projections: Sequence[AnyProjection], root: Path) -> None:
        self._catalog, self._projections, self._root = catalog, projections, root
        self._refreshing = threading.Lock()
        self._opened: dict[str, _Opened] = {}
        self._snapshot: Snapshot | None = None
        self._loader: ThreadPoolExecutor | None = None
        self._loading: _Loading | None = None

    def load_aside(self) -> None:
        """From now on nobody waits for a new generation: a thread loads it, and until it is there, the one
        before answers, with a longer tail. Both are in memory for a while."""
        self._loader = self._loader or ThreadPoolExecutor(1, "generation")

    def newest_snapshot(self) -> Snapshot:
        """The state with every image that was committed before the call.

        Raises ProjectionDamaged if a generation does not match the catalog.
        """
        with self._refreshing:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    return self._refresh_snapshot()
                except ProjectionDamaged:
                    if attempt == ATTEMPTS or not self._pointers_moved():
                        raise
            raise AssertionError("the loop returns or raises")

    def _refresh_snapshot(self) -> Snapshot:
        with self._catalog.reading() as reader:
            pointers = self._choose_pointers(
                _pointers_by_signal(self._projections, live_pointers(reader, self._root))
            )
            seq = reader.last_seq()
            held = self._snapshot
            if held is None or held.seq != seq or held.pointers != pointers:
                views = {
                    projection.signal: self._make_view(projection, pointers[projection.signal], reader)
                    for projection in self._projections
                }
                held = self._snapshot = Snapshot(seq, views, pointers)
        return held

    def _is_stale(self, pointers: Mapping[str, Projection | None]) -> bool:
        return any(self._opened[signal].pointer != pointer for signal, pointer in pointers.items())

    def _choose_pointers(self, newest: Mapping[str, Projection | None]) -> Mapping[str, Projection | None]:
        """The newest pointers, or those of the generations in use while newer ones are loaded aside.

        Raises ProjectionDamaged if one of the newer ones is damaged. Where there is no memory for them, those
        before go on answering.
        """
        if self._loader is None or self._snapshot is None:
            return newest
        if self._loading is not None and self._loading.opened.done():
            self._take_up(self._loading, newest)
        if self._loading is None and self._is_stale(newest):
            opened = self._loader.submit(self._load_generations, newest, dict(self._opened))
            self._loading = _Loading(newest, opened)
        return {signal: opened.pointer for signal, opened in self._opened.items()}

    def _take_up(self, loading: _Loading, newest: Mapping[str, Projection | None]) -> None:
        """Use what was loaded aside; what could not be loaded is tried again when the pointers move."""
        error = loading.opened.exception()
        if error is None:
            self._opened |= loading.opened.result()
        if error is None or loading.pointers != newest:
            self._loading = None
        elif isinstance(error, ProjectionDamaged):
            raise error

    def _load_generations(
        self, pointers: Mapping[str, Projection | None], opened: Mapping[str, _Opened]
    ) -> dict[str, _Opened]:
        """The generations that these pointers lead to and that are not opened yet."""
        return {
            projection.signal: self._load_generation(projection, pointers[projection.signal])
            for projection in self._projections
            if opened[projection.signal].pointer != pointers[projection.signal]
        }

    def _load_generation(self, projection: AnyProjection, pointer: Projection | None) -> _Opened:
        stamp = stamp_generation(self._root, pointer)
        return _Opened(pointer, stamp, projection.load_generation(self._root, pointer))

    def _make_view(
        self, projection: AnyProjection, pointer: Projection | None, reader: Reader
    ) -> AbstractView[Any]:
        opened = self._opened.get(projection.signal)
        if opened is None or opened.pointer != pointer:
            opened = self._open_generation(projection, pointer)
        changes = reader.changes_since(pointer.seq if pointer else 0)
        return projection.make_view(opened.loaded, reader, make_tail(changes))

    def _open_generation(self, projection: AnyProjection, pointer: Projection | None) -> _Opened:
        opened = self._opened[projection.signal] = self._load_generation(projection, pointer)
        return opened

    def find_damages(self) -> list[ProjectionDamaged]:
        """Every projection whose live generation cannot be trusted, with its reason.

        A generation is verified once, when it is opened for searches, and again where size or time of its
        files have changed since: `retrieval.soundness.find_damages` reads all of them at each call.
        """
        with self._refreshing:
            with self._catalog.reading() as reader:
                newest = _pointers_by_signal(self._projections, live_pointers(reader, self._root))
            try:
                chosen = self._choose_pointers(newest)
            except ProjectionDamaged as damage:
                return [damage]
            # What is being loaded aside is being verified, too.
            checked = [one for one in self._projections if chosen[one.signal] == newest[one.signal]]
            found = (self._find_damage(one, newest[one.signal]) for one in checked)
            return [damage for damage in found if damage is not None]

    def _find_damage(self, projection: AnyProjection, pointer: Projection | None) -> ProjectionDamaged | None:
        opened = self._opened.get(projection.signal)
        if opened and (opened.pointer, opened.stamp) == (pointer, stamp_generation(self._root, pointer)):
            return None
        try:
            self._open_generation(projection, pointer)
        except ProjectionDamaged as damage:
            return damage
        return None

    def _pointers_moved(self) -> bool:
        with self._catalog.reading() as reader:
            pointers = _pointers_by_signal(self._projections, live_pointers(reader, self._root))
        opened = {signal: generation.pointer for signal, generation in self._opened.items()}
        return any(opened.get(signal) != pointer for signal, pointer in pointers.items())


def make_tail(changes: Sequence[Change]) -> Tail:
    """The images to search in addition to a generation, and those whose entry in it no longer counts."""
    put = sorted((change.image_id, change.seq) for change in changes if change.operation == "put")
    numbers = np.array(put, np.int64).reshape(-1, 2)
    changed = sorted(change.image_id for change in changes)
    return Tail(numbers[:, 0], np.array(changed, np.int64), numbers[:, 1])


def find_pointer(projection: AnyProjection, pointers: Sequence[Projection]) -> Projection | None:
    """The catalog's pointer to a projection's live generation, if it has been published."""
    mine = [
        pointer
        for pointer in pointers
        if (pointer.kind, pointer.space_id) == (projection.kind, projection.space_id)
    ]
    return mine[0] if mine else None


def _pointers_by_signal(
    projections: Sequence[AnyProjection], pointers: Sequence[Projection]
) -> dict[str, Projection | None]:
    return {projection.signal: find_pointer(projection, pointers) for projection in projections}
