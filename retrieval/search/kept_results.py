"""Results that are true in one state of a library, each made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar, final

MOST: Final = 8  # that are kept: of each tier of duplicates under two rules

ResultT = TypeVar("ResultT")


@final
class KeptResults(Generic[ResultT]):
    """Keeps results until the state changes that they belong to; safe to ask from many threads."""

    def __init__(self) -> None:
        self._kept: tuple[object, dict[Hashable, ResultT]] = None, {}

    def find_result(self, state: object, key: Hashable, make: Callable[[], ResultT]) -> ResultT:
        """The result under a key, which is made where this state has none yet."""
        if self._kept[0] != state:
            self._kept = state, {}
        results = self._kept[1]
        result = results.get(key)
        if result is None:
            result = make()
            self._kept = state, dict([*list(results.items())[1 - MOST :], (key, result)])
        return result
