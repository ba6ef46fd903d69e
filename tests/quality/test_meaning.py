"""Words that find pictures without words, and words and pictures together, with real weights: minimum values."""

from __future__ import annotations

import pytest

from benchmarks.meaning import GROCERY, measure_backbone
from benchmarks.sets import BUNDLED, why_unavailable
from tests.slow_tests import only_with_all_sets


@pytest.mark.sets
@only_with_all_sets
@pytest.mark.skipif(why_unavailable() is not None, reason=str(why_unavailable()))
def test_descriptions_find_products_with_and_without_words() -> None:
    found = measure_backbone(BUNDLED, 1)
    assert found[f"{GROCERY} text to uncaptioned times chance"] >= 10
    assert found[f"{GROCERY} text to uncaptioned mAP"] >= 0.65
    assert found[f"{GROCERY} picture and text mAP"] >= 0.60
    assert found[f"{GROCERY} picture and text mAP, low"] > found[f"{GROCERY} picture: fused mAP, high"]
