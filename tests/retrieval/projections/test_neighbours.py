"""Neighbourhoods: one way to make them for stored, unpublished and queried features; files; a small library."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import (
    Library,
    LibraryWriter,
    NewImage,
    ProjectionDamaged,
    Ranking,
    fetch_backbone,
    write_library,
)
from retrieval.catalog import Space
from retrieval.projections import neighbour_files, neighbours, segments, vectors
from retrieval.projections.frozen import Made
from retrieval.projections.neighbours import Neighbourhoods, NeighbourProjection, NeighbourView
from retrieval.projections.rowfile import RowFile
from retrieval.projections.snapshot import Snapshots
from retrieval.projections.vectors import RowIndex, VectorIndex
from retrieval.ranking import freezing
from retrieval.ranking.hubs import SHARE
from retrieval.ranking.neighbourhoods import LEAST, NEIGHBOURS, Direction, main_axes
from retrieval.soundness import find_damaged
from retrieval.writing import publisher
from tests.reference import nearest_images, pairs_of

DIMENSION, KINDS = 24, 8
NO_IDS = np.empty(0, np.int64)
Features = npt.NDArray[np.float16]


def features_of_kinds(count: int, *, dimension: int = DIMENSION, seed: int = 3) -> Features:
    """Features around eight directions: those of a kind lie KINDS apart."""
    random = np.random.default_rng(seed)
    middles = np.random.default_rng(0).standard_normal((KINDS, dimension))
    rows = middles[np.arange(count) % KINDS] + 0.9 * random.standard_normal((count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def write_features(folder: Path, features: Features, *, parts: int = 1) -> Path:
    """The neighbourhoods of features with the ids from 1 on, which come in so many segments."""
    ids = np.arange(1, len(features) + 1)
    cuts = zip(range(parts), np.array_split(ids, parts), np.array_split(features, parts), strict=True)
    folder.mkdir()
    neighbour_files.write_neighbourhoods(folder, main_axes(features), cuts)
    return folder


def build_neighbourhoods(features: Features, *, parts: int = 1) -> Neighbourhoods:
    with TemporaryDirectory() as folder:
        return Neighbourhoods.load(
            write_features(Path(folder, "made"), features, parts=parts), features.shape[1]
        )


def file_contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def store_rows(folder: Path, rows: Any) -> RowFile:
    """Rows of an index, in two blocks."""
    return RowFile(folder, np.array_split(rows, 2), rows.shape[1])


def search(made: Neighbourhoods, feature: Any, limit: int = 10) -> Ranking:
    view = NeighbourView(
        made, VectorIndex.build(NO_IDS, features_of_kinds(0), made.compared.dimension), NO_IDS
    )
    return view.search(feature.astype(np.float32), limit=limit, allowed=None)


class TestMaking:
    def test_a_stored_feature_is_made_into_what_is_stored_of_it(self) -> None:
        features = features_of_kinds(160)
        made = build_neighbourhoods(features)
        stored = made.compared.rows(np.arange(1, 161))
        assert made.map_features(features) == pytest.approx(stored, abs=1e-3)
        for place in (0, 17, 159):
            found = search(made, features[place], 1)
            assert found.ids.tolist() == [place + 1]
            assert found.scores == pytest.approx([1.0], abs=2e-3)

    def test_kinds_come_together(self) -> None:
        """More of an image's own kind come first than by the plain features."""
        features = features_of_kinds(240)
        plain, made = (
            VectorIndex.build(np.arange(1, 241), features, DIMENSION),
            build_neighbourhoods(features),
        )
        right = {"plain": 0, "made": 0}
        for place in range(0, 240, 5):
            query = features[place].astype(np.float32)
            for name, found in (
                ("plain", plain.search(query, limit=30, allowed=None)),
                ("made", search(made, query, 30)),
            ):
                right[name] += int(((found.ids - 1) % KINDS == place % KINDS).sum())
        assert right["made"] > 1.1 * right["plain"]

    def test_the_same_features_give_the_same_bytes(self, tmp_path: Path) -> None:
        features = features_of_kinds(150)
        one, other = (
            write_features(tmp_path / "one", features),
            write_features(tmp_path / "other", features.copy()),
        )
        assert file_contents(one) == file_contents(other)
        assert sorted(file_contents(one)) == [
            "centre.npy", "directions.npy", "segment-00000000.rows", "stage-0.faiss", "stage-1.faiss"
        ]  # fmt: skip

    def test_however_many_segments_there_are_they_are_made_into_the_same(self) -> None:
        """Except for rounding: a matrix product rounds differently when it has other rows."""
        features, ids = features_of_kinds(150), np.arange(1, 151)
        whole, in_parts = (
            build_neighbourhoods(features).compared.rows(ids),
            build_neighbourhoods(features, parts=4).compared.rows(ids),
        )
        assert in_parts == pytest.approx(whole, abs=2e-3)

    def test_another_dimension_is_refused(self, tmp_path: Path) -> None:
        folder = write_features(tmp_path / "made", features_of_kinds(150))
        with pytest.raises(ValueError, match=f"of dimension {DIMENSION}"):
            Neighbourhoods.load(folder, DIMENSION + 1)

    def test_the_same_picture_many_times_over_finds_all_of_itself_by_id(self) -> None:
        features = features_of_kinds(150)
        features[100:] = features[100]
        found = search(build_neighbourhoods(features), features[100], 50)
        assert found.ids.tolist() == list(range(101, 151))

    def test_an_image_without_a_direction_is_near_to_none(self) -> None:
        features = features_of_kinds(150)
        features[7] = 0
        made = build_neighbourhoods(features)
        assert not made.compared.rows(np.array([8])).any()
        assert set(search(made, features[7], 150).scores.tolist()) == {0.0}

    @pytest.mark.parametrize("count", [0, 1, 2, NEIGHBOURS, LEAST - 1])
    def test_a_small_library_is_compared_plainly(self, count: int) -> None:
        features, query = features_of_kinds(count), features_of_kinds(1, seed=8)[0]
        made = build_neighbourhoods(features)
        expected = nearest_images(query, np.arange(1, count + 1), features, limit=5)
        found = search(made, query, 5)
        assert found.ids.tolist() == [image_id for image_id, _ in expected]
        assert found.scores == pytest.approx([score for _, score in expected], abs=2e-5)

    def test_among_many_the_lists_find_nearly_what_all_would(self, monkeypatch: Any, tmp_path: Path) -> None:
        features = features_of_kinds(900)
        exact = build_neighbourhoods(features).compared.rows(np.arange(1, 901))
        monkeypatch.setattr(vectors, "MAX_EXACT_ROWS", 400)
        first, again = (write_features(tmp_path / name, features, parts=2) for name in ("first", "again"))
        assert file_contents(first) == file_contents(again)
        made = Neighbourhoods.load(first, DIMENSION).compared.rows(np.arange(1, 901))
        assert ((made * exact).sum(axis=1) > 0.98).mean() > 0.95


class TestRows:
    def test_the_nearest_are_those_of_brute_force(self, tmp_path: Path) -> None:
        rows = features_of_kinds(60).astype(np.float32)
        with store_rows(tmp_path, rows) as file:
            [(asked, found, products)] = RowIndex.build(file).search_nearest(rows[:4], 5)
        expected = np.argsort(-(rows[:4] @ rows.T), axis=1)[:, :5]
        assert np.array_equal(asked, rows[:4])
        assert found == pytest.approx(rows[expected], abs=1e-3)
        assert products == pytest.approx(np.einsum("qd,qkd->qk", rows[:4], rows[expected]), abs=1e-3)

    def test_where_there_are_fewer_the_rest_is_zeros(self, tmp_path: Path) -> None:
        rows = features_of_kinds(2).astype(np.float32)
        with store_rows(tmp_path, rows) as file:
            [(_, found, products)] = RowIndex.build(file).search_nearest(rows, 4)
        assert not found[:, 2:].any()
        assert not products[:, 2:].any()

    def test_an_index_gives_its_rows_and_zeros_for_others(self) -> None:
        features = features_of_kinds(3)
        index = VectorIndex.build(np.array([5, 9, 2**40]), features, DIMENSION)
        found = index.rows(np.array([2**40, 7, 5]))
        assert np.array_equal(found, np.stack([features[2], np.zeros(DIMENSION), features[0]]))
        assert index.rows(NO_IDS).shape == (0, DIMENSION)


@given(st.sets(st.integers(1, 150), max_size=20), st.sets(st.integers(1, 160), max_size=12), st.data())
@settings(deadline=None, max_examples=25)
def test_a_generation_with_its_tail_is_searched_as_one(
    removed: set[int], put: set[int], data: st.DataObject
) -> None:
    """Beside brute force over what every feature is made into."""
    features = features_of_kinds(160)
    made = build_neighbourhoods(features[:150])
    hidden, tail_ids = np.array(sorted(removed | put), np.int64), np.array(sorted(put), np.int64)
    tail = features[tail_ids - 1] if put else features_of_kinds(0)
    view = NeighbourView(made, made.index_tail(tail_ids, tail), hidden)
    allowed = data.draw(st.none() | st.sets(st.integers(1, 165), max_size=40))
    kept = np.setdiff1d(np.arange(1, 151), hidden)
    ids = np.concatenate([kept, tail_ids])
    rows = np.vstack([made.compared.rows(kept), made.map_features(tail).astype(np.float16)])
    query = features_of_kinds(1, seed=data.draw(st.integers(0, 50)))[0].astype(np.float32)
    limit = data.draw(st.integers(1, 170))
    among = None if allowed is None else np.array(sorted(allowed), np.int64)
    found = view.search(query, limit=limit, allowed=among)
    expected = nearest_images(view.row_of(query), ids, rows, limit=limit, allowed=allowed)
    assert dict(pairs_of(found)).keys() >= {
        image_id for image_id, score in expected if score > expected[-1][1] + 1e-4
    }
    assert found.scores == pytest.approx([score for _, score in expected], abs=3e-5)
    assert view.rows(ids) == pytest.approx(rows, abs=1e-3)


class TestLibrary:
    """The projection under the generation protocol, of a real library."""

    def subject(self, library: Library) -> Space:
        [space] = [space for space in library.spaces if space.descriptor == "subject"]
        return space

    def put(self, library: LibraryWriter, rows: Features, first: int) -> None:
        space, colour = self.subject(library), library.spaces[1]
        with library.catalog.writing() as writer:
            for number, row in enumerate(rows, first):
                own = {space.id: row, colour.id: np.zeros(colour.dimension, np.float16)}
                digest = hashlib.sha256(b"%d" % number).hexdigest()
                [image_id] = writer.add_images([NewImage(digest, 0, 8, 8, "jpeg", 1, None, b"webp", own)])
                writer.add_location(f"/photos/{number}.jpg".encode(), image_id, mtime=0, size=1)

    @contextmanager
    def new_library(self, path: Path) -> Iterator[LibraryWriter]:
        with write_library(path) as library:
            library.make_spaces(fetch_backbone("test_resnet", "untrained"))
            yield library

    def ask(self, library: Library, root: Path, query: Any) -> list[tuple[int, float]]:
        projection = NeighbourProjection(self.subject(library))
        snapshot = Snapshots(library.catalog, [projection], root).newest_snapshot()
        return pairs_of(snapshot.views["neighbours"].search(query, limit=200, allowed=None))

    def test_however_it_was_built_it_is_the_same(self, tmp_path: Path) -> None:
        root = tmp_path / "generations"
        with self.new_library(tmp_path / "a") as library:
            features = features_of_kinds(140, dimension=self.subject(library).dimension)
            query = features_of_kinds(1, dimension=features.shape[1], seed=7)[0].astype(np.float32)
            projections = [NeighbourProjection(self.subject(library))]
            for first, last in ((0, 60), (60, 125), (125, 140)):
                self.put(library, features[first:last], first + 1)
                publisher.publish_projections(library.catalog, projections, root)
                steps = self.ask(library, root, query)
            [one] = [file_contents(path) for path in root.iterdir()]
            publisher.publish_projections(library.catalog, projections, root, anew=True)
            [other] = [file_contents(path) for path in root.iterdir()]
            assert one == other
            assert self.ask(library, root, query) == steps
            assert len(steps) == 140

    @pytest.mark.parametrize("most_exact", [5000, 100])
    def test_a_growing_library_is_what_it_would_be_if_built_at_once(
        self, tmp_path: Path, monkeypatch: Any, most_exact: int
    ) -> None:
        """Also where an image is published alone, in portions of any size, and with words changed."""
        self.freeze_from(128, monkeypatch, most_exact)
        root, other = tmp_path / "generations", tmp_path / "other" / "generations"
        with self.new_library(tmp_path / "a") as library:
            features = features_of_kinds(262, dimension=self.subject(library).dimension)
            projections = [NeighbourProjection(self.subject(library))]
            shared = 0
            for first, last in pairwise((0, 140, 141, 158, 159, 203, 251, 253, 262)):
                before = {path.stat().st_ino for path in root.glob("*/stage-0.faiss")}
                self.put(library, features[first:last], first + 1)
                with library.catalog.writing() as writer:
                    writer.add_location(b"/again/%d.jpg" % last, 5, mtime=0, size=1)
                publisher.publish_projections(library.catalog, projections, root)
                shared += bool(before & {path.stat().st_ino for path in root.glob("*/stage-0.faiss")})
                [steps] = [file_contents(path) for path in root.iterdir()]
                publisher.publish_projections(library.catalog, projections, other, anew=True)
                [at_once] = [file_contents(path) for path in other.iterdir()]
                assert steps == at_once
            assert shared == 3

    def test_frozen_images_that_are_gone_count_until_there_are_too_many(
        self, tmp_path: Path, monkeypatch: Any
    ) -> None:
        self.freeze_from(128, monkeypatch)
        root = tmp_path / "generations"
        with self.new_library(tmp_path / "a") as library:
            features = features_of_kinds(200, dimension=self.subject(library).dimension)
            projections = [NeighbourProjection(self.subject(library))]
            self.put(library, features, 1)
            publisher.publish_projections(library.catalog, projections, root)
            changed = list[int]()
            for gone in ([3, 199], [50, 7], [80]):
                with library.catalog.writing() as writer:
                    writer.remove_images(gone)
                publisher.publish_projections(library.catalog, projections, root)
                [made] = [Made.load(path) for path in root.iterdir()]
                assert made
                changed.append(made.changed)
                found = self.ask(library, root, features[0].astype(np.float32))
                assert not {image_id for image_id, _ in found} & set(gone)
                assert len(found) == library.count_images()
            assert changed == [1, 0, 1]  # 199 is not frozen; more than two of a step of 16 are too many

    def test_an_image_that_is_described_anew_is_compared_by_what_it_is_now(
        self, tmp_path: Path, monkeypatch: Any
    ) -> None:
        self.freeze_from(128, monkeypatch)
        root = tmp_path / "generations"
        with self.new_library(tmp_path / "a") as library:
            space = self.subject(library)
            features = features_of_kinds(200, dimension=space.dimension)
            self.put(library, features, 1)
            publisher.publish_projections(library.catalog, [NeighbourProjection(space)], root)
            with library.catalog.writing() as writer:
                own = {
                    space.id: features[100],
                    library.spaces[1].id: np.zeros(library.spaces[1].dimension, np.float16),
                }
                writer.describe_again(9, NewImage("other", 0, 8, 8, "jpeg", 1, None, b"webp", own))
            publisher.publish_projections(library.catalog, [NeighbourProjection(space)], root)
            [made] = [Made.load(path) for path in root.iterdir()]
            assert made
            assert made.changed == 1
            found = self.ask(library, root, features[100].astype(np.float32))
            assert {image_id for image_id, _ in found[:2]} == {9, 101}

    @pytest.mark.parametrize("name", ["stage-0.faiss", "segment-00000006.rows"])
    def test_what_an_update_reads_is_verified_before(
        self, tmp_path: Path, monkeypatch: Any, name: str
    ) -> None:
        """A disk that changes bytes leaves the time of the last writing as it is."""
        self.freeze_from(128, monkeypatch, 100)
        root = tmp_path / "generations"
        with self.new_library(tmp_path / "a") as library:
            space = self.subject(library)
            features = features_of_kinds(203, dimension=space.dimension)
            self.put(library, features[:200], 1)
            publisher.publish_projections(library.catalog, [NeighbourProjection(space)], root)
            [path] = root.glob(f"*/{name}")
            stat = path.stat()
            data = bytearray(path.read_bytes())
            data[60] ^= 1
            path.write_bytes(bytes(data))
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
            self.put(library, features[200:], 201)
            publisher.publish_projections(library.catalog, [NeighbourProjection(space)], root)
            assert find_damaged(library.catalog, [NeighbourProjection(space)], root) == []
            assert self.ask(library, root, features[201].astype(np.float32))[0][0] == 202

    def freeze_from(self, images: int, monkeypatch: Any, most_exact: int = 5000) -> None:
        monkeypatch.setattr(freezing, "LEAST_FROZEN", images)
        monkeypatch.setattr(freezing, "SHARE", 8)
        monkeypatch.setattr(segments, "SEGMENT_SIZE", 32)
        monkeypatch.setattr(vectors, "MAX_EXACT_ROWS", most_exact)

    def test_what_is_not_published_is_found_and_finds_itself(self, tmp_path: Path) -> None:
        root = tmp_path / "generations"
        with self.new_library(tmp_path / "a") as library:
            features = features_of_kinds(130, dimension=self.subject(library).dimension)
            self.put(library, features[:120], 1)
            publisher.publish_projections(library.catalog, [NeighbourProjection(self.subject(library))], root)
            self.put(library, features[120:], 121)
            with library.catalog.writing() as writer:
                writer.remove_images([3])
            found = self.ask(library, root, features[125].astype(np.float32))
            assert found[0] == (126, pytest.approx(1.0, abs=2e-3))
            assert sorted(image_id for image_id, _ in found) == [*range(1, 3), *range(4, 131)]
            found = self.ask(library, root, features[5].astype(np.float32))
            assert found[0] == (6, pytest.approx(1.0, abs=2e-3))

    def test_a_library_that_was_never_published_is_searched_plainly(self, tmp_path: Path) -> None:
        with self.new_library(tmp_path / "a") as library:
            features = features_of_kinds(120, dimension=self.subject(library).dimension)
            self.put(library, features, 1)
            found = self.ask(library, tmp_path / "none", features[0].astype(np.float32))
            assert [image_id for image_id, _ in found] == [
                image_id
                for image_id, _ in nearest_images(features[0], np.arange(1, 121), features, limit=200)
            ]

    def test_damage_and_another_recipe_are_told_before_anything_is_read(
        self, tmp_path: Path, monkeypatch: Any
    ) -> None:
        root = tmp_path / "generations"
        with self.new_library(tmp_path / "a") as library:
            self.put(library, features_of_kinds(120, dimension=self.subject(library).dimension), 1)
            projection = NeighbourProjection(self.subject(library))
            publisher.publish_projections(library.catalog, [projection], root)
            assert find_damaged(library.catalog, [projection], root) == []
            monkeypatch.setattr(neighbours, "NEIGHBOURHOODS_VERSION", "another")
            changed = NeighbourProjection(self.subject(library))
            assert len(find_damaged(library.catalog, [changed], root)) == 1
            [path] = root.glob("*/stage-1.faiss")
            data = bytearray(path.read_bytes())
            data[-5] ^= 1
            path.write_bytes(bytes(data))
            [damage] = find_damaged(library.catalog, [projection], root)
            assert isinstance(damage, ProjectionDamaged)
            assert "checksum" in str(damage)
            assert publisher.publish_projections(library.catalog, [changed], root)
            assert find_damaged(library.catalog, [changed], root) == []


def test_what_was_said_about_a_tail_is_asked_once_and_forgotten_with_it() -> None:
    features = features_of_kinds(160)
    made = build_neighbourhoods(features[:150])
    first = made.index_tail(np.array([151, 152]), features[150:152])
    again = made.index_tail(np.array([152, 153]), features[151:153])
    assert np.array_equal(again.rows(np.array([152])), first.rows(np.array([152])))
    assert set(made.remembered) == {feature.tobytes() for feature in features[151:153]}
    assert made.index_tail(NO_IDS, features_of_kinds(0)).size == 0
    assert not made.remembered


def test_a_direction_finds_the_kind_that_lies_there(tmp_path: Path) -> None:
    """It is compared along the directions of the library, without centre and without neighbours of its own."""
    features = features_of_kinds(400)
    made = build_neighbourhoods(features)
    view = NeighbourView(
        made,
        VectorIndex.build(
            NO_IDS, np.empty((0, made.compared.dimension), np.float16), made.compared.dimension
        ),
        NO_IDS,
    )
    assert made.axes is not None
    for kind in range(KINDS):
        members = features[kind::KINDS].astype(np.float32).mean(axis=0)
        direction = Direction(members - features.astype(np.float32).mean(axis=0))
        found = view.search(direction, limit=20, allowed=None)
        assert {(image_id - 1) % KINDS for image_id in found.ids.tolist()} == {kind}
        row = view.row_of(direction)
        own = direction.vector @ made.axes.directions
        half = row[: len(own)]
        assert half / np.linalg.norm(half) == pytest.approx(own / np.linalg.norm(own), abs=2e-3)


def test_in_a_small_library_a_direction_is_compared_as_it_is() -> None:
    made = build_neighbourhoods(features_of_kinds(LEAST - 1))
    vector = np.arange(DIMENSION, dtype=np.float32)
    assert np.array_equal(made.map_direction(Direction(vector))[0], vector)


def test_what_is_near_to_all_texts_comes_later_for_each_of_them_and_pictures_are_found_as_before(
    tmp_path: Path,
) -> None:
    features = features_of_kinds(400)
    texts = features_of_kinds(90, seed=8).astype(np.float32)
    plain = build_neighbourhoods(features[:390])
    segment = [(0, np.arange(1, 391), features[:390])]
    neighbour_files.write_neighbourhoods(tmp_path, main_axes(features[:390]), segment, texts)
    made = Neighbourhoods.load(tmp_path, DIMENSION)
    tail = np.arange(391, 401)
    views = [NeighbourView(one, one.index_tail(tail, features[390:]), tail) for one in (made, plain)]
    direction, ids = Direction(texts[0]), np.arange(1, 401)
    scores = views[1].score_directions(direction, ids)[0]
    excess = -views[0]._compared.rows(ids)[:, -1]
    assert excess[:390].mean() == pytest.approx(0, abs=1e-3)
    found = views[0].search(direction, limit=400, allowed=None)
    wanted = scores - SHARE * excess
    assert found.scores == pytest.approx(wanted[found.ids - 1], abs=2e-3)
    assert np.array_equal(views[0].rows(ids), views[1].rows(ids))
    alike = [view.search(features[395].astype(np.float32), limit=30, allowed=None) for view in views]
    assert np.array_equal(alike[0].ids, alike[1].ids)
    assert np.array_equal(alike[0].scores, alike[1].scores)
