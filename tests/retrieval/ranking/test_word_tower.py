"""The word tower: which rows a text has, what it brings, and how names and sentences are weighed."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.ranking.tokens import split_tokens
from retrieval.ranking.word_tower import KernelMap, SubjectMap, WordTable, WordTower

WORDS = ["dog", "hot dog", "sea", "seahorse", "snow", "board", "tower", "thing", "motor", "bike", "zo"]
COMMON = {"dog", "sea", "snow", "board", "tower", "motor", "bike", "zo"}
NUMBER, DIMENSION, ANCHORS, COEFFICIENTS = 6, 10, 7, 5
LOOKING = ["dog", "hot dog", "board"]  # words with a look


@pytest.fixture(scope="module")
def table() -> WordTable:
    random = np.random.default_rng(1)
    rows = {" ".join(split_tokens(word)): row for row, word in enumerate(WORDS)}
    return WordTable(
        rows,
        random.integers(-127, 128, (len(WORDS), NUMBER), np.int8),
        random.random(len(WORDS), np.float32) + np.float32(0.1),
        np.array([word in COMMON for word in WORDS]),
        random.integers(-127, 128, (len(LOOKING), COEFFICIENTS), np.int8),
        random.random(len(LOOKING), np.float32) + np.float32(0.1),
        np.array([LOOKING.index(word) if word in LOOKING else -1 for word in WORDS]),
    )


@pytest.fixture(scope="module")
def tower(table: WordTable) -> WordTower:
    random = np.random.default_rng(2)
    anchors = random.standard_normal((ANCHORS, NUMBER)).astype(np.float32)
    anchors /= np.linalg.norm(anchors, axis=1, keepdims=True)
    names, sentences = (
        KernelMap(*(
            random.standard_normal(shape).astype(np.float32)
            for shape in ((ANCHORS, COEFFICIENTS), COEFFICIENTS, (COEFFICIENTS, DIMENSION))
        ))
        for _ in range(2)
    )  # fmt: skip
    shares = np.array([0, 0.5, 1], np.float32)
    return WordTower(table, SubjectMap(anchors, names, sentences, shares), "weights", "file")


def mean_look(table: WordTable, words: list[str]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The mean over all words, where those without a look count as zeros."""
    looks = table.looks * table.look_scales[:, None]
    total = np.zeros(COEFFICIENTS, np.float32)
    for word in words:
        if word in LOOKING:
            total += looks[LOOKING.index(word)]
    return total / np.float32(len(words))


def find_words(table: WordTable, text: str) -> list[str]:
    return [WORDS[row] for row in table.find_rows(text.split())]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Dogs!", ["dog"]),
        ("a hot dog", ["hot dog"]),
        ("hot snow, dog", ["snow", "dog"]),
        ("a picture of the sea", ["sea"]),
        ("sea horse", ["seahorse"]),
        ("seahorses", ["seahorse"]),
        ("snowboards", ["snow", "board"]),
        ("motorbikes", ["motor", "bike"]),
        ("“towers”", ["tower"]),
        ("snow board snow", ["snow", "board", "snow"]),
    ],
)
def test_words_have_rows_in_all_their_forms(table: WordTable, text: str, words: list[str]) -> None:
    assert find_words(table, text) == words


@pytest.mark.parametrize(
    "text", ["", "qwrtz", "the of and", "a photo", "snowqwrtz", "thingthing", "zosnow", "…", "雪"]
)
def test_what_says_nothing_has_no_rows_and_no_vector(table: WordTable, tower: WordTower, text: str) -> None:
    """Rare words and words of two letters are not trusted inside an unknown word."""
    assert find_words(table, text) == []
    assert tower.encode_text(text) is None


def test_a_text_is_the_mean_of_its_rows(table: WordTable, tower: WordTower) -> None:
    rows = table.find_rows(["snow", "dog"])
    mean = np.mean([table.numbers[row] * table.scales[row] for row in rows], axis=0)
    assert table.mean_vector(rows) == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)


@pytest.mark.parametrize(("text", "share"), [("dog", 0.0), ("dog snow", 0.5), ("dog snow sea", 1.0),
                                             ("dog snow sea board", 1.0)])  # fmt: skip
def test_long_texts_are_sentences_and_short_ones_names(tower: WordTower, text: str, share: float) -> None:
    vector = tower.encode_text(text)
    assert vector is not None
    words = find_words(tower.table, text)
    plain = tower.table.mean_vector([WORDS.index(word) for word in words])
    nearness = np.exp(-np.square(tower.map.anchors - plain).sum(axis=1))
    parts = []
    for led, look in ((tower.map.names, mean_look(tower.table, words)), (tower.map.sentences, 0)):
        part = (nearness @ led.coefficients - led.centre + look) @ led.axes
        parts.append(part / np.linalg.norm(part))
    wanted = (1 - share) * parts[0] + share * parts[1]
    assert vector == pytest.approx(wanted / np.linalg.norm(wanted), abs=1e-5)
    assert vector.dtype == np.float32


def test_a_text_and_its_words_have_the_same_vector_every_time(tower: WordTower) -> None:
    first, again = tower.encode_text("Snowboards, the sea"), tower.encode_words(["snow", "board", "sea"])
    assert first is not None
    assert again is not None
    assert np.array_equal(first, again)


def test_words_without_a_look_only_weaken_those_of_others(table: WordTable) -> None:
    dog, sea = WORDS.index("dog"), WORDS.index("sea")
    assert not table.mean_look([sea]).any()
    assert table.mean_look([dog]) == pytest.approx(table.looks[0] * table.look_scales[0])
    assert table.mean_look([dog, sea]) == pytest.approx(table.mean_look([dog]) / 2)


def test_anchors_are_led_as_texts_of_one_word_without_a_look(tower: WordTower) -> None:
    nothing = np.zeros(COEFFICIENTS, np.float32)
    for anchor, led in zip(tower.map.anchors, tower.map.map_anchors(), strict=True):
        assert led == pytest.approx(tower.map.map_text(anchor, nothing, 1), abs=1e-5)


@pytest.mark.parametrize(
    ("text", "is_english"),
    [("the snow on boards", True), ("snow", False), ("snow Turm", False), ("snow thing", False), ("", False)],
)
def test_several_frequent_words_are_english(tower: WordTower, text: str, is_english: bool) -> None:
    """Words that are rare or not in the table, and single words, may belong to another language."""
    assert tower.is_english(text) == is_english
