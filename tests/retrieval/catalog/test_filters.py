"""The SQL filter and a plain Python predicate agree on random rows, on both databases."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from retrieval import Catalog, Circle, Filters, InvalidQuery, Rectangle
from retrieval.catalog.schema import AnnotationRow
from retrieval.query.conditions import Condition, find_confidence
from retrieval.search.condition_sets import evaluate_condition
from tests.oracle import count_values, find_middles, satisfies_condition, satisfies_filters
from tests.rows import (
    Row,
    fill_catalog,
    filters,
    known_names,
    many_rows,
    trees,
    troubled_paths,
    undone_writer,
)
from tests.slow_tests import example_count


def check_filters(catalog: Catalog, rows: Sequence[Row], asked: Sequence[Filters]) -> None:
    with undone_writer(catalog) as writer:
        ids = fill_catalog(writer, rows)
        images, bad = writer.load_images(ids), troubled_paths(ids, rows)
        known = known_names(rows)
        for query in asked:
            middles = find_middles(query, images.values(), known)
            if middles is None:
                with pytest.raises(InvalidQuery, match="states"):
                    writer.find_ids(query)
                continue
            facts = (query, bad, known, middles)
            expected = [image_id for image_id in ids if satisfies_filters(images[image_id], *facts)]
            assert writer.find_ids(query).tolist() == expected, query
            plain = {number: image.without_predictions() for number, image in images.items()}
            expected = [image_id for image_id in ids if satisfies_filters(plain[image_id], *facts)]
            assert writer.find_ids(query, predicted=False).tolist() == expected, query


many_filters = st.lists(filters(), min_size=1, max_size=20)
# The catalog is empty again after every example, and so may be shared by them.
shared = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)
@settings(shared, max_examples=example_count(100))
@given(many_rows, many_filters)
def test_sqlite_and_a_plain_predicate_agree(catalog: Catalog, rows: list[Row], asked: list[Filters]) -> None:
    check_filters(catalog, rows, asked)


@pytest.mark.parametrize("catalog_url", ["postgresql"], indirect=True)
@settings(shared, max_examples=example_count(25))
@given(many_rows, many_filters)
def test_postgresql_and_a_plain_predicate_agree(
    catalog: Catalog, rows: list[Row], asked: list[Filters]
) -> None:
    check_filters(catalog, rows, asked)


def check_trees(catalog: Catalog, rows: Sequence[Row], asked: Sequence[Condition]) -> None:
    with undone_writer(catalog) as writer:
        ids = fill_catalog(writer, rows)
        images, bad, known = writer.load_images(ids), troubled_paths(ids, rows), known_names(rows)
        for tree in asked:
            middles = find_middles(tree, images.values(), known)
            if middles is None:
                with pytest.raises(InvalidQuery, match="states"):
                    evaluate_condition(tree, writer.find_ids, writer.find_ids)
                continue
            expected = [
                image_id
                for image_id in ids
                if satisfies_condition(images[image_id], tree, bad, known, middles)
            ]
            found = evaluate_condition(tree, writer.find_ids, writer.find_ids).tolist()
            assert found == expected, tree
            for facet, counted in writer.count_facets(found, confidence=find_confidence(tree)).items():
                chosen = [images[image_id] for image_id in expected]
                folded = [(value.casefold(), count) for value, count in counted.counts]
                assert folded == count_values(chosen, facet, find_confidence(tree)), (facet, tree)


many_trees = st.lists(trees, min_size=1, max_size=20)


@pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)
@settings(shared, max_examples=example_count(60))
@given(many_rows, many_trees)
def test_trees_on_sqlite_equal_a_plain_predicate(
    catalog: Catalog, rows: list[Row], asked: list[Condition]
) -> None:
    check_trees(catalog, rows, asked)


@pytest.mark.parametrize("catalog_url", ["postgresql"], indirect=True)
@settings(shared, max_examples=example_count(20))
@given(many_rows, many_trees)
def test_trees_on_postgresql_equal_a_plain_predicate(
    catalog: Catalog, rows: list[Row], asked: list[Condition]
) -> None:
    check_trees(catalog, rows, asked)


# One of each condition; about half of the ROWS satisfy each.
ONE_OF_EACH: list[dict[str, Any]] = [
    {"folders": ("summer",)},
    {"without_folders": ("winter",)},
    {"tags": ("sea",)},
    {"without_tags": ("boat",)},
    {"labels": ("ship", "pier")},
    {"without_labels": ("pier",)},
    {"shows": ("tabby",)},
    {"confidence": 0.3},
    {"after": date(2020, 3, 1)},
    {"before": date(2020, 9, 1)},
    {"added_after": date(2021, 3, 1)},
    {"added_before": date(2021, 9, 1)},
    {"formats": ("jpg",)},
    {"orientations": ("landscape", "square")},
    {"cameras": ("canon eos 5d",)},
    {"min_width": 300},
    {"max_width": 700},
    {"min_height": 300},
    {"max_height": 700},
    {"min_bytes": 3000},
    {"max_bytes": 7000},
    {"lenses": ("50mm",)},
    {"creators": ("ann lee",)},
    {"min_iso": 150},
    {"max_exposure": 0.01},
    {"missing": ("tag",)},
    {"shapes": ("panorama", "portrait")},
    {"persons": ("ann",)},
    {"near": (Circle(21, 105.8, 20),)},
    {"within": (Rectangle(20, 105, 22, 106),)},
    {"months": ("march..august",)},
    {"weekdays": ("friday..monday",)},
    {"days": ("03-15..09-15",)},
    {"captioned": True},
    {"problem": False},
]


def fixed_bit(number: int, place: int) -> bool:
    """Bits that look like chance, and are the same in every run."""
    return bool(number * (2 * place + 5) * 40503 >> 7 & 1)


def make_row(number: int) -> Row:
    yes = [fixed_bit(number, place) for place in range(16)]
    return Row(
        folders=("/photos/summer",) * yes[0] + ("/photos/winter/raw",) * yes[1],
        tags=("Sea",) * yes[2] + ("boat",) * yes[3],
        labels=("ship",) * yes[4] + ("pier",) * yes[5],
        guesses=(("tabby, tabby cat", 0.9 if yes[7] else 0.4),) * yes[6],
        words=(("title", "a title"),) * yes[8],
        cameras=("Canon EOS 5D",) * yes[9],
        facts=(
            *(("lens", "EF 50mm"),) * yes[3],
            *(("creator", "Ann Lee"),) * yes[7],
            *(("person", "Ann Lee"),) * yes[4],
            ("place", "21.02850, 105.85420" if yes[0] else "-16.50000, 179.90000"),
            ("iso", "200" if yes[1] else "100"),
            ("exposure", "1/250" if yes[5] else "1/60"),
        ),
        taken_at=datetime(2020, 1 + number % 12, 5) if yes[10] or yes[11] else None,
        added_at=datetime(2021, 1 + number // 2 % 12, 5),
        width=number * 37 % 1000 or 1,
        height=number * 91 % 1000 if yes[12] and number else number * 37 % 1000 or 1,
        bytes=number * 173 % 10_000,
        format="jpeg" if yes[13] else "png",
        troubled=yes[14] and yes[15],
    )


def test_every_pair_of_conditions_agrees_with_the_predicate(catalog: Catalog) -> None:
    pairs = [Filters(**(one | other)) for one, other in combinations(ONE_OF_EACH, 2)]
    rows = [make_row(number) for number in range(60)]
    check_filters(catalog, rows, pairs)
    with undone_writer(catalog) as writer:
        fill_catalog(writer, rows)
        answered = [len(writer.find_ids(pair)) for pair in pairs]
    assert sum(0 < count < len(rows) for count in answered) > 0.9 * len(pairs)


EXAMPLES = [
    Row(
        ("/home/ann/2019/summer", "/backup"),
        ("Sea", "Boat"),
        ("ship",),
        taken_at=datetime(2019, 7, 1),
        guesses=(("tabby, tabby cat", 0.8), ("tiger cat", 0.06)),
        cameras=("Canon EOS 5D",),
    ),
    Row(
        ("/home/ann/2019_summer",),
        ("sea",),
        ("boat", "Dinghy, cutter"),
        taken_at=datetime(2020, 1, 1),
        height=640,
    ),
    Row(("/2019/summer/raw",), words=(("title", "sea"),), guesses=(("tiger cat", 0.5),), troubled=True),
    Row((), ("100%",), added_at=datetime(2022, 1, 1, 12), width=400, bytes=2**40, format="tiff"),
]


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        (Filters(), [0, 1, 2, 3]),
        (Filters(folders=("2019/summer",)), [0, 2]),
        (Filters(folders=("/2019/summer",)), [2]),
        (Filters(folders=("2019_summer",)), [1]),
        (Filters(folders=("SUMMER/", "backup")), [0, 2]),
        (Filters(folders=("/",)), [0, 1, 2]),
        (Filters(folders=("sum", "9/s", "ann/summer")), []),
        (Filters(without_folders=("2019",)), [1, 3]),
        (Filters(tags=("SEA",)), [0, 1]),
        (Filters(tags=("sea", "boat")), [0]),
        (Filters(without_tags=("boat", "100%")), [1, 2]),
        (Filters(tags=("100_",)), []),
        (Filters(labels=("ship", "boat")), [0, 1]),
        (Filters(labels=("tabby", "tiger cat")), []),
        (Filters(tags=("sea",), without_labels=("SHIP",)), [1]),
        (Filters(shows=("TABBY CAT",)), [0]),
        (Filters(shows=("tabby, tabby cat",)), [0]),
        (Filters(shows=("tabby cat, tabby", "cat", "tabb", "%", "t_bby")), []),
        (Filters(shows=("tiger cat",)), [2]),
        (Filters(shows=("tiger cat",), confidence=0.06), [0, 2]),
        (Filters(shows=("tiger cat", "boat"), confidence=0.51), [1]),
        (Filters(shows=("dinghy, cutter",)), [1]),
        (Filters(shows=("dinghy", "cutter")), []),  # the names of a given label are one
        (Filters(after=date(2019, 7, 1)), [0, 1]),
        (Filters(before=date(2020, 1, 1)), [0]),
        (Filters(after=date(2019, 7, 2), before=date(2020, 1, 1)), []),
        (Filters(added_after=date(2022, 1, 1)), [3]),
        (Filters(added_before=date(2022, 1, 2)), [0, 1, 2, 3]),
        (Filters(added_before=date(2022, 1, 1)), [0, 1, 2]),
        (Filters(formats=("TIF", "png")), [3]),
        (Filters(formats=("jpg",)), [0, 1, 2]),
        (Filters(orientations=("square",)), [1]),
        (Filters(orientations=("portrait", "landscape")), [0, 2, 3]),
        (Filters(cameras=("CANON eos 5d", "canon")), [0]),
        (Filters(min_width=401), [0, 1, 2]),
        (Filters(min_width=400, max_width=400), [3]),
        (Filters(max_height=480), [0, 2, 3]),
        (Filters(min_bytes=2**40, max_bytes=2**63 - 1), [3]),
        (Filters(min_width=2**63 - 1), []),
        (Filters(captioned=True), [2]),
        (Filters(captioned=False), [0, 1, 3]),
        (Filters(problem=True), [2]),
        (Filters(problem=False), [0, 1, 3]),
    ],
)
def test_filters_worked_by_hand(catalog: Catalog, asked: Filters, numbers: list[int]) -> None:
    with undone_writer(catalog) as writer:
        ids = fill_catalog(writer, EXAMPLES)
        assert writer.find_ids(asked).tolist() == [ids[number] for number in numbers]


NAMED = ["/a/IMG_7777.JPG", "/IMG_trip/100_2550.jpg", "/a/Übung.png", "/b/U\u0308bung (2).png", "/c/МОРЕ.tif",
         "/d/P12345(L).webp", "/d/mexico-trip-01.webp"]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        (Filters(names=("IMG_7777",)), [0]),
        (Filters(names=("img_7777.jpg",)), [0]),
        (Filters(names=("IMG*",)), [0]),
        (Filters(names=("IMG_777",)), []),
        (Filters(names=("img_77??", "100?2550")), [0, 1]),
        (Filters(names=("*.jpg",)), [0, 1]),
        (Filters(names=("*7*.j*",)), [0]),
        (Filters(names=("übung",)), [2]),
        (Filters(names=("ÜBUNG*",)), [2, 3]),
        (Filters(names=("u\u0308bung*",)), [2, 3]),
        (Filters(names=("море",)), [4]),
        (Filters(names=("%", "_")), []),
        (Filters(without_names=("*.jpg", "*bung*", "*.webp")), [4]),
        (Filters(names=("*(l)*",)), [5]),
        (Filters(names=("P12345*", "mexico*")), [5, 6]),
    ],
)
def test_names_of_files_with_wildcards(catalog: Catalog, asked: Filters, numbers: list[int]) -> None:
    """Reports: SmilyOrg/photofield 178, photoprism/photoprism 927, coralnet/coralnet 37."""
    with undone_writer(catalog) as writer:
        ids = fill_catalog(writer, [Row()] * len(NAMED))
        for image_id, path in zip(ids, NAMED, strict=True):
            writer.add_location(path.encode(), image_id, mtime=1, size=1)
        assert writer.find_ids(asked).tolist() == [ids[number] for number in numbers]


@pytest.mark.parametrize("stored_form", ["NFC", "NFD"])
@pytest.mark.parametrize("asked_form", ["NFC", "NFD"])
def test_both_forms_of_an_accent_are_one(catalog: Catalog, stored_form: str, asked_form: str) -> None:
    """Names from a Mac are decomposed: droppyjs/droppy 72, cryptomator/cryptomator 264, Garmelon/PFERD 141."""

    def write(form: str, text: str) -> str:
        return unicodedata.normalize(form, text)  # type: ignore[arg-type]

    with undone_writer(catalog) as writer:
        [image_id] = fill_catalog(
            writer, [Row((write(stored_form, "/x/Übung"),), (write(stored_form, "Café"),))]
        )
        asked = Filters(folders=(write(asked_form, "ÜBUNG"),), tags=(write(asked_form, "café"),))
        assert writer.find_ids(asked).tolist() == [image_id]
        # Older versions stored what they were given, in lower case.
        old = write("NFD", "café")
        writer._connection.execute(update(AnnotationRow).values(folded=old))
        assert writer.find_ids(asked).tolist() == [image_id]


HOSTILE = ["\ud800", "caf\udce9", "a\0b", "\U0010ffff", "x" * 100_000, "'; DROP TABLE image; --"]
LISTS = ["folders", "tags", "labels", "shows", "cameras", "formats"]


@pytest.mark.parametrize("field", LISTS)
@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value[:8]))
def test_a_strange_value_finds_nothing_or_is_refused_as_an_invalid_query(
    catalog: Catalog, field: str, value: str
) -> None:
    assert ids_or_refusal(catalog, field, (value,)) in ([], None)


@pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)  # PostgreSQL plans this for hours
@pytest.mark.parametrize("field", LISTS)
def test_any_number_of_values_finds_nothing_or_is_refused_as_an_invalid_query(
    catalog: Catalog, field: str
) -> None:
    assert ids_or_refusal(catalog, field, tuple(f"{number}" for number in range(2000))) in ([], None)
    assert ids_or_refusal(catalog, field, tuple(f"{number}%" * 300 for number in range(100))) in ([], None)


def ids_or_refusal(catalog: Catalog, field: str, values: tuple[str, ...]) -> list[int] | None:
    """The ids of a catalog with one image that satisfy the filter; None where it is refused."""
    with undone_writer(catalog) as writer:
        fill_catalog(writer, EXAMPLES[:1])
        try:
            return writer.find_ids(Filters(**{field: values})).tolist()  # type: ignore[arg-type]
        except InvalidQuery:
            return None
    raise AssertionError("not reached: the block returns")
