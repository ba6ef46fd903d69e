"""Words in the tail and in extended generations: a library's history leaves no trace in its answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval import Library, LibraryWriter, Query, Text, write_library
from tests.wording import annotate, found, put, ranked, remove

LONG = "a quiet walk along the old stone wall by the river at noon in early spring "  # 16 tokens


@pytest.fixture
def words(tmp_path: Path) -> Iterator[LibraryWriter]:
    """An empty library without spaces: its one signal is the words."""
    with write_library(tmp_path / "library") as library:
        yield library


class TestTail:
    def test_it_scores_as_if_it_were_published(self, words: LibraryWriter) -> None:
        put(words, caption="red boat", publish=True)
        put(words, caption="boat " + LONG)
        put(words, title="red boat")
        before = ranked(words, "red boat")
        words.publish()
        assert ranked(words, "red boat") == before
        assert len(before) == 3

    def test_changed_and_removed_words_are_gone_at_once(self, words: LibraryWriter) -> None:
        changed, gone = put(words, caption="red boat"), put(words, caption="red car", publish=True)
        annotate(words, changed, caption="blue boat")
        remove(words, gone)
        for _ in ("in the tail", "published"):
            assert found(words, "red car") == []
            assert found(words, "blue") == [changed]
            words.publish()

    def test_ties_go_to_the_smaller_id_wherever_the_words_lie(self, words: LibraryWriter) -> None:
        ids = [put(words, caption="boat") for _ in range(4)]
        words.publish()
        annotate(words, ids[0], caption="a")
        annotate(words, ids[0], caption="boat")
        ids.append(put(words, caption="boat"))
        ranking = ranked(words, "boat")
        assert [image_id for image_id, _ in ranking] == ids
        assert len({score for _, score in ranking}) == 1
        assert words.search(Query((Text("boat"),), limit=2)).ids == ids[:2]

    def test_what_was_removed_has_no_say_in_the_order(self, words: LibraryWriter) -> None:
        """“red” is common among the removed and rare among the rest, where “boat” is common."""
        crowd = [put(words, caption="red") for _ in range(9)]
        red = put(words, caption="red")
        boats = [put(words, caption="boat") for _ in range(3)]
        words.publish()
        remove(words, *crowd)
        before = ranked(words, "red boat")
        words.publish()
        assert [image_id for image_id, _ in ranked(words, "red boat")] == [red, *boats]
        assert [image_id for image_id, _ in before] == [red, *boats]


class TestGenerations:
    QUERIES = ("river", "old wall", '"river at noon"', "boat stone", "spring")

    def rankings(self, library: Library) -> list[list[tuple[int, float]]]:
        return [ranked(library, text) for text in self.QUERIES]

    def inodes(self, library: Library) -> set[int]:
        return {path.stat().st_ino for path in library.generations_folder.glob("words-*/*")}

    def test_an_extended_one_shares_files_and_ranks_exactly_like_a_new_one(
        self, words: LibraryWriter
    ) -> None:
        """Captions of every length, for Whoosh keeps lengths above ten only roughly."""
        shared = 0
        for batch in range(6):
            before = self.inodes(words)
            for number in range(5):
                put(words, caption=(LONG * 3)[: 40 + 31 * batch + 17 * number], title="boat")
            words.publish()
            shared += bool(before & self.inodes(words))
        extended = self.rankings(words)
        assert shared > 0
        words.publish(anew=True)
        assert self.rankings(words) == extended
        assert all(extended)

    @pytest.mark.parametrize("deed", ["remove", "change"])
    def test_a_removal_or_a_change_forces_a_new_one(self, words: LibraryWriter, deed: str) -> None:
        ids = [put(words, caption=LONG) for _ in range(4)]
        words.publish()
        before = self.inodes(words)
        put(words, caption="river boat")
        if deed == "remove":
            remove(words, ids[1])
        else:
            annotate(words, ids[1], caption="boat at noon")
        words.publish()
        assert not before & self.inodes(words)
        published = self.rankings(words)
        words.publish(anew=True)
        assert self.rankings(words) == published

    def test_one_image_of_many_is_added_without_touching_the_rest(self, words: LibraryWriter) -> None:
        for _ in range(30):
            put(words, caption=LONG)
        words.publish()
        before = self.inodes(words)
        put(words, caption="boat", publish=True)
        assert len(found(words, "river boat")) == 31
        assert before & self.inodes(words)
