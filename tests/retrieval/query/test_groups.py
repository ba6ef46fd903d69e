"""AND, OR, NOT and parentheses in a query line: what they mean, and what is said where they mean nothing."""

from __future__ import annotations

from datetime import date

import pytest

from retrieval import (
    AllOf,
    Alternative,
    AnyOf,
    Either,
    Filters,
    InvalidQuery,
    Not,
    Query,
    StoredPicture,
    Text,
    format_query,
    parse_query,
    query_from_json,
    query_to_json,
)
from retrieval.query.conditions import Condition
from retrieval.query.values import Part

BOAT, CAT, PNG = Filters(tags=("boat",)), Filters(tags=("cat",)), Filters(formats=("png",))
X100 = Filters(cameras=("x100",))


def either(*alternatives: Alternative, weight: float = 1.0) -> Either:
    return Either(alternatives, weight)


def words(*texts: str, filters: Condition = Filters()) -> Alternative:  # noqa: B008 - a frozen value
    """An alternative of texts; a minus before a text excludes it."""
    parts = (Text(text[1:], -1.0) if text.startswith("-") else Text(text) for text in texts)
    return Alternative(tuple(parts), filters)


# What people ask for in the trackers of PhotoPrism (#1819, #2073, #3628), TagStudio (#225), PiGallery2 (#465),
# Damselfly (#462) and Aves (#1115).
CONDITIONS = [
    ("tag:boat OR tag:cat", AnyOf((BOAT, CAT))),
    ("tag:boat | tag:cat", AnyOf((BOAT, CAT))),
    ("tag:boat AND tag:cat", Filters(tags=("boat", "cat"))),
    ("tag:boat tag:cat OR format:png", AnyOf((Filters(tags=("boat", "cat")), PNG))),
    ("tag:boat (tag:cat OR format:png)", AllOf((BOAT, AnyOf((CAT, PNG))))),
    ("NOT tag:boat", Filters(without_tags=("boat",))),
    ("-camera:x100", Not(X100)),
    ("NOT camera:x100", Not(X100)),
    ("NOT -camera:x100", X100),
    ("-(tag:boat OR format:png)", Not(AnyOf((BOAT, PNG)))),
    ("NOT (tag:boat)", Not(BOAT)),
    ("-(-(tag:boat))", Not(Not(BOAT))),
    ("-after:2020", Not(Filters(after=date(2020, 1, 1)))),
    ("-captioned:no tag:boat", AllOf((BOAT, Not(Filters(captioned=False))))),
    ("-camera:x100 -format:png", AllOf((Not(X100), Not(PNG)))),
    ("(tag:boat) (tag:cat)", AllOf((BOAT, CAT))),
    ("((tag:boat OR tag:cat) OR format:png)", AnyOf((AnyOf((BOAT, CAT)), PNG))),
    ("-shows:dog confidence:0.3", AllOf((Filters(confidence=0.3), Not(Filters(shows=("dog",), confidence=0.3))))),
    (
        "confidence:0.3 (shows:a OR shows:b confidence:0.7)",
        AllOf(
            (
                Filters(confidence=0.3),
                AnyOf((Filters(shows=("a",), confidence=0.3), Filters(shows=("b",), confidence=0.7))),
            )
        ),
    ),
    # numbers and days
    ("iso:100..800", Filters(min_iso=100, max_iso=800)),
    ("width:>4000 height:<=3000", Filters(min_width=4001, max_height=3000)),
    ("aperture:<=f/2.8 focal:35mm..", Filters(max_aperture=2.8, min_focal=35)),
    ("exposure:1/250s rating:>=4", Filters(min_exposure=0.004, max_exposure=0.004, min_rating=4)),
    ("taken:2019..2021", Filters(after=date(2019, 1, 1), before=date(2022, 1, 1))),
    ("taken:2020-12", Filters(after=date(2020, 12, 1), before=date(2021, 1, 1))),
    ("taken:2020-02-29", Filters(after=date(2020, 2, 29), before=date(2020, 3, 1))),
    ("taken:>2019", Filters(after=date(2020, 1, 1))),
    ("taken:<2019-06 added:>=2024", Filters(before=date(2019, 6, 1), added_after=date(2024, 1, 1))),
    ("taken:>=2019 taken:<=2020-06", Filters(after=date(2019, 1, 1), before=date(2020, 7, 1))),
    ('missing:caption lens:"EF 50mm" creator:ann', Filters(missing=("caption",), lenses=("EF 50mm",), creators=("ann",))),
]  # fmt: skip
PARTS: list[tuple[str, tuple[Part, ...], Condition]] = [
    ("dog OR cat", (either(words("dog"), words("cat")),), Filters()),
    ("dog|cat", (either(words("dog"), words("cat")),), Filters()),
    ("dog|cat beach", (Text("beach"), either(words("dog"), words("cat"))), Filters()),
    ("dog beach OR cat", (either(words("dog beach"), words("cat")),), Filters()),
    ("*.jpg AND (boat OR ship)", (Text("*.jpg"), either(words("boat"), words("ship"))), Filters()),
    ("dog OR tag:cat", (either(words("dog"), words(filters=CAT)),), Filters()),
    ("2:(dog OR image:3)", (either(words("dog"), Alternative((StoredPicture(3),)), weight=2),), Filters()),
    ("(dog tag:boat) OR cat", (either(words("dog", filters=BOAT), words("cat")),), Filters()),
    ("sea -(dog OR cat)", (Text("sea"), Text("dog", -1), Text("cat", -1)), Filters()),
    ("sea NOT (dog cat)", (Text("sea"), Text("dog cat", -1)), Filters()),
    (
        "sea NOT (dog tag:boat)",
        (Text("sea"), either(words("-dog"), words(filters=Filters(without_tags=("boat",))))),
        Filters(),
    ),
    ("(sea dog) tag:boat", (Text("sea dog"),), BOAT),
    ("2:(dog image:3)", (Text("dog", 2), StoredPicture(3, 2)), Filters()),
    # parentheses that belong to a word, and those that mean nothing
    ("IMG_1(2).jpg", (Text("IMG_1(2).jpg"),), Filters()),
    ("holiday ()", (Text("holiday ()"),), Filters()),
    ("smile :)", (Text("smile :)"),), Filters()),
    ("1) first", (Text("1) first"),), Filters()),
    ("(2019) trip", (Text("2019 trip"),), Filters()),
    ('"dog OR cat"', (Text('"dog OR cat"'),), Filters()),
    ('text:"dog OR cat"', (Text("dog OR cat"),), Filters()),
    ("rock and roll or not", (Text("rock and roll or not"),), Filters()),
]
NO_PARTNER = "the parenthesis has no partner; write both, or put it in quotation marks"
REFUSED = [
    ("dog OR", "column 5: OR joins nothing; write something on both sides, or put it in quotation marks"),
    ("OR dog", "column 1: OR joins nothing; write something on both sides, or put it in quotation marks"),
    ("dog AND OR cat", "column 9: OR joins nothing; write something on both sides, or put it in quotation marks"),
    ("dog NOT", "column 5: NOT joins nothing; write something on both sides, or put it in quotation marks"),
    ("(dog OR cat", f"column 1: {NO_PARTNER}"),
    ("dog OR cat)", f"column 11: {NO_PARTNER}"),
    ("dog OR like:3", "column 8: like: is about the whole search; write it outside the parentheses"),
    ("dog OR narrow:yes", "column 8: narrow: is about the whole search; write it outside the parentheses"),
    ("dog OR (cat narrow:yes)", "column 13: narrow: is about the whole search; write it outside the parentheses"),
    ("dog OR -image:3", "column 8: an alternative has negative pictures only; add what to search for instead"),
    ("tag:a OR nosuch:b", "column 10: nosuch: is not a key; there are"),
    ("tag:a OR after:yesterday", "column 10: after:yesterday: write a day as 2020, 2020-06 or 2020-06-17"),
    ("(" * 17 + "tag:a OR tag:b" + ")" * 17, "column 17: parentheses are nested more than 16 deep"),
    ("a|b " * 9, "18 parts; the limit is 16"),
    (f"({'a|b ' * 5}) OR c", "column 1: the group has more than 16 alternatives; make it simpler"),
    ("-confidence:0.3 tag:a", "column 1: -confidence: cannot be excluded"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "condition"), CONDITIONS)
def test_groups_of_keys_are_conditions(line: str, condition: Condition) -> None:
    assert parse_query(line) == Query(filters=condition)


@pytest.mark.parametrize(("line", "parts", "condition"), PARTS)
def test_groups_with_words_or_pictures_are_alternatives(
    line: str, parts: tuple[Part, ...], condition: Condition
) -> None:
    assert parse_query(line) == Query(parts, condition)


@pytest.mark.parametrize("line", [*(line for line, _ in CONDITIONS), *(line for line, *_ in PARTS)])
def test_lines_and_json_say_the_same_trees(line: str) -> None:
    query = parse_query(line)
    assert parse_query(format_query(query)) == query
    assert query_from_json(query_to_json(query)) == query


@pytest.mark.parametrize(("line", "message"), REFUSED)
def test_a_line_is_refused_with_its_column(line: str, message: str) -> None:
    with pytest.raises(InvalidQuery) as refusal:
        parse_query(line)
    assert str(refusal.value).startswith(message)


def test_operators_of_python_make_the_same_trees() -> None:
    assert parse_query("tag:boat (-camera:x100) OR format:png").filters == BOAT & ~X100 | PNG
    assert parse_query("-(tag:boat OR tag:cat)").filters == ~(BOAT | CAT)


def test_options_may_stand_behind_a_choice_without_parentheses() -> None:
    assert parse_query("dog OR cat collapse:copies") == parse_query("(dog OR cat) collapse:copies")
    assert parse_query("dog like:3 OR tag:a") == parse_query("(dog OR tag:a) like:3")


@pytest.mark.parametrize(
    "line", ["(" * 50_000, ")" * 50_000, "(a " * 20_000, "a|" * 500 + "a", "OR " * 20_000]
)
def test_a_long_line_is_refused_quickly(line: str) -> None:
    with pytest.raises(InvalidQuery) as refusal:
        parse_query(line)
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"any": [{"tags": ["a"]}]}, "filters: 1 condition in a tree that needs 2"),
        ({"any": [{"tags": ["a"]}, {}]}, "filters: a condition of a tree is empty"),
        (
            {"not": {"tags": ["a"]}, "tags": ["b"]},
            "filters: an object with all or any or not has no other key",
        ),
        ({"all": {"tags": ["a"]}}, "filters.all: a list is needed"),
        ({"all": [{"tags": ["a"]}, {"not": {"nosuch": 1}}]}, "filters.all[1].not.nosuch: no such key"),
    ],
)
def test_a_tree_in_json_is_refused_with_its_path(value: object, message: str) -> None:
    with pytest.raises(InvalidQuery) as refusal:
        query_from_json({"filters": value})
    assert str(refusal.value).startswith(message)


def test_a_deep_tree_in_json_is_refused_before_it_costs_anything() -> None:
    value: object = {"tags": ["a"]}
    for _ in range(500):
        value = {"not": value}
    with pytest.raises(InvalidQuery, match="nested more than 16 deep"):
        query_from_json({"filters": value})


def test_too_many_conditions_are_refused() -> None:
    with pytest.raises(InvalidQuery, match="65 conditions; the limit is 64"):
        AnyOf(tuple(Filters(tags=(str(number),)) for number in range(65)))
