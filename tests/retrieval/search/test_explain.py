"""An explanation tells how the score is composed, where the words stand, and where the pictures agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval import ImageNotFound, Library, Picture, Query, StoredPicture, Text
from retrieval.search.explanations import Explanation


def explain_hit(library: Library, *parts: Text | Picture | StoredPicture, image_id: int) -> Explanation:
    return library.explain(Query(parts, limit=1), image_id)


def test_the_hit_is_the_one_of_the_answer(library: Library) -> None:
    query = Query((StoredPicture(3), Text("forest")))
    for hit in library.search(query).hits:
        assert library.explain(query, hit.id).hit == hit


def test_words_are_found_where_they_stand(library: Library) -> None:
    image_id = library.search(Query((Text("harbour"),))).ids[0]
    found = explain_hit(library, Text("harbour"), Text("-x", -1), image_id=image_id).words
    assert found
    assert {match.value[match.start : match.end].casefold() for match in found} == {"harbour"}


def test_heat_adds_up_to_the_cosine_on_both_sides(library: Library, scenes: Path) -> None:
    path = scenes / "forest" / "scene-005.jpg"
    query = Query((Picture(path), StoredPicture(3)), weights={"colour": 0})
    hit = next(hit for hit in library.search(query).hits if Path(hit.image.path) != path)
    cosines = [contribution.score for contribution in hit.contributions if contribution.signal == "subject"]
    heat = library.explain(query, hit.id).heat
    assert [heat_of_part.part for heat_of_part in heat] == [0, 1]
    for heat_of_part, cosine in zip(heat, cosines, strict=True):
        assert heat_of_part.query.total == pytest.approx(heat_of_part.image.total, abs=1e-4)
        assert heat_of_part.image.total == pytest.approx(cosine, abs=2e-3)


def test_a_picture_agrees_with_itself_point_by_point(library: Library, scenes: Path) -> None:
    path = scenes / "market" / "scene-009.jpg"
    hit = library.search(Query((Picture(path),))).hits[0]
    [points] = explain_hit(library, Picture(path), image_id=hit.id).points
    assert points.match.is_verified
    assert points.match.points[:, :2] == pytest.approx(points.match.points[:, 2:], abs=0.02)


def test_an_image_that_is_not_in_the_answer_has_no_explanation(library: Library) -> None:
    with pytest.raises(ImageNotFound):
        explain_hit(library, Text("harbour"), image_id=999)
