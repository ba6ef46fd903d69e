"""A library whose backbone has a text tower: texts are searched by the tower, also after reopening."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from indexer.cli import cli
from indexer.run.pipeline import index
from indexer.upkeep.opening import LibrarySpec, open_or_create
from retrieval import LOOKS_LIKE, InvalidSetting, Library, Query, Text, path_bytes, read_status
from retrieval.descriptors.text_tower import TextTower
from tests.drawing import write_scenes
from tests.indexing import TINY
from tests.reference import nearest_images, pairs_of
from tests.towers import BACKBONE, DIMENSION, make_tower, make_weights
from webapp import create_app

pytest.importorskip("open_clip", reason="the extra clip is not installed")


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> LibrarySpec:
    folder = tmp_path_factory.mktemp("pair")
    return LibrarySpec(BACKBONE, str(make_weights(folder)), text_tower=str(make_tower(folder)))


@pytest.fixture(scope="module")
def path(spec: LibrarySpec, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of six pictures without words."""
    folder = tmp_path_factory.mktemp("made")
    write_scenes(folder / "pictures", 6)
    with open_or_create(folder / "library", spec) as library:
        index(library, [path_bytes(folder / "pictures")], captions={}, on_event=lambda _: None)
    return folder / "library"


def test_texts_are_searched_by_the_towers_vector(path: Path) -> None:
    with Library.open(path) as library:
        space = next(space for space in library.spaces if space.descriptor == "subject")
        tower = TextTower.from_space(space.configuration, path / "backbones")
        assert tower is not None
        vector = tower.encode_text("a red boat")
        assert vector is not None
        assert (space.dimension, vector.shape) == (DIMENSION, (DIMENSION,))
        with library.catalog.reading() as reader:
            ids, features = reader.load_features(space)
        found = library.rank_signals(Query((Text("a red boat"),)))["meaning"]
        assert pairs_of(found) == nearest_images(vector, ids, features, limit=6)
        assert len(library.search(Query((Text("a red boat"),))).hits) == 6
        assert len(library.search(Query((Text("a red boat"),), weights={"meaning": 0})).hits) == 0


def test_what_no_word_says_looks_like_it_on_every_way_out(path: Path) -> None:
    """One line stands above all such hits: by Python, command, JSON and page."""
    arguments = ["search", "--library", str(path), "a red boat"]
    listed, answer = (CliRunner().invoke(cli, [*arguments, *more]).stdout for more in ((), ("--json",)))
    with Library.open(path) as library:
        hits = library.search("a red boat").hits
        page = create_app(library).test_client().get("/?q=a+red+boat", headers={"Accept": "text/html"}).text
    bands = [LOOKS_LIKE] * 6
    assert [hit.band for hit in hits] == bands
    assert [hit["band"] for hit in json.loads(answer)["hits"]] == bands
    assert listed.count("Looks like") == 1
    assert listed.index("Looks like") < listed.index("   1  ")
    assert page.count('<div class="divider"') == 1
    assert page.index('<div class="divider"') < page.index("data-image-id")


def test_with_a_tower_there_is_no_bridge(path: Path) -> None:
    with Library.open(path) as library:
        assert library.signal_names.count("meaning") == 1
        assert "bridge" not in {projection.kind for projection in read_status(library).projections}


def test_another_text_gives_another_order(path: Path) -> None:
    with Library.open(path) as library:
        scores = [
            library.rank_signals(Query((Text(text),)))["meaning"].scores
            for text in ("boat", "dog", "snow at night")
        ]
    assert not any(np.array_equal(scores[0], others) for others in scores[1:])


def test_without_the_extra_words_are_still_searched_and_a_remark_says_what_to_install(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "open_clip", None)
    with Library.open(path) as library:
        results = library.search(Query((Text("scene"),)))
        assert [note for note in results.notes if "pictor[clip]" in note]
        assert "meaning" not in library.rank_signals(Query((Text("scene"),)))
        assert library.search(Query()).total == 6


def test_a_library_without_a_tower_gets_none_later(spec: LibrarySpec, tmp_path: Path) -> None:
    with open_or_create(tmp_path / "library", TINY):
        pass
    refused = pytest.raises(InvalidSetting, match="made without a text tower; leave --text-tower out")
    with refused, open_or_create(tmp_path / "library", LibrarySpec(text_tower=spec.text_tower)):
        pass


def test_a_tower_without_its_backbone_is_refused(spec: LibrarySpec, tmp_path: Path) -> None:
    refused = pytest.raises(InvalidSetting, match="name the timm CNN that it belongs to with --backbone")
    with refused, open_or_create(tmp_path / "library", LibrarySpec(text_tower=spec.text_tower)):
        pass
    assert not (tmp_path / "library" / "catalog.sqlite").exists()
