"""Categories: the table that comes with the program, and sums over it compared with plain Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.categories import find_kinds, load_categories, load_class_names, sum_confidences
from retrieval.descriptors.runtimes.timm_models import label_names

LABELS = "imagenet-1k"
CATEGORIES = load_categories(LABELS)
BY_NAME = {category.names[0]: category for category in CATEGORIES}


def test_classes_are_called_what_predictions_call_them() -> None:
    assert load_class_names(LABELS) == tuple(name.words for name in label_names(LABELS))


def test_the_most_specific_come_first_and_every_one_has_its_own_names_and_classes() -> None:
    sizes = [len(category.classes) for category in CATEGORIES]
    assert sizes == sorted(sizes)
    assert len({category.words for category in CATEGORIES}) == len(CATEGORIES)
    assert len({category.synset for category in CATEGORIES}) == len(CATEGORIES)
    for category in CATEGORIES:
        assert list(category.classes) == sorted(set(category.classes))
        assert set(category.classes) <= set(range(1000))
        assert all(category.names)
        assert category.definition


@pytest.mark.parametrize(
    ("name", "classes"),
    [("dog", range(151, 269)), ("animal", range(398)), ("domestic cat", range(281, 286)), ("horse", [339])],
)
def test_classes_of_well_known_ones(name: str, classes: range) -> None:
    assert BY_NAME[name].classes == tuple(classes)


@pytest.mark.parametrize(
    ("category", "kind"),
    [
        ("vehicle", "minibus"), ("vehicle", "speedboat"), ("bus", "school bus"), ("car", "cab, hack, taxi, taxicab"),
        ("food", "broccoli"), ("food", "red wine"), ("fruit", "banana"), ("furniture", "folding chair"),
        ("pet", "hamster"), ("pet", "tabby, tabby cat"), ("sports equipment", "soccer ball"), ("landscape", "volcano"),
        ("keyboard instrument", "grand piano, grand"), ("stringed instrument", "grand piano, grand"),
    ],
)  # fmt: skip
def test_what_is_a_kind_of_what(category: str, kind: str) -> None:
    assert kind in find_kinds(BY_NAME[category].words, LABELS)


@pytest.mark.parametrize(
    ("category", "stranger"),
    [("food", "menu"), ("computer", "web site, website, internet site, site"), ("container", "ambulance"),
     ("pet", "tiger, Panthera tigris"), ("mammal", "hen"), ("ball", "punching bag, punch bag, punching ball, punchball")],
)  # fmt: skip
def test_what_wordnet_takes_for_a_kind_but_no_picture_shows(category: str, stranger: str) -> None:
    assert stranger in load_class_names(LABELS)
    assert stranger not in find_kinds(BY_NAME[category].words, LABELS)


@pytest.mark.parametrize(
    "name", ["car", "plane", "bike", "phone", "tv", "fridge", "sofa", "couch", "bird", "food", "person", "pig", "cow",
             "clothes", "drink", "fruit", "beach", "boat", "train", "cell phone", "trousers", "glasses", "toilet"],
)  # fmt: skip
def test_names_that_people_type_are_there(name: str) -> None:
    assert any(name in category.names for category in CATEGORIES)


def test_what_nobody_searches_for_is_not() -> None:
    names = {name for category in CATEGORIES for name in category.names}
    assert names.isdisjoint(
        {"whole", "unit", "artifact", "entity", "conveyance", "chordate", "placental", "object"}
    )


def test_nothing_is_a_kind_of_what_is_not_known() -> None:
    assert find_kinds("dog", LABELS) == find_kinds(BY_NAME["dog"].words, "") == frozenset()


@given(st.integers(0, 10**6), st.sampled_from([0.02, 0.3, 3.0]))
@settings(deadline=None, max_examples=20)
def test_a_sum_counts_every_class_once(seed: int, concentration: float) -> None:
    rows = np.random.default_rng(seed).dirichlet(np.full(1000, concentration), 3).astype(np.float32)
    sums = sum_confidences(rows, LABELS)
    expected = [
        [sum(row[index] for index in set(found.classes)) for found in CATEGORIES] for row in rows.tolist()
    ]
    assert sums == pytest.approx(np.array(expected), abs=1e-4)
    assert sums.max() <= 1
