"""Plain sentences: what they are read as, by tables of sentences, and what must stay as it is.

The tables lie in `sentences/`: of each language one that the grammar was tuned on, and one that was set aside
before and is not to be tuned on. A line of theirs is a sentence, the same in the query language, and terms that are
offered beside it.
"""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import SENTENCE_CODES
from retrieval import Reading, format_query, parse_query
from retrieval.errors import InvalidQuery
from retrieval.languages import load_grammars, load_makers
from retrieval.query.sentences.parser import Parser
from retrieval.query.sentences.periods import Calendar, Days, Yearly, find_easter
from retrieval.query.sentences.reader import read_sentence
from retrieval.query.sentences.tokens import split_run
from retrieval.query.sentences.vocabulary import Vocabulary
from retrieval.query.terms import split_terms
from tests.slow_tests import example_count

FOLDER = Path(__file__).parent / "sentences"
TABLES = [f"{code}_{half}" for code in SENTENCE_CODES for half in ("tuned", "set_aside")]
TODAY = date(2026, 11, 30)  # a Monday
NAMES = json.loads((FOLDER / "names.json").read_text("utf-8"))
VOCABULARY = Vocabulary.from_values(NAMES, load_makers())


def read(line: str, vocabulary: Vocabulary = VOCABULARY, *, is_southern: bool = False) -> Reading:
    return read_sentence(line, load_grammars(("de",)), vocabulary, Calendar(TODAY, is_southern))


def load_table(name: str) -> list[list[Any]]:
    rows: list[list[Any]] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return rows


def offered(reading: Reading) -> list[str]:
    return [term for phrase in reading.ambiguous for term in phrase.terms[1:]]


def words_of(text: str) -> list[str]:
    return re.findall(r"[^\s,;]+", text)


def dropped_words(reading: Reading) -> list[str]:
    """Words of a line that are in no phrase which was understood, and that its meaning does not hold either."""
    left = list(reading.line)
    for phrase in reading.understood:
        left[phrase.start : phrase.end] = " " * (phrase.end - phrase.start)
    meant = {"", *(word.strip(".!?") for word in words_of(reading.meant))}
    return [word for word in words_of("".join(left)) if word.strip(".!?") not in meant]


@pytest.mark.parametrize("name", TABLES)
def test_sentences_are_read_exactly_and_drop_no_word(name: str) -> None:
    table = load_table(name)
    wrong = []
    for sentence, line, *asked in table:
        reading = read(sentence)
        assert dropped_words(reading) == [], sentence
        if parse_query(reading.meant) != parse_query(line) or offered(reading) != (asked or [[]])[0]:
            wrong.append((sentence, reading.meant, offered(reading)))
    assert wrong == []


def test_there_are_enough_sentences_and_half_of_them_were_set_aside() -> None:
    for code in SENTENCE_CODES:
        tuned, set_aside = (load_table(f"{code}_{half}") for half in ("tuned", "set_aside"))
        sentences = {sentence for sentence, *_ in (*tuned, *set_aside)}
        assert len(sentences) == len(tuned) + len(set_aside) >= 150
        assert abs(len(tuned) - len(set_aside)) <= 1


@pytest.mark.parametrize(
    "line",
    [
        *("", "  ", "boats", "two dogs", "harbour boats", "a man in a red shirt", "2:boat -night"),
        *('"last summer"', 'market "last summer" "may"', "tag:may", "-may", "may OR june", "(last summer)"),
        *(
            "may-flower",
            "no parking sign",
            "no one on the beach",
            "in may-flowers",
            "summer|winter",
            "photos of boats",
        ),
        "word " * 101 + "last summer",
    ],
)
def test_what_is_no_sentence_stays_as_it_is(line: str) -> None:
    reading = read(line)
    assert reading.meant == line
    assert reading.understood == ()


def test_what_was_understood_can_be_taken_away_or_made_words_again() -> None:
    reading = read("Hanoi in May 2019, Nikon")
    assert [(phrase.text, phrase.term) for phrase in reading.understood] == [
        ("in May 2019", "taken:2019-05"),
        ("Nikon", "camera:nikon"),
    ]
    may, nikon = reading.understood
    assert reading.meant == "Hanoi taken:2019-05 camera:nikon"
    assert reading.line[may.start : may.end] == may.text
    assert read(reading.line_without(may)).meant == "Hanoi camera:nikon"
    assert read(reading.line_quoting(nikon)).meant == 'Hanoi taken:2019-05 "Nikon"'
    alone = read("photos from last summer")
    assert [phrase.term for phrase in alone.understood] == ["", "taken:2026-06..2026-08"]
    assert alone.line_without(alone.understood[1]) == ""


def test_what_is_ambiguous_shows_both_readings_and_searches_the_words() -> None:
    reading = read("orange")
    [phrase] = reading.ambiguous
    assert (reading.meant, phrase.terms) == ("orange", ('"orange"', "colour:orange"))
    assert [reading.line_with(phrase, term) for term in phrase.terms] == ['"orange"', "colour:orange"]
    assert offered(read('"orange"')) == []
    assert offered(read("orange boats")) == []
    assert offered(read("a may evening")) == ["month:may"]


def test_terms_that_do_not_fit_together_stay_words() -> None:
    for line in ("last summer in 2019", "taken:2018 last summer"):
        reading = read(line)
        assert parse_query(reading.meant)
        assert dropped_words(reading) == []
    assert read("last summer in 2019").meant == "taken:2026-06..2026-08 2019"
    assert read("31 February 2019").understood == ()


def test_names_are_those_of_the_library() -> None:
    assert read("nikon", Vocabulary()).meant == "nikon"
    assert (
        read("taken with a mini", Vocabulary.from_values({"camera": ["super mini"]})).meant == "camera:mini"
    )
    assert read("mini", Vocabulary.from_values({"camera": ["super mini"]})).meant == "mini"
    assert read("x-t3", Vocabulary.from_values({"camera": ["fujifilm x-t3"]})).meant == "camera:x-t3"


def test_seasons_follow_the_hemisphere() -> None:
    assert read("summer 2019", is_southern=True).meant == "taken:2019-12..2020-02"
    assert read("last winter", is_southern=True).meant == "taken:2026-06..2026-08"
    assert read("every spring", is_southern=True).meant == "month:september..november"


@pytest.mark.parametrize("line", ["red boats but not at night", "red boats, not at night"])
def test_words_behind_but_not_are_excluded(line: str) -> None:
    assert [phrase.term for phrase in read(line).understood] == ["-night"]


def test_places_and_people_are_found_in_a_library_that_names_them() -> None:
    known = Vocabulary.from_values({"place": ["hanoi", "old town"], "person": ["ann lee"]})
    [english] = load_grammars(())
    for line, term in (
        ("in hanoi", "place:hanoi"),
        ("near the old town", 'place:"old town"'),
        ("of ann lee", 'person:"ann lee"'),
        ("without ann lee", '-person:"ann lee"'),
    ):
        phrase = Parser(split_run(list(split_terms(line))), english, known, Calendar(TODAY)).find_phrase(1)
        assert phrase is not None
        assert phrase.term == term
    assert dropped_words(read("in hanoi", known)) == []


def test_an_order_is_said_once() -> None:
    orders = {
        "boats last summer, newest first": "boats taken:2026-06..2026-08 sort:date",
        "the oldest photos first": "sort:date-up",
        "boats sorted by file name": "boats sort:name",
        "größte zuerst Boote": "sort:size Boote",
        "Boote nach Datum sortiert": "Boote sort:date",
        "newest first sort:name": "newest first sort:name",
        "first day of school": "first day of school",
    }
    assert {line: read(line).meant for line in orders} == orders


def test_easter_is_that_of_the_calendar() -> None:
    # Easter Sundays, from the tables of the Gregorian calendar.
    sundays = [
        "1818-03-22",
        "1943-04-25",
        "2000-04-23",
        "2008-03-23",
        "2019-04-21",
        "2024-03-31",
        "2038-04-25",
    ]
    assert [find_easter(int(day[:4])).isoformat() for day in sundays] == sundays


def test_days_are_written_as_short_as_they_can_be() -> None:
    spans = {"2019": ("2019-01-01", "2019-12-31"), "2019..2020": ("2019-01-01", "2020-12-31")}
    spans |= {"2020-02": ("2020-02-01", "2020-02-29"), "2020-02-01..2020-02-28": ("2020-02-01", "2020-02-28")}
    spans |= {"2019-11..2020-01": ("2019-11-01", "2020-01-31"), "2019-11-05": ("2019-11-05", "2019-11-05")}
    for text, (first, last) in spans.items():
        assert str(Days(date.fromisoformat(first), date.fromisoformat(last))) == text
    leap = Yearly("day:02-29", TODAY)
    assert (str(leap.last), leap.recurring) == ("2024-02-29", "day:02-29")


WORDS = [
    "last",
    "summer",
    "in",
    "may",
    "2019",
    "without",
    "no",
    "people",
    "Nikon",
    "four",
    "stars",
    "at",
    "least",
    ",",
]
WORDS += [
    "or",
    "from",
    "17.",
    "June",
    "seit",
    "letzten",
    "mit",
    "Sommer",
    "ohne",
    '"old town"',
    "tag:boat",
    "-night",
    "(",
]
LINES = st.lists(st.sampled_from(WORDS) | st.text(max_size=6), max_size=12).map(" ".join)


@settings(deadline=None, max_examples=example_count(200))
@given(LINES)
def test_any_line_that_can_be_asked_can_be_read_and_drops_no_word(line: str) -> None:
    try:
        parse_query(line)
    except InvalidQuery:
        return
    reading = read(line)
    query = parse_query(reading.meant)
    assert parse_query(format_query(query)) == query
    for phrase in reading.understood:
        assert line[phrase.start : phrase.end] == phrase.text
        for changed in (reading.line_without(phrase), reading.line_quoting(phrase)):
            assert read(changed).line == changed
    covered = "".join(phrase.text for phrase in reading.understood)
    assert reading.understood or reading.meant == line
    assert len(covered) <= len(line)
