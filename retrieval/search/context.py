"""What all steps of one search share."""

from __future__ import annotations

from dataclasses import dataclass

from ..catalog import Catalog
from ..projections.snapshot import Snapshot
from ..query.values import Query
from ..ranking.translation import Translator
from ..settings import Settings
from .features import FeatureSource
from .judging import Judge
from .options import SearchOptions
from .picked_lists import PickedLists
from .probes import ProbeMaker
from .saved_sets import SavedSets
from .sort_keys import SortKeys


@dataclass(frozen=True, slots=True, eq=False)
class SearchContext:
    """A query with its options, one state of a library, and what reads and judges it."""

    query: Query
    options: SearchOptions
    settings: Settings
    catalog: Catalog
    snapshot: Snapshot
    features: FeatureSource
    probe_maker: ProbeMaker
    translator: Translator
    judge: Judge
    sort_keys: SortKeys
    saved_sets: SavedSets
    picked_lists: PickedLists
