"""Other words in the texts of a query."""

from __future__ import annotations

import pytest

from retrieval.query.language import format_query, parse_query
from retrieval.query.rewording import list_texts, list_words, quote_words, replace_words


@pytest.mark.parametrize(
    ("line", "reworded"),
    [
        ("baloon", "balloon"),
        ("red baloon, baloons", "red balloon, baloons"),
        ('"red baloon" tag:baloon', '"red balloon" tag:baloon'),
        ("-baloon 2:baloon sea", "sea -baloon 2:balloon"),
        ("(baloon OR cat) sea", "sea (balloon OR cat)"),
        ("red-baloon", "red-balloon"),
    ],
)
def test_whole_words_of_wanted_texts_are_replaced(line: str, reworded: str) -> None:
    assert format_query(replace_words(parse_query(line), {"baloon": "balloon"})) == reworded


def test_words_are_quoted_to_be_taken_as_they_are() -> None:
    assert format_query(quote_words(parse_query("red baloon"), ["baloon"])) == 'red "baloon"'


def test_words_are_letters_with_apostrophes() -> None:
    assert list_words("Ann's 2 dogs, l’été!") == ["Ann's", "dogs", "l’été"]
    assert list_texts(parse_query("a -b 2:c tag:d")) == ["a", "c"]
