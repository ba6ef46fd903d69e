"""Pairs and the map of a growing library: those of images before stay, new ones join, whenever they come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from retrieval.catalog import Space, WritableCatalog
from retrieval.projections import segments
from retrieval.projections.frozen import Made
from retrieval.projections.late_likeness import load_likenesses
from retrieval.projections.likeness import LikenessProjection
from retrieval.projections.likenesses import Likenesses
from retrieval.ranking import freezing
from retrieval.ranking.copies import PICTURE, SCENE
from retrieval.writing import publisher
from tests.databases import new_image, sqlite_url

DIMENSION, COUNT = 24, 190


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 190 images 176 are frozen: a step has 16 of them."""
    monkeypatch.setattr(freezing, "LEAST_FROZEN", 128)
    monkeypatch.setattr(freezing, "SHARE", 8)
    monkeypatch.setattr(segments, "SEGMENT_SIZE", 32)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[WritableCatalog]:
    catalog = WritableCatalog.create(sqlite_url(tmp_path / "catalog.sqlite"))
    with catalog.writing() as writer:
        for name in ("subject", "colour"):
            writer.add_space(name, name, {}, DIMENSION)
    yield catalog
    catalog.close()


def spaces(catalog: WritableCatalog) -> list[Space]:
    with catalog.reading() as reader:
        return reader.load_spaces()


def add(catalog: WritableCatalog, *numbers: int) -> None:
    """Images of eight kinds; each fifth is the picture four before it, each seventh its scene."""
    own = spaces(catalog)
    with catalog.writing() as writer:
        for number in numbers:
            first = number - 4 if number % 5 == 0 or number % 7 == 0 else number
            chance = np.random.default_rng(first)
            middle = np.random.default_rng(first % 8).standard_normal(DIMENSION)
            row = middle + 0.9 * chance.standard_normal(DIMENSION)
            feature = (row / np.linalg.norm(row)).astype(np.float16)
            shown = first if number % 5 == 0 else number
            bits = int(np.random.default_rng(1000 + shown).integers(1, 2**62))
            features = {space.id: feature for space in own}
            writer.add_images([replace(new_image(number, features=features), perceptual_hash=bits)])


def publish(catalog: WritableCatalog, root: Path, *, anew: bool = False) -> Path:
    publisher.publish_projections(catalog, [LikenessProjection(*spaces(catalog))], root, anew=anew)
    [folder] = root.iterdir()
    return folder


def pairs_of(likenesses: Likenesses) -> list[tuple[int, ...]]:
    return sorted(map(tuple, likenesses.pairs.tolist()))


def assert_equal(one: Likenesses, other: Likenesses) -> None:
    assert one.ids.tolist() == other.ids.tolist()
    assert pairs_of(one) == pairs_of(other)
    assert np.array_equal(one.places, other.places)
    assert np.array_equal(one.clusters, other.clusters)


def test_a_growing_library_is_what_it_would_be_if_compared_at_once(
    catalog: WritableCatalog, tmp_path: Path
) -> None:
    root, other, shared = tmp_path / "generations", tmp_path / "other" / "generations", 0
    for first, last in pairwise((0, 140, 141, 158, 159, 160, 178, 181, 189, COUNT)):
        add(catalog, *range(first + 1, last + 1))
        before = {path.stat().st_ino for path in root.glob("*/near.faiss")}
        grown = publish(catalog, root)
        shared += bool(before & {path.stat().st_ino for path in grown.glob("near.faiss")})
        assert_equal(load_likenesses(grown), load_likenesses(publish(catalog, other, anew=True)))
    assert shared == 5
    found = load_likenesses(grown)
    alike = {(first, second): how for first, second, how in found.pairs.tolist()}
    assert len(found.ids) == len(found.places) == COUNT
    # Among the frozen ones, between a frozen and a late one, and among late ones.
    assert [alike[pair] for pair in ((171, 175), (176, 180), (181, 185))] == [PICTURE] * 3
    assert alike[(178, 182)] == SCENE


def test_a_late_image_is_placed_among_its_kind(catalog: WritableCatalog, tmp_path: Path) -> None:
    add(catalog, *range(1, COUNT + 1))
    found = load_likenesses(publish(catalog, tmp_path / "generations"))
    late = np.flatnonzero(found.ids > 176)
    kinds = found.ids % 8
    for place in late[(found.ids[late] % 5 != 0) & (found.ids[late] % 7 != 0)]:
        own = np.linalg.norm(found.places[kinds == kinds[place]] - found.places[place], axis=1)
        others = np.linalg.norm(found.places[kinds != kinds[place]] - found.places[place], axis=1)
        assert np.median(own) < np.median(others)


def test_what_is_gone_is_in_no_pair_and_all_is_compared_anew_when_much_is(
    catalog: WritableCatalog, tmp_path: Path
) -> None:
    root = tmp_path / "generations"
    add(catalog, *range(1, COUNT + 1))
    publish(catalog, root)
    ends = []
    for gone in ([152, 182], [7], [9, 11]):
        with catalog.writing() as writer:
            writer.remove_images(gone)
        folder = publish(catalog, root)
        found = load_likenesses(folder)
        assert not np.isin(found.ids, gone).any()
        assert not np.isin(found.pairs[:, :2], gone).any()
        assert len(found.places) == len(found.ids)
        ends.append(Made.load(folder))
    assert [made.changed if made else None for made in ends] == [1, 2, 0]
