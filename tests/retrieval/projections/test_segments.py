"""Segments: a generation shares with the one before what has not changed, and answers as one built anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.catalog import WritableCatalog
from retrieval.manifest import MANIFEST
from retrieval.projections import segments
from retrieval.projections.publications import live_pointers
from retrieval.projections.vectors import VectorIndex, VectorProjection
from retrieval.writing import publisher
from tests.databases import new_image

DIMENSION = 5


@pytest.fixture(autouse=True)
def small(monkeypatch: Any) -> None:
    """Four ids a segment."""
    monkeypatch.setattr(segments, "SEGMENT_SIZE", 4)


class SegmentedCatalog:
    """A catalog with a space, its one projection, and where this lies."""

    def __init__(self, folder: Path) -> None:
        self.catalog = WritableCatalog.create(f"sqlite:///{folder / 'catalog.sqlite'}")
        self.root = folder / "projections"
        with self.catalog.writing() as writer:
            space = writer.add_space("fingerprint", "colour", {}, DIMENSION)
        with self.catalog.reading() as reader:
            [self.space] = [stored_space for stored_space in reader.load_spaces() if stored_space.id == space]
        self.projection = VectorProjection(self.space)

    def add(self, count: int, first: int) -> None:
        with self.catalog.writing() as writer:
            writer.add_images([self._image(first + number) for number in range(count)])

    def _image(self, number: int) -> Any:
        feature = np.random.default_rng(number).standard_normal(DIMENSION).astype(np.float16)
        return new_image(number, features={self.space.id: feature})

    def remove(self, *ids: int) -> None:
        with self.catalog.writing() as writer:
            writer.remove_images(ids)

    def publish(self, *, anew: bool = False) -> dict[str, int]:
        """The files of the generation besides its manifest, each with its inode."""
        publisher.publish_projections(self.catalog, [self.projection], self.root, anew=anew)
        [generation] = self.root.iterdir()
        files = sorted(path for path in generation.iterdir() if path.name != MANIFEST)
        return {path.name: path.stat().st_ino for path in files}

    def index(self) -> VectorIndex:
        [pointer] = self.pointers()
        return self.projection.load_generation(self.root, pointer)

    def pointers(self) -> list[Any]:
        with self.catalog.reading() as reader:
            return live_pointers(reader, self.root)

    def rows(self) -> dict[int, list[float]]:
        """What the live generation holds, and what the catalog does, which are the same."""
        with self.catalog.reading() as reader:
            ids, features = reader.load_features(self.space)
        index = self.index()
        assert index.size == len(ids)
        assert np.array_equal(index.rows(ids), features.astype(np.float32))
        return dict(zip(ids.tolist(), features.tolist(), strict=True))


@pytest.fixture
def segmented(tmp_path: Path) -> Any:
    segmented = SegmentedCatalog(tmp_path)
    yield segmented
    segmented.catalog.close()


def names(*numbers: int) -> list[str]:
    return ["method.json", *(f"segment-{number:08}.rows" for number in numbers)]


def test_what_has_not_changed_is_shared_and_the_rest_is_written_anew(segmented: SegmentedCatalog) -> None:
    segmented.add(10, 0)  # ids 1 to 10
    first = segmented.publish()
    assert list(first) == names(0, 1, 2)
    segmented.add(3, 100)  # 11 to 13
    segmented.remove(2)
    second = segmented.publish()
    assert list(second) == names(0, 1, 2, 3)
    assert second[names(1)[1]] == first[names(1)[1]]
    assert second[names(0)[1]] != first[names(0)[1]]
    assert second[names(2)[1]] != first[names(2)[1]]
    assert sorted(segmented.rows()) == [1, *range(3, 14)]


def test_a_segment_whose_images_are_all_gone_is_no_more(segmented: SegmentedCatalog) -> None:
    segmented.add(9, 0)
    segmented.publish()
    segmented.remove(4, 5, 6, 7)
    assert list(segmented.publish()) == names(0, 2)
    assert sorted(segmented.rows()) == [1, 2, 3, 8, 9]


def test_built_anew_it_shares_no_file(segmented: SegmentedCatalog) -> None:
    segmented.add(9, 0)
    first = segmented.publish()
    again = segmented.publish(anew=True)
    assert not set(first.values()) & set(again.values())


def test_an_empty_library_has_no_segment(segmented: SegmentedCatalog) -> None:
    assert list(segmented.publish(anew=True)) == names()
    assert segmented.rows() == {}


@given(st.lists(st.integers(1, 7) | st.sets(st.integers(1, 30), min_size=1), min_size=1, max_size=6))
@settings(deadline=None, max_examples=10)
def test_any_history_ends_in_what_the_catalog_holds(
    tmp_path_factory: pytest.TempPathFactory, history: list[int | set[int]]
) -> None:
    """A number is so many images more, a set the ids of those that go."""
    segmented = SegmentedCatalog(tmp_path_factory.mktemp("history"))
    for number, step in enumerate(history):
        if isinstance(step, int):
            segmented.add(step, 100 * number)
        else:
            segmented.remove(*step)
        segmented.publish()
        segmented.rows()
    segmented.catalog.close()


def test_only_one_segment_is_asked_for_at_a_time(segmented: SegmentedCatalog) -> None:
    segmented.add(10, 0)
    with segmented.catalog.reading() as reader:
        blocks = list(segments.StoredFeatures(reader, segmented.space))
    assert [(number, ids.tolist()) for number, ids, _ in blocks] == [
        (0, [1, 2, 3]),
        (1, [4, 5, 6, 7]),
        (2, [8, 9, 10]),
    ]
