"""Text to tokens: what people type matches what is written, in every spelling."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.ranking.tokens import Terms, parse_terms, split_tokens, strip_plural

TOKENS = [
    ("", []),
    (" \n.,;!?—_", []),
    ("Harbour at NOON", ["harbour", "at", "noon"]),
    ("boat, boat", ["boat", "boat"]),
    # accents
    ("café Ångström", ["cafe", "angstrom"]),
    ("cafe\u0301", ["cafe"]),
    ("Straße STRASSE", ["strasse", "strasse"]),
    ("İstanbul", ["istanbul"]),
    ("Ελλάδα", ["ελλαδα"]),
    # Vietnamese
    ("Hà Nội, phố cổ", ["ha", "noi", "pho", "co"]),
    ("Đà Nẵng", ["da", "nang"]),
    # compatibility forms
    ("ﬁsh Ｗｉｄｅ x²", ["fish", "wide", "x", "2"]),
    # names of files
    ("OldTown", ["old", "town"]),
    ("IMG_2041.JPG", ["img", "2041", "jpg"]),
    ("photo2020summer", ["photo", "2020", "summer"]),
    ("ÉtéRouge PhốCổ", ["ete", "rouge", "pho", "co"]),
    ("2020été", ["2020", "ete"]),
    ("old-town_2019.06", ["old", "town", "2019", "06"]),
    # plural
    ("boats cities houses", ["boat", "city", "house"]),
    ("bus glass gas is", ["bus", "glass", "gas", "is"]),
    # other scripts
    ("港の船", ["港の船"]),
    ("порт 3", ["порт", "3"]),
]

SINGULAR = [
    ("boats", "boat"),
    ("cities", "city"),
    ("houses", "house"),
    ("shoes", "shoe"),
    ("trees", "tree"),
    ("glass", "glass"),
    ("octopus", "octopus"),
    ("bus", "bus"),
    ("sea", "sea"),
    ("s", "s"),
]

TERMS = [
    ("", (), ()),
    ("old town old", ("old", "town"), ()),
    ('"old town"', (), (("old", "town"),)),
    ('sea "old towns" boats', ("sea", "boat"), (("old", "town"),)),
    ('"Harbours"', ("harbour",), ()),
    ('"OldTown"', (), (("old", "town"),)),
    ('"" "-"', (), ()),
    ('"a b" "c d"', (), (("a", "b"), ("c", "d"))),
    ('the "old town', ("the", "old", "town"), ()),
]


@pytest.mark.parametrize(("text", "expected"), TOKENS)
def test_a_text_has_the_tokens(text: str, expected: list[str]) -> None:
    assert split_tokens(text) == expected


@pytest.mark.parametrize(("plural", "expected"), SINGULAR)
def test_an_english_plural_ending_comes_off(plural: str, expected: str) -> None:
    assert strip_plural(plural) == expected


@pytest.mark.parametrize(("text", "words", "phrases"), TERMS)
def test_a_text_query_has_words_and_phrases(
    text: str, words: tuple[str, ...], phrases: tuple[tuple[str, ...], ...]
) -> None:
    assert parse_terms(text) == Terms(words, phrases)


@settings(deadline=None)
@given(st.text())
def test_composed_and_decomposed_forms_have_the_same_tokens(text: str) -> None:
    assert split_tokens(unicodedata.normalize("NFC", text)) == split_tokens(
        unicodedata.normalize("NFD", text)
    )


@settings(deadline=None)
@given(st.text())
def test_tokens_are_their_own_tokens(text: str) -> None:
    once = split_tokens(text)
    assert split_tokens(" ".join(once)) == once


@settings(deadline=None)
@given(st.text(), st.text())
def test_a_line_end_keeps_two_texts_apart(one: str, other: str) -> None:
    assert split_tokens(f"{one}\n{other}") == split_tokens(one) + split_tokens(other)
