"""Facets counted in arrays: those that SQL counts, of all images and of some, before and after changes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval import Annotation, Library, write_library
from retrieval.catalog import WritableCatalog
from retrieval.catalog.writer import Writer
from retrieval.search.facet_table import FacetTable
from tests.rows import SURE, Row, fill_catalog, many_rows, undone_writer
from tests.slow_tests import example_count
from tests.wording import add_words, remove_images, replace_words


def assert_same_counts(writer: Writer, table: FacetTable, ids: Sequence[int], confidence: float) -> None:
    for asked in (None, ids):
        for predicted in (True, False):
            expected = writer.count_facets(asked, confidence=confidence, predicted=predicted)
            chosen = None if asked is None else np.array(asked, np.int64)
            counted = table.count_values(chosen, confidence=confidence, predicted=predicted)
            assert writer.spell_facets(counted) == expected


@pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)
@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=example_count(60),
)
@given(many_rows, st.sets(st.integers(0, 7)), st.sets(st.integers(0, 7)), st.sampled_from(SURE))
def test_they_are_those_of_sql(
    catalog: WritableCatalog, rows: list[Row], chosen: set[int], changed: set[int], confidence: float
) -> None:
    with undone_writer(catalog) as writer:
        ids = fill_catalog(writer, rows)
        table = FacetTable.from_rows(1, writer.load_facet_rows())
        asked = [image_id for place, image_id in enumerate(ids) if place in chosen]
        assert_same_counts(writer, table, asked, confidence)
        edited = [image_id for place, image_id in enumerate(ids) if place in changed]
        for image_id in edited[1:]:
            facts = [Annotation("tag", "sea", "new"), Annotation("person", f"p{image_id}", "new")]
            writer.replace_annotations(image_id, "new", facts)
        writer.remove_images(edited[:1])
        later = table.replace_images(2, edited, writer.load_facet_rows(edited))
        assert_same_counts(writer, later, sorted({*asked} - {*edited[:1]}), confidence)


def test_a_library_counts_what_changed_since_its_table_was_made(tmp_path: Path) -> None:
    with write_library(tmp_path / "library") as writer, Library.open(writer.path) as library:
        boats = [add_words(writer, tag="boat") for _ in range(3)]
        library.search_state.facet_tables.warm_up()
        assert library.count_facets("")["tag"].counts == (("boat", 3),)
        replace_words(writer, boats[0], tag="Ship;boat")
        remove_images(writer, boats[1])
        add_words(writer, tag="SHIP")
        assert library.count_facets("")["tag"].counts == (("boat", 2), ("Ship", 2))
        assert library.count_facets("tag:boat")["tag"].counts == (("boat", 2), ("Ship", 1))
