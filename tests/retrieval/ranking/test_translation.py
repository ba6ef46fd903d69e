"""Texts in other languages are read as English by rules, with the words that come with the program."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import LANGUAGE_CODES
from retrieval.languages import load_translator
from retrieval.ranking.stop_words import STOP_WORDS
from retrieval.ranking.tokens import Translation, parse_terms

TRANSLATOR = load_translator(LANGUAGE_CODES)


def read_text(text: str, *languages: str) -> list[tuple[str, str]]:
    """What is known of a text, each with its first English name."""
    translator = load_translator(languages) if languages else TRANSLATOR
    return [(reading.typed, reading.names[0]) for reading in translator.find_readings(text)]


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("Hund", [("Hund", "dog")]),
        ("perro", [("perro", "dog")]),
        ("chien", [("chien", "dog")]),
        ("con chó", [("con chó", "dog")]),
        ("狗", [("狗", "dog")]),
        ("Ein Hund am Strand", [("Hund", "dog"), ("Strand", "beach")]),
        ("perro rojo", [("perro", "dog"), ("rojo", "red")]),
        ("chó sói", [("chó sói", "wolf")]),
        ("feu rouge", [("feu rouge", "traffic light")]),
        ("红色汽车", [("红色", "red"), ("汽车", "car")]),
        ("Weihnachten 2019", [("Weihnachten", "christmas")]),
        ("Hund beach", [("Hund", "dog")]),
        ("perro Katze", [("perro", "dog"), ("Katze", "cat")]),
        ("xyzzy", []),
        ("", []),
    ],
)
def test_the_longest_known_run_is_read_as_one(text: str, known: list[tuple[str, str]]) -> None:
    assert read_text(text) == known


@pytest.mark.parametrize(
    ("alone", "with_others", "name"),
    [
        ("chat", "chat noir", "cat"),
        ("pain", "le pain", "bread"),
        ("Kind", "ein Kind am Strand", "child"),
        ("Boot", "das Boot", "boat"),
        ("Gift", "Gift und Flasche", "poison"),
        ("red", "la red del pescador", "net"),
        ("pie", "el pie de la niña", "foot"),
        ("once", "once perros", "eleven"),
        ("four", "un four à pizza", "oven"),
    ],
)
def test_a_word_that_is_english_too_is_english_unless_all_else_is_of_one_language(
    alone: str, with_others: str, name: str
) -> None:
    typed = alone
    assert read_text(alone) == []
    assert (typed, name) in [pair for pair in all_names(with_others) if pair[0] == typed]
    assert typed not in [pair[0] for pair in read_text(f"{with_others} xyzzy")]


@pytest.mark.parametrize("word", ["tub", "gas", "human", "florida", "couch", "stories", *sorted(STOP_WORDS)])
def test_frequent_english_words_alone_are_english(word: str) -> None:
    """Dictionaries have some of them with another ending: *Gasse*, *humo*, *flor*."""
    assert read_text(word) == []


def all_names(text: str) -> list[tuple[str, str]]:
    return [(reading.typed, name) for reading in TRANSLATOR.find_readings(text) for name in reading.names]


@pytest.mark.parametrize(
    "text",
    [
        "dog on the beach",
        "black and white cat",
        "stars",
        "a kind man",
        "do an",
        "red boot",
        "hot dog",
        "roses",
    ],
)
def test_english_stays_english(text: str) -> None:
    assert read_text(text) == []
    assert TRANSLATOR.write_english(text) == text
    assert TRANSLATOR.parse_terms(text) == parse_terms(text)


def test_several_words_that_are_only_written_like_english_ones_are_none() -> None:
    assert read_text("sac a dos") == [("sac a dos", "backpack")]


def test_a_word_of_several_languages_means_all_unless_the_text_tells() -> None:
    assert [reading.languages for reading in TRANSLATOR.find_readings("hai")] == [("de", "vi")]
    assert read_text("hai con chó")[0] == ("hai", "two")
    assert ("Hai", "two") not in all_names("Hai und Wal")


def test_toneless_vietnamese_is_read_where_several_syllables_tell() -> None:
    assert read_text("con cho") == [("con cho", "dog")]
    assert read_text("hoa") == [("hoa", "flower")]
    assert read_text("cho", "vi") == read_text("ga", "vi") == []


def test_quotation_marks_and_punctuation_end_a_run() -> None:
    assert read_text('"alter Hund" Katze') == [("Katze", "cat")]
    assert read_text("feu, rouge", "fr") != [("feu, rouge", "traffic light")]


def test_only_the_chosen_languages_are_read() -> None:
    assert read_text("Hund perro", "es") == [("perro", "dog")]
    assert load_translator(()).find_readings("Hund") == ()


def test_a_text_tower_gets_english_words_without_foreign_stop_words() -> None:
    assert TRANSLATOR.write_english("ein Hund am Strand, 2019") == "dog beach 2019"
    assert TRANSLATOR.write_english("một con chó đang chạy trên bãi biển") == "dog running beach"
    assert TRANSLATOR.write_english("Fliege") in ("fly bow tie", "bow tie fly")


def test_a_name_is_known_only_as_a_whole() -> None:
    assert "dog" in TRANSLATOR.find_names(" Hund ")
    assert TRANSLATOR.find_names("Hund am Strand") == ()
    assert TRANSLATOR.find_names("dog") == ()


def test_terms_hold_what_was_typed_and_its_english_names() -> None:
    terms = TRANSLATOR.parse_terms("Polizeiauto und Hund")
    assert terms.words == parse_terms("Polizeiauto und Hund").words
    assert [translation.typed for translation in terms.translations] == ["Polizeiauto", "Hund"]
    assert ("polic", "car") in terms.translations[0].names
    assert terms.translations[1] == Translation("Hund", ("hund",), (("dog",),))


def test_a_name_that_is_the_typed_word_is_no_translation() -> None:
    assert TRANSLATOR.parse_terms("beagle").translations == ()


@given(st.text(max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    readings = TRANSLATOR.find_readings(text)
    assert all(first.end <= second.start for first, second in pairwise(readings))
    assert all(reading.names and reading.usual for reading in readings)
    TRANSLATOR.write_english(text)
    TRANSLATOR.parse_terms(text)
