"""Words find pictures without any words in a library of the bundled backbone, and say by which classes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data import WORD_TOWER
from indexer.upkeep.opening import open_or_create
from retrieval import (
    LOOKS_LIKE,
    BackboneUnavailable,
    InvalidSetting,
    Library,
    Query,
    SentenceEncoder,
    Settings,
    Text,
    images,
    load_word_tower,
    read_status,
    word_tower_to_bytes,
)
from retrieval.ranking.word_tower import PROBES, EncoderMap, KernelMap, SubjectMap
from tests.databases import new_image
from tests.sentence_encoders import make_encoder

KINDS = ("goldfish", "grand piano", "zebra")
COUNT = 120  # enough for neighbourhoods


def kind_of(image_id: int) -> str:
    return KINDS[image_id % len(KINDS)]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Images whose subjects lie where the classifier's rows of three classes point, with much noise."""
    folder = tmp_path_factory.mktemp("towers") / "library"
    random = np.random.default_rng(6)
    thumbnail = images.encode_webp(np.zeros((32, 32, 3), np.uint8), side=32)
    with open_or_create(folder) as writer:
        weight = writer.search_state.spaces.class_weights()[1]
        names = [name.words for name in writer.search_state.spaces.class_names]
        rows = {kind: next(row for row, name in enumerate(names) if name.startswith(kind)) for kind in KINDS}
        for image_id in range(1, COUNT + 1):
            centred = weight[rows[kind_of(image_id)]] - weight.mean(axis=0)
            centred /= np.linalg.norm(centred)
            features = {
                space.id: random.standard_normal(space.dimension).astype(np.float16)
                for space in writer.search_state.spaces.vector_spaces
            }
            subject = next(space.id for space in writer.spaces if space.descriptor == "subject")
            row = 0.3 * np.ones(1280) / 1280**0.5 + centred + random.standard_normal(1280) / 1280**0.5
            features[subject] = (row / np.linalg.norm(row)).astype(np.float16)
            with writer.catalog.writing() as catalog:
                catalog.add_images([replace(new_image(image_id, features=features), thumbnail=thumbnail)])
        writer.publish()
    with Library.open(folder) as opened:
        yield opened


@pytest.mark.parametrize(("text", "kind"), [("A goldfish!", "goldfish"), ("a zebra", "zebra"),
                                            ("photo of a grand piano", "grand piano")])  # fmt: skip
def test_names_find_their_pictures(library: Library, text: str, kind: str) -> None:
    found = library.rank_signals(Query((Text(text),)))["meaning"]
    assert {kind_of(image_id) for image_id in found.ids[:20].tolist()} == {kind}
    hit = library.search(Query((Text(text),))).hits[0]
    [meaning] = library.explain(Query((Text(text),)), hit.id).meaning
    assert kind in meaning.classes[0].name
    assert meaning.captioned == ()


@pytest.mark.parametrize("line", ["goldfish", "fish", "a piano in a room"])
def test_bands_never_rise_with_the_rank(library: Library, line: str) -> None:
    """What only looks like the words comes below all else."""
    hits = library.search(replace(library.read_line(f"{line} weaker:yes"), limit=100)).hits
    bands = [hit.band for hit in hits]
    places = [[LOOKS_LIKE, "chance"].index(band) + 9 if band in (LOOKS_LIKE, "chance") else
              ["strong", "likely", "weak"].index(band) for band in bands]  # fmt: skip
    assert len(set(places)) > 1
    assert places == sorted(places)


@pytest.mark.parametrize("text", ["qwrtzel", "the", "blorft vwxq"])
def test_words_without_meaning_find_nothing(library: Library, text: str) -> None:
    assert "meaning" not in library.rank_signals(Query((Text(text),)))
    assert not library.search(Query((Text(text),))).hits


def test_the_status_names_the_tower(library: Library) -> None:
    assert "by the word tower" in read_status(library).meaning
    assert "1 captioned" not in read_status(library).meaning


def test_without_the_tower_only_captions_teach(library: Library) -> None:
    settings = Settings.resolve(library.path, {}, word_tower="none")
    with Library.open(library.path, settings) as opened:
        assert opened.search_state.word_tower is None
        [bridge] = [projection for projection in opened.projections if projection.kind == "bridge"]
        assert "tower" not in bridge.versions


FINNISH = {"kultakala": "goldfish", "flyygeli": "grand piano", "seepra": "zebra"}


def make_finnish_tower(folder: Path, library: Library) -> Path:
    """The bundled tower with a map for an encoder that knows three Finnish words, in a folder with both."""
    encoder = SentenceEncoder(make_encoder(folder, FINNISH))
    tower = load_word_tower(WORD_TOWER)
    anchors = encoder.encode_texts([*FINNISH])
    weight = library.search_state.spaces.class_weights()[1]
    names = [name.words for name in library.search_state.spaces.class_names]
    rows = [next(row for row, name in enumerate(names) if name.startswith(kind)) for kind in FINNISH.values()]
    led = KernelMap(
        np.eye(3, dtype=np.float32), np.zeros(3, np.float32), (weight - weight.mean(axis=0))[rows]
    )
    centres = np.zeros((1, anchors.shape[1]), np.float32)
    own = EncoderMap(
        encoder.encode_texts(PROBES), centres, SubjectMap(anchors, led, led, np.zeros(1, np.float32))
    )
    # Its anchors stand for the same texts as those of the table, which are cut to as many.
    table_map = replace(tower.map, anchors=tower.map.anchors[:3], names=led, sentences=led)
    made = replace(tower, map=table_map, encoder_map=own)
    made = replace(made, table=replace(made.table, looks=made.table.looks[:, :3]))
    (folder / "tower.npz").write_bytes(word_tower_to_bytes(made))
    return folder


def test_an_encoder_of_another_language_is_asked_where_the_setting_names_it(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tokenizers", reason="pictor[sentences] is not installed")
    folder = make_finnish_tower(tmp_path / "finnish", library)
    copy = shutil.copytree(library.path, tmp_path / "copy")
    assert all("meaning" not in library.rank_signals(Query((Text(text),))) for text in FINNISH)
    monkeypatch.setenv("PICTOR_TEXT_ENCODER", str(folder))
    monkeypatch.setenv("PICTOR_WORD_TOWER", str(folder / "tower.npz"))
    with open_or_create(copy) as writer:
        writer.publish()
        for text, kind in FINNISH.items():
            found = writer.rank_signals(Query((Text(f"{text}!"),)))["meaning"]
            assert {kind_of(image_id) for image_id in found.ids[:20].tolist()} == {kind}
        assert "meaning" not in writer.rank_signals(Query((Text("qwrtzel"),)))
        assert "by a sentence encoder and the word tower" in read_status(writer).meaning


def test_an_encoder_that_the_tower_was_not_made_with_is_refused(library: Library, tmp_path: Path) -> None:
    pytest.importorskip("tokenizers", reason="pictor[sentences] is not installed")
    encoder = make_encoder(tmp_path / "other", ["dog"])
    for folder, error, message in (
        (encoder, InvalidSetting, "not made with this encoder"),
        (tmp_path / "none", BackboneUnavailable, "no sentence encoder"),
    ):
        settings = Settings.resolve(library.path, {}, text_encoder=str(folder))
        with pytest.raises(error, match=message), Library.open(library.path, settings) as opened:
            opened.search("dog")
