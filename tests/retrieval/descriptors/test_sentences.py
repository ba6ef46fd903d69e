"""Sentence encoders: the mean over the tokens of a text, whatever it is batched with; refused where unusable."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from retrieval import BackboneUnavailable, SentenceEncoder
from tests.sentence_encoders import NUMBERS, make_encoder

pytest.importorskip("tokenizers", reason="pictor[sentences] is not installed")
WORDS = ("harbour", "forest", "snow", "castle", "garden")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> SentenceEncoder:
    return SentenceEncoder(make_encoder(tmp_path_factory.mktemp("encoders") / "tiny", WORDS))


def test_a_text_is_the_mean_of_its_tokens(encoder: SentenceEncoder) -> None:
    single = encoder.encode_texts(["harbour", "snow"])
    [both] = encoder.encode_texts(["Harbour snow"])
    assert single.shape == (2, NUMBERS)
    assert np.linalg.norm(single, axis=1) == pytest.approx([1, 1], abs=1e-6)
    table = [np.linalg.norm(row) for row in single]
    assert table == pytest.approx([1, 1], abs=1e-6)
    assert float(both @ single[0]) > 0.3
    assert float(both @ single[1]) > 0.3


def test_what_a_text_is_batched_with_does_not_matter(encoder: SentenceEncoder) -> None:
    texts = [" ".join(WORDS[: 1 + number % 5]) for number in range(70)]
    together = encoder.encode_texts(texts)
    for number in (0, 1, 33, 69):
        assert together[number] == pytest.approx(encoder.encode_texts([texts[number]])[0], abs=1e-6)


def test_the_file_of_a_model_is_an_encoder_with_the_tokenizer_beside_it_or_above(
    encoder: SentenceEncoder, tmp_path: Path
) -> None:
    folder = make_encoder(tmp_path / "tiny", WORDS)
    (folder / "onnx").mkdir()
    below = shutil.copyfile(folder / "model.onnx", folder / "onnx" / "model_small.onnx")
    for model in (folder / "model.onnx", below):
        found = SentenceEncoder(model).encode_texts(["Harbour snow"])
        assert np.array_equal(found, encoder.encode_texts(["Harbour snow"]))


def test_a_folder_without_an_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackboneUnavailable, match="no sentence encoder"):
        SentenceEncoder(tmp_path)
