"""A tiny sentence encoder, as Hugging Face's tools export one: a table of random vectors for whole words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

NUMBERS = 48


def make_encoder(folder: Path, words: Iterable[str], *, seed: int = 1) -> Path:
    """A folder with model.onnx and tokenizer.json; unknown words share one vector."""
    import onnx
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.normalizers import Lowercase
    from tokenizers.pre_tokenizers import Whitespace

    numbers = {word: number for number, word in enumerate(dict.fromkeys(["[UNK]", *words]))}
    tokenizer = Tokenizer(WordLevel(numbers, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = Lowercase(), Whitespace()
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    table = np.random.default_rng(seed).standard_normal((len(numbers), NUMBERS)).astype(np.float32)
    kind = onnx.TensorProto
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])],
        "encoder",
        [onnx.helper.make_tensor_value_info(name, kind.INT64, ["text", "token"]) for name in ("input_ids",)],
        [onnx.helper.make_tensor_value_info("last_hidden_state", kind.FLOAT, ["text", "token", NUMBERS])],
        [onnx.numpy_helper.from_array(table, "table")],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, folder / "model.onnx")
    return folder
