"""The map of a sentence encoder: names lead to what classes look like, and new captions to their pictures."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import normalize

from indexer.training.encoder_map import (
    EncodedTexts,
    EncoderTexts,
    centre_vectors,
    find_centres,
    fit_encoder_map,
)
from indexer.training.subject_map import choose_axes

NUMBERS, DIMENSION, LEARNED = 20, 16, 400
WORDS = [f"thing{'abcdefgh'[number // 8]}{'stuvwxyz'[number % 8]}" for number in range(64)]


def encode(texts: list[str], table: torch.Tensor) -> EncodedTexts:
    """Texts as the means of their words, beside something that all texts of one length have in common."""
    rows = [[WORDS.index(word) for word in text.split()] for text in texts]
    means = torch.stack([table[own].mean(dim=0) + 0.5 * len(own) for own in rows])
    return EncodedTexts(texts, normalize(means, dim=1))


def test_names_and_new_captions_lead_to_what_they_show() -> None:
    random = torch.Generator().manual_seed(5)
    table, shown = (torch.randn(64, size, generator=random) for size in (NUMBERS, DIMENSION))
    captions = [f"{WORDS[number * 7 % 64]} {WORDS[number * 11 % 61]}" for number in range(LEARNED + 60)]
    pairs = [[WORDS.index(word) for word in caption.split()] for caption in captions]
    pictures = normalize(torch.stack([shown[own].sum(dim=0) for own in pairs]), dim=1)
    subjects, looks = normalize(pictures - pictures.mean(dim=0), dim=1), normalize(shown, dim=1)
    names, learned = encode(WORDS, table), encode(captions[:LEARNED], table)
    texts = EncoderTexts(
        names, torch.arange(64), learned, torch.arange(LEARNED), encode([*WORDS, *captions[:60]], table)
    )
    axes = choose_axes(looks, subjects, 12)
    made = fit_encoder_map(
        texts, [names, learned], looks, subjects[:LEARNED], (axes, axes), table[:2], 1, lambda *_: None
    )
    nothing = torch.zeros(12).numpy()
    found = [made.map_vector(vector.numpy(), nothing, 1) for vector in names.vectors]
    scores = torch.from_numpy(np.array(found)) @ looks.T
    assert float((scores.argmax(dim=1) == torch.arange(64)).float().mean()) > 0.8
    new = encode(captions[LEARNED:], table)
    found = [made.map_vector(vector.numpy(), nothing, 2) for vector in new.vectors]
    scores = torch.from_numpy(np.array(found)) @ subjects[LEARNED:].T
    ranks = (scores > scores.diagonal()[:, None]).sum(dim=1)
    assert float((ranks < 3).float().mean()) > 0.6


def test_what_texts_of_one_length_have_in_common_is_taken_away() -> None:
    table = torch.randn(64, NUMBERS, generator=torch.Generator().manual_seed(6))
    kinds = [encode(WORDS, table), encode([f"{word} {word}" for word in WORDS], table)]
    centres = find_centres(kinds)
    for kind in kinds:
        before, after = (
            float(vectors.mean(dim=0).norm()) for vectors in (kind.vectors, centre_vectors(kind, centres))
        )
        assert after < before / 3
