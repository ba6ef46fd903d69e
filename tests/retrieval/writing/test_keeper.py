"""Saved searches and concepts: what is refused, what follows a new name, and what is new since a look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from retrieval import (
    Examples,
    Filters,
    ImageNotFound,
    InvalidQuery,
    Keeper,
    Library,
    NameInUse,
    NameTaken,
    NameUnknown,
    RetrievalError,
    open_keeper,
    parse_query,
    query_from_json,
    write_library,
)
from retrieval.query.named import find_cycle
from tests.databases import new_image


def keep(library: Library, change: Callable[[Keeper], Any]) -> Any:
    with open_keeper(library) as keeper:
        return change(keeper)


def save(library: Library, **lines: str) -> None:
    for name, line in lines.items():
        keep(library, lambda keeper, name=name, line=line: keeper.add_search(name, line))


def add_tagged(library: Library, *tags: str) -> list[int]:
    """New images with these tags and without features, as a run adds them."""
    with write_library(library.path) as opened, opened.catalog.writing() as writer:
        first = writer.newest_image() + 1
        ids = writer.add_images([new_image(1000 + first + number) for number in range(len(tags))])
        from retrieval import Annotation

        for image_id, tag in zip(ids, tags, strict=True):
            writer.add_location(f"/new/{image_id}.jpg".encode(), image_id, mtime=0, size=1)
            writer.replace_annotations(image_id, "t", [Annotation("tag", tag, "t")])
        return ids


class TestLines:
    @pytest.mark.parametrize(
        ("line", "error", "message"),
        [
            ("tag:", InvalidQuery, "column 1: the key has no value"),
            ("image:999", ImageNotFound, "999"),
            ("like:999", ImageNotFound, "999"),
            ("palette:image:999", ImageNotFound, "999"),
            ("boat file:pool.jpg", InvalidQuery, "the like of stored images alone"),
            ("palette:upload:0123456789abcdef0123456789abcdef", InvalidQuery, "stored images alone"),
            ("weight.taste:2 boat", InvalidQuery, "taste"),
            ("concept:none", NameUnknown, "none: no concept has this name"),
            ("-in-concept:none", NameUnknown, "none: no concept has this name"),
            ("boat recipe:none", NameUnknown, "none: no recipe has this name"),
            ("saved:none", NameUnknown, "none: no saved search has this name"),
            ("saved:mine", InvalidQuery, "leads back to this search (mine → mine)"),
        ],
    )  # fmt: skip
    def test_a_line_that_could_not_be_answered_is_not_saved(
        self, library: Library, line: str, error: type[RetrievalError], message: str
    ) -> None:
        with pytest.raises(error) as raised:
            save(library, mine=line)
        assert message in str(raised.value)
        assert library.load_searches() == {}

    def test_a_circle_over_several_searches_is_refused(self, library: Library) -> None:
        save(library, a="tag:odd", b="saved:a label:boat", c="dog OR (saved:b -tag:third)")
        with pytest.raises(InvalidQuery, match=r"saved:c: leads back to this search \(a → c → b → a\)"):
            keep(library, lambda keeper: keeper.change_search("a", "-saved:c"))
        assert library.load_search("a").line == "tag:odd"

    def test_many_searches_that_say_each_other_are_looked_through_once(self) -> None:
        names = [f"n{number}" for number in range(40)]
        lines = {
            name: " ".join(f"saved:{other}" for other in names[place + 1 :])
            for place, name in enumerate(names)
        }
        queries = {name: parse_query(line) for name, line in lines.items()}
        assert find_cycle("n0", queries) == ()
        assert find_cycle("n0", queries | {"n39": parse_query("saved:n0")}) == ("n0", "n39", "n0")


class TestNames:
    @pytest.mark.parametrize("name", ["", " ", "a/b", " boats", "a\nb", "x" * 81, ".."])
    def test_a_name_that_cannot_be_shown_is_refused(self, library: Library, name: str) -> None:
        for change in (
            lambda keeper: keeper.add_search(name, "boat"),
            lambda keeper: keeper.keep_concept(name, Examples((1,))),
        ):
            with pytest.raises(InvalidQuery, match="name of a"):
                keep(library, change)

    def test_a_name_is_given_once(self, library: Library) -> None:
        save(library, a="tag:odd", b="tag:even")
        keep(library, lambda keeper: keeper.keep_concept("c", Examples((1,))))
        keep(library, lambda keeper: keeper.keep_concept("d", Examples((2,))))
        for change in (
            lambda keeper: keeper.add_search("a", "boat"),
            lambda keeper: keeper.rename_search("a", "b"),
            lambda keeper: keeper.rename_concept("c", "d"),
        ):
            with pytest.raises(NameTaken):
                keep(library, change)
        keep(library, lambda keeper: keeper.rename_search("a", "a"))
        assert [saved.line for saved in library.load_searches().values()] == ["tag:odd", "tag:even"]

    def test_what_is_not_there_is_an_error_that_names_what_is(self, library: Library) -> None:
        save(library, boats="label:boat")
        for change in (
            lambda keeper: keeper.change_search("cars", "x"),
            lambda keeper: keeper.rename_search("cars", "x"),
            lambda keeper: keeper.remove_search("cars"),
            lambda keeper: keeper.note_look("cars", 5),
        ):
            with pytest.raises(NameUnknown, match="cars: no saved search has this name; there are boats"):
                keep(library, change)
        for change in (
            lambda keeper: keeper.rename_concept("cars", "x"),
            lambda keeper: keeper.remove_concept("cars"),
        ):
            with pytest.raises(NameUnknown, match="cars: no concept has this name; none is saved"):
                keep(library, change)
        with pytest.raises(
            InvalidQuery, match=r"saved:boat: no saved search has this name; did you mean boats\?"
        ):
            library.search("saved:boat")

    def test_a_new_name_is_said_by_all_other_searches(self, library: Library) -> None:
        keep(library, lambda keeper: keeper.keep_concept("sevens", Examples((7, 14), (20,))))
        save(
            library,
            a="label:boat",
            b="-saved:a tag:odd",
            c="(dog saved:a) OR concept:sevens in-concept:sevens",
        )
        before = {name: library.search(f"saved:{name}").ids for name in "bc"}
        keep(library, lambda keeper: keeper.rename_search("a", "old boats"))
        keep(library, lambda keeper: keeper.rename_concept("sevens", "7 & 14"))
        assert parse_query(library.load_search("b").line) == parse_query('-saved:"old boats" tag:odd')
        assert 'concept:"7 & 14"' in library.load_search("c").line
        assert {name: library.search(f"saved:{name}").ids for name in "bc"} == before
        assert all(before.values())

    def test_what_others_say_is_not_removed(self, library: Library) -> None:
        keep(library, lambda keeper: keeper.keep_concept("sevens", Examples((7,))))
        save(library, a="tag:odd", b="saved:a in-concept:sevens")
        with pytest.raises(NameInUse, match=r"a: the saved search is part of saved searches \(b\)"):
            keep(library, lambda keeper: keeper.remove_search("a"))
        with pytest.raises(NameInUse, match=r"sevens: the concept is part of saved searches \(b\)"):
            keep(library, lambda keeper: keeper.remove_concept("sevens"))
        keep(library, lambda keeper: keeper.remove_search("b"))
        keep(library, lambda keeper: keeper.remove_search("a"))
        keep(library, lambda keeper: keeper.remove_concept("sevens"))
        assert library.load_searches() == {}


class TestConditions:
    def test_a_saved_search_is_a_condition_like_any_other(self, library: Library) -> None:
        save(
            library,
            boats="label:boat",
            thirds="tag:third OR label:tree",
            dogs="dog",
            days="tag:odd group:day",
        )
        boats, thirds = (
            library.search(parse_query("label:boat", limit=100)).ids,
            {*range(3, 61, 3), *range(3, 61, 4)},
        )
        assert library.search("saved:boats").ids == boats
        assert library.search("saved:boats saved:thirds").ids == sorted({*boats} & thirds)
        assert library.search(parse_query("saved:boats OR saved:thirds", limit=100)).ids == sorted(
            {*boats} | thirds
        )
        others = library.search(parse_query("-saved:boats", limit=100)).ids
        assert sorted([*others, *boats]) == list(range(1, 61))
        assert sorted(library.search("saved:dogs").ids) == sorted(library.search("dog").ids)
        assert library.search(parse_query("saved:days", limit=100)).ids == list(range(1, 61, 2)), (
            "all of each group"
        )
        assert library.search(query_from_json({"filters": {"saved": ["boats"]}})).ids == boats
        ranked = library.search(parse_query("image:7 saved:boats", limit=100)).ids
        assert sorted(ranked) == boats
        assert library.search("(dog saved:thirds) OR saved:boats").total >= len(boats)
        assert library.search(parse_query("", limit=100)).total == 60

    def test_a_circle_that_another_program_stored_is_an_error(self, library: Library) -> None:
        with write_library(library.path) as opened, opened.catalog.writing() as writer:
            writer.add_search("a", "saved:b")
            writer.add_search("b", "-saved:a")
            writer.add_search("c", "tag:")
        with pytest.raises(InvalidQuery, match=r"saved:a: leads back to itself \(a → b → a\)"):
            library.search("saved:a")
        with pytest.raises(InvalidQuery, match="saved:c: its line cannot be read"):
            library.search("saved:c")
        problems = [news.problem for news in library.count_news()]
        assert problems[:2] == ["", ""], "nothing is new, so nothing is searched"


class TestNews:
    def test_new_hits_are_those_among_later_images_exactly(self, library: Library) -> None:
        save(library, odd="tag:odd", every="", grouped="tag:odd group:folder")
        assert [news.new for news in library.count_news()] == [0, 0, 0]
        ids = add_tagged(library, "odd", "even", "odd")
        assert ids == [61, 62, 63]
        counts = {news.saved.name: news.new for news in library.count_news()}
        assert counts == {"odd": 2, "every": 3, "grouped": 2}
        found = library.find_new("tag:odd", 60)
        assert ([hit.id for hit in found.hits], found.total, found.newest) == ([61, 63], 2, 63)
        assert [hit.rank for hit in found.hits] == [1, 2]
        second = library.find_new(parse_query("tag:odd", limit=1, offset=1), 60)
        assert ([hit.id for hit in second.hits], second.total) == ([63], 2)
        saved = keep(library, lambda keeper: keeper.note_look("odd", found.newest))
        assert (saved.seen_image, saved.looked_at is not None) == (63, True)
        assert keep(library, lambda keeper: keeper.note_look("odd", 5)).seen_image == 63
        [late] = add_tagged(library, "odd")
        assert library.find_new("tag:odd", 60, newest=63).total == 2, (
            "what came since belongs to the next look"
        )
        assert [hit.id for hit in library.find_new("tag:odd", 63).hits] == [late]

    def test_they_are_counted_as_far_as_time_allows_and_kept_until_something_changes(
        self, library: Library
    ) -> None:
        save(library, odd="tag:odd", even="tag:even", both="saved:odd")
        add_tagged(library, "odd", "even")
        assert [news.new for news in library.count_news(seconds=0)] == [None, None, None]
        assert {news.saved.name: news.new for news in library.count_news()} == {
            "odd": 1,
            "even": 1,
            "both": 1,
        }
        assert {news.new for news in library.count_news(seconds=0)} == {1}, "they are kept"
        keep(library, lambda keeper: keeper.note_look("even", 62))
        assert [news.saved.name for news in library.count_news(seconds=0) if news.new is None] == ["even"]
        keep(library, lambda keeper: keeper.change_search("odd", "tag:even"))
        assert [news.new for news in library.count_news(seconds=0)] == [None, None, None]
        counted = {news.saved.name: news.new for news in library.count_news()}
        assert (counted["even"], counted["both"]) == (0, 1)

    def test_only_what_is_above_the_line_is_new(self, library: Library) -> None:
        """A word finds the images that hold it, whatever else is new."""
        ids = add_tagged(library, "lighthouse", "odd")
        with Library.open(library.path) as opened:
            found = opened.find_new("lighthouse", 60)
            assert [hit.id for hit in found.hits] == [ids[0]]
            listed = opened.search("lighthouse").ids
        assert set(listed) & set(ids) == {ids[0]}

    def test_a_search_that_cannot_be_answered_any_more_says_why(self, library: Library) -> None:
        save(library, like="image:7", plain="tag:odd")
        with write_library(library.path) as opened, opened.catalog.writing() as writer:
            writer.remove_images([7])
        add_tagged(library, "odd")
        like, plain = library.count_news()
        assert (like.new, plain.new, plain.problem) == (None, 1, "")
        assert "7" in like.problem


def test_a_search_is_saved_while_another_process_indexes(library: Library) -> None:
    with write_library(library.path) as writer:
        save(library, boats="label:boat")
        with writer.catalog.writing() as transaction:
            transaction.replace_annotations(1, "u", [])
        keep(library, lambda keeper: keeper.rename_search("boats", "ships"))
        assert list(writer.load_searches()) == ["ships"]
    assert list(library.load_searches()) == ["ships"]
    assert library.search("saved:ships").ids == library.search("label:boat").ids
    assert Filters(saved=("ships",))
