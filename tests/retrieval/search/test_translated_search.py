"""Words in other languages find predicted labels by their English names, and everything else as typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from retrieval import (
    PREDICTED_SOURCE,
    Annotation,
    Filters,
    Library,
    LibraryWriter,
    Query,
    Settings,
    Text,
    parse_query,
    write_library,
)
from tests.drawing import write_scenes
from tests.indexing import index_folder
from tests.wording import add_words, find_words, rank_words

DOG = "dog, domestic dog, Canis familiaris"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[LibraryWriter]:
    with write_library(tmp_path / "library") as opened:
        yield opened


@pytest.mark.parametrize(
    "typed", ["Hund", "hunde", "perro", "chiens", "con chó", "con cho", "狗", "Hund, xyzzy"]
)
def test_a_foreign_name_finds_what_its_english_name_finds(library: LibraryWriter, typed: str) -> None:
    add_words(library, predicted="tabby, tabby cat")
    dog = add_words(library, predicted=DOG)
    assert rank_words(library, typed) == rank_words(library, "dog") == [(dog, pytest.approx(0.5, abs=1))]


def test_several_words_find_what_their_english_names_find(library: LibraryWriter) -> None:
    add_words(library, predicted=DOG)
    add_words(library, predicted="beach")
    add_words(library, predicted="tabby")
    assert rank_words(library, "Hund Strand") == rank_words(library, "dog beach")
    assert len(rank_words(library, "Hund Strand")) == 2


def test_an_english_name_is_found_in_predicted_labels_only(library: LibraryWriter) -> None:
    add_words(library, caption="a dog", tag="dog", title="dog", label="dog", path="/dog/dog.jpg")
    assert find_words(library, "Hund") == []


def test_what_was_written_in_the_language_is_found_as_it_is_typed(library: LibraryWriter) -> None:
    both = add_words(library, caption="Unser Hund", predicted=DOG)
    written = add_words(library, caption="Der Hund schläft")
    predicted = add_words(library, predicted=DOG)
    assert find_words(library, "Hund")[0] == both
    assert set(find_words(library, "Hund")) == {both, written, predicted}
    assert set(find_words(library, '"Hund"')) == {both, written}


def test_an_excluded_word_takes_its_label_out(library: LibraryWriter) -> None:
    add_words(library, caption="Urlaub", predicted=DOG)
    plain = add_words(library, caption="Urlaub")
    assert library.search("Urlaub -Hund").ids == [plain]


def test_the_band_is_that_of_the_english_word(library: LibraryWriter) -> None:
    for _ in range(30):
        add_words(library, caption="harbour")
    add_words(library, predicted=DOG)
    [english] = library.search("dog").hits
    [german] = library.search("Hund").hits
    assert (german.band, german.score) == (english.band, english.score) == ("strong", english.score)


@pytest.mark.parametrize(
    ("line", "found"), [("shows:Hund", 1), ("shows:perro", 1), ("shows:dog", 1), ("shows:Katze", 0)]
)
def test_labels_are_filtered_by_their_foreign_names(library: LibraryWriter, line: str, found: int) -> None:
    add_words(library, predicted=DOG)
    add_words(library, predicted="tabby")
    assert len(library.search(parse_query(line)).ids) == found


def test_a_filter_still_takes_names_as_they_are_stated(library: LibraryWriter) -> None:
    stated = add_words(library, label="Hund")
    assert library.search(Query(filters=Filters(shows=("Hund",)))).ids == [stated]


def test_an_explanation_says_what_a_word_was_read_as(tmp_path: Path) -> None:
    """In a library with a picture, since the picture is read again."""
    write_scenes(tmp_path / "pictures", 1)
    index_folder(tmp_path / "library", tmp_path / "pictures")
    with write_library(tmp_path / "library") as library:
        with library.catalog.writing() as writer:
            label = Annotation("label", DOG, PREDICTED_SOURCE, 0.9)
            writer.replace_annotations(1, PREDICTED_SOURCE, [label])
        typed, words = library.explain("Hund", 1).words, library.explain("dog", 1).words
    assert [match.typed for match in words] == ["", ""]
    assert [replace(match, typed="") for match in typed] == list(words)
    assert {(match.typed, match.field) for match in typed} == {("Hund", "predicted")}


def test_a_word_whose_english_name_is_found_is_not_called_unknown(library: LibraryWriter) -> None:
    add_words(library, predicted=DOG)
    assert library.search("Hund").notes == ()
    assert library.search("Katze").notes == ("Not among the words of this library, and not used: “Katze”.",)


def test_languages_are_chosen_by_the_setting(library: LibraryWriter) -> None:
    dog = add_words(library, predicted=DOG)
    library.publish()
    for languages, found in ((("de",), [dog]), (("fr", "es"), []), ((), [])):
        with Library.open(library.path, Settings(languages=languages)) as opened:
            assert find_words(opened, "Hund") == found


def test_nothing_is_translated_where_labels_are_off(library: LibraryWriter) -> None:
    add_words(library, predicted=DOG)
    library.publish()
    with Library.open(library.path, replace(library.settings, predicted_labels=False)) as opened:
        assert find_words(opened, "Hund") == []
        assert opened.search(Query((Text("Hund"),))).ids == []
