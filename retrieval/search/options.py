"""The options of a search: those of the query, completed by the settings of the library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from ..query.values import Options
from ..settings import Settings

ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """As `query.values.Options`, but nothing is left open."""

    fusion: str
    narrow: bool
    neighbours: bool
    expand: str
    rerank: str
    verify: int
    diversity: float
    group: str
    group_of: int | None
    weaker: bool
    min_score: float

    @classmethod
    def from_query(cls, options: Options, settings: Settings) -> SearchOptions:
        """What the query leaves open is as the settings say; options without a setting are off."""
        return cls(
            fusion=_choose(options.fusion, settings.fusion),
            narrow=_choose(options.narrow, settings.narrow),
            neighbours=_choose(options.neighbours, settings.neighbours),
            expand=_choose(options.expand, "none"),
            rerank=_choose(options.rerank, "none"),
            verify=_choose(options.verify, settings.verify),
            diversity=_choose(options.diversity, 0.0),
            group=_choose(options.group, settings.group),
            group_of=options.group_of,
            weaker=_choose(options.weaker, settings.weaker),
            min_score=_choose(options.min_score, 0.0),
        )


def _choose(value: ValueT | None, default: ValueT) -> ValueT:
    return default if value is None else value
