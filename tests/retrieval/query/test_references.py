"""References in a query are fetched only by the fetchers that are allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval import InvalidQuery, Palette, Picture, Query, Region, parse_query, resolve_references

BOX = Region(0, 0, 0.5, 1)


def test_pictures_take_the_place_of_their_references_and_the_rest_stays() -> None:
    query = parse_query("sea 2:file:a.jpg@0,0,.5,1 -palette:upload:x image:3 tag:boat like:4", limit=5)
    resolved = resolve_references(query, {"file": Path, "upload": str.encode})
    assert resolved == Query(
        (
            query.parts[0],
            Picture(Path("a.jpg"), 2.0, region=BOX),
            Palette(Picture(b"x"), -1.0),
            query.parts[3],
        ),
        query.filters,
        examples=query.examples,
        limit=5,
    )


def test_messages_call_a_picture_by_its_address_but_not_by_its_token() -> None:
    query = resolve_references(
        parse_query("url:https://a.b/c.jpg upload:0123"), {"url": str.encode, "upload": str.encode}
    )
    assert [part.name for part in query.parts if isinstance(part, Picture)] == [
        "https://a.b/c.jpg",
        "query picture",
    ]


@pytest.mark.parametrize("line", ["file:/etc/passwd", "palette:file:/etc/passwd", "upload:1 file:x"])
def test_a_kind_that_is_not_offered_is_refused_before_anything_is_fetched(line: str) -> None:
    fetched_values: list[str] = []

    def fetch(value: str) -> bytes:
        fetched_values.append(value)
        return b""

    with pytest.raises(InvalidQuery) as refusal:
        resolve_references(parse_query(line), {"upload": fetch, "url": fetch})
    assert str(refusal.value) == "file: is not allowed here; use image:, upload:, url:"
    assert fetched_values == []


def test_a_query_without_references_is_left_as_it_is() -> None:
    query = Query((Picture(b"bytes"), Picture(Path("x.jpg"))))
    assert resolve_references(query, {}) == query
