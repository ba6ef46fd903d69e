"""A word tower of one's own: words and captions lead to pictures that the tower never saw, by the command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from indexer.training.subject_map import Pairs, fit_map
from indexer.training.vocabulary import choose_vocabulary, list_classes, list_definitions, vary_captions
from indexer.training.word_table import average_bags, fit_table, list_bags

INDEX = "  1 licence\n{lines}"
NOUNS = {
    "dog": ("05", "00000001"),
    "cat": ("05", "00000002"),
    "boat": ("06", "00000003"),
    "idea": ("09", "00000004"),
}


@pytest.fixture
def wordnet(tmp_path: Path) -> Path:
    """Files in the format of WordNet's, with four nouns and two adjectives."""
    folder = tmp_path / "wordnet"
    folder.mkdir()
    index = [f"{noun} n 1 0 1 0 {offset}" for noun, (_, offset) in NOUNS.items()]
    data = [f"{offset} {field} n 01 {noun} 0 000 | what it is" for noun, (field, offset) in NOUNS.items()]
    (folder / "index.noun").write_text(INDEX.format(lines="\n".join(index)) + "\n", "utf-8")
    (folder / "data.noun").write_text(INDEX.format(lines="\n".join(data)) + "\n", "utf-8")
    for part, words in (("adj", ("red", "small")), ("verb", ("run",)), ("adv", ())):
        lines = "\n".join(f"{word} x 1 0 1 0 00000009" for word in words)
        (folder / f"index.{part}").write_text(INDEX.format(lines=lines) + "\n", "utf-8")
    return folder


def test_the_vocabulary_holds_frequent_words_names_and_captions(wordnet: Path) -> None:
    vocabulary = choose_vocabulary(["the", "dogs", "dog", "of", "boat"], wordnet, ["A zebroid runs"])
    assert vocabulary.words["dog"] == "dogs"
    assert {"boat", "zebroid", "tench", "goldfish"} <= set(vocabulary.words)
    assert not {"the", "of", "a"} & set(vocabulary.words)
    assert "great white shark" in vocabulary.phrases
    assert vocabulary.trusted == {"dog", "boat"}


def test_classes_have_names_and_definitions() -> None:
    assert list_classes("imagenet-1k")[0] == ["tench", "Tinca tinca"]
    assert list_definitions("imagenet-1k")[1].startswith("goldfish: small golden")


def test_nouns_are_replaced_by_nouns_of_their_field(wordnet: Path) -> None:
    captions = ["a dog near a boat", "an idea"] * 20
    varied = vary_captions(captions, ["dog", "cat", "boat", "idea"], wordnet, 15, 1)
    assert len(varied) == 15
    assert varied == vary_captions(captions, ["dog", "cat", "boat", "idea"], wordnet, 15, 1)
    assert all(caption.startswith("a ") and " near a " in caption for caption in varied)
    assert set(varied) == {"a dog near a boat", "a cat near a boat"}


def test_the_table_gives_texts_the_vectors_that_are_wanted() -> None:
    """Words that texts use move to where the means of the texts are right; others stay."""
    random = torch.Generator().manual_seed(1)
    true = torch.nn.functional.normalize(torch.randn(30, 8, generator=random), dim=1)
    bags = [torch.randperm(29, generator=random)[:4].tolist() for _ in range(400)]
    targets = torch.nn.functional.normalize(average_bags(bags, 30) @ true, dim=1)
    start = torch.nn.functional.normalize(true + 0.3 * torch.randn(30, 8, generator=random), dim=1)
    fitted = fit_table(start, bags, targets)

    def closeness(rows: torch.Tensor) -> float:
        means = torch.nn.functional.normalize(average_bags(bags, 30) @ rows, dim=1)
        return float((means * targets).sum(dim=1).mean())

    assert closeness(fitted) > 0.999 > closeness(start)
    assert fitted[29] == pytest.approx(start[29].numpy(), abs=1e-4)


def test_bags_are_what_a_table_finds() -> None:
    assert list_bags(["The hot dog", "unknown", "dogs, boats"], {"dog": 0, "hot dog": 1, "boat": 2}) == [
        [1],
        [],
        [0, 2],
    ]


def test_the_map_leads_texts_that_it_did_not_learn_from() -> None:
    random = torch.Generator().manual_seed(2)
    unit = torch.nn.functional.normalize
    lead = torch.randn(12, 24, generator=random)
    texts = unit(torch.randn(600, 12, generator=random), dim=1)
    directions = unit(texts @ lead, dim=1)
    pairs = Pairs(texts[:500], torch.arange(500), directions[:500])
    found = fit_map(texts[:100], pairs, pairs, seed=1)
    new = texts[500:].numpy()
    for count in (1, 9):
        vectors = np.stack([found.map_text(row, count) for row in new])
        scores = vectors @ directions[500:].numpy().T
        assert (scores.argmax(axis=1) == np.arange(100)).mean() > 0.8
    assert (np.diff(found.shares) > 0).all()
