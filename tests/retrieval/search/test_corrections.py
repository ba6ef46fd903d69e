"""Misspelt words in a real library: what is said, what is searched instead, and why an answer is empty."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest

from benchmarks.typos import draw_typos, find_vocabulary, measure_typos, write_captions
from data import SAMPLE
from retrieval import Library, parse_query
from retrieval.query.pieces import list_pieces


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The captions of the sample collection; nothing is described."""
    with (SAMPLE / "pictures" / "captions.csv").open(encoding="utf-8", newline="") as file:
        captions = [[row["caption"]] for row in csv.DictReader(file)]
    path = tmp_path_factory.mktemp("typos") / "library"
    write_captions(path, [*captions, ["a baobab beside a grove"], ["two groves and a globe"]])
    with Library.open(path) as opened:
        yield opened


def test_the_right_word_is_suggested_for_drawn_typos(library: Library) -> None:
    typos, _ = draw_typos(find_vocabulary(library), 100, seed=7)
    figures = measure_typos(library, typos)
    assert figures["right suggestion first"] >= 0.95, figures
    assert figures["searched at once, and right"] >= 0.98, figures


def test_a_sure_correction_is_searched_where_the_typo_finds_nothing(library: Library) -> None:
    results = library.search("baobba")
    [meant] = results.did_you_mean
    assert (meant.words, meant.is_used) == ({"baobba": "baobab"}, True)
    assert results.ids == library.search("baobab").ids != []
    assert results.unknown_words == ("baobba",)
    assert results.notes == ()
    facets = library.count_facets("baobba")
    assert facets == library.count_facets("baobab")


def test_in_quotation_marks_words_are_taken_as_they_are_typed(library: Library) -> None:
    results = library.search('"baobba"')
    assert (results.total, results.ids) == (0, [])
    assert [(dict(meant.words), meant.is_used) for meant in results.did_you_mean] == [
        ({"baobba": "baobab"}, False)
    ]
    assert results.notes == ('Not among the words of this library, and not used: "baobba".',)


def test_beside_words_that_find_something_a_correction_is_only_said(library: Library) -> None:
    results = library.search("baobab globbe")
    assert results.ids == library.search("baobab").ids
    assert [(dict(meant.words), meant.is_used) for meant in results.did_you_mean] == [
        ({"globbe": "globe"}, False)
    ]


def test_several_words_are_one_suggestion_and_one_word_may_have_several(library: Library) -> None:
    [both] = library.search("baobba globbe").did_you_mean
    assert both.words == {"baobba": "baobab", "globbe": "globe"}
    several = library.search("grobe").did_you_mean
    assert [meant.words["grobe"] for meant in several] == ["grove", "globe"]
    assert not any(meant.is_sure or meant.is_used for meant in several[1:])


@pytest.mark.parametrize("line", ["baobab", "Hund", "the photo", "-baobba grove", "tag:baobba", "qzxqzx"])
def test_nothing_is_suggested_for_words_that_something_knows_or_nothing_is_like(
    library: Library, line: str
) -> None:
    assert library.search(line).did_you_mean == ()


def remainders(library: Library, line: str) -> list[tuple[str, int, bool]]:
    query = parse_query(line)
    found = []
    for left in library.search(query).remainders:
        text, other = left.find_query(query)
        assert library.search(other).total == left.total
        assert other in (list_pieces(query)[left.piece].without, list_pieces(query)[left.piece].alone)
        found.append((text, left.total, left.is_alone))
    return found


def test_an_empty_answer_says_what_empties_it(library: Library) -> None:
    baobabs = library.search("baobab").total
    assert remainders(library, "baobab tag:x") == [("tag:x", baobabs, False)]
    others = library.search("-grove").total
    assert remainders(library, "baobab -grove") == [("baobab", others, False), ("-grove", baobabs, False)]
    assert remainders(library, "baobab (tag:x OR camera:y)") == [("(tag:x OR camera:y)", baobabs, False)]
    assert remainders(library, "baobba tag:x") == [("tag:x", baobabs, False)]  # what is left is corrected


def test_where_several_pieces_empty_it_each_says_what_it_finds_alone(library: Library) -> None:
    baobabs = library.search("baobab").total
    assert remainders(library, "baobab tag:x after:2030") == [
        ("baobab", baobabs, True),
        ("tag:x", 0, True),
        ("after:2030-01-01", 0, True),
    ]


@pytest.mark.parametrize("line", ["baobab", "tag:x", "qzxqzx", ""])
def test_nothing_is_left_out_of_one_piece_or_of_an_answer_with_hits(library: Library, line: str) -> None:
    assert library.search(line).remainders == ()
