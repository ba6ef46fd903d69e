"""A word tower of one's own: words and captions lead to pictures that the tower never saw, by the command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from data.categories.wordnet import WordNet
from indexer.training.contrast import CaptionMap, Captions, fit_by_contrast
from indexer.training.looks import Things, guess_looks
from indexer.training.subject_map import Pairs, choose_axes, measure_nearness, regress
from indexer.training.vocabulary import choose_vocabulary, list_classes, list_definitions, vary_captions
from indexer.training.word_table import average_bags, fit_table, list_bags
from retrieval import word_tower
from retrieval.ranking.tokens import split_tokens

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


def test_regression_leads_texts_that_it_did_not_learn_from() -> None:
    random = torch.Generator().manual_seed(2)
    unit = torch.nn.functional.normalize
    lead = torch.randn(12, 24, generator=random)
    texts = unit(torch.randn(600, 12, generator=random), dim=1)
    directions = unit(texts @ lead, dim=1)
    anchors = texts[:100]
    found = regress(anchors, Pairs(texts[:500], torch.arange(500), directions[:500]), ridge=1.0)
    scores = measure_nearness(texts[500:], anchors) @ found @ directions[500:].T
    assert (scores.argmax(dim=1) == torch.arange(100)).float().mean() > 0.8


def test_axes_keep_the_scores_among_pictures_first() -> None:
    """Pictures differ along six directions only; the directions along others are larger, and are left out."""
    random = torch.Generator().manual_seed(3)
    pictures = torch.zeros(300, 20)
    pictures[:, :6] = torch.randn(300, 6, generator=random)
    directions = torch.randn(40, 20, generator=random)
    directions[:, 6:] *= 1.5
    found = choose_axes(directions, pictures, 6)
    scores, wanted = directions @ found.inverse @ found.axes @ pictures.T, directions @ pictures.T
    assert float((scores - wanted).norm() / wanted.norm()) < 0.3
    main = torch.linalg.svd(directions)[2][:6]
    plain = directions @ main.T @ main @ pictures.T
    assert float((plain - wanted).norm() / wanted.norm()) > 0.5


def test_contrast_lets_new_captions_find_their_pictures_better() -> None:
    """It begins at the regression; one word of three says nothing about the picture. Unused rows stay."""
    random = torch.Generator().manual_seed(4)
    unit = torch.nn.functional.normalize
    rows, shown = unit(torch.randn(32, 8, generator=random), dim=1), torch.randn(32, 16, generator=random)
    bags = [[number % 6, 6 + number * 7 % 12, 18 + number * 5 % 13] for number in range(400)]
    pictures = unit(torch.stack([shown[bag[1]] + shown[bag[2]] for bag in bags]), dim=1)
    learned, own = bags[:300], torch.arange(300)
    vectors = unit(average_bags(learned, len(rows)) @ rows, dim=1)
    coefficients = regress(vectors[:40], Pairs(vectors, own, pictures), ridge=1.0)
    centre = (measure_nearness(vectors, vectors[:40]) @ coefficients).mean(dim=0)
    start = CaptionMap(rows, vectors[:40], coefficients, centre, torch.eye(16))

    def mean_rank() -> float:
        scores = start.score_pictures(start.encode_bags(bags[300:]), pictures[300:]).detach()
        return float((scores > scores.diagonal()[:, None]).float().sum(dim=1).mean())

    before, losses = mean_rank(), []
    fit_by_contrast(start, Captions(learned, own), pictures, 1, lambda _, loss: losses.append(loss))
    assert mean_rank() < before / 2
    assert losses[-1] < losses[0]
    assert torch.equal(start.rows[31], rows[31])


SYNSETS = {  # kind, names, definition
    "00001930": ("", "physical entity", "what exists"),
    "00007846": ("00001930", "person", "a human being"),
    "00000010": ("00001930", "animal", "a living thing that moves"),
    "00000011": ("00000010", "dog", "an animal that barks"),
    "00000012": ("00000010", "cat", "an animal that meows"),
    "00000013": ("00000010", "wolf", "a wild animal that barks"),
    "00000014": ("00001930", "boat", "a small vessel on water"),
    "00000015": ("00001930", "ketch", "a vessel on water with sails"),
    "00000016": ("00007846", "sailor", "a person on a vessel"),
}


@pytest.fixture
def nouns(tmp_path: Path) -> WordNet:
    (tmp_path / "data.noun").write_text(
        "".join(
            f"{offset} 03 n 01 {name.replace(' ', '_')} 0 {f'001 @ {kind} n 0000' if kind else '000'} | {gloss}\n"
            for offset, (kind, name, gloss) in SYNSETS.items()
        ),
        "utf-8",
    )
    index = (f"{name.replace(' ', '_')} n 1 0 1 0 {offset}\n" for offset, (_, name, _) in SYNSETS.items())
    (tmp_path / "index.noun").write_text("".join(index), "utf-8")
    (tmp_path / "cntlist.rev").write_text("", "utf-8")
    return WordNet(tmp_path)


def test_things_look_like_their_kinds_or_like_what_is_defined_alike(nouns: WordNet) -> None:
    words = sorted(
        {word for _, name, gloss in SYNSETS.values() for text in (name, gloss) for word in text.split()}
    )
    keys = {" ".join(split_tokens(word)): row for row, word in enumerate(words)}
    numbers = np.random.default_rng(1).integers(-127, 128, (len(words), 32), np.int8)
    ones = np.ones(len(words), np.float32)
    table = word_tower.WordTable.without_looks(keys, numbers, ones, ones < 0)
    classes = torch.eye(3)  # dog, cat, boat
    looks = guess_looks(Things(nouns, table), classes, ["n00000011", "n00000012", "n00000014"])
    found = {words[row]: look for row, look in zip(looks.rows.tolist(), looks.directions, strict=True)}
    assert found["dog"].tolist() == pytest.approx([1, 0, 0])
    assert found["animal"].tolist() == pytest.approx([0.5**0.5, 0.5**0.5, 0])
    assert found["wolf"].argmax() == 0
    assert found["ketch"].argmax() == 2
    assert float(found["ketch"].norm()) < 1
    assert not {"person", "sailor", "small"} & set(found)
