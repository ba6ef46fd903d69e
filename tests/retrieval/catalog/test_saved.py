"""Searches, concepts and recipes are saved by name, on every database."""

from __future__ import annotations

import pytest
from sqlalchemy import URL

from retrieval import SchemaOutOfDate, StorageFailed
from retrieval.catalog import FusionRecipe, SavedCatalog, WritableCatalog
from retrieval.query.values import Examples
from tests.databases import new_image

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


def test_a_saved_search_is_added_changed_looked_at_renamed_and_removed(catalog: WritableCatalog) -> None:
    with catalog.writing() as writer:
        writer.add_images([new_image(1), new_image(2)])
        writer.add_search("boats", "tag:boat")
        writer.add_search("alps", "")
        assert [saved.seen_image for saved in writer.load_searches().values()] == [2, 2]
        [image_id] = writer.add_images([new_image(3)])
        writer.change_search("boats", "tag:boat after:2020")
        writer.rename_search("boats", "new boats")
        writer.note_look("new boats", image_id)
        writer.remove_search("alps")
    with catalog.reading() as reader:
        [(name, saved)] = reader.load_searches().items()
        assert reader.newest_image() == image_id
    assert (name, saved.name, saved.line) == ("new boats", "new boats", "tag:boat after:2020")
    assert saved.seen_image == image_id
    assert saved.looked_at is not None
    assert saved.created_at <= saved.looked_at


def test_two_saved_searches_of_one_name_are_refused_by_the_database(catalog: WritableCatalog) -> None:
    with catalog.writing() as writer:
        writer.add_search("boats", "a")
    with pytest.raises(StorageFailed), catalog.writing() as writer:
        writer.add_search("boats", "b")
    with catalog.reading() as reader:
        assert reader.load_searches()["boats"].line == "a"


def test_what_is_saved_is_written_beside_the_writer_of_images(
    catalog_url: URL, catalog: WritableCatalog
) -> None:
    """The writer of images holds its lock all the time, as an indexing run does."""
    beside = SavedCatalog.open(catalog_url)
    with catalog.writing() as writer:
        writer.add_images([new_image(1)])
    with beside.writing() as saving:
        saving.add_search("boats", "tag:boat")
        saving.keep_concept("alps", Examples((1,)))
    with catalog.writing() as writer:
        writer.add_images([new_image(2)])
    with beside.reading() as reader:
        assert reader.load_searches()["boats"].seen_image == 1
        assert list(reader.load_concepts()) == ["alps"]
        assert reader.count_images() == 2
    beside.close()


def test_an_older_schema_is_refused(empty_database: URL) -> None:
    with pytest.raises(SchemaOutOfDate):
        SavedCatalog.open(empty_database)
