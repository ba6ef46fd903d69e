"""The interface of projections: written, loaded, combined with the tail, and searched."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from ..catalog import Projection
from ..catalog.reader import Reader
from ..ranking.arrays import Int64Ids, Int64Vector
from ..ranking.ranking import Ranking

LoadedT = TypeVar("LoadedT")
QueryT = TypeVar("QueryT", contravariant=True)


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """The changes after a generation's watermark.

    `put`: the images to search in addition to the generation; `put_changes`: the last change of each.
    `hidden`: the images whose entry in the generation no longer counts: removed ones, and those in `put`.
    """

    put: Int64Ids
    hidden: Int64Ids
    put_changes: Int64Vector


class AbstractView(ABC, Generic[QueryT]):
    """One fixed state of a projection, tail included; safe to search from many threads."""

    def prepare_query(self, query: QueryT) -> Any:
        """What `query` is compared as: the other methods take it in its place, and need not make it anew."""
        return query

    @abstractmethod
    def search(self, query: QueryT, *, limit: int, allowed: Int64Ids | None) -> Ranking:
        """The best `limit` images for the query, among `allowed` unless it is None.

        Scores are rounded to SCORE_DECIMALS. Equal scores are ordered by image id, also at the limit.
        """

    def search_many(
        self, queries: Sequence[QueryT], *, limit: int, allowed: Sequence[Int64Ids | None]
    ) -> list[Ranking]:
        """What `search` finds for each of these queries, among what is allowed to it."""
        return [
            self.search(query, limit=limit, allowed=among)
            for query, among in zip(queries, allowed, strict=True)
        ]

    def rank_ids(self, query: QueryT, ids: Int64Ids) -> Ranking:
        """Those of these distinct images that it finds, with the scores that `search` gives them."""
        return self.search(query, limit=len(ids), allowed=np.sort(ids))


class AbstractProjection(ABC, Generic[LoadedT, QueryT]):
    """An index that is derived from the catalog and stored in generations.

    `signal` is the name of its ranking, `kind` and `space_id` find its pointer in the catalog, and
    `versions` names everything besides the facts that a generation depends on. One that is made of
    `features_only` stays the same whatever people say of images.
    """

    features_only = False
    kind: str
    signal: str
    space_id: int | None
    versions: str

    @abstractmethod
    def write_generation(self, reader: Reader, root: Path, previous: Projection | None) -> Projection:
        """Write a generation of the reader's state below `root`, durably; returns its pointer.

        `previous` points to a generation whose unchanged files may be shared, or is None.
        """

    @abstractmethod
    def load_generation(self, root: Path, pointer: Projection | None) -> LoadedT:
        """A generation, verified and opened; an empty one if `pointer` is None.

        Raises ProjectionDamaged if a checksum is wrong, before anything is deserialised.
        """

    @abstractmethod
    def make_view(self, loaded: LoadedT, reader: Reader, tail: Tail) -> AbstractView[QueryT]:
        """The generation together with the changes after it."""
