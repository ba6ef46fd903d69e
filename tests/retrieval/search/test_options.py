"""How options, examples, concepts and recipes change an answer, on sixty images whose features are known."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from retrieval import (
    Colours,
    Concept,
    Examples,
    Filters,
    FusionRecipe,
    ImageNotFound,
    InvalidQuery,
    Library,
    Options,
    Palette,
    Picture,
    Query,
    Reference,
    Region,
    Settings,
    StoredPicture,
    Swatch,
    Text,
    write_library,
)
from retrieval.query.values import EXPANSIONS, FUSIONS, GROUPINGS, RERANKINGS
from retrieval.ranking.relevance import CHANCE, LIKELY, LOOKS_LIKE, STRONG, WEAK
from tests.world import COUNT, World

LISTED = (STRONG, LIKELY, WEAK, LOOKS_LIKE, CHANCE)  # bands in the order in which hits are listed

ALL = Settings(weaker=True)


@pytest.fixture(scope="module")
def library(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A copy of the world with a concept and a recipe in it."""
    path = Path(shutil.copytree(world.path, tmp_path_factory.mktemp("options") / "library"))
    with write_library(path, ALL) as opened, opened.catalog.writing() as writer:
        writer.keep_concept("sevens", Examples((7, 14), (20,)))
        writer.keep_concept("gone", Examples((999,)))
        writer.keep_recipe(FusionRecipe("only colour", "relative", 60, {"subject": 0.0, "colour": 1.0}))
    with Library.open(path, ALL) as opened:
        yield opened


def unit_vector(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def order_by(world: World, direction: np.ndarray, without: tuple[int, ...]) -> list[int]:
    scores = (world.features["subject"].astype(np.float32) @ direction).round(5)
    ids = [image_id for image_id in range(1, COUNT + 1) if image_id not in without]
    return sorted(ids, key=lambda image_id: (-scores[image_id - 1], image_id))


class TestEveryOption:
    @pytest.mark.parametrize(
        "options",
        [
            *(Options(fusion=fusion) for fusion in FUSIONS),
            *(Options(expand=expansion) for expansion in EXPANSIONS),
            *(Options(rerank=method) for method in RERANKINGS),
            Options(diversity=0.4),
            Options(neighbours=True),
            *(Options(group=grouping) for grouping in GROUPINGS),
            Options(narrow=True),
            Options(verify=0),
            Options(rerank="diffusion", expand="alpha", diversity=0.2, neighbours=True, group="copies"),
        ],
        ids=str,
    )
    def test_the_parts_add_up_scores_fall_and_pages_join(self, library: Library, options: Options) -> None:
        parts = (StoredPicture(7), Text("dog"), StoredPicture(30, -0.2))
        whole = library.search(Query(parts, limit=100, options=options))
        assert len(whole.hits) == whole.total
        for hit in whole.hits:
            assert sum(contribution.amount for contribution in hit.contributions) == pytest.approx(
                hit.score, abs=1e-9
            )
        surest_first = sorted(whole.hits, key=lambda hit: (LISTED.index(hit.band or CHANCE), -hit.score))
        assert [hit.id for hit in whole.hits] == [hit.id for hit in surest_first]
        pages = [
            library.search(Query(parts, limit=10, offset=at, options=options))
            for at in range(0, whole.total, 10)
        ]
        assert [hit for page in pages for hit in page.hits] == list(whole.hits)
        listed = {*whole.ids, *(member for hit in whole.hits if hit.group for member in hit.group.members)}
        assert len(listed) > 20
        assert listed == set(library.search(Query(parts, limit=100, options=Options(verify=0))).ids)

    def test_a_rerank_changes_the_order_and_says_by_how_much(self, library: Library) -> None:
        plain = library.search(Query((StoredPicture(7),)))
        other = library.search(Query((StoredPicture(7),), options=Options(rerank="k-reciprocal")))
        assert plain.ids != other.ids
        steps = {
            contribution.signal
            for hit in other.hits
            for contribution in hit.contributions
            if contribution.part == -1
        }
        assert steps == {"k-reciprocal"}

    def test_expansion_asks_with_what_was_found_first(self, library: Library, world: World) -> None:
        found = library.search(
            Query((StoredPicture(7),), weights={"colour": 0}, options=Options(expand="average"))
        )
        rows = world.features["subject"].astype(np.float32)
        first = order_by(world, rows[6], (7,))[:10]
        direction = unit_vector(rows[6] + rows[[image_id - 1 for image_id in first]].sum(axis=0))
        assert found.ids[:10] == order_by(world, direction, (7,))[:10]


class TestExamples:
    def test_examples_alone_are_a_query(self, library: Library, world: World) -> None:
        found = library.search(Query(weights={"colour": 0}, examples=Examples((7, 14), (20,)), limit=100))
        rows = world.features["subject"].astype(np.float32)
        direction = unit_vector((rows[6] + rows[13]) / 2 - 0.5 * rows[19])
        assert found.ids == order_by(world, direction, (7, 14, 20))

    def test_examples_move_a_picture(self, library: Library, world: World) -> None:
        query = Query((StoredPicture(3),), weights={"colour": 0}, examples=Examples((7,), (20,)), limit=100)
        rows = world.features["subject"].astype(np.float32)
        direction = unit_vector(0.5 * rows[2] + rows[6] - 0.5 * rows[19])
        assert library.search(query).ids == order_by(world, direction, (3, 7, 20))

    def test_bad_examples_alone_push_down_what_words_found(self, library: Library) -> None:
        words = library.search(Query((Text("dog"),)))
        pushed = library.search(Query((Text("dog"),), examples=Examples(bad=(words.ids[0],))))
        assert words.ids[0] not in pushed.ids
        assert {contribution.signal for hit in pushed.hits for contribution in hit.contributions} == {
            "words",
            "subject",
        }
        assert min(contribution.amount for contribution in pushed.hits[0].contributions) < 0

    def test_examples_that_are_gone_are_passed_over(self, library: Library) -> None:
        some = library.search(Query(examples=Examples((7,))))
        assert library.search(Query(examples=Examples((7, 999)))).ids == some.ids

    def test_a_concept_is_its_examples(self, library: Library) -> None:
        weights = {"colour": 0.0}
        named = library.search(Query((Concept("sevens"),), weights=weights, limit=100)).ids
        given = library.search(Query(examples=Examples((7, 14), (20,)), weights=weights, limit=100)).ids
        assert [image_id for image_id in named if image_id not in (7, 14, 20)] == given

    def test_a_concept_filters(self, library: Library) -> None:
        everything = library.search(Query((StoredPicture(30),), limit=100)).ids
        found = library.search(Query((StoredPicture(30),), Filters(concepts=("sevens",)), limit=100)).ids
        assert {7, 14} <= set(found) < set(everything)
        assert found == [image_id for image_id in everything if image_id in found]

    def test_an_unknown_concept_is_named(self, library: Library) -> None:
        with pytest.raises(
            InvalidQuery, match="concept eights: there is none of that name; there are gone, sevens"
        ):
            library.search(Query((Concept("eights"),)))


class TestRecipes:
    def test_a_recipe_gives_its_weights(self, library: Library) -> None:
        found = library.search(Query((StoredPicture(7),), options=Options(recipe="only colour"), limit=100))
        assert {contribution.signal for hit in found.hits for contribution in hit.contributions} == {"colour"}

    def test_the_query_has_the_last_word(self, library: Library) -> None:
        query = Query((StoredPicture(7),), weights={"subject": 2.0}, options=Options(recipe="only colour"))
        signals = {
            contribution.signal for hit in library.search(query).hits for contribution in hit.contributions
        }
        assert signals == {"subject", "colour"}

    def test_an_unknown_recipe_is_named(self, library: Library) -> None:
        with pytest.raises(InvalidQuery, match="recipe x: there is none of that name; there are only colour"):
            library.search(Query((StoredPicture(7),), options=Options(recipe="x")))


class TestColours:
    def test_a_swatch_and_a_palette_ask_the_colours_alone(self, library: Library) -> None:
        for part in (Colours((Swatch("#ff0000"), Swatch("#ffffff", 2))), Palette(StoredPicture(7))):
            found = library.search(Query((part,), limit=100))
            assert {contribution.signal for hit in found.hits for contribution in hit.contributions} == {
                "colour"
            }

    def test_a_palette_finds_its_own_picture_first(self, library: Library) -> None:
        assert library.search(Query((Palette(StoredPicture(7)),))).ids[0] == 7


class TestPictures:
    def test_a_reference_is_not_followed(self, library: Library) -> None:
        with pytest.raises(InvalidQuery, match=r"file pool\.jpg: has not been fetched"):
            library.search(Query((Picture(Reference("file", "pool.jpg")),)))

    def test_a_region_of_an_unknown_image_is_refused(self, library: Library) -> None:
        with pytest.raises(ImageNotFound):
            library.search(Query((StoredPicture(999, region=Region(0, 0, 0.5, 0.5)),)))
