"""What people try first in Python: a line of text, a wrong type, and looking at what came back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from retrieval import (
    Filters,
    Image,
    ImageNotFound,
    ImageNotInAnswer,
    InvalidQuery,
    Library,
    Picture,
    Query,
    StoredPicture,
    Text,
    parse_query,
)

MAX_REPR = 200  # characters


@pytest.mark.parametrize("line", ["harbour", "noon -tag:harbour", 'folder:forest "quiet forest"', ""])
def test_a_line_of_text_is_a_query(library: Library, line: str) -> None:
    assert library.search(line) == library.search(parse_query(line))
    assert library.count_facets(line) == library.count_facets(parse_query(line))


def test_a_line_is_explained_as_well(library: Library) -> None:
    [first, *_] = library.search("harbour").ids
    assert library.explain("harbour", first).hit == library.explain(parse_query("harbour"), first).hit


def test_a_wrong_line_is_an_invalid_query(library: Library) -> None:
    with pytest.raises(InvalidQuery, match="column 1: tga: is not a key; did you mean tag:"):
        library.search("tga:boat")


@pytest.mark.parametrize("value", [None, 17, b"boat", ["boat"], Text("boat"), Path("boat.jpg")])
def test_what_is_no_query_is_told_of(library: Library, value: Any) -> None:
    for ask in (library.search, library.count_facets):
        with pytest.raises(TypeError, match=rf"not of the type {type(value).__name__}"):
            ask(value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Query("boat"), "parts is of the type str; it must be a tuple, as in Query((Text('boat'),))"),
        (lambda: Query(Text("boat")), "parts is of the type Text; it must be a tuple"),
        (lambda: Query([Text("boat")]), "parts is of the type list; it must be a tuple"),
        (lambda: Query(("boat",)), "a part is of the type str; it must be a Text, Picture"),
        (
            lambda: Query((), "tag:boat"),
            "filters is of the type str; it must be a Filters, or a tree of them: AllOf, AnyOf, Not",
        ),
        (lambda: Query(limit="5"), "limit is of the type str; it must be of the type int"),
        (lambda: Query(offset=True), "offset is of the type bool; it must be of the type int"),
        (lambda: Query(weights=[("words", 1)]), "weights is of the type list"),
        (lambda: Text(17), "the text is of the type int; it must be a str"),
        (lambda: Picture("boat.jpg"), "the source of a picture is of the type str; it must be a Path"),
        (lambda: StoredPicture("17"), "the id of an image is of the type str; it must be an int"),
    ],
)
def test_a_wrong_type_is_told_of(make: Any, message: str) -> None:
    with pytest.raises(TypeError) as refusal:
        make()
    assert str(refusal.value).startswith(message)


def test_what_is_shown_of_results_is_short(library: Library) -> None:
    results = library.search("harbour noon")
    shown: list[object] = [results, *results.hits, results.hits[0].image]
    shown.append(library.explain("harbour noon", results.ids[0]))
    assert [len(repr(value)) for value in shown if len(repr(value)) > MAX_REPR] == []
    ids = ", ".join(map(str, results.ids[:10]))
    assert repr(results).startswith(f"<Results: {len(results.hits)} of {results.total} hits: images {ids}")
    assert repr(results.hits[0]).startswith(f"<Hit 1: image {results.ids[0]}, {results.hits[0].image.path}, ")
    assert repr(library.search("tag:none")) == "<Results: 0 of 0 hits>"


def test_the_bytes_of_a_picture_are_not_shown(scenes: Path) -> None:
    picture = Picture((scenes / "forest" / "scene-004.jpg").read_bytes())
    assert len(repr(Query((picture,)))) < 600


def test_filters_show_what_they_ask() -> None:
    assert repr(Filters(tags=("boat",), min_iso=800)) == "Filters(tags=('boat',), min_iso=800)"
    assert repr(Filters()) == "Filters()"


def test_why_an_image_is_not_in_an_answer(library: Library, scenes: Path) -> None:
    with pytest.raises(ImageNotFound, match="image 999: not in the library"):
        library.explain("harbour", 999)
    query = Query((Picture(scenes / "forest" / "scene-004.jpg"),))
    below = sorted(set(range(1, 13)) - set(library.search(query).ids))
    for image_id in below:
        with pytest.raises(ImageNotInAnswer, match="below the relevance line; give the query weaker:yes"):
            library.explain(query, image_id)


def test_an_image_is_missing_only_when_all_its_files_are(library: Library) -> None:
    image: Image = library.load_image(1)
    assert not image.is_missing
