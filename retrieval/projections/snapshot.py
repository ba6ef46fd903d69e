"""Snapshots: one state of all projections, which a search uses from beginning to end."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, final

import numpy as np

from ..catalog import Catalog, Change, Projection
from ..catalog.reader import Reader
from ..errors import ProjectionDamaged
from ..signals import WORDS
from .base import AbstractProjection, AbstractView, Tail
from .generations import Stamp, stamp_generation, verify_generation
from .publications import live_pointers
from .sealed_folder import SealedFolder

ATTEMPTS = 3  # a writer may prune a generation after its pointer was read and before it was opened

LONG_TAIL: Final = 100  # changes; indexing the words of as many takes a quarter of a second

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

    @property
    def damage(self) -> ProjectionDamaged | None:
        """What was met when it was read, of a generation that is verified where it is read."""
        sealed: SealedFolder | None = getattr(self.loaded, "sealed", None)
        return sealed.damage if sealed else None


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """A snapshot that another thread makes, of the generations that these pointers lead to."""

    pointers: Mapping[str, Projection | None]
    made: Future[tuple[dict[str, _Opened], Snapshot]]


class Snapshots:
    """Gives the newest snapshot; parts that did not change since the last one are used again.

    Safe to call from many threads: a snapshot is replaced by a new object, never changed. What takes long is
    made by the thread that needs it, while the others wait, or aside (see `prepare_aside`).
    """

    def __init__(self, catalog: Catalog, projections: Sequence[AnyProjection], root: Path) -> None:
        self._catalog, self._projections, self._root = catalog, projections, root
        self._refreshing = threading.Lock()
        self._opened: dict[str, _Opened] = {}
        self._snapshot: Snapshot | None = None
        self._aside: ThreadPoolExecutor | None = None
        self._prepared: _Prepared | None = None

    def prepare_aside(self) -> None:
        """From now on nobody waits for a new generation, or for more than LONG_TAIL changes since the last.

        A thread prepares them; until it has, the snapshot before answers. Both are in memory for a while.
        """
        self._aside = self._aside or ThreadPoolExecutor(1, "snapshot")

    def newest_snapshot(self) -> Snapshot:
        """The state with every image that was committed before the call, unless it is prepared aside.

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
            pointers, seq = self._newest_pointers(reader), reader.last_seq()
            if self._aside is not None and self._snapshot is not None:
                pointers = self._choose_pointers(pointers, reader, self._aside)
                if self._is_long(reader):
                    return self._snapshot
            held = self._snapshot
            if held is None or held.seq != seq or held.pointers != pointers:
                self._opened |= self._load_generations(pointers, self._opened)
                held = self._snapshot = self._make_snapshot(self._opened, reader)
        return held

    def _newest_pointers(self, reader: Reader) -> dict[str, Projection | None]:
        return _pointers_by_signal(self._projections, live_pointers(reader, self._root))

    def _choose_pointers(
        self, newest: Mapping[str, Projection | None], reader: Reader, aside: ThreadPoolExecutor
    ) -> dict[str, Projection | None]:
        """Those of the generations in use, while what is newer is prepared aside.

        Raises ProjectionDamaged if one of the newer generations is damaged.
        """
        if self._prepared is not None and self._prepared.made.done():
            self._take_up(self._prepared, newest)
        is_old = self._snapshot is not None and self._snapshot.seq != reader.last_seq()
        has_much = is_old and self._is_long(reader)
        if self._prepared is None and (has_much or self._pointers_in_use() != newest):
            self._prepared = _Prepared(newest, aside.submit(self._prepare, newest, dict(self._opened)))
        return self._pointers_in_use()

    def _pointers_in_use(self) -> dict[str, Projection | None]:
        return {signal: opened.pointer for signal, opened in self._opened.items()}

    def _is_long(self, reader: Reader) -> bool:
        """Whether much has changed since the words in use were published, besides what people say: that is
        indexed quickly, and looked for at once.
        """
        pointer = self._opened[WORDS].pointer
        return reader.count_changes(pointer.seq if pointer else 0) > LONG_TAIL

    def _take_up(self, prepared: _Prepared, newest: Mapping[str, Projection | None]) -> None:
        """Use what was prepared aside; what failed is tried again, a damaged generation when the pointers
        move."""
        error = prepared.made.exception()
        if isinstance(error, ProjectionDamaged) and prepared.pointers == newest:
            raise error
        self._prepared = None
        if error is None:
            self._opened, self._snapshot = prepared.made.result()

    def _prepare(
        self, pointers: Mapping[str, Projection | None], opened: Mapping[str, _Opened]
    ) -> tuple[dict[str, _Opened], Snapshot]:
        fresh = {**opened, **self._load_generations(pointers, opened)}
        with self._catalog.reading() as reader:
            return fresh, self._make_snapshot(fresh, reader)

    def _load_generations(
        self, pointers: Mapping[str, Projection | None], opened: Mapping[str, _Opened]
    ) -> dict[str, _Opened]:
        """The generations that these pointers lead to and that are not opened yet."""
        return {
            projection.signal: self._follow_pointer(
                projection, pointers[projection.signal], opened.get(projection.signal)
            )
            for projection in self._projections
            if projection.signal not in opened
            or opened[projection.signal].pointer != pointers[projection.signal]
        }

    def _follow_pointer(
        self, projection: AnyProjection, pointer: Projection | None, opened: _Opened | None
    ) -> _Opened:
        """What is opened already, where a pointer only moved its watermark; or else its generation."""
        if opened is not None and _is_same_generation(opened.pointer, pointer):
            return replace(opened, pointer=pointer)
        return self._load_generation(projection, pointer)

    def _load_generation(self, projection: AnyProjection, pointer: Projection | None) -> _Opened:
        stamp = stamp_generation(self._root, pointer)
        return _Opened(pointer, stamp, projection.load_generation(self._root, pointer))

    def _make_snapshot(self, opened: Mapping[str, _Opened], reader: Reader) -> Snapshot:
        """The views of these generations with what changed since."""
        log = _ChangeLog(reader)
        views = {one.signal: _make_view(one, opened[one.signal], log) for one in self._projections}
        pointers = {one.signal: opened[one.signal].pointer for one in self._projections}
        return Snapshot(reader.last_seq(), views, pointers)

    def find_damages(self) -> list[ProjectionDamaged]:
        """Every projection whose live generation cannot be trusted, with its reason.

        Of a generation that is opened for searches, these are damages that were met when it was read; it is
        read whole where size or time of its files have changed since. `retrieval.soundness.find_damages`
        reads all of them at each call.
        """
        with self._refreshing:
            with self._catalog.reading() as reader:
                in_use = newest = self._newest_pointers(reader)
                if self._aside is not None and self._snapshot is not None:
                    try:
                        in_use = self._choose_pointers(newest, reader, self._aside)
                    except ProjectionDamaged as damage:
                        return [damage]
            # What is being prepared aside is being verified, too.
            checked = [one for one in self._projections if in_use[one.signal] == newest[one.signal]]
            found = (self._find_damage(one, newest[one.signal]) for one in checked)
            return [damage for damage in found if damage is not None]

    def _find_damage(self, projection: AnyProjection, pointer: Projection | None) -> ProjectionDamaged | None:
        opened = self._opened.get(projection.signal)
        is_opened = opened is not None and _is_same_generation(opened.pointer, pointer)
        if is_opened and opened and opened.stamp == stamp_generation(self._root, pointer):
            return opened.damage
        try:
            if is_opened and pointer:
                verify_generation(self._root, pointer, projection.versions)
            self._opened[projection.signal] = self._load_generation(projection, pointer)
        except ProjectionDamaged as damage:
            return damage
        return None

    def _pointers_moved(self) -> bool:
        with self._catalog.reading() as reader:
            return self._newest_pointers(reader) != self._pointers_in_use()


def _make_view(projection: AnyProjection, opened: _Opened, log: _ChangeLog) -> AbstractView[Any]:
    return projection.make_view(opened.loaded, log.reader, log.find_tail(projection, opened.pointer))


@final
class _ChangeLog:
    """The change log of one state; what several projections ask is read once."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._tails: dict[tuple[int, bool], Tail] = {}

    def find_tail(self, projection: AnyProjection, pointer: Projection | None) -> Tail:
        """What a projection has to know besides its generation."""
        key = pointer.seq if pointer else 0, projection.features_only
        if key not in self._tails:
            changes = self.reader.changes_since(key[0])
            self._tails[key] = make_tail([change for change in changes if not (key[1] and change.said)])
        return self._tails[key]


def _is_same_generation(one: Projection | None, other: Projection | None) -> bool:
    """Whether two pointers are to the same files; a publication may only move the watermark of one."""
    return one == other or (one is not None and other is not None and replace(one, seq=other.seq) == other)


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
