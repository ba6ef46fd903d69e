"""The bridge's generations: learned from what was given, the same bytes each time, and read back as written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from retrieval import Annotation, ProjectionDamaged
from retrieval.catalog import PREDICTED_SOURCE, Projection, Space, WritableCatalog, sqlite_url
from retrieval.projections.bridge import (
    BridgeProjection,
    BridgeView,
    bridge_from_bytes,
    bridge_to_bytes,
    open_captioned,
    stated_tokens,
)
from retrieval.projections.publications import live_pointers
from retrieval.projections.snapshot import Snapshots, make_tail
from retrieval.ranking import freezing
from retrieval.ranking.tokens import parse_terms
from retrieval.writing import publisher
from tests.databases import new_image

DIMENSION = 24
KINDS = ("harbour", "forest", "market", "desert", "castle", "garden")
COUNT = 120


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[WritableCatalog]:
    """A hundred and twenty pictures of six kinds, every fifth without a word."""
    catalog = WritableCatalog.create(sqlite_url(tmp_path / "catalog.sqlite"))
    with catalog.writing() as writer:
        writer.add_space("fingerprint", "subject", {}, DIMENSION)
    for number in range(1, COUNT + 1):
        kind = KINDS[number % 6]
        caption = () if number % 5 == 0 else (f"A quiet {kind} at noon, {number} of many",)
        add_image(catalog, number, caption)
    yield catalog
    catalog.close()


def feature(number: int) -> np.ndarray:
    kinds = np.random.default_rng(3).standard_normal((6, DIMENSION))
    own = np.random.default_rng(number).standard_normal(DIMENSION)
    row = 1 + kinds[number % 6] + 0.8 * own
    return (row / np.linalg.norm(row)).astype(np.float16)


def add_image(catalog: WritableCatalog, number: int, captions: tuple[str, ...]) -> int:
    with catalog.writing() as writer:
        [image_id] = writer.add_images([new_image(number, features={1: feature(number)})])
        if captions:
            writer.replace_annotations(
                image_id, "test", [Annotation("caption", caption, "test") for caption in captions]
            )
    return image_id


def space(catalog: WritableCatalog) -> Space:
    with catalog.reading() as reader:
        return reader.load_spaces()[0]


@pytest.fixture
def projection(catalog: WritableCatalog) -> BridgeProjection:
    return BridgeProjection(space(catalog))


def publish_bridge(
    catalog: WritableCatalog, projection: BridgeProjection, root: Path, *, anew: bool = False
) -> Projection:
    publisher.publish_projections(catalog, [projection], root, anew=anew)
    with catalog.reading() as reader:
        [pointer] = live_pointers(reader, root)
    return pointer


def view(catalog: WritableCatalog, projection: BridgeProjection, root: Path) -> BridgeView:
    found = Snapshots(catalog, [projection], root).newest_snapshot().views["meaning"]
    assert isinstance(found, BridgeView)
    return found


def test_words_lead_to_pictures_without_any(
    catalog: WritableCatalog, projection: BridgeProjection, tmp_path: Path
) -> None:
    publish_bridge(catalog, projection, tmp_path / "root")
    found = view(catalog, projection, tmp_path / "root")
    assert found.bridge.reason == ""
    silent = [number for number in range(1, COUNT + 1) if number % 5 == 0]
    rows = np.stack([feature(number) for number in silent]).astype(np.float32)
    for kind in KINDS:
        vector = found.query_vector(f"the {kind}")
        assert vector is not None
        best = [silent[row] % 6 for row in np.argsort(-(rows @ vector))[:3]]
        assert best == [KINDS.index(kind)] * 3
    assert found.query_vector("qwrtz") is None
    assert len(found.search("harbour", limit=5, allowed=None)) == 0


def test_what_was_published_is_read_back(
    catalog: WritableCatalog, projection: BridgeProjection, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    pointer = publish_bridge(catalog, projection, root)
    assert (pointer.kind, pointer.space_id) == ("bridge", 1)
    bridge = projection.load_generation(root, pointer)
    again = bridge_from_bytes(bridge_to_bytes(bridge))
    assert again.rows == bridge.rows
    assert list(again.rows) == list(bridge.rows)
    assert np.array_equal(again.directions, bridge.directions)
    assert (again.reason, again.seen, again.unseen) == ("", bridge.seen, bridge.unseen)
    stored = (root / pointer.generation).read_bytes()
    assert stored == bridge_to_bytes(bridge, COUNT, pointer.seq)


def test_publishing_anew_gives_the_same_bytes(
    catalog: WritableCatalog, projection: BridgeProjection, tmp_path: Path
) -> None:
    pointers = [publish_bridge(catalog, projection, tmp_path / "root", anew=True) for _ in range(2)]
    assert pointers[0].generation != pointers[1].generation
    assert pointers[0].sha256 == pointers[1].sha256


def test_before_it_is_published_it_is_off(
    catalog: WritableCatalog, projection: BridgeProjection, tmp_path: Path
) -> None:
    found = view(catalog, projection, tmp_path / "root")
    assert found.bridge.reason == "nothing has been published"
    assert found.query_vector("harbour") is None


def test_a_library_with_few_captions_publishes_the_reason(tmp_path: Path) -> None:
    catalog = WritableCatalog.create(sqlite_url(tmp_path / "few.sqlite"))
    with catalog.writing() as writer:
        writer.add_space("fingerprint", "subject", {}, DIMENSION)
    add_image(catalog, 1, ("a boat",))
    projection = BridgeProjection(space(catalog))
    publish_bridge(catalog, projection, tmp_path / "root")
    bridge = view(catalog, projection, tmp_path / "root").bridge
    assert bridge.reason == "1 captioned images; 40 are needed"
    assert bridge.directions.shape == (0, DIMENSION)
    catalog.close()


def test_the_tail_changes_no_direction(
    catalog: WritableCatalog, projection: BridgeProjection, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    publish_bridge(catalog, projection, root)
    before = view(catalog, projection, root).query_vector("harbour castle")
    for number in range(1002, 1062, 6):  # all of one kind
        add_image(catalog, number, ("lighthouse harbour",))
    with catalog.writing() as writer:
        writer.remove_images([1, 2])
    found = view(catalog, projection, root)
    assert np.array_equal(found.query_vector("harbour castle"), before)  # type: ignore[arg-type]
    assert found.bridge.known_words(parse_terms("lighthouse")) == ()
    publish_bridge(catalog, projection, root)
    assert view(catalog, projection, root).bridge.known_words(parse_terms("lighthouse")) == ("lighthous",)


def test_in_a_larger_library_it_is_learned_again_when_what_it_was_learned_from_has_changed(
    catalog: WritableCatalog, projection: BridgeProjection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 307 images 288 are frozen: a step has 32 of them, and an eighth of a step may change."""
    monkeypatch.setattr(freezing, "LEAST_FROZEN", 64)
    monkeypatch.setattr(freezing, "SHARE", 8)
    root = tmp_path / "root"
    with catalog.reading() as reader:
        newest = reader.newest_image()
    for number in range(newest + 1, 308):
        add_image(catalog, number, ())
    names = [publish_bridge(catalog, projection, root).generation]
    add_image(catalog, 308, ("lighthouse harbour",))
    names.append(publish_bridge(catalog, projection, root).generation)
    for image_id in (6, 12, 18, 24, 36):  # of one kind
        with catalog.writing() as writer:
            writer.replace_annotations(image_id, "me", [Annotation("caption", "lighthouse", "me")])
        names.append(publish_bridge(catalog, projection, root).generation)
    assert names[0] == names[5] != names[6]
    assert view(catalog, projection, root).bridge.known_words(parse_terms("lighthouse")) == ("lighthous",)
    step = freezing.find_step(307)
    for number in range(309, (307 // step + 1) * step + 1):
        add_image(catalog, number, ())
    assert publish_bridge(catalog, projection, root).generation != names[6]


def test_only_what_was_given_is_learned_from(catalog: WritableCatalog, tmp_path: Path) -> None:
    with catalog.writing() as writer:
        facts = [
            Annotation("title", "Harbours at Dusk", "me"),
            Annotation("tag", "sea side", "me"),
            Annotation("label", "port", "me"),
            Annotation("camera", "Kodak", "me"),
        ]
        writer.replace_annotations(5, "me", facts)
        writer.replace_annotations(
            5, PREDICTED_SOURCE, [Annotation("label", "castle", PREDICTED_SOURCE, 0.9)]
        )
    with catalog.reading() as reader:
        image = reader.load_images([5])[5]
        with open_captioned(reader, space(catalog), tmp_path, COUNT) as (said, rows):
            features = rows[:]
    assert stated_tokens(image) == {"harbour", "at", "dusk", "sea", "side", "port"}
    assert len(said) == len(features) == COUNT * 4 // 5 + 1
    assert said[4] == stated_tokens(image)
    assert np.array_equal(features[4], feature(5))


def test_damage_is_told_before_anything_is_read(
    catalog: WritableCatalog, projection: BridgeProjection, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    pointer = publish_bridge(catalog, projection, root)
    path = root / pointer.generation
    whole = path.read_bytes()
    for data in (whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1]), b""):
        path.write_bytes(data)
        with pytest.raises(ProjectionDamaged, match="pictor rebuild"):
            projection.load_generation(root, pointer)
    path.unlink()
    with pytest.raises(ProjectionDamaged, match="missing from the library"):
        projection.load_generation(root, pointer)


def test_a_bridge_of_another_space_is_refused(
    catalog: WritableCatalog, projection: BridgeProjection, tmp_path: Path
) -> None:
    pointer = publish_bridge(catalog, projection, tmp_path / "root")
    with catalog.writing() as writer:
        writer.add_space("another", "subject", {}, DIMENSION)
    with catalog.reading() as reader:
        other = BridgeProjection(reader.load_spaces()[-1])
    with pytest.raises(ProjectionDamaged, match="space another"):
        other.load_generation(tmp_path / "root", pointer)


def test_a_watermark_is_all_that_the_tail_needs(
    catalog: WritableCatalog, projection: BridgeProjection
) -> None:
    with catalog.reading() as reader:
        loaded = projection.load_generation(Path("nowhere"), None)
        found = projection.make_view(loaded, reader, make_tail(reader.changes_since(0)))
    assert found.bridge is loaded
