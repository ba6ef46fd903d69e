"""What saved searches find, as sets of images: `saved:NAME` is a condition."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from ..errors import InvalidQuery
from ..query.values import Query
from ..ranking.arrays import Int64Ids

LoadQuery = Callable[[str], Query]
FindIds = Callable[[Query], Int64Ids]


@final
class SavedSets:
    """The images that saved searches list or group, each search asked once for one state of a library."""

    def __init__(self, load_query: LoadQuery, find_ids: FindIds) -> None:
        self._load_query, self._find_ids = load_query, find_ids
        self._found: dict[str, Int64Ids] = {}
        self._asked: list[str] = []  # whose answers wait for others

    def find_named(self, name: str) -> Int64Ids:
        """The ids of what a saved search finds.

        Raises InvalidQuery for an unknown name, and for a search that leads back to itself.
        """
        if name in self._asked:
            way = " → ".join([*self._asked[self._asked.index(name) :], name])
            raise InvalidQuery(f"saved:{name}: leads back to itself ({way}); take it out of one of them")
        if name not in self._found:
            self._asked.append(name)
            try:
                self._found[name] = self._find_ids(self._load_query(name))
            finally:
                self._asked.pop()
        return self._found[name]
