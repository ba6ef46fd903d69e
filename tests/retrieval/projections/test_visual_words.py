"""Visual words: votes are those of brute force, and every way to build the postings gives the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from math import exp, log1p
from pathlib import Path

import numpy as np
import pytest

from retrieval.catalog import WritableCatalog
from retrieval.descriptors.visual_vocabularies import (
    draw_directions,
    load_bundled_vocabulary,
    read_visual_vocabulary,
    visual_vocabulary_to_bytes,
)
from retrieval.projections import segments, visual_words
from retrieval.projections.postings import Postings, merge_postings
from retrieval.projections.snapshot import Snapshots
from retrieval.projections.visual_words import (
    VISUAL_WORDS,
    VisualWordProjection,
    VisualWordView,
    index_keypoints,
)
from retrieval.projections.words import WordProjection
from retrieval.ranking.keypoints import Keypoints, encode_keypoints
from retrieval.ranking.visual_words import Vocabulary
from retrieval.writing import publisher
from tests.databases import new_image
from tests.retrieval.ranking.test_keypoints import random_keypoints

NO_IDS = np.empty(0, np.int64)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    """Sixteen words: each holds many keypoints."""
    draws = np.random.default_rng(1)
    leaves = draws.normal(0, 0.1, (4, 4, 64))
    return Vocabulary(
        draws.normal(0, 0.01, 128).astype(np.float32),
        np.linalg.qr(draws.normal(size=(128, 64)))[0].astype(np.float32),
        leaves.mean(axis=1).astype(np.float32),
        leaves.astype(np.float32),
        draw_directions(64),
    )


@pytest.fixture(scope="module")
def pictures() -> dict[int, Keypoints]:
    """Twenty pictures; those with an even id share half of their keypoints with the next one."""
    made = {}
    for image_id in range(2, 22, 2):
        made[image_id] = random_keypoints(30, seed=image_id)
        other = random_keypoints(30, seed=1000 + image_id)
        other.descriptors[:15] = made[image_id].descriptors[:15]
        made[image_id + 1] = other
    return made


def build(vocabulary: Vocabulary, pictures: dict[int, Keypoints]) -> Postings:
    stored = {image_id: encode_keypoints(keypoints) for image_id, keypoints in pictures.items()}
    return index_keypoints(vocabulary, np.array(list(pictures), np.int64), [stored])


def count_votes(vocabulary: Vocabulary, query: Keypoints, pictures: dict[int, Keypoints]) -> dict[int, float]:
    """The votes by the definition, keypoint by keypoint."""
    asked, signs = vocabulary.find_words(
        query.descriptors, visual_words.WORDS_ASKED, visual_words.BRANCHES_ASKED
    )
    nearest: dict[tuple[int, int], int] = {}
    for image_id, keypoints in pictures.items():
        for word, signature in zip(*vocabulary.quantize_descriptors(keypoints.descriptors), strict=True):
            for number in range(len(query)):
                for asked_word, sign in zip(asked[number], signs[number], strict=True):
                    apart = int(sign ^ signature).bit_count()
                    if asked_word == word and apart <= visual_words.MOST_APART:
                        key = number, image_id
                        nearest[key] = min(apart, nearest.get(key, apart))
    found = defaultdict(set)
    for number, image_id in nearest:
        found[number].add(image_id)
    votes: dict[int, float] = defaultdict(float)
    for (number, image_id), apart in nearest.items():
        weight = exp(-((apart / visual_words.WIDTH) ** 2))
        votes[image_id] += weight * log1p(len(pictures) / len(found[number]))
    return votes


def test_the_votes_are_those_of_brute_force(vocabulary: Vocabulary, pictures: dict[int, Keypoints]) -> None:
    halves = [dict(list(pictures.items())[part]) for part in (slice(0, 9), slice(9, None))]
    view = VisualWordView(vocabulary, [build(vocabulary, half) for half in halves], [], NO_IDS)
    query = pictures[6]
    ranking = view.search(query, limit=100, allowed=None)
    expected = count_votes(vocabulary, query, pictures)
    assert dict(zip(ranking.ids.tolist(), ranking.scores.tolist(), strict=True)) == pytest.approx(
        expected, abs=1e-5
    )
    assert ranking.ids[:2].tolist() == [6, 7]


def test_filters_act_before_the_limit_and_hidden_images_are_not_found(
    vocabulary: Vocabulary, pictures: dict[int, Keypoints]
) -> None:
    postings = build(vocabulary, pictures)
    view = VisualWordView(vocabulary, [postings], [], np.array([6]))
    assert 6 not in view.search(pictures[6], limit=100, allowed=None).ids
    assert view.search(pictures[6], limit=1, allowed=np.array([7, 9])).ids.tolist() == [7]
    tail = VisualWordView(vocabulary, [postings], [build(vocabulary, {6: pictures[6]})], np.array([6]))
    assert tail.search(pictures[6], limit=1, allowed=None).ids.tolist() == [6]


def test_a_picture_without_keypoints_finds_nothing(vocabulary: Vocabulary) -> None:
    empty = random_keypoints(0)
    view = VisualWordView(vocabulary, [build(vocabulary, {1: empty})], [], NO_IDS)
    assert not len(view.search(empty, limit=10, allowed=None))
    assert not len(
        VisualWordView(vocabulary, [], [], NO_IDS).search(random_keypoints(9), limit=1, allowed=None)
    )


def assert_equal(one: Postings, other: Postings) -> None:
    for name in ("ids", "starts", "places", "signatures"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_merged_and_reduced_postings_are_those_made_at_once(
    vocabulary: Vocabulary, pictures: dict[int, Keypoints], tmp_path: Path
) -> None:
    whole = build(vocabulary, pictures)
    even, odd = (
        {image_id: keypoints for image_id, keypoints in pictures.items() if image_id % 2 == rest}
        for rest in (0, 1)
    )
    assert_equal(merge_postings([build(vocabulary, odd), build(vocabulary, even)]), whole)
    assert_equal(whole.keep_images(whole.ids % 2 == 1), build(vocabulary, odd))
    whole.save(tmp_path / "postings")
    assert_equal(Postings.load(tmp_path / "postings"), whole)


def test_a_file_of_another_length_is_refused(
    vocabulary: Vocabulary, pictures: dict[int, Keypoints], tmp_path: Path
) -> None:
    path = tmp_path / "postings"
    build(vocabulary, pictures).save(path)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ValueError, match="bytes instead of"):
        Postings.load(path)


def test_a_vocabulary_survives_its_file(vocabulary: Vocabulary) -> None:
    read = read_visual_vocabulary(visual_vocabulary_to_bytes(vocabulary))
    np.testing.assert_allclose(read.leaves, vocabulary.leaves, atol=0.002)
    assert len(read) == len(vocabulary) == 16
    assert read.checksum


def test_the_bundled_vocabulary_has_the_size_that_it_is_said_to_have() -> None:
    bundled = load_bundled_vocabulary()
    assert len(bundled) == 65_536
    words, signatures = bundled.find_words(random_keypoints(50).descriptors, 2)
    assert words.shape == signatures.shape == (50, 2)
    assert 0 <= words.min() <= words.max() < len(bundled)


class KeypointCatalog:
    """A catalog with a space of keypoints, its projection of visual words, and where this lies."""

    def __init__(self, folder: Path, vocabulary: Vocabulary) -> None:
        self.catalog = WritableCatalog.create(f"sqlite:///{folder / 'catalog.sqlite'}")
        self.root = folder / "projections"
        with self.catalog.writing() as writer:
            writer.add_space("fingerprint", "details", {}, 0)
        with self.catalog.reading() as reader:
            [self.space] = reader.load_spaces()
        self.projection = VisualWordProjection(self.space, vocabulary)
        self.snapshots = Snapshots(
            self.catalog, [WordProjection(predicted=False), self.projection], self.root
        )

    def add(self, *seeds: int) -> None:
        with self.catalog.writing() as writer:
            writer.add_images(
                [replace(new_image(seed), blobs={self.space.id: encode(seed)}) for seed in seeds]
            )

    def remove(self, *ids: int) -> None:
        with self.catalog.writing() as writer:
            writer.remove_images(ids)

    def publish(self, *, anew: bool = False) -> Path:
        projections = self.snapshots._projections
        publisher.publish_projections(self.catalog, projections, self.root, anew=anew)
        return next(self.root.glob("visual-words-*"))

    def find(self, seed: int) -> dict[int, float]:
        found = (
            self.snapshots.newest_snapshot()
            .views[VISUAL_WORDS]
            .search(random_keypoints(30, seed=seed), limit=100, allowed=None)
        )
        return dict(zip(found.ids.tolist(), found.scores.tolist(), strict=True))


def encode(seed: int) -> bytes:
    return encode_keypoints(random_keypoints(30, seed=seed))


@pytest.fixture
def catalog(
    tmp_path: Path, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> Iterator[KeypointCatalog]:
    """With four ids a segment."""
    monkeypatch.setattr(segments, "SEGMENT_SIZE", 4)
    monkeypatch.setattr(visual_words, "SEGMENT_SIZE", 4)
    made = KeypointCatalog(tmp_path, vocabulary)
    yield made
    made.catalog.close()


def test_unpublished_images_are_found_and_removed_ones_are_not(catalog: KeypointCatalog) -> None:
    catalog.add(*range(10))  # ids 1 to 10
    unpublished = catalog.find(3)
    assert max(unpublished, key=unpublished.__getitem__) == 4
    catalog.publish()
    assert catalog.find(3) == unpublished
    catalog.add(10, 11)
    found = catalog.find(11)
    assert max(found, key=found.__getitem__) == 12
    catalog.remove(4)
    assert 4 not in catalog.find(3)
    catalog.publish()
    assert 4 not in catalog.find(3)
    assert 12 in catalog.find(11)


def test_changed_segments_are_those_made_anew_and_others_are_shared(catalog: KeypointCatalog) -> None:
    catalog.add(*range(10))
    before = {path.name: path.stat().st_ino for path in catalog.publish().iterdir()}
    catalog.remove(6)
    catalog.add(20, 21)
    after = catalog.publish()
    inodes = {path.name: path.stat().st_ino for path in after.iterdir()}
    shared = {name for name in before if before[name] == inodes.get(name)}
    assert shared == {"segment-00000000.postings"}
    changed = {path.name: path.read_bytes() for path in after.iterdir()}
    anew = {path.name: path.read_bytes() for path in catalog.publish(anew=True).iterdir()}
    assert changed == anew
