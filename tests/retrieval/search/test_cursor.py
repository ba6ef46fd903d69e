"""Walks through answers by cursors, while others index and remove; and cursors that are refused."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retrieval import (
    Annotation,
    CursorExpired,
    Hit,
    InvalidCursor,
    Library,
    LibraryWriter,
    Palette,
    Picture,
    Query,
    Reference,
    Results,
    Text,
    parse_query,
    write_library,
)
from retrieval.search.cursor import Cursor, digest_query
from retrieval.search.kept_lists import LIFETIME, MAX_LISTS, KeptLists
from tests.changing import changing_process
from tests.world import COUNT, World


@pytest.fixture
def path(world: World, tmp_path: Path) -> Path:
    """A copy of the sixty images, which a test may change."""
    return Path(shutil.copytree(world.path, tmp_path / "library"))


@pytest.fixture
def library(path: Path) -> Iterator[Library]:
    with Library.open(path) as opened:
        yield opened


def walk(library: Library, query: Query, before_page: Callable[[], object] = lambda: None) -> list[Results]:
    """All pages, by cursors."""
    pages = [library.search(query, with_cursor=True)]
    while cursor := pages[-1].next_cursor:
        before_page()
        pages.append(library.search(replace(query, offset=0, cursor=cursor)))
    return pages


def joined(pages: list[Results]) -> list[Hit]:
    return [hit for page in pages for hit in page.hits]


def remove(library: LibraryWriter, *ids: int) -> None:
    with library.catalog.writing() as writer:
        writer.remove_images(ids)


LINES = (
    "",
    "tag:even sort:name-down",
    "odd third weaker:yes",
    "image:7 sort:date",
    "boat OR image:4 group:scene",
    "sort:random:3",
)


@pytest.mark.parametrize("line", LINES)
def test_a_walk_gives_what_offsets_give_while_nothing_changes(library: Library, line: str) -> None:
    for limit in (7, 25):
        query = parse_query(line, limit=limit)
        pages = walk(library, query)
        whole = library.search(replace(query, limit=1000))
        assert joined(pages) == list(whole.hits)
        assert {page.total for page in pages} == {whole.total}
        assert [len(page.hits) for page in pages[:-1]] == [limit] * (len(pages) - 1)
        assert len(pages) > 1 or whole.total <= limit
        assert whole.next_cursor is None
        for number, page in enumerate(pages[1:]):  # and back
            assert page.previous_cursor
            assert library.search(replace(query, cursor=page.previous_cursor)).hits == pages[number].hits
        later = walk(library, replace(query, offset=2))
        assert joined(later) == list(whole.hits[2:])


def test_what_is_removed_falls_out_and_what_is_added_or_changed_moves_nothing(
    path: Path, library: Library
) -> None:
    """Offsets would leave out one image for each that was removed before them."""
    query = parse_query("tag:even sort:date", limit=10)
    initial = library.search(replace(query, limit=1000)).ids
    first = library.search(query, with_cursor=True)
    with write_library(path) as writable:
        remove(writable, initial[3], initial[4], initial[12])
        with writable.catalog.writing() as writer:
            writer.replace_annotations(initial[5], "t", [])  # it is not even any more
            writer.replace_annotations(initial[15], "t", [])
            writer.replace_annotations(1, "t", [Annotation("tag", "even", "t")])  # and this one has become so
    second = library.search(replace(query, cursor=first.next_cursor))
    assert second.ids == [*initial[10:12], *initial[13:21]]
    assert [hit.rank for hit in second.hits] == [11, 12, *range(14, 22)]
    assert (second.total, second.hits[4].score, second.hits[4].contributions) == (30, 0, ())
    third = library.search(replace(query, cursor=second.next_cursor, limit=100))
    assert (third.ids, third.next_cursor) == (initial[21:], None)
    by_offset = library.search(replace(query, offset=10)).ids
    assert set(initial[10:12]) - set(by_offset)


def test_an_image_that_the_query_finds_no_longer_is_shown_without_reasons(
    path: Path, library: Library
) -> None:
    query = Query((Text("odd"),), limit=10)
    first = library.search(query, with_cursor=True)
    with write_library(path) as writable, writable.catalog.writing() as writer:
        later = library.search(replace(query, limit=1000)).ids[12]
        writer.replace_annotations(later, "t", [])
    hit = library.search(replace(query, cursor=first.next_cursor)).hits[2]
    assert (hit.id, hit.rank, hit.score, hit.band, hit.contributions) == (later, 13, 0.0, "chance", ())


def test_a_list_whose_rest_was_removed_ends(path: Path, library: Library) -> None:
    query = Query(limit=20)
    first = library.search(query, with_cursor=True)
    with write_library(path) as writable:
        remove(writable, *range(21, COUNT + 1))
    last = library.search(replace(query, cursor=first.next_cursor))
    assert (last.hits, last.next_cursor, last.total) == ((), None, COUNT)


WALKED = ("", "sort:date", "tag:even sort:size", "odd weaker:yes", "image:7 weaker:yes sort:name")


def test_walks_have_no_gap_and_no_repetition_while_another_process_changes_the_library(
    path: Path, library: Library
) -> None:
    """The process adds, removes, changes dates and tags, and publishes, before every page.

    Starting it takes most of the time. Offsets fail under the same changes, or the changes would prove nothing.
    """
    removed = 0
    with changing_process(path) as take_step:
        for line in WALKED:
            query = parse_query(line, limit=11)
            initial = library.search(replace(query, limit=1000)).ids
            ids = [hit.id for hit in joined(walk(library, query, take_step))]
            there = set(library.search(Query(limit=1000)).ids)
            assert len(ids) == len(set(ids))
            assert set(ids) <= set(initial)
            lasting = [image_id for image_id in initial if image_id in there]
            assert [image_id for image_id in ids if image_id in there] == lasting
            removed += len(initial) - len(lasting)
            assert max(there) > max(initial)
        assert removed
        query = parse_query("sort:date", limit=11)
        initial = library.search(replace(query, limit=1000)).ids
        by_offset: list[int] = []
        for offset in range(0, len(initial), 11):
            by_offset += library.search(replace(query, offset=offset)).ids
            take_step()
        assert len(by_offset) > len(set(by_offset)) or set(initial) - set(by_offset)


def test_no_cursor_is_made_unless_it_is_asked_for(path: Path, library: Library) -> None:
    assert library.search(Query(limit=5)).next_cursor is None
    assert library.search(Query(limit=100), with_cursor=True).next_cursor is None
    assert not (path / "cursors").exists()


def test_the_same_list_is_kept_once(path: Path, library: Library) -> None:
    for limit in (5, 5, 7):
        library.search(Query(limit=limit), with_cursor=True)
    assert len(list((path / "cursors").iterdir())) == 1


def test_a_library_that_cannot_be_written_has_no_cursors(path: Path, library: Library) -> None:
    (path / "cursors").write_text("in the way")
    page = library.search(Query(limit=5), with_cursor=True)
    assert (page.ids, page.next_cursor) == ([1, 2, 3, 4, 5], None)


class TestRefusals:
    @pytest.fixture
    def cursor(self, library: Library) -> str:
        cursor = library.search(parse_query("odd", limit=5), with_cursor=True).next_cursor
        assert cursor
        return cursor

    def refusal(self, library: Library, cursor: str, line: str = "odd") -> tuple[str, str]:
        with pytest.raises((InvalidCursor, CursorExpired)) as refused:
            library.search(replace(parse_query(line), cursor=cursor))
        return refused.value.code, str(refused.value)

    def test_one_of_another_query(self, library: Library, cursor: str) -> None:
        for line in ("even", "odd sort:date", "odd weaker:yes", "-odd even", ""):
            code, message = self.refusal(library, cursor, line)
            assert (code, "it belongs to another query" in message) == ("invalid-cursor", True)
        assert library.search(replace(parse_query("odd", limit=3), cursor=cursor)).hits[0].rank == 6

    def test_one_that_was_changed_on_its_way(self, library: Library, cursor: str) -> None:
        for place, character in enumerate(cursor):
            changed = cursor[:place] + ("A" if character != "A" else "B") + cursor[place + 1 :]
            assert self.refusal(library, changed)[0] == "invalid-cursor"
        for text in (cursor[:-1], f"{cursor}A", f" {cursor[1:]}", "x", "ü" * 32, "=" * 32, cursor.swapcase()):
            assert self.refusal(library, text)[0] == "invalid-cursor"

    def test_one_whose_list_is_gone(self, path: Path, library: Library, cursor: str) -> None:
        [kept] = (path / "cursors").iterdir()
        long_ago = kept.stat().st_mtime - LIFETIME - 60
        os.utime(kept, (long_ago, long_ago))
        library.search(
            parse_query("even", limit=5), with_cursor=True
        )  # old lists are removed when one is kept
        code, message = self.refusal(library, cursor)
        assert (code, "not kept any more" in message) == ("cursor-expired", True)

    def test_one_whose_list_is_damaged_until_it_is_kept_again(
        self, path: Path, library: Library, cursor: str
    ) -> None:
        [kept] = (path / "cursors").iterdir()
        data = kept.read_bytes()
        kept.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        assert self.refusal(library, cursor)[0] == "cursor-expired"
        assert library.search(parse_query("odd", limit=5), with_cursor=True).next_cursor == cursor
        assert library.search(replace(parse_query("odd"), cursor=cursor)).hits

    def test_one_of_a_library_that_was_put_back(self, world: World, path: Path) -> None:
        with write_library(path) as writable:
            remove(writable, 3)
            cursor = writable.search(parse_query("odd", limit=5), with_cursor=True).next_cursor
        assert cursor
        for file in path.glob("catalog.sqlite*"):
            file.unlink()
        shutil.copy(world.path / "catalog.sqlite", path)
        with Library.open(path) as older:
            assert self.refusal(older, cursor)[0] == "cursor-expired"

    def test_using_a_list_keeps_it(self, path: Path, library: Library, cursor: str) -> None:
        [kept] = (path / "cursors").iterdir()
        os.utime(kept, (0, 0))
        library.search(replace(parse_query("odd"), cursor=cursor))
        library.search(parse_query("even", limit=5), with_cursor=True)
        assert kept.exists()


def test_the_number_of_lists_is_limited(tmp_path: Path) -> None:
    folder = tmp_path / "cursors"
    folder.mkdir()
    start = time.time() - 2 * MAX_LISTS
    for number in range(MAX_LISTS + 5):
        path = folder / f"{number:032x}"
        path.touch()
        os.utime(path, (start + number, start + number))
    KeptLists(folder).keep_answer(Query(limit=1), np.arange(1, 10), 1)
    left = sorted(path.name for path in folder.iterdir())
    assert len(left) == MAX_LISTS
    assert f"{5:032x}" not in left
    assert f"{MAX_LISTS + 4:032x}" in left


def test_a_cursor_is_a_short_text_for_an_address() -> None:
    cursor = Cursor("0123456789abcdef" * 2, 40)
    assert Cursor.parse_token(cursor.token) == cursor
    assert len(cursor.token) == 32
    assert set(cursor.token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_queries_have_one_digest_whichever_page_they_ask_for() -> None:
    query = Query((Picture(b"abc"), Text("x"), Palette(Picture(b"abc"))))
    assert (
        digest_query(query)
        == digest_query(replace(query, limit=3, offset=7))
        == digest_query(replace(query, cursor="x"))
    )
    others = [
        Query((Picture(b"abd"), Text("x"), Palette(Picture(b"abc")))),
        Query((Picture(b"abc"), Text("x"), Palette(Picture(b"abd")))),
        Query((Picture(Reference("upload", "abc")), Text("x"), Palette(Picture(b"abc")))),
        replace(query, parts=query.parts[:2]),
        replace(query, weights={"colour": 1.0}),
        replace(query, include_examples=True),
        parse_query("x sort:date"),
        parse_query("x sort:date-up"),
    ]
    assert len({digest_query(query), *map(digest_query, others)}) == len(others) + 1
