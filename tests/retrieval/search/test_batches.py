"""Many queries at once are answered as one by one, whatever they ask."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from retrieval import InvalidQuery, Library, Query, RetrievalError, StoredPicture, parse_query
from retrieval.projections.vectors import VectorView
from tests.world import COUNT

LINES = (
    "image:7",
    "image:8 tag:even",
    "image:7 boat",
    "boat OR tag:third",
    "2:(image:3 OR (even tag:third) OR image:7) odd -image:9 weaker:yes",
    "image:5 -boat",
    "tag:third",
    "boaat",
    "image:9 expand:alpha",
    "image:9 rerank:diffusion weaker:yes",
    "image:3 group:day",
    "image:11 sort:date",
    "image:4 concept:nothing",
    "image:999",
    "dog fusion:calibrated image:10",
    "image:7",
)


@pytest.fixture(scope="module")
def queries() -> list[Query]:
    made = [parse_query(line, limit=COUNT) for line in LINES]
    return [*made, made[0], replace(made[0], include_examples=True)]


def answer_alone(library: Library, query: Query) -> Any:
    try:
        return library.search(query)
    except RetrievalError as error:
        return error


def test_the_answers_are_those_of_single_searches(world_library: Library, queries: list[Query]) -> None:
    found = world_library.search_many(queries)
    for query, results in zip(queries, found, strict=True):
        alone = answer_alone(world_library, query)
        if isinstance(alone, RetrievalError):
            assert (type(results), str(results)) == (type(alone), str(alone))
        else:
            assert results == alone
    assert any(isinstance(results, InvalidQuery) for results in found)


def test_each_index_is_read_once(
    world_library: Library, queries: list[Query], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    search_many = VectorView.search_many

    def count_queries(self: VectorView, queries: Any, **options: Any) -> Any:
        asked.append(len(queries))
        return search_many(self, queries, **options)

    monkeypatch.setattr(VectorView, "search_many", count_queries)
    monkeypatch.setattr(VectorView, "search", None)  # it is not called at all
    pictures = [Query((StoredPicture(number),)) for number in range(1, 6)]
    assert not any(isinstance(found, RetrievalError) for found in world_library.search_many(pictures))
    assert asked == [5, 5]  # subjects and colours
