"""The word index: what is found and in which order, and that Whoosh's own query syntax has no effect."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from retrieval import (
    Annotation,
    Filters,
    InvalidQuery,
    Library,
    LibraryWriter,
    Query,
    Settings,
    Text,
    find_damages,
    write_library,
)
from retrieval.catalog import SURE
from retrieval.projections import words as projection
from retrieval.ranking.tokens import Terms, parse_terms, split_tokens
from tests.wording import add_words, find_words, rank_words


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
        add_words(words, title="boat")
        lantern = add_words(words, **facts)
        assert find_words(words, "lantern") == [lantern]

    def test_folders_further_up_and_endings_are_not_words(self, words: LibraryWriter) -> None:
        add_words(words, path="/lantern/holiday/a.jpg")
        assert find_words(words, "lantern") == []
        assert find_words(words, "jpg") == []

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
        lantern = add_words(words, path=f"/home/lantern 2024/{name}.jpg")
        add_words(words, path="/home/boat/boat.jpg")
        assert find_words(words, "17 1234 img dsc p") == []
        assert find_words(words, name) == find_words(words, name.lower() + ".jpg") == [lantern]
        assert find_words(words, "lantern") == find_words(words, "2024") == [lantern]

    @pytest.mark.parametrize("name", ["IMG_1234 lantern", "lantern17", "OldLantern_DSC1", "17-lantern"])
    def test_a_name_with_words_in_it_counts_whole(self, words: LibraryWriter, name: str) -> None:
        lantern = add_words(words, path=f"/home/boat/{name}.jpg")
        assert find_words(words, "lantern") == find_words(words, name) == [lantern]

    def test_coordinates_are_no_words(self, words: LibraryWriter) -> None:
        lantern = add_words(words, place="48.85822, -2.29450;Lantern 48")
        assert find_words(words, "85822") == []
        assert find_words(words, "48") == [lantern]

    def test_what_two_sources_say_counts_once(self, words: LibraryWriter) -> None:
        once, twice = add_words(words, tag="lantern"), add_words(words, tag="lantern")
        with words.catalog.writing() as writer:
            writer.replace_annotations(twice, "xmp", [Annotation("tag", "Lantern", "xmp")])
        (_, first), (_, second) = rank_words(words, "lantern")
        assert first == second
        assert find_words(words, "lantern") == [once, twice]

    def test_a_better_field_ranks_higher_and_ties_go_to_the_smaller_id(self, words: LibraryWriter) -> None:
        plain = {"title": "oak", "tag": "oak", "label": "oak", "caption": "oak", "path": "/oak/oak.jpg"}
        name = add_words(words, **plain | {"path": "/lantern/oak.jpg"})
        caption, label, tag, title = (
            add_words(words, **plain | {field: "lantern"}) for field in ("caption", "label", "tag", "title")
        )
        ranking = rank_words(words, "lantern")
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
            ("北京天安门广场", "天安门"),
            ("港の船", "船"),
            ("東京タワー", "タワー"),
            ("서울타워에서", "서울타워"),
            # robert7/nixnote2 132, signalapp/Signal-Android 8629, iNPUTmice/Conversations 4343, imfing/hextra 552
            ("你好世界", "世界"),
            ("すべての人間は尊厳と権利とについて平等である", "権利"),
            ("誕生日おめでとう", "おめでとう"),
            ("本文是关于教务使用的一篇小教程", "一篇"),
            ("GoPro on a helmet", "gopro"),
            ("a gopro", "GoPro"),
            ("iPhone 12", "iphone12"),
            ("sunny beach", "beaches"),
            ("two men and a child", "man children"),
            ("Sacré-Cœur", "coeur"),
            ("Birthday 🎂", "🎂"),
            ("हिन्दी किताब", "किताब"),
            ("har\u00adbour", "harbour"),
            ("Côte d'Azur", "azur"),
            ("O'Brien", "obrien"),
            ("my dog’s bone", "dogs"),
        ],
    )
    def test_spelling_does_not_matter(self, words: LibraryWriter, written: str, asked: str) -> None:
        add_words(words, title="nothing of it")
        image_id = add_words(words, caption=written)
        assert find_words(words, asked) == [image_id]

    def test_a_phrase_stands_side_by_side_and_in_order(self, words: LibraryWriter) -> None:
        right = add_words(words, caption="The red boats of Oslo")
        add_words(words, caption="boat red")
        add_words(words, caption="red old boat")
        add_words(words, title="red", caption="boat")
        assert find_words(words, '"red boat"') == [right]
        assert len(find_words(words, "red boat")) == 4

    def test_a_name_of_a_camera_is_found_as_it_is_typed(self, words: LibraryWriter) -> None:
        """Reports: photoprism/photoprism 694 and 730, feedback-assistant/reports 242, Photocase/web-issues 47."""
        other = add_words(words, path="/trip/IMG_0001-edited.jpg")
        own = add_words(words, path="/trip/IMG_7777.jpg")
        kodak = add_words(words, path="/trip/100_2550.JPG")
        long = add_words(words, path="/trip/20181229_131541_PC291027.jpg")
        asked = {"IMG_7777": own, "img_7777.JPG": own, "100_2550": kodak, "IMG_0001-edited": other}
        asked |= {"20181229_131541_PC291027": long, "20181229_131541_pc291027.jpg": long}
        assert {name: find_words(words, name) for name in asked} == {name: [i] for name, i in asked.items()}
        assert find_words(words, "IMG_8888") == find_words(words, "100_9999.jpg") == []
        told = add_words(words, caption="edited from IMG_7777")
        assert sorted(find_words(words, "IMG_7777")) == [own, told]

    def test_a_single_character_of_a_script_without_spaces_is_found(self, words: LibraryWriter) -> None:
        image_id = add_words(words, caption="港の船")
        assert (
            find_words(words, "港") == find_words(words, "の") == find_words(words, '"港の船"') == [image_id]
        )
        assert find_words(words, "船の") == find_words(words, '"の港"') == []

    def test_inner_capitals_do_not_break_a_phrase(self, words: LibraryWriter) -> None:
        image_id = add_words(words, caption="my GoPro helmet")
        for phrase in ("my gopro", "gopro helmet", "my GoPro helmet", "go pro"):
            assert find_words(words, f'"{phrase}"') == [image_id], phrase

    def test_more_matching_words_rank_higher(self, words: LibraryWriter) -> None:
        one, both = add_words(words, caption="red car"), add_words(words, caption="red boat")
        assert find_words(words, "red boat") == [both, one]

    def test_nothing_found_is_an_answer(self, words: LibraryWriter) -> None:
        assert words.search(Query((Text("boat"),))).hits == ()
        add_words(words, caption="car", publish=True)
        results = words.search(Query((Text("boat"),)))
        assert (results.hits, results.total) == ((), 0)
        [note] = words.search(Query((Text("*!?"),))).notes
        assert "*!?" in note

    def test_words_that_no_image_has_are_named(self, words: LibraryWriter) -> None:
        add_words(words, caption="a car in the old town", tag="白い船", publish=True)
        for text, named in {
            "car": [],
            "zzqx car": ["“zzqx”"],
            "Boats, 'QWRTZ' car": ["“Boats”, “QWRTZ”"],
            '"town old" car': ['"town old"'],
            "船 犬 IMG_1234.jpg": ["“犬”, “IMG_1234.jpg”"],
            "a picture of the car": [],
        }.items():
            notes = words.search(Query((Text(text),))).notes
            assert [note.partition(": ")[2].rstrip(".") for note in notes] == named, text
        assert words.search(Query((Text("car"), Text("zzqx", -1)))).notes == ()

    def test_words_that_say_nothing_match_in_quotation_marks_only(self, words: LibraryWriter) -> None:
        boat = add_words(words, caption="the boat in the harbour")
        cat = add_words(words, caption="a cat on the sofa")
        assert find_words(words, "a picture of the boat") == [boat]
        assert find_words(words, "the") == find_words(words, "of the") == []
        assert "says too little" in words.search(Query((Text("of the"),))).notes[0]
        assert sorted(find_words(words, '"the"')) == [boat, cat]
        assert find_words(words, '"on the sofa"') == [cat]

    def test_a_hit_without_the_rarest_word_is_never_strong(self, words: LibraryWriter) -> None:
        last = [add_words(words, caption=f"last {thing}") for thing in ("boat", "train", "tram")]
        summer = add_words(words, caption="summer meadow")
        hits = words.search(Query((Text("last summer"),))).hits
        assert [hit.id for hit in hits] == [summer, *last]
        assert "strong" not in [hit.band for hit in hits]
        unknown = words.search(Query((Text("zzqx summer"),))).hits
        assert [(hit.id, hit.band == "strong") for hit in unknown] == [(summer, False)]
        assert words.search(Query((Text("the last boat"),))).hits[0].band == "strong"

    def test_filters_act_inside(self, words: LibraryWriter) -> None:
        add_words(words, caption="boat", tag="night")
        day = add_words(words, caption="a boat, seen from afar", tag="day")
        results = words.search(Query((Text("boat"),), Filters(tags=("day",)), limit=1))
        assert (results.ids, results.total) == ([day], 1)


class TestPredicted:
    def test_every_synonym_is_found_and_a_phrase_does_not_reach_across(self, words: LibraryWriter) -> None:
        add_words(words, predicted="crane, heron")
        cat = add_words(words, predicted="tabby, tabby cat")
        for text in ("tabby", "cat", '"tabby cat"', "Tabbies"):
            assert find_words(words, text) == [cat], text
        assert find_words(words, '"tabby tabby"') == []

    def test_categories_are_found_and_the_surest_come_first(self, words: LibraryWriter) -> None:
        """Also where many other labels and categories have the word, or the picture has many of them."""
        dog = "dog, domestic dog"
        many = {"sporting dog, gun dog": 0.61, dog: 0.61, "canine, canid": 0.61, "animal, fauna": 0.62}
        half = add_words(words, predicted="golden retriever", sure=0.55, categories=many)
        most = add_words(words, predicted="boxer", sure=0.2, categories={dog: 0.97, "animal, fauna": 0.98})
        more = add_words(words, predicted="boxer", sure=0.8, categories={dog: 0.83, "animal, fauna": 0.83})
        add_words(words, categories={"animal, fauna": 0.7, dog: SURE - 0.001})
        assert find_words(words, "dogs") == [most, more, half]
        assert find_words(words, '"domestic dog"') == [most, more, half]
        assert find_words(words, "gun") == [half]
        assert len(find_words(words, "animals")) == 4
        assert find_words(words, "boxer") == [more]

    def test_a_published_category_ranks_as_one_in_the_tail(self, words: LibraryWriter) -> None:
        for sure in (0.7, 0.9, 0.8):
            add_words(words, categories={"dog": sure, "animal": 0.95})
        before = rank_words(words, "dog animal")
        words.publish()
        assert rank_words(words, "dog animal") == before

    def test_definitions_are_not_searched(self, words: LibraryWriter) -> None:
        add_words(words, predicted="tabby")
        assert find_words(words, "meant") == []

    def test_only_those_that_are_rather_right_than_wrong_are_searched(self, words: LibraryWriter) -> None:
        add_words(words, predicted="tabby", sure=SURE - 0.0001)
        assert find_words(words, "tabby") == []
        surer = add_words(words, predicted="tabby", sure=SURE)
        assert find_words(words, "tabby") == [surer]

    @pytest.mark.parametrize("field", ["title", "tag", "label", "caption", "path"])
    def test_the_words_of_a_person_outrank_them(self, words: LibraryWriter, field: str) -> None:
        """Also those of the only picture that anybody wrote about, among many with predicted labels."""
        for number in range(40):
            add_words(
                words,
                path="/oak/oak.jpg",
                predicted="tabby, tabby cat" if number % 4 == 0 else "crane, heron",
            )
        given = {"path": "/oak/oak.jpg", "predicted": "crane, heron"} | {field: "tabby"}
        own = add_words(words, **given | ({"path": "/oak/tabby.jpg"} if field == "path" else {}))
        ranking = rank_words(words, "tabby")
        assert ranking[0][0] == own
        assert ranking[0][1] > ranking[1][1] > 0
        assert len(ranking) == 11

    def test_they_are_left_out_where_the_setting_says_so_without_a_rebuild(self, tmp_path: Path) -> None:
        with write_library(tmp_path / "library") as library:
            add_words(library, predicted="tabby", publish=True)
            in_tail = add_words(library, predicted="tabby", caption="tabby")
            assert len(find_words(library, "tabby")) == 2
        for wanted, expected in ((False, [in_tail]), (True, [in_tail, 1])):
            with Library.open(tmp_path / "library", Settings(predicted_labels=wanted)) as library:
                assert find_words(library, "tabby") == expected
                images = [library.load_image(1), *(hit.image for hit in library.search(Query()).hits)]
                assert all(bool(image.predicted_labels) is wanted for image in images)
                assert find_damages(library) == []


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LibraryWriter]:
    """Four published images, and a fifth in the tail."""
    with write_library(tmp_path_factory.mktemp("harbour") / "library") as library:
        add_words(library, path="/p/q.jpg", caption="harbour")
        add_words(library, path="/p/q.jpg", caption="and or not to")
        add_words(library, path="/p/q.jpg", title="title", tag="x")
        add_words(library, path="/p/q.jpg", caption="har", publish=True)
        add_words(library, path="/p/q.jpg", caption="2 harbours")
        yield library


class TestNoSyntax:
    @pytest.mark.parametrize(
        ("text", "ids"),
        [
            ("*", []),
            ("*:*", []),
            ("harb*", [1, 5]),
            ("h?rbour", []),
            ("harbor~", []),
            ("harbor~2", [5]),
            ("arbour~1/3", []),
            ("AND", []),  # says nothing on its own
            ('"AND"', [2]),
            ("harbour AND nowhere", [1, 5]),
            ("NOT harbour", [1, 5]),
            ("caption:har", [4]),
            ("title:x", [3]),
            ("id:1", []),
            ("(harbour)", [1, 5]),
            ("((((", []),
            ("[a TO z]", []),
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
        assert sorted(find_words(harbour, text)) == ids

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
    @example(["har", "*"])
    @example(["and", "*"])
    @settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_whatever_is_typed_finds_what_holds_one_of_its_words(
        self, harbour: Library, characters: list[str]
    ) -> None:
        text = "".join(characters) or "?"
        said = {1: "harbour", 2: "and or not to", 3: "title x", 4: "har", 5: "2 harbour"}
        terms = parse_terms(text)
        expected = [
            number
            for number, caption in said.items()
            if holds_any(split_tokens(caption), terms) or holds_beginning(caption, terms)
        ]
        assert sorted(find_words(harbour, text)) == expected


def holds_beginning(caption: str, terms: Terms) -> bool:
    """Whether a word of a caption begins as one of the words with a star, such as harb*."""
    starts = tuple(prefix.start for prefix in terms.prefixes)
    return any(word.startswith(starts) for word in caption.split())


def holds_any(tokens: list[str], terms: Terms) -> bool:
    """Whether one of the words is among the tokens, or a compound such as 2harbour, whole or by its parts."""
    neighbours = {tuple(tokens[start:end]) for end in range(len(tokens) + 1) for start in range(end)}
    return any(word in tokens for word in terms.words) or any(
        compound.whole in tokens or compound.parts in neighbours for compound in terms.compounds
    )


def test_the_texts_of_a_query_are_looked_up_once_each(words: LibraryWriter) -> None:
    """Judging, remarks and explanations get what ranking found, for each text; the oldest is dropped first."""
    add_words(words, caption="lantern harbour boat")
    view = words.search_state.snapshots.newest_snapshot().views["words"]
    texts = [parse_terms(text) for text in ("lantern", "harbour", "zebra boat")]
    first = [view.find_matches(terms) for terms in texts]
    assert [
        view.find_matches(terms) for terms in texts
    ] == first  # matches are equal only if they are the same
    for number in range(projection.MAX_RECENT - 1):
        view.find_matches(parse_terms(f"word{number}"))
    assert view.find_matches(texts[0]) != first[0]


def test_postings_that_outgrow_their_memory_change_nothing(
    words: LibraryWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In files they are written as runs and merged; in memory, before they are published, they stay."""
    for number in range(30):
        add_words(words, caption=f"lantern {number % 7} harbour {'boat ' * (number % 5)}")
    kept = rank_words(words, "lantern boat 3")
    monkeypatch.setattr(projection, "POSTINGS_MEMORY", 1e-4)  # a hundred bytes
    add_words(words, title="dove")
    assert len(rank_words(words, "lantern boat 3")) == len(kept)
    words.publish(anew=True)
    assert find_words(words, "dove") == [31]
    assert len(rank_words(words, "lantern boat 3")) == len(kept)


class TestPrefixes:
    def test_a_prefix_finds_what_begins_so_by_its_spelling(self, words: LibraryWriter) -> None:
        """A stem need not begin like its word: that of organization is organ."""
        harbour = add_words(words, title="Old harbours")
        organization = add_words(words, caption="an organization of cities")
        arboretum = add_words(words, tag="arboretum")
        assert find_words(words, "harb*") == find_words(words, "harbours*") == [harbour]
        assert find_words(words, "organiz*") == find_words(words, "citie*") == [organization]
        assert find_words(words, "arb*") == [arboretum]
        assert find_words(words, '"harb*"') == find_words(words, "arbour*") == []

    def test_it_is_the_same_after_publishing_and_when_an_image_is_gone(self, words: LibraryWriter) -> None:
        organ, organization = add_words(words, title="organs"), add_words(words, title="organization")
        assert find_words(words, "organi*") == find_words(words, "organization")
        words.publish()
        assert find_words(words, "organi*") == find_words(words, "organization")
        with words.catalog.writing() as writer:
            writer.remove_images([organization])
        assert find_words(words, "organi*") == []  # organs begins otherwise
        assert find_words(words, "organ*") == [organ]

    def test_predicted_words_count_where_they_are_searched(self, tmp_path: Path) -> None:
        with write_library(tmp_path / "library") as library:
            tabby = add_words(library, predicted="tabby cat")
            assert find_words(library, "tab*") == [tabby]
        with Library.open(tmp_path / "library", Settings(predicted_labels=False)) as silent:
            assert silent.search(Query((Text("tab*"),))).ids == []

    def test_more_words_than_one_prefix_may_stand_for_are_refused(self, words: LibraryWriter) -> None:
        endings = ("".join(pair) for pair in product("bcdfghjklmnpqrs", repeat=2))
        add_words(words, caption=" ".join(f"re{ending}q" for ending in islice(endings, 201)))
        with pytest.raises(InvalidQuery, match=r"re\*: 201 words of the library begin so; the limit is 200"):
            find_words(words, "re*")
        assert len(find_words(words, "rebc*")) == 1

    def test_unwanted_prefixes_take_images_out(self, words: LibraryWriter) -> None:
        add_words(words, title="harbour sea")
        sea = add_words(words, title="sea")
        assert words.search("sea -harb*").ids == words.search("-harb*").ids == [sea]
        assert words.search("(sea -harb*) OR nothing").ids == [sea]
