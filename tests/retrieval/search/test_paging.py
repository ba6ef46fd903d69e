"""Pages, examples and browsing: a query gives one list, whatever the size of its pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image as PillowImage

from retrieval import (
    Filters,
    Hit,
    ImageNotFound,
    Library,
    Picture,
    Query,
    Settings,
    StoredPicture,
    Text,
    UnreadableImage,
)
from tests.drawing import draw_scene, encode_picture
from tests.world import BOTH, COUNT, World


@pytest.fixture(scope="module")
def library(world: World) -> Iterator[Library]:
    with Library.open(world.path) as opened:
        yield opened


class TestPaging:
    QUERIES = (
        Query((StoredPicture(7),), weights=BOTH),
        Query((StoredPicture(8), StoredPicture(30, -0.3), Text("dog car")), weights=BOTH),
        Query((StoredPicture(9),), Filters(without_labels=("boat",)), BOTH, include_examples=True),
        Query((Text("odd third"),)),
        Query(),
    )

    @pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
    @pytest.mark.parametrize("fusion", ["relative", "reciprocal-rank"])
    @pytest.mark.parametrize("candidates", [10, 2000])
    def test_pages_joined_are_one_long_page(
        self, world: World, query: Query, fusion: str, candidates: int
    ) -> None:
        with Library.open(world.path, Settings(candidates=candidates, fusion=fusion)) as library:
            long = library.search(turned_to(query, 0, 1000))
            joined, totals = list[Hit](), set[int]()
            for offset in range(0, COUNT + 7, 7):
                page = library.search(turned_to(query, offset, 7))
                joined += page.hits
                totals.add(page.total)
        assert [hit.id for hit in joined] == long.ids
        assert joined == list(long.hits)
        assert totals == {long.total}
        assert len(joined) >= 10

    def test_a_page_beyond_the_end_is_empty(self, library: Library) -> None:
        beyond = library.search(Query((Text("boat"),), offset=1000))
        assert (beyond.hits, beyond.total) == ((), 15)


def turned_to(query: Query, offset: int, limit: int) -> Query:
    return Query(query.parts, query.filters, query.weights, limit, offset, query.include_examples)


class TestExamples:
    def test_they_are_left_out_unless_asked_for(self, library: Library) -> None:
        parts = (StoredPicture(7), StoredPicture(20), StoredPicture(33, -0.01))
        without = library.search(Query(parts, weights=BOTH, limit=100))
        assert not {7, 20, 33} & set(without.ids)
        assert without.total == COUNT - 3
        whole = library.search(Query(parts, weights=BOTH, limit=100, include_examples=True))
        assert [image_id for image_id in whole.ids if image_id not in (7, 20, 33)] == without.ids
        assert whole.total == COUNT

    def test_a_picture_from_outside_is_described_and_compared(
        self, library: Library, world: World, tmp_path: Path
    ) -> None:
        data = encode_picture(PillowImage.fromarray(draw_scene(4)), "PNG")
        (tmp_path / "query.png").write_bytes(data)
        one = library.search(Query((Picture(data),)))
        assert one == library.search(Query((Picture(tmp_path / "query.png"),)))
        assert len(one.hits) == 40

    def test_what_cannot_be_had_is_refused(self, library: Library, tmp_path: Path) -> None:
        with pytest.raises(ImageNotFound, match="image 61"):
            library.search(Query((StoredPicture(61),)))
        with pytest.raises(UnreadableImage, match=r"^upload\.png: "):
            library.search(Query((Picture(b"not a picture", name="upload.png"),)))


class TestBrowsing:
    def test_an_empty_query_shows_everything_by_id(self, library: Library) -> None:
        page = library.search(Query(limit=10, offset=20))
        assert page.ids == list(range(21, 31))
        assert (page.total, page.notes) == (COUNT, ())
        assert [(hit.rank, hit.score, hit.contributions) for hit in page.hits[:1]] == [(21, 0.0, ())]

    def test_notes_say_what_could_not_take_part(self, library: Library) -> None:
        notes = library.search(Query((Text("boat"), Text("?!"), StoredPicture(1)))).notes
        assert ["“?!”" in notes[0], "untrained" in notes[1], len(notes)] == [True, True, 2]
        assert library.search(Query((Text("boat"),))).notes == ()
