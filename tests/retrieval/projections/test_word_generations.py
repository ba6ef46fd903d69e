"""Words in the tail and in extended generations: a library's history leaves no trace in its answers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval import Library, LibraryWriter, Query, Text, write_library
from retrieval.ranking import segment_tiers
from tests.wording import add_words, find_words, rank_words, remove_images, replace_words

LONG = "a quiet walk along the old stone wall by the river at noon in early spring "  # 16 tokens


@pytest.fixture
def words(tmp_path: Path) -> Iterator[LibraryWriter]:
    """An empty library without spaces: its one signal is the words."""
    with write_library(tmp_path / "library") as library:
        yield library


class TestTail:
    def test_it_scores_as_if_it_were_published(self, words: LibraryWriter) -> None:
        add_words(words, caption="red boat", publish=True)
        add_words(words, caption="boat " + LONG)
        add_words(words, title="red boat")
        before = rank_words(words, "red boat")
        words.publish()
        assert rank_words(words, "red boat") == before
        assert len(before) == 3

    def test_changed_and_removed_words_are_gone_at_once(self, words: LibraryWriter) -> None:
        changed, gone = (
            add_words(words, caption="red boat"),
            add_words(words, caption="red car", publish=True),
        )
        replace_words(words, changed, caption="blue boat")
        remove_images(words, gone)
        for _ in ("in the tail", "published"):
            assert find_words(words, "red car") == []
            assert find_words(words, "blue") == [changed]
            words.publish()

    def test_ties_go_to_the_smaller_id_wherever_the_words_lie(self, words: LibraryWriter) -> None:
        ids = [add_words(words, caption="boat") for _ in range(4)]
        words.publish()
        replace_words(words, ids[0], caption="a")
        replace_words(words, ids[0], caption="boat")
        ids.append(add_words(words, caption="boat"))
        ranking = rank_words(words, "boat")
        assert [image_id for image_id, _ in ranking] == ids
        assert len({score for _, score in ranking}) == 1
        assert words.search(Query((Text("boat"),), limit=2)).ids == ids[:2]

    def test_what_was_removed_has_no_say_in_the_order(self, words: LibraryWriter) -> None:
        """“red” is common among the removed and rare among the rest, where “boat” is common."""
        crowd = [add_words(words, caption="red") for _ in range(9)]
        red = add_words(words, caption="red")
        boats = [add_words(words, caption="boat") for _ in range(3)]
        words.publish()
        remove_images(words, *crowd)
        before = rank_words(words, "red boat")
        words.publish()
        assert [image_id for image_id, _ in rank_words(words, "red boat")] == [red, *boats]
        assert [image_id for image_id, _ in before] == [red, *boats]


class TestGenerations:
    QUERIES = ("river", "old wall", '"river at noon"', "boat stone", "spring")

    def rankings(self, library: Library) -> list[list[tuple[int, float]]]:
        return [rank_words(library, text) for text in self.QUERIES]

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
                add_words(words, caption=(LONG * 3)[: 40 + 31 * batch + 17 * number], title="boat")
            words.publish()
            shared += bool(before & self.inodes(words))
        extended = self.rankings(words)
        assert shared > 0
        words.publish(anew=True)
        assert self.rankings(words) == extended
        assert all(extended)

    @pytest.mark.parametrize("deed", ["remove", "change"])
    def test_after_a_removal_or_a_change_it_ranks_exactly_like_a_new_one(
        self, words: LibraryWriter, deed: str
    ) -> None:
        ids = [add_words(words, caption=(LONG * 3)[: 90 + 20 * number]) for number in range(9)]
        words.publish()
        before = self.inodes(words)
        add_words(words, caption="river boat")
        if deed == "remove":
            remove_images(words, ids[1])
        else:
            replace_words(words, ids[1], caption="boat at noon")
        words.publish()
        assert before & self.inodes(words)
        assert list(words.generations_folder.glob("words-*/hidden-*.npy"))
        published = self.rankings(words)
        words.publish(anew=True)
        assert not list(words.generations_folder.glob("words-*/hidden-*.npy"))
        assert self.rankings(words) == published

    def test_any_history_ends_in_the_answers_of_a_new_one_in_few_segments(
        self, words: LibraryWriter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Small segments become larger ones, and those of which much is hidden are written again."""
        monkeypatch.setattr(segment_tiers, "SMALLEST", 2)
        monkeypatch.setattr(segment_tiers, "FACTOR", 3)
        chance, ids = random.Random(4), list[int]()
        for _ in range(24):
            for _ in range(chance.choice([0, 1, 1, 2, 5])):
                ids.append(
                    add_words(words, caption=(LONG * 4)[chance.randrange(60) :][: chance.randrange(200)])
                )
            for image_id in chance.sample(ids, min(len(ids), chance.choice([0, 0, 1, 3]))):
                if chance.random() < 0.5:
                    ids.remove(image_id)
                    remove_images(words, image_id)
                else:
                    replace_words(words, image_id, caption=LONG[: chance.randrange(80)])
            words.publish()
            assert len(list(words.generations_folder.glob("words-*/*.seg"))) <= 8
        published = self.rankings(words)
        assert words.count_images() == len(ids)
        words.publish(anew=True)
        assert self.rankings(words) == published

    def test_one_image_of_many_is_added_without_touching_the_rest(self, words: LibraryWriter) -> None:
        for _ in range(30):
            add_words(words, caption=LONG)
        words.publish()
        before = self.inodes(words)
        add_words(words, caption="boat", publish=True)
        assert len(find_words(words, "river boat")) == 31
        assert before & self.inodes(words)
