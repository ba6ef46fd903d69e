"""Which labels are chosen, and which images may have them: worked by hand, and compared with plain Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import PREDICTED_SOURCE, Annotation, Image, NewImage
from retrieval.catalog import WritableCatalog, sqlite_url
from retrieval.ranking.narrowing import LabelTable, select_likely_labels

CAT, DOG, SOFA = "tabby, tabby cat", "boxer", "studio couch, day bed"


@pytest.mark.parametrize(
    ("labels", "mass", "expected"),
    [
        ([], 0.5, ()),
        ([("a", 0.5)], 0.5, ("a",)),
        ([("a", 0.49)], 0.5, ()),
        ([("a", 0.2), ("b", 0.6)], 0.5, ("b",)),
        ([("a", 0.2), ("b", 0.6)], 0.7, ("b", "a")),
        ([("a", 0.2), ("b", 0.6)], 0.9, ()),
        ([("b", 0.3), ("a", 0.3), ("c", 0.3)], 0.6, ("a", "b")),
        ([("a", 0.1), ("b", 0.2), ("c", 0.4)], 0.7, ("c", "b", "a")),  # the binary sum is a little less
    ],
)
def test_the_fewest_labels_that_reach_the_mass(
    labels: list[tuple[str, float]], mass: float, expected: tuple[str, ...]
) -> None:
    assert select_likely_labels(labels, mass=mass) == expected


@pytest.mark.parametrize(
    ("labels", "categories", "expected"),
    [
        ([("a", 0.4), ("b", 0.5)], [("dog", 0.9), ("animal", 1.0)], ("b", "a")),
        ([("a", 0.4), ("b", 0.3)], [("dog", 0.93), ("animal", 0.99)], ("dog",)),
        ([("a", 0.4), ("b", 0.3)], [("dog", 0.85), ("animal", 0.99)], ("animal",)),
        ([("a", 0.4), ("b", 0.3)], [("dog", 0.85), ("animal", 0.89)], ()),
    ],
)
def test_where_labels_do_not_reach_the_mass_the_most_specific_category_that_does(
    labels: list[tuple[str, float]], categories: list[tuple[str, float]], expected: tuple[str, ...]
) -> None:
    assert select_likely_labels(labels, categories, 0.9) == expected


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 20)), st.integers(1, 100))
def test_none_could_be_left_out_of_them(hundredths: dict[str, int], mass: int) -> None:
    chosen = select_likely_labels(
        [(label, hundredth / 100) for label, hundredth in hundredths.items()], mass=mass / 100
    )
    sums = [hundredths[label] for label in chosen]
    if chosen:
        assert sum(sums) >= mass > sum(sums) - min(sums)
        assert min(sums) >= max(
            (hundredth for label, hundredth in hundredths.items() if label not in chosen), default=0
        )
    else:
        assert sum(hundredths.values()) < mass


FACTS: list[list[tuple[str, str, float]]] = [
    [(CAT, PREDICTED_SOURCE, 0.9)],
    [(DOG, PREDICTED_SOURCE, 0.6), (CAT, PREDICTED_SOURCE, 0.05)],
    [(DOG, PREDICTED_SOURCE, 0.9)],
    [],
    [("Tabby Cat", "captions", 1.0), (SOFA, PREDICTED_SOURCE, 0.9)],
    [("holiday", "captions", 1.0)],
    [("holiday", "captions", 1.0), (SOFA, PREDICTED_SOURCE, 0.3)],
    [("cat", "captions", 1.0), (SOFA, PREDICTED_SOURCE, 0.3)],
]


@pytest.fixture
def stored_images(tmp_path: Path) -> tuple[dict[int, Image], LabelTable]:
    """The images with these labels, after one that was removed, and their label table from the catalog."""
    catalog = WritableCatalog.create(sqlite_url(tmp_path / "catalog.sqlite"))
    with catalog.writing() as writer:
        ids = writer.add_images([_new(number, facts) for number, facts in enumerate([[], *FACTS])])
        writer.remove_images(ids[:1])
        for image_id, facts in zip(ids[1:], FACTS, strict=True):
            given = [
                Annotation("label", value, source) for value, source, _ in facts if source != PREDICTED_SOURCE
            ]
            writer.replace_annotations(image_id, "captions", given)
    with catalog.reading() as reader:
        found = reader.load_images(ids), reader.load_labels()
    catalog.close()
    return found


def _new(number: int, facts: list[tuple[str, str, float]]) -> NewImage:
    said = tuple(
        Annotation("label", value, PREDICTED_SOURCE, sure)
        for value, source, sure in facts
        if source == PREDICTED_SOURCE
    )
    meaning = (Annotation("definition", CAT, PREDICTED_SOURCE, 0.9),)  # this is not a label
    return NewImage(f"{number}", 0, 8, 8, "jpeg", 1, None, b"", {}, said + meaning)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ((CAT,), [0, 1, 3, 4, 5]),
        ((DOG,), [1, 2, 3, 5]),
        ((CAT, SOFA), [0, 1, 3, 4, 5, 6, 7]),
        (("tabby",), [3, 5]),  # not a label of the classifier, but one of its names
        (("unheard of",), [3, 5]),
    ],
)
def test_candidates_worked_by_hand(
    stored_images: tuple[dict[int, Image], LabelTable], asked: tuple[str, ...], expected: list[int]
) -> None:
    images, labelled = stored_images
    ids = list(images)
    found = labelled.find_candidates(asked)
    assert found is not None
    assert found.tolist() == [ids[number] for number in expected]
    assert found.dtype == np.int64


def test_no_label_asked_for_means_all_images(stored_images: tuple[dict[int, Image], LabelTable]) -> None:
    images, labelled = stored_images
    assert labelled.find_candidates(()) is None
    assert labelled.images.tolist() == list(images)


def test_a_catalog_without_labels_loses_nothing() -> None:
    none = np.empty(0, np.int64)
    unlabelled = LabelTable(np.array([3, 7]), (), none, none, np.empty(0, bool))
    found = unlabelled.find_candidates((CAT,))
    assert found is not None
    assert found.tolist() == [3, 7]


@given(st.sets(st.sampled_from([CAT, DOG, SOFA, "holiday"]), min_size=1), st.data())
def test_no_image_that_nothing_is_predicted_for_is_ever_lost(asked: set[str], data: st.DataObject) -> None:
    labels = tuple(sorted([CAT, DOG, SOFA, "holiday"]))
    said = data.draw(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.booleans()), max_size=12))
    rows, codes, predicted = (
        np.array([row[at] for row in said], kind) for at, kind in ((0, int), (1, int), (2, bool))
    )
    found = LabelTable(np.arange(6) * 10, labels, rows, codes, predicted).find_candidates(tuple(asked))
    assert found is not None
    for place in range(6):
        guessed = {labels[code] for row, code, guess in said if row == place and guess}
        given_ = {labels[code] for row, code, guess in said if row == place and not guess}
        kept = not guessed or bool(guessed & asked) or bool(given_ & asked)
        assert (place * 10 in found.tolist()) == kept
