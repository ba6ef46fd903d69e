"""Words are matched at their positions in the original text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.ranking.matches import word_matches
from retrieval.ranking.tokens import Terms, parse_terms, split_tokens


def match_words(query: str, value: str) -> list[str]:
    return [
        match.value[match.start : match.end]
        for match in word_matches(parse_terms(query), [("caption", value)])
    ]


@pytest.mark.parametrize(
    ("query", "value", "stretches"),
    [
        ("boat", "A red boat, and BOATS", ["boat", "BOATS"]),
        ("cafe", "Café au lait", ["Café"]),
        ("cafe", "Cafe\u0301 au lait", ["Cafe\u0301"]),
        ("town", "img_OldTown-7.jpg", ["OldTown"]),
        ('"old town"', "the old  town, old and town", ["old  town"]),
        ('"old town" old', "the old town", ["old", "old town"]),
        ("fjord", "Sundfjørd", []),
        ("gopro", "my GoPro", ["GoPro"]),
        ("GoPro", "a gopro, a go pro", ["gopro", "go pro"]),
        ("dog", "the dog’s bone", ["dog’s"]),
        ("harbour", "har\u00adbours", ["har\u00adbours"]),
        ("किताब", "एक किताब", ["किताब"]),
        ("🎂", "Birthday 🎂🎈", ["🎂"]),
        ("IMG_1234", "see IMG_1234", ["IMG_1234"]),
        ("", "anything", []),
    ],
)
def test_the_stretches(query: str, value: str, stretches: list[str]) -> None:
    assert match_words(query, value) == stretches


def test_fields_keep_their_order() -> None:
    texts = [("title", "boat"), ("tag", "sea"), ("caption", "a boat")]
    assert [match.field for match in word_matches(parse_terms("boat sea"), texts)] == [
        "title",
        "tag",
        "caption",
    ]


@given(st.text("aBcS d1-_.é", max_size=40))
def test_every_token_of_a_text_is_found_in_it(text: str) -> None:
    for word in split_tokens(text)[:5]:
        stretches = word_matches(Terms((word,), ()), [("caption", text)])
        assert stretches
        assert all(0 <= match.start < match.end <= len(text) for match in stretches)
