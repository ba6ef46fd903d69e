"""What every projection promises: it can be written, loaded, seen with its tail, searched."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from ..catalog import Projection
from ..catalog.reader import Reader
from ..ranking.ranking import Ids, Ranking

LoadedT = TypeVar("LoadedT")
QueryT = TypeVar("QueryT", contravariant=True)


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """What was acknowledged after a generation's watermark.

    `put`: the images to be searched beside the generation; `hidden`: those whose entry in the
    generation no longer counts (removed ones, and the put ones).
    """

    put: Ids
    hidden: Ids


class AbstractView(ABC, Generic[QueryT]):
    """One unchanging state of a projection, tail included; safe to search from many threads."""

    @abstractmethod
    def search(self, query: QueryT, *, limit: int, allowed: Ids | None) -> Ranking:
        """The best `limit` images for the query, among `allowed` where it is given.

        Scores are rounded to SCORE_DECIMALS; equal ones are ordered by image id, also where the
        limit cuts between them.
        """


class AbstractProjection(ABC, Generic[LoadedT, QueryT]):
    """An index derived from the catalog, under the generation protocol.

    `signal` is the name of its ranking, `kind` and `space_id` find its pointer in the catalog, and
    `versions` names everything besides the facts that a generation depends on.
    """

    kind: str
    signal: str
    space_id: int | None
    versions: str

    @abstractmethod
    def write(self, reader: Reader, root: Path, previous: Projection | None) -> Projection:
        """Write a generation that holds the reader's state below `root`, durably; its pointer.

        `previous` is the pointer to a generation whose unchanged files may be shared, or None.
        """

    @abstractmethod
    def load(self, root: Path, pointer: Projection | None) -> LoadedT:
        """A generation, verified and opened; an empty one without a pointer.

        Raises ProjectionDamaged before anything is deserialised, when a checksum is wrong.
        """

    @abstractmethod
    def view(self, loaded: LoadedT, reader: Reader, tail: Tail) -> AbstractView[QueryT]:
        """The generation together with what came after it."""
