"""Facet counts and a plain Python count agree on random rows, on both databases; a count is what its filter finds."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval import Annotation, Catalog
from retrieval.catalog import facets
from retrieval.catalog.facets import FACETS, MAX_VALUES, Facet
from retrieval.catalog.writer import Writer
from retrieval.query.facet_conditions import facet_condition
from tests.databases import new_image
from tests.oracle import count_values
from tests.rows import SURE, Row, fill_catalog, many_rows, undone_writer
from tests.slow_tests import example_count


def check_counts(writer: Writer, ids: Collection[int], confidence: float, *, everything: bool) -> None:
    images = writer.load_images(ids).values()
    asked = None if everything else ids
    for predicted in (True, False):
        found = writer.count_facets(asked, confidence=confidence, predicted=predicted)
        assert tuple(found) == FACETS
        seen = images if predicted else [image.without_predictions() for image in images]
        for name, facet in found.items():
            folded = [(value.casefold(), count) for value, count in facet.counts]
            assert (folded, facet.more) == (count_values(seen, name, confidence), 0), name


def counts_are_what_filters_find(writer: Writer, confidence: float) -> None:
    for name, facet in writer.count_facets(confidence=confidence).items():
        if name == "folder":  # its condition is matched above the immediate folder as well
            continue
        for value, count in facet.counts:
            asked = facet_condition(name, value, confidence)
            assert len(writer.find_ids(asked)) == count, asked


def lists_are_what_facets_count(writer: Writer) -> None:
    counted = writer.count_facets(predicted=False)
    for field in ("person", "place", "tag"):
        total, listed = writer.list_values(field, by_name=False, limit=MAX_VALUES, offset=0)
        facet = counted[field]
        assert (total, [(value, count) for value, count, _ in listed]) == (
            len(facet.counts) + facet.more,
            list(facet.counts),
        )
        assert all(newest == writer.find_newest(facet_condition(field, value)) for value, _, newest in listed)


def check_rows(catalog: Catalog, rows: list[Row], chosen: set[int], confidence: float) -> None:
    with undone_writer(catalog) as writer:
        ids = fill_catalog(writer, rows)
        check_counts(writer, ids, confidence, everything=True)
        check_counts(
            writer, [ids[place] for place in chosen if place < len(ids)], confidence, everything=False
        )
        counts_are_what_filters_find(writer, confidence)
        lists_are_what_facets_count(writer)


chosen = st.sets(st.integers(0, 7))
sure = st.sampled_from(SURE)
shared = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)
@settings(shared, max_examples=example_count(100))
@given(many_rows, chosen, sure)
def test_sqlite_and_a_plain_count_agree(
    catalog: Catalog, rows: list[Row], chosen: set[int], confidence: float
) -> None:
    check_rows(catalog, rows, chosen, confidence)


@pytest.mark.parametrize("catalog_url", ["postgresql"], indirect=True)
@settings(shared, max_examples=example_count(20))
@given(many_rows, chosen, sure)
def test_postgresql_and_a_plain_count_agree(
    catalog: Catalog, rows: list[Row], chosen: set[int], confidence: float
) -> None:
    check_rows(catalog, rows, chosen, confidence)


def test_values_are_spelled_as_they_were_first_stored(catalog: Catalog) -> None:
    rows = [
        Row(("/Photos/Summer 2019",), ("Old Town",), guesses=(("Tabby, tabby cat", 0.9),)),
        Row(("/backup/summer 2019", "/b"), ("OLD TOWN", "sea"), labels=("TABBY",), cameras=("Canon EOS",)),
    ]
    with undone_writer(catalog) as writer:
        fill_catalog(writer, rows)
        found = writer.count_facets()
    assert found["folder"] == Facet((("Summer 2019", 2), ("b", 1)), 0)
    assert found["subfolder"] == Facet((("/b", 1), ("/backup", 1), ("/Photos", 1)), 0)
    assert found["tag"] == Facet((("Old Town", 2), ("sea", 1)), 0)
    assert found["shows"] == Facet((("Tabby", 2),), 0)
    assert found["label"] == Facet((("TABBY", 1),), 0)
    assert found["camera"] == Facet((("Canon EOS", 1),), 0)


def test_of_categories_that_the_same_images_show_only_the_most_specific_is_listed(catalog: Catalog) -> None:
    rows = [
        Row(guesses=(("boxer", 0.8),), kinds=(("s%, s_a", 0.9), ("Town", 0.9), ("thing", 0.95))),
        Row(guesses=(("boxer", 0.1),), kinds=(("s%, s_a", 0.7), ("Town", 0.7), ("thing", 0.8))),
        Row(kinds=(("seaside, sea", 0.6), ("thing", 0.6))),
    ]
    with undone_writer(catalog) as writer:
        fill_catalog(writer, rows)
        assert writer.count_facets()["shows"].counts == (
            ("thing", 3),
            ("s%", 2),
            ("boxer", 1),
            ("seaside", 1),
        )
        assert writer.count_facets(confidence=0.75)["shows"].counts == (("thing", 2), ("boxer", 1))
        assert writer.count_facets(predicted=False)["shows"].counts == ()


def test_the_largest_are_listed_and_the_rest_is_counted(catalog: Catalog) -> None:
    names = [f"tag {number:03}" for number in range(MAX_VALUES + 7)]
    with undone_writer(catalog) as writer:
        first, second = writer.add_images([new_image(1), new_image(2)])
        writer.replace_annotations(first, "t", [Annotation("tag", name, "t") for name in names])
        writer.replace_annotations(second, "t", [Annotation("tag", names[-1], "t")])
        tags = writer.count_facets()["tag"]
        assert tags.counts == ((names[-1], 2), *((name, 1) for name in names[: MAX_VALUES - 1]))
        assert tags.more == 7
        none = writer.count_facets([])
        assert all(facet == Facet((), 0) for facet in none.values())


def test_chunks_add_up(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    spelled = ["Sea", *["SEA"] * 8]
    rows = [
        Row(("/a", "/b")[: 1 + number % 2], (tag,), guesses=(("x, y", 0.9),))
        for number, tag in enumerate(spelled)
    ]
    with undone_writer(catalog) as writer:
        ids = np.array(fill_catalog(writer, rows))
        whole = writer.count_facets(ids)
        monkeypatch.setattr(facets, "CHUNK", 2)
        assert writer.count_facets(ids) == whole == writer.count_facets()
        assert writer.count_facets(ids[::-1]) == whole
    assert whole["tag"].counts == (("Sea", 9),)
    assert whole["folder"].counts == (("a", 9), ("b", 4))
    assert whole["shows"].counts == (("x", 9),)
