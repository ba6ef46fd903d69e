"""The words of a library as they are written: in generations, extended ones and the tail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from retrieval import Library, LibraryWriter, write_library
from retrieval.projections.spelled_words import SpelledWords
from retrieval.projections.words import WordView
from retrieval.ranking.tokens import spell_words
from retrieval.signals import WORDS
from tests.wording import add_words


@pytest.fixture
def words(tmp_path: Path) -> Iterator[LibraryWriter]:
    with write_library(tmp_path / "library") as library:
        yield library


def count_spelled(library: Library) -> dict[str, int]:
    view = library.snapshot().views[WORDS]
    assert isinstance(view, WordView)
    return dict(zip(view.vocabulary.words, view.vocabulary.counts.tolist(), strict=True))


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("Two Elephants, the café's!", ["two", "elephants", "café"]),
        ("photo of IMG_1234 a 42 GoPro7", ["img"]),
        ("l’été d'Azur STRASSE", ["l'été", "d'azur", "strasse"]),
        ("một con chó 北京", ["một", "con", "chó"]),
        ("x" * 65, []),
    ],
)
def test_words_are_spelled_as_they_are_written(text: str, spelled: list[str]) -> None:
    assert list(spell_words(text)) == spelled


def test_every_image_counts_once_wherever_its_words_lie(words: LibraryWriter) -> None:
    add_words(words, caption="red boats and boats", title="Boats", publish=True)
    add_words(words, caption="red boats", publish=True)  # extends the generation
    add_words(words, caption="blue boats")  # in the tail
    expected = {"blue": 1, "boats": 3, "red": 2}
    assert count_spelled(words) == expected
    words.publish(anew=True)
    assert count_spelled(words) == expected


def test_predicted_words_count_where_they_are_searched(words: LibraryWriter) -> None:
    add_words(words, caption="a dog", predicted="dog, tabby", publish=True)
    assert count_spelled(words) == {"dog": 1, "tabby": 1}
    with Library.open(words.path, replace(words.settings, predicted_labels=False)) as plain:
        assert count_spelled(plain) == {"dog": 1}


def test_files_are_read_as_they_were_written(tmp_path: Path) -> None:
    first, second = SpelledWords(), SpelledWords()
    first.add_image(["red", "boat"], ["boat", "ship"])
    second.add_image(["red", "été"], [])
    first.write(tmp_path, "a")
    second.write(tmp_path, "b")
    loaded = SpelledWords.parse(path.read_bytes() for path in tmp_path.glob("spelled-*.tsv"))
    assert loaded.count_words(predicted=True) == {"red": 2, "boat": 1, "ship": 1, "été": 1}
    assert loaded.count_words(predicted=False) == {"red": 2, "boat": 1, "été": 1}
    assert loaded.count_words(predicted=True) == SpelledWords.join([first, second]).count_words(
        predicted=True
    )
