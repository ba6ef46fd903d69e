"""How many hits of saved searches are new, kept until something changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import final

from ..catalog import SavedSearch
from .hits import SavedNews


@final
class KeptNews:
    """Counts the new hits of saved searches, each once in one state of what they find; safe for threads."""

    def __init__(self) -> None:
        self._counted: tuple[object, dict[SavedSearch, SavedNews]] = None, {}

    def count_all(
        self,
        searches: Iterable[SavedSearch],
        state: object,
        count: Callable[[SavedSearch], SavedNews],
        *,
        seconds: float,
    ) -> list[SavedNews]:
        """The news of all searches; those that are not reached in so many seconds are not counted.

        `state` is everything that counts depend on besides a search.
        """
        if self._counted[0] != state:
            self._counted = state, {}
        known, end = self._counted[1], perf_counter() + seconds
        news = []
        for saved in searches:
            if saved not in known and perf_counter() < end:
                known[saved] = count(saved)
            news.append(known.get(saved) or SavedNews(saved))
        return news
