"""The table of categories is what its maker makes of WordNet, and the choices speak of synsets that exist."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from data.categories import choices, maker
from data.categories.wordnet import WordNet

needs_wordnet = pytest.mark.skipif(
    not (maker.DEBIAN / "data.noun").exists(),
    reason=f"WordNet (Debian's wordnet-base) is not in {maker.DEBIAN}",
)


@pytest.fixture(scope="module")
def wordnet() -> WordNet:
    return WordNet(maker.DEBIAN)


def named_choices() -> Iterator[str]:
    """Every synset that the choices name, as in "n02084071 dog"."""
    for listed in (choices.TOO_GENERAL, choices.TOO_LEARNED, choices.MISLEADING, choices.KEPT):
        yield from (choice.strip() for choice in listed.split(";"))
    for table in (choices.ADDED_KINDS, choices.REMOVED_KINDS):
        yield from (choice for category, kinds in table.items() for choice in (category, *kinds))
    for table in (choices.ADDED_NAMES, choices.REMOVED_NAMES):
        yield from table


@needs_wordnet
def test_the_table_is_what_the_maker_makes() -> None:
    made = maker.make_table(maker.change_kinds(WordNet(maker.DEBIAN)), maker.read_classes())
    assert made == maker.TABLE.read_text("utf-8").splitlines()


@needs_wordnet
def test_classes_have_the_names_of_their_synsets(wordnet: WordNet) -> None:
    lines = [line.split("\t") for line in maker.CLASSES.read_text("utf-8").splitlines()]
    assert [names for _, names in lines] == [", ".join(wordnet.synsets[synset].names) for synset, _ in lines]
    assert len(lines) == 1000


@needs_wordnet
def test_choices_name_what_their_ids_mean(wordnet: WordNet) -> None:
    for choice in named_choices():
        synset, _, name = choice.partition(" ")
        assert name in wordnet.synsets[synset].names, choice


@needs_wordnet
def test_names_that_are_removed_were_there(wordnet: WordNet) -> None:
    for choice, names in choices.REMOVED_NAMES.items():
        assert set(names) <= set(wordnet.synsets[choice.split()[0]].names), choice


DATA = """\
  1 This line belongs to the licence.
00000001 03 n 01 thing 0 001 ~ 00000002 n 0000 | what there is
00000002 03 n 02 animal 0 game 0 001 @ 00000001 n 0000 | a living thing; "they saw an animal"
00000003 03 n 01 dog 0 002 @ 00000002 n 0000 @ 00000004 n 0000 | it barks
00000004 03 n 01 pet 0 001 @ 00000002 n 0000 | it lives with people
00000005 03 n 01 game 1 001 @ 00000001 n 0000 | it is played
"""
INDEX = """\
  1 This line belongs to the licence.
thing n 1 0 1 0 00000001
animal n 1 0 1 0 00000002
game n 2 0 2 1 00000005 00000002
dog n 1 2 @ ~ 1 1 00000003
pet n 1 0 1 0 00000004
"""


@pytest.fixture
def small(tmp_path: Path) -> WordNet:
    (tmp_path / "data.noun").write_text(DATA)
    (tmp_path / "index.noun").write_text(INDEX)
    (tmp_path / "cntlist.rev").write_text("dog%1:03:00:: 1 42\n")
    return WordNet(tmp_path)


class TestWordNet:
    def test_synsets_are_read(self, small: WordNet) -> None:
        animal = small.synsets["n00000002"]
        assert (animal.names, animal.parents) == (("animal", "game"), ("n00000001",))
        assert animal.definition == "a living thing"
        assert small.count("n00000003") == 42
        assert small.count("n00000004") == 0
        assert small.sense_number("game", "n00000002") == 2

    def test_every_chain_of_parents_is_followed(self, small: WordNet) -> None:
        assert small.ancestors("n00000003") == {"n00000001", "n00000002", "n00000004"}
        assert small.depth("n00000003") == 3

    def test_kinds_are_added_and_removed(self, small: WordNet) -> None:
        small.remove_parent("n00000003", "n00000004")
        assert small.ancestors("n00000003") == {"n00000001", "n00000002"}
        small.add_parent("n00000003", "n00000005")
        assert "n00000005" in small.ancestors("n00000003")

    def test_a_circle_and_an_unknown_kind_are_refused(self, small: WordNet) -> None:
        with pytest.raises(ValueError, match="n00000003 is itself a kind of n00000001"):
            small.add_parent("n00000001", "n00000003")
        with pytest.raises(ValueError, match="n00000001 is no kind of n00000003"):
            small.remove_parent("n00000001", "n00000003")
