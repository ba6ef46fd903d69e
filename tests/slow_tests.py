"""Slow tests are skipped, or try fewer cases, unless an environment variable asks for all of them."""

from __future__ import annotations

import math
import os

import pytest

only_with_all_sets = pytest.mark.skipif(
    os.environ.get("PICTOR_SETS") != "all", reason="takes minutes; PICTOR_SETS=all runs it"
)

only_with_the_teacher = pytest.mark.skipif(
    os.environ.get("PICTOR_SETS") not in ("teacher", "all"),
    reason="indexes a set once more; PICTOR_SETS=teacher runs it",
)


def example_count(whole: int) -> int:
    """How many random examples a slow property is tried with: a quarter, or all with PICTOR_EXAMPLES=all."""
    return whole if os.environ.get("PICTOR_EXAMPLES") == "all" else math.ceil(whole / 4)
