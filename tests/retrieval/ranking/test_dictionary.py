"""Words of a language are found as people type them: without marks, in the plural, without umlauts."""

from __future__ import annotations

import pytest

from retrieval.ranking.dictionary import Dictionary, EnglishName, split_words
from retrieval.ranking.tokens import stem_foreign


def make_dictionary(language: str, *stop_words: str, **names: str) -> Dictionary:
    """`names`: English names with their words, the usual one first, separated by commas."""
    entries = tuple(
        (name, EnglishName(rank, False, english))
        for english, words in names.items()
        for rank, name in enumerate(words.split(","))
    )
    return Dictionary(language, entries, frozenset(stop_words))


def find_texts(dictionary: Dictionary, typed: str) -> list[str]:
    """The English names of words that are typed, the most usual first."""
    entry = dictionary.find_entry([token.word for token in split_words(typed)])
    return [name.text for name in entry.names] if entry else []


@pytest.mark.parametrize(
    ("language", "name", "typed"),
    [
        ("de", "Hund", ["Hund", "hund", "HUND", "Hunde", "Hunden"]),
        ("de", "Bär", ["Bär", "bär", "bar", "baer", "Bären"]),
        ("de", "Straße", ["Straße", "Strasse", "Straßen"]),
        ("de", "Haus", ["Haus", "Häuser"]),
        ("fr", "cheval", ["cheval", "chevaux", "Cheval"]),
        ("fr", "évier", ["évier", "éviers", "evier", "eviers"]),
        ("fr", "toile d'araignée", ["toile d'araignée", "toile d’araignée", "toiles d'araignées", "toile d araignee"]),
        ("es", "flor", ["flor", "flores"]),
        ("es", "niño", ["niño", "niños", "nino", "ninos"]),
        ("es", "arma", ["arma", "armas"]),
        ("vi", "con chó", ["con chó", "con cho", "Con Chó"]),
        ("vi", "hòa bình", ["hòa bình", "hoà bình", "hoa binh"]),
        ("vi", "cá", ["cá"]),
        ("zh", "红色", ["红色"]),
    ],
)  # fmt: skip
def test_a_name_is_found_as_people_type_it(language: str, name: str, typed: list[str]) -> None:
    dictionary = make_dictionary(language, thing=name)
    assert {text: find_texts(dictionary, text) for text in typed} == {text: ["thing"] for text in typed}


@pytest.mark.parametrize(
    ("language", "name", "typed"),
    [
        ("vi", "cá", "ca"),  # a cup, or the first syllable of many words
        ("vi", "gà", "gá"),
        ("es", "tren", "trên"),  # Vietnamese: on
        ("fr", "rosée", "rosä"),
        ("de", "Hund", "Hundehütte"),
        ("zh", "红色", "红"),
        ("xx", "hund", "hunde"),  # a language without a stemmer
    ],
)
def test_other_words_are_not_found(language: str, name: str, typed: str) -> None:
    assert find_texts(make_dictionary(language, thing=name), typed) == []


def test_what_is_written_so_comes_before_what_only_has_the_same_letters_or_stem() -> None:
    french = make_dictionary("fr", walk="marche", market="marché", sea="mer", mayor="maire")
    assert find_texts(french, "marche") == ["walk"]
    assert find_texts(french, "marché") == ["market"]
    assert [way for way in map(french.find_entry, (["marche"], ["maires"])) if way][1].way == 2


def test_the_most_usual_name_comes_first_and_labels_after_words_of_the_same_rank() -> None:
    names = (
        ("Fliege", EnglishName(1, False, "tie")),
        ("Fliege", EnglishName(0, True, "label")),
        ("Fliege", EnglishName(0, False, "fly")),
        ("Fliege", EnglishName(0, False, "fly")),
    )
    assert find_texts(Dictionary("de", names, frozenset()), "Fliege") == ["fly", "label", "tie"]


def test_a_stop_word_is_no_name_but_part_of_one() -> None:
    german = make_dictionary("de", "ein", "an", one="ein", pair="ein Paar")
    assert find_texts(german, "ein") == []
    assert find_texts(german, "ein Paar") == ["pair"]
    assert german.longest == 2
    assert make_dictionary("de").longest == 0


def test_words_are_cut_at_punctuation_and_chinese_characters_each_stand_alone() -> None:
    assert [token.word for token in split_words("Ein T恤, d'Araignée!")] == [
        "ein",
        "t",
        "恤",
        "d",
        "araignée",
    ]
    assert [(token.start, token.end) for token in split_words("红 Hund")] == [(0, 1), (2, 6)]


def test_a_stem_is_stable() -> None:
    for language, word in (("fr", "éviers"), ("es", "armas"), ("de", "häusern"), ("es", "as"), ("fr", "os")):
        stem = stem_foreign(language, word)
        assert stem_foreign(language, stem) == stem
