"""Alternatives: an image gets the amounts of the one that it fits best, and has to fit one."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval import (
    Alternative,
    Either,
    Filters,
    Image,
    Library,
    Options,
    Part,
    Query,
    StoredPicture,
    Text,
    parse_query,
)
from tests.oracle import satisfies_condition
from tests.world import COUNT

ALL = Options(weaker=True, verify=0)
words = st.sampled_from(["even", "odd", "third", "boat", "car even", "nowhere"])
singles = st.builds(Text, words) | st.builds(
    StoredPicture, st.integers(1, COUNT), st.sampled_from([1.0, 2.0])
)
conditions = st.sampled_from([Filters(), Filters(tags=("third",)), ~Filters(labels=("boat",))])
alternatives = st.builds(Alternative, st.tuples(singles), conditions)


def scores_of(world_library: Library, part: Part, filters: object = Filters()) -> dict[int, float]:
    """The score of each hit of a query with this part alone, weaker ones as well."""
    query = Query((part,), filters, options=ALL, limit=COUNT, include_examples=True)  # type: ignore[arg-type]
    return {hit.id: hit.score for hit in world_library.search(query).hits}


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(alternatives, min_size=2, max_size=3).map(tuple), st.sampled_from([1.0, 3.0]))
def test_an_image_gets_the_amounts_of_the_alternative_that_it_fits_best(
    world_library: Library, listed: tuple[Alternative, ...], weight: float
) -> None:
    expected: dict[int, float] = {}
    for alternative in listed:
        # A part alone in its alternative has the whole weight, whatever its own.
        [part] = alternative.parts
        alone = Text(part.text) if isinstance(part, Text) else StoredPicture(part.image_id)
        for image_id, score in scores_of(world_library, alone, alternative.filters).items():
            expected[image_id] = max(score * weight, expected.get(image_id, 0.0))
    assert scores_of(world_library, Either(listed, weight)) == pytest.approx(expected, abs=1e-9)


def test_conditions_among_alternatives_are_exact(
    world_library: Library, world_images: dict[int, Image]
) -> None:
    boats, thirds = Filters(labels=("boat",)), Filters(tags=("third",), without_labels=("car",))
    either = Either((Alternative(filters=boats), Alternative(filters=thirds)))
    expected = [
        image_id for image_id, image in world_images.items() if satisfies_condition(image, boats | thirds)
    ]
    results = world_library.search(Query((either,), limit=COUNT))
    assert (results.ids, results.total) == (expected, len(expected))
    assert {hit.band for hit in results.hits} == {"strong"}


def test_words_and_conditions_are_alternatives(
    world_library: Library, world_images: dict[int, Image]
) -> None:
    results = world_library.search(Query(parse_query("boat OR tag:third").parts, limit=COUNT))
    expected = {
        image_id
        for image_id, image in world_images.items()
        if "boat" in image.labels or "third" in image.tags
    }
    assert set(results.ids) == expected
    assert results.total == len(expected)


def test_the_contributions_of_a_hit_add_up_to_its_score(world_library: Library) -> None:
    line = "2:(image:3 OR (even tag:third) OR image:7) odd -image:9 weaker:yes"
    hits = world_library.search(parse_query(line, limit=COUNT)).hits
    assert len(hits) > 20
    for hit in hits:
        assert sum(part.amount for part in hit.contributions) == pytest.approx(hit.score, abs=1e-9)
        assert {part.part for part in hit.contributions} <= {0, 1, 2}


def test_unwanted_words_of_an_alternative_leave_out_its_images_only(world_library: Library) -> None:
    kept = set(world_library.search(parse_query("(boat -even) OR tag:third", limit=COUNT)).ids)
    expected = {
        image_id
        for image_id in range(1, COUNT + 1)
        if (image_id % 4 == 0 and image_id % 2) or image_id % 3 == 0
    }
    assert kept == expected


def test_what_every_alternative_needs_can_stand_outside(world_library: Library) -> None:
    inside = world_library.search(parse_query("(even tag:third) OR (car tag:third)", limit=COUNT))
    outside = world_library.search(parse_query("(even OR car) tag:third", limit=COUNT))
    assert [(hit.id, hit.score) for hit in inside.hits] == [(hit.id, hit.score) for hit in outside.hits]
