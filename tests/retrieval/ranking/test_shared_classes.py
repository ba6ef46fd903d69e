"""The classes that a text and a picture have in common."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.ranking.shared_classes import MOST_SHARED, NEAREST, find_shared_classes

CLASSES, DIMENSION = 60, 80


def random_weight() -> np.ndarray:
    return np.random.default_rng(4).standard_normal((CLASSES, DIMENSION)).astype(np.float32) + 3


def centred(weight: np.ndarray) -> np.ndarray:
    rows = weight - weight.mean(axis=0)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def test_the_class_of_both_comes_first() -> None:
    rows = centred(random_weight())
    found = find_shared_classes(rows[7] + 0.3 * rows[9], rows[7] + 0.3 * rows[11], random_weight())
    assert found[0].index == 7
    assert found[0].text > 0.8
    assert found[0].picture > 0.8
    assert len(found) <= MOST_SHARED
    products = [shared.text * shared.picture for shared in found]
    assert products == sorted(products, reverse=True)


def test_opposites_share_nothing() -> None:
    rows = centred(random_weight())
    assert find_shared_classes(rows[7], -rows[7], random_weight()) == []


def test_a_text_that_many_classes_are_kinds_of_shares_those_of_the_picture() -> None:
    """More classes are near the text than can be shared, and the picture is of the farthest of them."""
    weight, kinds = np.eye(CLASSES, DIMENSION, dtype=np.float32), NEAREST + 5
    text = np.linspace(2, 1, kinds, dtype=np.float32) @ weight[:kinds]
    [shared] = find_shared_classes(text, weight[kinds - 1], weight)
    assert shared.index == kinds - 1


def test_a_shared_class_is_among_the_nearest_of_both() -> None:
    random, weight = np.random.default_rng(5), random_weight()
    text, picture = random.standard_normal((2, DIMENSION)).astype(np.float32)
    for shared in find_shared_classes(text, picture, weight):
        for vector, cosine in ((text, shared.text), (picture, shared.picture)):
            cosines = centred(weight) @ vector / np.linalg.norm(vector)
            assert cosine == pytest.approx(cosines[shared.index], abs=1e-5)
            assert (cosines > cosine + 1e-5).sum() < NEAREST
