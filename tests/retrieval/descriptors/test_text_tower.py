"""A tiny, seeded text tower and its backbone: their vectors, their configuration, and what is refused."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import numpy as np
import pytest
import timm
import torch
from safetensors.torch import load_file

from retrieval import Backbone, BackboneUnavailable, Settings, fetch_backbone
from retrieval.descriptors.subject import Subject
from retrieval.descriptors.text_tower import TEMPERATURE, TextTower, text_closeness
from tests.drawing import draw_scene
from tests.towers import BACKBONE, CONTEXT, DIMENSION, MODEL, make_tower, make_weights

pytest.importorskip("open_clip", reason="the extra clip is not installed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backbone with its tower, as files."""
    path = tmp_path_factory.mktemp("pair")
    make_weights(path)
    make_tower(path)
    return path


@pytest.fixture(scope="module")
def pair(folder: Path) -> Backbone:
    return fetch_pair(folder)


def fetch_pair(folder: Path) -> Backbone:
    tower = str(folder / "open_clip_model.safetensors")
    return fetch_backbone(BACKBONE, str(folder / "image"), text_tower=tower)


def store_weights(pair: Backbone, folder: Path) -> Path:
    """The weights of a backbone and its tower, as a library keeps them."""
    assert pair.tower is not None
    for part in (pair, pair.tower):
        (folder / f"{part.sha256}.safetensors").write_bytes(part.weights)
    return folder


@pytest.fixture
def tower(pair: Backbone, tmp_path: Path) -> TextTower:
    return TextTower(pair.subject_configuration(), store_weights(pair, tmp_path))


def create_subject(pair: Backbone, folder: Path) -> Subject:
    return Subject(pair.subject_configuration(), folder, Settings(device="cpu", precision="float32"))


def refusal_message(folder: Path) -> str:
    with pytest.raises(BackboneUnavailable, match=f"^{BACKBONE}: .*; (give|choose|go|leave) ") as caught:
        fetch_pair(folder)
    return str(caught.value)


class TestVectors:
    def test_texts_and_pictures_meet_in_one_space(
        self, tower: TextTower, pair: Backbone, tmp_path: Path
    ) -> None:
        vector = tower.encode_text("a red boat")
        assert vector is not None
        assert vector.dtype == np.float32
        [feature] = create_subject(pair, tmp_path).describe([draw_scene(1)])
        assert vector.shape == feature.shape == (DIMENSION,)
        assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-6)

    def test_the_vector_is_that_of_open_clip(self, tower: TextTower, folder: Path) -> None:
        """Computed by open_clip from the original file."""
        import open_clip
        from open_clip.model import _build_text_tower

        plain = _build_text_tower(DIMENSION, dict(MODEL["text_cfg"])).eval()  # type: ignore[call-overload]
        state = load_file(folder / "open_clip_model.safetensors")
        plain.load_state_dict({name: state[name] for name in plain.state_dict()})
        with torch.inference_mode():
            [expected] = plain(open_clip.SimpleTokenizer(context_length=CONTEXT)(["a red boat"])).numpy()
        assert tower.encode_text("a red boat") == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)

    def test_the_same_text_gives_the_same_vector(
        self, tower: TextTower, pair: Backbone, tmp_path: Path
    ) -> None:
        first = tower.encode_text("a red boat")
        assert np.array_equal(first, tower.encode_text('"a red  boat" '))  # type: ignore[arg-type]
        again = TextTower(pair.subject_configuration(), tmp_path).encode_text("a red boat")
        assert np.array_equal(first, again)  # type: ignore[arg-type]
        assert not np.array_equal(first, tower.encode_text("a blue boat"))  # type: ignore[arg-type]

    def test_a_text_does_not_depend_on_its_neighbours(self, tower: TextTower) -> None:
        texts = ["boat", "a dog in the snow", "boat " * 40]
        together = tower._runtime.encode_texts(texts)
        for text, row in zip(texts, together, strict=True):
            assert tower.encode_text(text) == pytest.approx(row, abs=1e-6)

    def test_a_known_text_is_not_encoded_again(self, tower: TextTower) -> None:
        first = tower.encode_text("boat")
        assert tower.encode_text("boat") is first
        assert first is not None
        with pytest.raises(ValueError, match="read-only"):
            first[0] = 1

    @pytest.mark.parametrize("text", ["", "  ", '"!?"', "…"])
    def test_a_text_without_a_letter_has_no_vector(self, tower: TextTower, text: str) -> None:
        assert tower.encode_text(text) is None

    def test_the_feature_is_the_projected_one(self, pair: Backbone, folder: Path, tmp_path: Path) -> None:
        plain = fetch_backbone(BACKBONE, str(folder / "image"))
        assert (plain.tower, pair.dimension) == (None, DIMENSION)
        assert plain.dimension > DIMENSION
        model = timm.create_model(BACKBONE, pretrained=False, num_classes=DIMENSION).eval()
        model.load_state_dict(load_file(folder / "image"))
        batch = pair.preprocessing.prepare_batch([draw_scene(1), draw_scene(2)])
        with torch.inference_mode():
            expected = model(torch.from_numpy(np.ascontiguousarray(batch))).numpy()
        features = create_subject(pair, store_weights(pair, tmp_path)).describe(
            [draw_scene(1), draw_scene(2)]
        )
        assert (features * expected).sum(axis=1) == pytest.approx(np.linalg.norm(expected, axis=1), rel=1e-4)


def test_closeness_looks_at_differences_alone() -> None:
    cosines = np.array([0.3, 0.3 - TEMPERATURE, 0.1])
    assert text_closeness(cosines)[:2] == pytest.approx([1, np.exp(-1)])
    assert text_closeness(cosines - 0.2) == pytest.approx(text_closeness(cosines))
    assert text_closeness([]).tolist() == []


class TestConfiguration:
    def test_the_space_says_which_tower_belongs_to_it(self, pair: Backbone) -> None:
        configuration = json.loads(json.dumps(pair.subject_configuration()))["text_tower"]
        assert pair.tower is not None
        assert configuration["weights_sha256"] == hashlib.sha256(pair.tower.weights).hexdigest()
        assert configuration["architecture"]["embed_dim"] == DIMENSION
        assert configuration["architecture"]["text_cfg"]["context_length"] == CONTEXT

    def test_another_tower_makes_another_space(self, pair: Backbone, tmp_path: Path) -> None:
        make_weights(tmp_path)
        make_tower(tmp_path, seed=3)
        other_pairs = [fetch_pair(tmp_path)]
        make_tower(tmp_path, no_causal_mask=True)
        other_pairs.append(fetch_pair(tmp_path))
        fingerprints = {create_subject(backbone, tmp_path).fingerprint for backbone in (pair, *other_pairs)}
        assert len(fingerprints) == 3
        assert len({backbone.sha256 for backbone in (pair, *other_pairs)}) == 1

    def test_without_a_tower_nothing_is_said(self, folder: Path) -> None:
        plain = fetch_backbone(BACKBONE, str(folder / "image")).subject_configuration()
        assert "text_tower" not in plain
        assert TextTower.from_space(plain, folder) is None

    @pytest.mark.parametrize("prefix", ["", "text."])
    def test_the_picture_tower_in_the_file_is_left_out(
        self, pair: Backbone, tmp_path: Path, prefix: str
    ) -> None:
        make_weights(tmp_path)
        make_tower(tmp_path, prefix=prefix)
        again = fetch_pair(tmp_path)
        assert again.tower is not None
        assert pair.tower is not None
        assert again.tower.weights == pair.tower.weights


class TestRefusals:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        make_weights(tmp_path)
        make_tower(tmp_path)
        return tmp_path

    def test_a_file_that_is_not_there(self, folder: Path) -> None:
        with pytest.raises(BackboneUnavailable, match=r"nowhere\.safetensors: no such file; give"):
            fetch_backbone(BACKBONE, str(folder / "image"), text_tower="nowhere.safetensors")

    def test_a_file_without_its_configuration(self, folder: Path) -> None:
        (folder / "open_clip_config.json").unlink()
        assert "open_clip_config.json: No such file" in refusal_message(folder)

    @pytest.mark.parametrize(
        "text",
        ["", "{", "[]", "{}", '{"model_cfg": {"embed_dim": 8}}', '{"model_cfg": {"embed_dim": "x", "text_cfg": {}}}',
         '{"model_cfg": {"embed_dim": 8, "text_cfg": {"colour": 1}}}', "[" * 100_000],
    )  # fmt: skip
    def test_a_configuration_that_says_nothing_useful(self, folder: Path, text: str) -> None:
        (folder / "open_clip_config.json").write_text(text)
        assert "open_clip_config.json: cannot be used" in refusal_message(folder)

    @pytest.mark.parametrize("options", [{"heads": 0}, {"heads": 3}, {"pool_type": "sum"}])
    def test_a_configuration_that_cannot_be_built(self, folder: Path, options: dict[str, Any]) -> None:
        text = {**MODEL["text_cfg"], **options}  # type: ignore[dict-item]
        (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": {**MODEL, "text_cfg": text}}))
        assert "no text tower can be built" in refusal_message(folder)

    def test_a_tower_made_elsewhere(self, folder: Path) -> None:
        text = {"hf_model_name": "roberta-base"}
        (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": {**MODEL, "text_cfg": text}}))
        assert "uses roberta-base" in refusal_message(folder)

    def test_weights_that_do_not_fit_the_configuration(self, folder: Path) -> None:
        make_tower(folder / "wider", width=32)
        (folder / "open_clip_model.safetensors").write_bytes(
            (folder / "wider" / "open_clip_model.safetensors").read_bytes()
        )
        assert "does not fit its configuration" in refusal_message(folder)

    @pytest.mark.parametrize("share", [0.0, 0.5])
    def test_a_truncated_file(self, folder: Path, share: float) -> None:
        path = folder / "open_clip_model.safetensors"
        path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
        assert "not a readable safetensors file" in refusal_message(folder)

    def test_a_backbone_that_projects_elsewhere(self, folder: Path) -> None:
        make_weights(folder, dimension=DIMENSION + 1)
        assert "another model's weights" in refusal_message(folder)

    def test_changed_weights_of_a_library(self, folder: Path) -> None:
        pair = fetch_pair(folder)
        assert pair.tower is not None
        path = store_weights(pair, folder) / f"{pair.tower.sha256}.safetensors"
        path.write_bytes(path.read_bytes() + b"\0")
        with pytest.raises(BackboneUnavailable, match="its checksum is not the one in the catalog"):
            TextTower(pair.subject_configuration(), folder).encode_text("boat")


class TestOffline:
    @pytest.fixture(autouse=True)
    def offline(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))

    def test_a_page_of_the_hub_that_cannot_be_reached(self, folder: Path) -> None:
        with pytest.raises(BackboneUnavailable, match="could not be fetched from some/tower; go online once"):
            fetch_backbone(BACKBONE, str(folder / "image"), text_tower="some/tower")

    def test_the_tower_of_a_known_backbone_has_a_page(self, folder: Path) -> None:
        with pytest.raises(
            BackboneUnavailable, match=r"could not be fetched from timm/resnet50_clip\.openai; go"
        ):
            fetch_backbone("resnet50_clip", str(folder / "image"), text_tower="pretrained")


class TestWithoutTheExtra:
    @pytest.fixture(autouse=True)
    def absent(self, monkeypatch: pytest.MonkeyPatch, pair: Backbone) -> None:
        """The pair was made with open_clip; None in sys.modules makes the import fail afterwards."""
        monkeypatch.setitem(sys.modules, "open_clip", None)

    def test_a_search_says_what_to_install(self, pair: Backbone, tmp_path: Path) -> None:
        tower = TextTower(pair.subject_configuration(), store_weights(pair, tmp_path))
        assert (
            tower.unavailable_reason
            == "The text tower needs open_clip; install it with `pip install 'pictor[clip]'`."
        )
        with pytest.raises(BackboneUnavailable, match=r"needs open_clip; install it with .*pictor\[clip\]"):
            tower.encode_text("boat")

    def test_pictures_are_described_all_the_same(self, pair: Backbone, tmp_path: Path) -> None:
        [feature] = create_subject(pair, store_weights(pair, tmp_path)).describe([draw_scene(1)])
        assert feature.shape == (DIMENSION,)

    def test_no_library_is_made_with_a_tower(self, folder: Path) -> None:
        with pytest.raises(BackboneUnavailable, match=r"pictor\[clip\]"):
            fetch_pair(folder)


def test_files_are_named_as_the_hub_names_them(folder: Path) -> None:
    assert sorted(os.listdir(folder)) == ["image", "open_clip_config.json", "open_clip_model.safetensors"]
