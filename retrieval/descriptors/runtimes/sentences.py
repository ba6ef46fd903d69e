"""Sentence encoders: texts to vectors, by ONNX Runtime and tokenizers. The only home of tokenizers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, final

import numpy as np

from ...errors import BackboneUnavailable
from ...ranking.arrays import Float32Matrix
from .onnx import open_session

INSTALL = "install pictor[sentences]"
MODELS = ("model.onnx", "onnx/model.onnx")  # where a folder may hold the model
TOKENIZER = "tokenizer.json"  # beside the model, or in the folder above
MOST_TOKENS = 64  # of one text; longer ones are cut
BATCH = 32  # texts that run together


@final
class SentenceEncoder:
    """An encoder that Hugging Face's tools exported: a model.onnx and its tokenizer.json.

    The vector of a text is the mean of the outputs at its tokens, at length 1 (Reimers and Gurevych,
    "Sentence-BERT", EMNLP 2019).
    """

    def __init__(self, place: Path) -> None:
        """`place`: the folder of both, or the file of the model, whatever its name is.

        Raises BackboneUnavailable where the packages or the files are missing, or cannot be used.
        """
        self.name = place.name
        model, tokenizer = _find_files(place)
        try:
            from tokenizers import Tokenizer

            self._tokenizer = Tokenizer.from_file(str(tokenizer))
            self._session = open_session(model)
        except ImportError as error:
            raise BackboneUnavailable(self.name, f"a sentence encoder needs {error.name}", INSTALL) from error
        except Exception as error:  # the exceptions of both packages have no common base class
            raise BackboneUnavailable(self.name, f"{place}: no sentence encoder ({error})") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._inputs = [entry.name for entry in self._session.get_inputs()]

    def has_word(self, word: str) -> bool:
        """Whether the tokenizer has a word as one piece."""
        pieces: list[int] = self._tokenizer.encode(word, add_special_tokens=False).ids
        return len(pieces) == 1 and pieces[0] != self._tokenizer.token_to_id("[UNK]")

    def encode_texts(self, texts: Sequence[str]) -> Float32Matrix:
        """The vector of each text, (text, number); texts of about one length run together."""
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(tokens)), key=lambda place: len(tokens[place]))
        rows: list[Any] = [None] * len(tokens)
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            for place, row in zip(places, self._run_batch([tokens[place] for place in places]), strict=True):
                rows[place] = row
        return np.array(rows, np.float32)

    def _run_batch(self, tokens: Sequence[Sequence[int]]) -> Float32Matrix:
        ids = np.zeros((len(tokens), max(map(len, tokens))), np.int64)
        for row, numbers in enumerate(tokens):
            ids[row, : len(numbers)] = numbers
        mask = (np.arange(ids.shape[1]) < np.array([[len(numbers)] for numbers in tokens])).astype(np.int64)
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        [outputs, *_] = self._session.run(None, {name: inputs[name] for name in self._inputs})
        sums = (outputs * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), np.float32)


def _find_files(place: Path) -> tuple[Path, Path]:
    """Where the model and the tokenizer are, or would have to be."""
    if place.is_file():
        beside, above = place.parent / TOKENIZER, place.parent.parent / TOKENIZER
        return place, above if above.is_file() and not beside.is_file() else beside
    model = next((place / name for name in MODELS if (place / name).is_file()), place / MODELS[0])
    return model, place / TOKENIZER
