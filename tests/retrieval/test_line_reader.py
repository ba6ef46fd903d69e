"""Lines as one library reads them: with its own names and settings, and back again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from retrieval import Annotation, Filters, Library, Query, Text, answers, parse_query, write_library
from retrieval.line_reader import LineReader
from tests.databases import new_image

TODAY = date(2026, 11, 30)
DAYS = [datetime(2026, 7, 6, 12), datetime(2026, 7, 7, 12), datetime(2025, 12, 25, 12)]
CAPTIONS = ["boats in Hanoi", "boats and people", "a boat under the tree"]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Three pictures of known days and words; the first one was taken in Hanoi
    with a Nikon, shows Ann Lee and has four stars."""
    path = tmp_path_factory.mktemp("lines") / "library"
    with write_library(path) as made:
        with made.catalog.writing() as writer:
            ids = writer.add_images([new_image(number, taken_at=day) for number, day in enumerate(DAYS)])
            for image_id, caption in zip(ids, CAPTIONS, strict=True):
                writer.replace_annotations(image_id, "captions", [Annotation("caption", caption, "captions")])
            facts = {"camera": "Nikon D750", "rating": "4", "person": "Ann Lee"}
            places = [Annotation("place", value, "exif") for value in ("Hanoi", "21.02850, 105.85420")]
            stated = [Annotation(name, value, "exif") for name, value in facts.items()]
            writer.replace_annotations(ids[0], "exif", [*stated, *places])
        made.publish()
    with Library.open(path) as opened:
        yield opened


def found(library: Library, line: str) -> list[int]:
    return sorted(hit.id for hit in library.search(library.read_line(line, today=TODAY)).hits)


def test_a_sentence_finds_what_its_terms_find(library: Library) -> None:
    sentence = "boats last summer without people, Nikon, at least four stars"
    query = library.read_line(sentence, today=TODAY)
    assert query == parse_query("boats -people taken:2026-06-01..2026-08-31 camera:nikon rating:>=4")
    assert query.reading
    assert query.reading.line == sentence
    assert found(library, sentence) == [1]
    assert found(library, "boats last summer") == [1, 2]
    assert found(library, "on mondays") == [1]
    assert found(library, "boats not in July") == [3]
    assert found(library, "every Christmas") == [3]
    # No picture of this library was taken with such a camera.
    assert library.read_line("boats, Canon") == parse_query("boats, Canon")


def test_places_people_and_orders_of_a_library_are_conditions(library: Library) -> None:
    query = library.read_line("photos of Ann Lee in Hanoi, newest first")
    assert query == parse_query('person:"ann lee" place:hanoi sort:date')
    assert found(library, "photos of Ann Lee in Hanoi") == [1]
    assert found(library, "without Ann Lee") == [2, 3]
    assert found(library, "boats in Paris") == []


def test_keys_of_other_languages_stand_beside_sentences(library: Library) -> None:
    for line in ("farbe:rot boats last summer", "boats last summer 颜色：红色"):
        query = library.read_line(line, today=TODAY)
        assert set(library.write_line(query).split()) == {
            "boats",
            "colour:#ff0000",
            "after:2026-06-01",
            "before:2026-09-01",
        }
        assert library.read_line(library.write_line(query)) == query


def test_unwanted_words_alone_leave_all_other_pictures(library: Library) -> None:
    assert found(library, "pictures without people") == [1, 3]
    assert [hit.id for hit in library.search("-people -tree").hits] == [1]
    answer = library.search(Query((Text("people", -1),), Filters(after=date(2026, 1, 1))))
    assert [(hit.id, hit.score) for hit in answer.hits] == [(1, 0.0)]
    assert library.count_facets("-people")["year"].counts == (("2025", 1), ("2026", 1))


def test_a_setting_switches_sentences_off(library: Library) -> None:
    plain = LineReader(library.catalog, replace(library.settings, sentences=False))
    query = plain.read_line("boats last summer", today=TODAY)
    assert (query, query.reading) == (parse_query("boats last summer"), None)
    southern = LineReader(library.catalog, replace(library.settings, hemisphere="south"))
    assert southern.read_line("summer 2019") == parse_query("taken:2019-12..2020-02")
    english = LineReader(library.catalog, replace(library.settings, languages=()))
    assert english.read_line("letzten Sommer") == parse_query("letzten Sommer")


def test_a_query_is_written_so_that_it_is_read_as_itself(library: Library) -> None:
    assert library.write_line(Query((Text("boats"),))) == "boats"
    assert library.write_line(Query((Text("boats in May 2019"),))) == 'text:"boats in May 2019"'
    for line in ("boats last summer", "orange", "photos from 2019, no people", "2:may -night tag:x"):
        query = library.read_line(line)
        assert library.read_line(library.write_line(query)) == query


def test_corrected_words_stay_words(library: Library) -> None:
    """A corrected line that could be a sentence is written so that it leads to the hits that are told."""
    query = library.read_line("boats in Hanio")
    shown = answers.present_results(library.search(query), query, write_line=library.write_line)
    [meant] = shown.did_you_mean
    assert (meant.words, meant.line) == ({"Hanio": "hanoi"}, 'text:"boats in hanoi"')
    assert library.read_line(meant.line) == Query((Text("boats in hanoi"),))
    empty = library.read_line("boats last summer tag:x", today=TODAY)
    shown = answers.present_results(library.search(empty), empty, write_line=library.write_line)
    assert [(left.piece, left.total, left.line) for left in shown.remainders] == [
        ("tag:x", 2, "boats after:2026-06-01 before:2026-09-01")
    ]


def test_days_stay_words_as_long_as_no_picture_has_a_date(tmp_path: Path) -> None:
    """A condition could find nothing; a word may."""
    with write_library(tmp_path / "library") as undated:
        with undated.catalog.writing() as writer:
            for image_id in writer.add_images([new_image(number) for number in range(2)]):
                text = ["summer meadow", "the last train"][image_id - 1]
                writer.replace_annotations(image_id, "captions", [Annotation("caption", text, "captions")])
        assert undated.read_line("last summer", today=TODAY) == parse_query("last summer")
        assert found(undated, "last summer")[:1] == [1]
        untagged = undated.read_line("in July, untagged", today=TODAY)
        assert untagged == parse_query("July missing:tag")
        with undated.catalog.writing() as writer:
            writer.add_images([new_image(7, taken_at=DAYS[0])])
        assert undated.read_line("last summer", today=TODAY) == parse_query("taken:2026-06..2026-08")


def test_new_names_are_known_at_once(library: Library, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("names") / "library"
    with write_library(path) as made:
        assert made.read_line("Leica").filters == Filters()
        with made.catalog.writing() as writer:
            [image_id] = writer.add_images([new_image(1)])
            writer.replace_annotations(image_id, "exif", [Annotation("camera", "Leica M6", "exif")])
        assert made.read_line("Leica").filters == Filters(cameras=("leica",))
