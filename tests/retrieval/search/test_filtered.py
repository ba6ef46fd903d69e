"""A search by picture with filters equals the brute-force ranking of the images that a plain predicate allows."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval import Filters, Image, Library, Query, StoredPicture
from retrieval.query.values import Options
from tests.oracle import satisfies_filters
from tests.rows import tuples_of
from tests.world import COUNT, World

WORDS = ["boat", "car", "dog", "even", "odd", "third"]
FOLDERS = ["2019/trip", "/photos/2020", "trip", "2021", "elsewhere"]
DAYS = [date(2020, month, 5) for month in (1, 4, 7, 12)]
names, folders = st.sampled_from(WORDS), st.sampled_from(FOLDERS)
filters = st.builds(
    Filters,
    folders=tuples_of(folders),
    without_folders=tuples_of(folders, 1),
    tags=tuples_of(names, 1),
    without_tags=tuples_of(names, 1),
    labels=tuples_of(names),
    shows=tuples_of(names, 3),
    after=st.none() | st.sampled_from(DAYS[:2]),
    before=st.none() | st.sampled_from(DAYS[2:]),
    orientations=tuples_of(st.sampled_from(["square", "landscape"])),
    max_bytes=st.sampled_from([None, 0, 1]),
    captioned=st.sampled_from([None, None, False]),
    problem=st.sampled_from([None, None, False]),
)


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filters, st.integers(1, COUNT), st.sampled_from(["subject", "colour"]), st.integers(1, COUNT))
def test_filters_and_a_picture_agree_with_brute_force(
    world: World,
    world_library: Library,
    world_images: dict[int, Image],
    asked: Filters,
    picture: int,
    signal: str,
    limit: int,
) -> None:
    weights = {name: float(name == signal) for name in world_library.signal_names}
    query = Query(
        (StoredPicture(picture),), asked, weights=weights, options=Options(weaker=True), limit=limit
    )
    results = world_library.search(query)
    expected = [
        (image_id, score)
        for image_id, score in world.cosines(signal, picture)
        if image_id != picture and satisfies_filters(world_images[image_id], asked)
    ]
    found = [(hit.id, hit.contributions[0].score) for hit in results.hits]
    assert [image_id for image_id, _ in found] == [image_id for image_id, _ in expected[:limit]]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected[:limit]], abs=2e-5)
    assert results.total == len(expected)


def test_filters_alone_list_all_that_satisfy_them(
    world_library: Library, world_images: dict[int, Image]
) -> None:
    for asked in (Filters(tags=("even",)), Filters(labels=("boat", "dog"), folders=("2019",)), Filters()):
        results = world_library.search(Query(filters=asked, limit=COUNT))
        expected = [image_id for image_id, image in world_images.items() if satisfies_filters(image, asked)]
        assert (results.ids, results.total) == (expected, len(expected))
