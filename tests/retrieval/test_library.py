"""The whole engine on twelve drawn pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval import Library, Picture, Query, StoredPicture, Text, parse_query


def test_words_find_captioned_pictures(library: Library) -> None:
    results = library.search(parse_query("harbour"))
    assert {Path(hit.image.path).parent.name for hit in results.hits} == {"harbour"}
    assert results.total == 4


def test_a_picture_finds_itself_first(library: Library, scenes: Path) -> None:
    path = scenes / "forest" / "scene-005.jpg"
    results = library.search(Query((Picture(path),)))
    assert results.hits[0].image.path == str(path)


def test_contributions_add_up_to_the_score(library: Library, scenes: Path) -> None:
    picture = Picture(scenes / "market" / "scene-009.jpg")
    for hit in library.search(Query((Text("forest noon"), picture))).hits:
        assert sum(contribution.amount for contribution in hit.contributions) == pytest.approx(
            hit.score, abs=1e-9
        )


def test_a_stored_picture_is_left_out_unless_asked_for(library: Library) -> None:
    assert 3 not in library.search(Query((StoredPicture(3),))).ids
    assert library.search(Query((StoredPicture(3),), include_examples=True)).ids[0] == 3
