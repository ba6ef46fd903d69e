"""The word index: what is found and in which order, and that nobody can reach Whoosh's own syntax."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval import (
    Annotation,
    Filters,
    Library,
    LibraryWriter,
    Query,
    Settings,
    Text,
    find_damages,
    write_library,
)
from retrieval.projections import words as projection
from retrieval.projections.words import MIN_CONFIDENCE
from retrieval.ranking.tokens import split_tokens
from tests.wording import found, put, ranked


@pytest.fixture
def words(tmp_path: Path) -> Iterator[LibraryWriter]:
    """An empty library without spaces: its one signal is the words."""
    with write_library(tmp_path / "library") as library:
        yield library


class TestFinding:
    @pytest.mark.parametrize(
        "facts",
        [
            {"title": "Lantern"},
            {"tag": "river;lantern"},
            {"label": "lantern"},
            {"caption": "An old lantern, lit."},
            {"place": "Lantern Street"},
            {"creator": "Lantern, Ada"},
            {"path": "/home/pictures/lantern.jpg"},
            {"path": "/home/lantern/17.jpg"},
        ],
    )
    def test_every_field_is_searched(self, words: LibraryWriter, facts: dict[str, str]) -> None:
        put(words, title="boat")
        lantern = put(words, **facts)
        assert found(words, "lantern") == [lantern]

    def test_folders_further_up_and_endings_are_not_words(self, words: LibraryWriter) -> None:
        put(words, path="/lantern/holiday/a.jpg")
        assert found(words, "lantern") == []
        assert found(words, "jpg") == []

    @pytest.mark.parametrize(
        "name",
        [
            "DSC01234",
            "IMG_1234",
            "_MG_0017",
            "P1010017",
            "PXL_20240101_120000",
            "20240101-17",
            "0017",
            "GOPR17",
        ],
    )
    def test_what_cameras_call_pictures_is_no_word_but_their_folder_is(
        self, words: LibraryWriter, name: str
    ) -> None:
        lantern = put(words, path=f"/home/lantern 2024/{name}.jpg")
        put(words, path="/home/boat/boat.jpg")
        assert found(words, name) == found(words, "17 1234 img dsc p") == []
        assert found(words, "lantern") == found(words, "2024") == [lantern]

    @pytest.mark.parametrize("name", ["IMG_1234 lantern", "lantern17", "OldLantern_DSC1", "17-lantern"])
    def test_a_name_with_words_in_it_counts_whole(self, words: LibraryWriter, name: str) -> None:
        lantern = put(words, path=f"/home/boat/{name}.jpg")
        assert found(words, "lantern") == found(words, name) == [lantern]

    def test_coordinates_are_no_words(self, words: LibraryWriter) -> None:
        lantern = put(words, place="48.85822, -2.29450;Lantern 48")
        assert found(words, "85822") == []
        assert found(words, "48") == [lantern]

    def test_what_two_sources_say_counts_once(self, words: LibraryWriter) -> None:
        once, twice = put(words, tag="lantern"), put(words, tag="lantern")
        with words.catalog.writing() as writer:
            writer.replace_annotations(twice, "xmp", [Annotation("tag", "Lantern", "xmp")])
        (_, first), (_, second) = ranked(words, "lantern")
        assert first == second
        assert found(words, "lantern") == [once, twice]

    def test_a_better_field_ranks_higher_and_ties_go_to_the_smaller_id(self, words: LibraryWriter) -> None:
        plain = {"title": "oak", "tag": "oak", "label": "oak", "caption": "oak", "path": "/oak/oak.jpg"}
        name = put(words, **plain | {"path": "/lantern/oak.jpg"})
        caption, label, tag, title = (
            put(words, **plain | {field: "lantern"}) for field in ("caption", "label", "tag", "title")
        )
        ranking = ranked(words, "lantern")
        assert [image_id for image_id, _ in ranking] == [label, tag, title, caption, name]
        scores = [score for _, score in ranking]
        assert scores[0] == scores[1] == scores[2] > scores[3] > scores[4] > 0

    @pytest.mark.parametrize(
        ("written", "asked"),
        [
            ("Café Ångström", "cafe angstrom"),
            ("cafe", "CAFÉ"),
            ("Cafe\u0301", "café"),
            ("Straße", "STRASSE"),
            ("ｆｕｌｌ width", "full"),
            ("two boats", "boat"),
            ("a boat", "boats"),
            ("many cities", "city"),
            ("OldTown2019", "town"),
            ("well-known", "known"),
            ("日本 旅行", "旅行"),
        ],
    )
    def test_spelling_does_not_matter(self, words: LibraryWriter, written: str, asked: str) -> None:
        put(words, title="nothing of it")
        image_id = put(words, caption=written)
        assert found(words, asked) == [image_id]

    def test_a_phrase_stands_side_by_side_and_in_order(self, words: LibraryWriter) -> None:
        right = put(words, caption="The red boats of Oslo")
        put(words, caption="boat red")
        put(words, caption="red old boat")
        put(words, title="red", caption="boat")
        assert found(words, '"red boat"') == [right]
        assert len(found(words, "red boat")) == 4

    def test_more_matching_words_rank_higher(self, words: LibraryWriter) -> None:
        one, both = put(words, caption="red car"), put(words, caption="red boat")
        assert found(words, "red boat") == [both, one]

    def test_nothing_found_is_an_answer(self, words: LibraryWriter) -> None:
        assert words.search(Query((Text("boat"),))).hits == ()
        put(words, caption="car", publish=True)
        results = words.search(Query((Text("boat"),)))
        assert (results.hits, results.total, results.notes) == ((), 0, ())
        [note] = words.search(Query((Text("*!?"),))).notes
        assert "*!?" in note

    def test_filters_act_inside(self, words: LibraryWriter) -> None:
        put(words, caption="boat", tag="night")
        day = put(words, caption="a boat, seen from afar", tag="day")
        results = words.search(Query((Text("boat"),), Filters(tags=("day",)), limit=1))
        assert (results.ids, results.total) == ([day], 1)


class TestPredicted:
    def test_every_synonym_is_found_and_a_phrase_does_not_reach_across(self, words: LibraryWriter) -> None:
        put(words, predicted="crane, heron")
        cat = put(words, predicted="tabby, tabby cat")
        for text in ("tabby", "cat", '"tabby cat"', "Tabbies"):
            assert found(words, text) == [cat], text
        assert found(words, '"tabby tabby"') == []

    def test_definitions_are_not_searched(self, words: LibraryWriter) -> None:
        put(words, predicted="tabby")
        assert found(words, "meant") == []

    def test_only_those_that_are_rather_right_than_wrong_are_searched(self, words: LibraryWriter) -> None:
        put(words, predicted="tabby", sure=MIN_CONFIDENCE - 0.0001)
        assert found(words, "tabby") == []
        surer = put(words, predicted="tabby", sure=MIN_CONFIDENCE)
        assert found(words, "tabby") == [surer]

    @pytest.mark.parametrize("field", ["title", "tag", "label", "caption", "path"])
    def test_the_words_of_a_person_outrank_them(self, words: LibraryWriter, field: str) -> None:
        """Also those of the only picture that anybody wrote about, among many with predicted labels."""
        for number in range(40):
            put(
                words,
                path="/oak/oak.jpg",
                predicted="tabby, tabby cat" if number % 4 == 0 else "crane, heron",
            )
        given = {"path": "/oak/oak.jpg", "predicted": "crane, heron"} | {field: "tabby"}
        own = put(words, **given | ({"path": "/oak/tabby.jpg"} if field == "path" else {}))
        ranking = ranked(words, "tabby")
        assert ranking[0][0] == own
        assert ranking[0][1] > ranking[1][1] > 0
        assert len(ranking) == 11

    def test_they_are_left_out_where_the_setting_says_so_without_a_rebuild(self, tmp_path: Path) -> None:
        with write_library(tmp_path / "library") as library:
            put(library, predicted="tabby", publish=True)
            in_tail = put(library, predicted="tabby", caption="tabby")
            assert len(found(library, "tabby")) == 2
        for wanted, expected in ((False, [in_tail]), (True, [in_tail, 1])):
            with Library.open(tmp_path / "library", Settings(predicted_labels=wanted)) as library:
                assert found(library, "tabby") == expected
                images = [library.load_image(1), *(hit.image for hit in library.search(Query()).hits)]
                assert all(bool(image.predicted_labels) is wanted for image in images)
                assert find_damages(library) == []


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LibraryWriter]:
    """Four published images, and a fifth in the tail."""
    with write_library(tmp_path_factory.mktemp("harbour") / "library") as library:
        put(library, path="/p/q.jpg", caption="harbour")
        put(library, path="/p/q.jpg", caption="and or not to")
        put(library, path="/p/q.jpg", title="title", tag="x")
        put(library, path="/p/q.jpg", caption="har", publish=True)
        put(library, path="/p/q.jpg", caption="2 harbours")
        yield library


class TestNoSyntax:
    @pytest.mark.parametrize(
        ("text", "ids"),
        [
            ("*", []),
            ("*:*", []),
            ("harb*", []),
            ("h?rbour", []),
            ("harbor~", []),
            ("harbor~2", [5]),
            ("arbour~1/3", []),
            ("AND", [2]),
            ("harbour AND nowhere", [1, 2, 5]),
            ("NOT harbour", [1, 2, 5]),
            ("caption:har", [4]),
            ("title:x", [3]),
            ("id:1", []),
            ("(harbour)", [1, 5]),
            ("((((", []),
            ("[a TO z]", [2]),
            ("{harbour", [1, 5]),
            ("harbour^9", [1, 5]),
            ("+harbour -har", [1, 4, 5]),
            ("'harbour", [1, 5]),
            ('"harbour', [1, 5]),
            ('"harbour"~5', [1, 5]),
            ("\\harbour\\", [1, 5]),
            ("harbour;drop", [1, 5]),
        ],
    )
    def test_operators_are_found_literally_or_not_at_all(
        self, harbour: Library, text: str, ids: list[int]
    ) -> None:
        assert sorted(found(harbour, text)) == ids

    @given(
        st.lists(
            st.sampled_from(
                [
                    "harbour",
                    "har",
                    "and",
                    "title",
                    "x",
                    "2",
                    "~",
                    "*",
                    "?",
                    ":",
                    "^",
                    "(",
                    ")",
                    "[",
                    "]",
                    "{",
                    "}",
                    "'",
                    "+",
                    "-",
                    "/",
                    "\\",
                ]
            )
        )
    )
    @settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_whatever_is_typed_finds_what_holds_one_of_its_words(
        self, harbour: Library, signs: list[str]
    ) -> None:
        text = "".join(signs) or "?"
        said = {1: "harbour", 2: "and or not to", 3: "title x", 4: "har", 5: "2 harbour"}
        asked = set(split_tokens(text))
        expected = [number for number, held in said.items() if asked & {*held.split(), "p", "q"}]
        assert sorted(found(harbour, text)) == expected


def test_postings_that_outgrow_their_memory_change_nothing(
    words: LibraryWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In files they are written as runs and merged; in memory, before they are published, they stay."""
    for number in range(30):
        put(words, caption=f"lantern {number % 7} harbour {'boat ' * (number % 5)}")
    kept = ranked(words, "lantern boat 3")
    monkeypatch.setattr(projection, "POSTINGS_MEMORY", 1e-4)  # a hundred bytes
    put(words, title="dove")
    assert len(ranked(words, "lantern boat 3")) == len(kept)
    words.publish(anew=True)
    assert found(words, "dove") == [31]
    assert len(ranked(words, "lantern boat 3")) == len(kept)
