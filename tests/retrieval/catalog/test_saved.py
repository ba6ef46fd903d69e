"""Concepts and recipes are kept by name, on every database."""

from __future__ import annotations

import pytest

from retrieval.catalog import FusionRecipe, WritableCatalog
from retrieval.query.values import Examples

RECIPE = FusionRecipe("mine", "relative", 60.0, {"subject": 1.0, "colour": 0.1}, {"gain": 0.02})


def test_a_concept_comes_back(catalog: WritableCatalog) -> None:
    with catalog.writing() as writer:
        writer.keep_concept("boats", Examples((3, 1), (2,)))
        writer.keep_concept("alps", Examples((5,)))
    with catalog.reading() as reader:
        assert list(reader.load_concepts().items()) == [
            ("alps", Examples((5,))),
            ("boats", Examples((3, 1), (2,))),
        ]


def test_a_concept_of_the_same_name_is_replaced(catalog: WritableCatalog) -> None:
    with catalog.writing() as writer:
        writer.keep_concept("boats", Examples((1,)))
        writer.keep_concept("boats", Examples((2,)))
    with catalog.reading() as reader:
        assert reader.load_concepts() == {"boats": Examples((2,))}


@pytest.mark.parametrize(("name", "there"), [("boats", True), ("cars", False)])
def test_forgetting_says_whether_it_was_there(catalog: WritableCatalog, name: str, there: bool) -> None:
    with catalog.writing() as writer:
        writer.keep_concept("boats", Examples((1,)))
        assert writer.forget_concept(name) is there
        assert len(writer.load_concepts()) == 1 - there


def test_a_recipe_comes_back_and_is_replaced(catalog: WritableCatalog) -> None:
    other = FusionRecipe("mine", "reciprocal-rank", 10.0, {"words": 2.0})
    with catalog.writing() as writer:
        writer.keep_recipe(RECIPE)
        assert writer.load_recipes() == {"mine": RECIPE}
        writer.keep_recipe(other)
    with catalog.reading() as reader:
        assert reader.load_recipes() == {"mine": other}
