"""Results as notebooks and tables show them."""

from __future__ import annotations

import copy
import pickle
import re
import sys
from base64 import b64decode
from dataclasses import replace
from html import unescape

import pytest

from retrieval import ImageNotFound, Library, Results
from retrieval.search.contact_sheet import Tile, draw_contact_sheet

SCRIPT = '"><script>alert(1)</script>'


@pytest.fixture(scope="module")
def results(library: Library) -> Results:
    return library.search("quiet harbour")


def test_a_contact_sheet_has_the_thumbnails_and_names_of_the_hits(library: Library, results: Results) -> None:
    sheet = results._repr_html_()
    pictures = [b64decode(data) for data in re.findall(r"data:image/webp;base64,([^\"]+)", sheet)]
    assert pictures == [library.load_thumbnail(image_id) for image_id in results.ids]
    text = unescape(re.sub(r"<[^>]*>", " ", sheet))
    assert f"{len(results.ids)} of {results.total} hits" in text
    assert "1. harbour 1 (1.000, strong)" in text
    assert 'alt="A quiet harbour at noon"' in sheet
    [untitled] = [hit for hit in results.hits if not hit.image.title]
    assert f"{untitled.rank}. {untitled.image.path.rpartition('/')[2]} (" in text


def test_what_files_and_people_say_is_escaped() -> None:
    sheet = draw_contact_sheet([Tile(b"webp", SCRIPT, SCRIPT), Tile(None, SCRIPT, SCRIPT)], SCRIPT)
    assert "<script" not in sheet
    assert unescape(sheet).count(SCRIPT) == 4


def test_a_picture_that_cannot_be_had_leaves_its_name(results: Results) -> None:
    def fail(image_id: int) -> bytes:
        raise ImageNotFound(image_id)

    sheet = replace(results, load_thumbnail=fail)._repr_html_()
    assert "<img" not in sheet
    assert results.hits[0].image.title in sheet


def test_results_can_be_copied_and_sent_to_other_processes(results: Results) -> None:
    for other in (copy.deepcopy(results), pickle.loads(pickle.dumps(results))):
        assert other == results
        assert "<img" not in other._repr_html_()


def test_a_table_has_a_row_for_each_hit_and_what_each_signal_gave(results: Results) -> None:
    pytest.importorskip("pandas", reason="pictor[pandas] is not installed")
    table = results.to_pandas()
    assert table["id"].tolist() == results.ids
    assert table["title"].tolist() == [hit.image.title for hit in results.hits]
    assert table["tags"].tolist() == [hit.image.tags for hit in results.hits]
    signals = [
        name for name in table.columns if name in {share.signal for share in results.hits[0].contributions}
    ]
    assert table[signals].sum(axis=1).tolist() == pytest.approx(table["score"].tolist())


def test_an_empty_table_has_the_same_columns(library: Library) -> None:
    pytest.importorskip("pandas", reason="pictor[pandas] is not installed")
    table = library.search("tag:nothing").to_pandas()
    assert (len(table), list(table.columns)[:4]) == (0, ["rank", "id", "score", "band"])


def test_without_pandas_it_is_said_what_to_install(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ModuleNotFoundError, match=r"uv pip install 'pictor\[pandas\]'"):
        results.to_pandas()
