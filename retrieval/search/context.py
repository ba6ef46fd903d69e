"""What all steps of one search share."""

from __future__ import annotations

from dataclasses import dataclass

from ..catalog import Catalog
from ..projections.snapshot import Snapshot
from ..query.values import Options, Query
from ..settings import Settings
from .features import FeatureSource
from .judging import Judge
from .probes import ProbeMaker


@dataclass(frozen=True, slots=True, eq=False)
class SearchContext:
    """A query, one state of a library, and what reads and judges it.

    `options` are those of the query, with the settings of the library where the query leaves them open.
    """

    query: Query
    options: Options
    settings: Settings
    catalog: Catalog
    snapshot: Snapshot
    features: FeatureSource
    probe_maker: ProbeMaker
    judge: Judge
