"""Keys, colours and days in other languages, which become the English ones."""

from __future__ import annotations

import pytest

from data import LANGUAGE_CODES, LANGUAGES
from retrieval import InvalidQuery, format_query, parse_query
from retrieval.languages import BETWEEN_NAMES, load_local_names, read_table
from retrieval.query.language import ENGLISH_KEYS
from retrieval.query.local_names import fold_name
from retrieval.query.part_terms import COLOUR_NAMES

MAY = "after:2020-05-01 before:2020-06-01"


@pytest.mark.parametrize(
    ("line", "english"),
    [
        ("farbe:rot", "colour:#ff0000"),
        ("Farbe:grün@3,weiss", "colour:#008000@3,#ffffff"),
        ("farbe:gruen", "colour:#008000"),
        ('couleur:"bleu marine"', "colour:#000080"),
        ("color:rojo", "colour:#ff0000"),
        ('màu:"xanh lá"', "colour:#008000"),
        ("颜色：红", "colour:#ff0000"),
        ("colour:rouge", "colour:#ff0000"),
        ("-ordner:privat", "-folder:privat"),
        ('carpeta:"2019/verano"', "folder:2019/verano"),
        ("thư_mục:a", "folder:a"),
        ("(stichwort:x OR mot-clé:y)", "(tag:x OR tag:y)"),
        ("hinzugefuegt:2020", "added-after:2020-01-01 added-before:2021-01-01"),
        ("después:2020 antes:2021", "after:2020-01-01 before:2021-01-01"),
        ('aufgenommen:"Mai 2020"', MAY),
        ("taken:mai-2020", MAY),
        ('chụp:"tháng 5 2020"', MAY),
        ('fecha:"mayo de 2020"', MAY),
        ("拍摄:2020年5月", MAY),
        ("taken:5.2020", MAY),
        ('aufgenommen:"17. Mai 2020"', "after:2020-05-17 before:2020-05-18"),
        ('chụp:"ngày 17 tháng 5 năm 2020"', "after:2020-05-17 before:2020-05-18"),
        ('chụp:"tháng mười một 2020"', "after:2020-11-01 before:2020-12-01"),
        ("après:17/05/2020", "after:2020-05-17"),
        ('aufgenommen:"März 2019..Mai 2020"', "after:2019-03-01 before:2020-06-01"),
        ("taken:>=17.5.2020", "after:2020-05-17"),
    ],
)
def test_a_line_of_another_language_becomes_english(line: str, english: str) -> None:
    assert format_query(parse_query(line)) == english


@pytest.mark.parametrize(
    "line",
    ["taken:17/05/2020", 'taken:"mai"', 'taken:"17 18 mai 2020"', "colour:reddish", "ordnr:x", "the:x"],
)
def test_what_no_language_knows_is_refused(line: str) -> None:
    with pytest.raises(InvalidQuery):
        parse_query(line)


def test_no_name_shadows_an_english_one_or_that_of_another_language() -> None:
    meant: dict[tuple[str, str], set[str]] = {}
    for language in LANGUAGE_CODES:
        for entry, texts in read_table(LANGUAGES / language / "query.tsv"):
            kind, _, english = entry.partition(":")
            for text in texts.split(BETWEEN_NAMES):
                meant.setdefault((kind, fold_name(text)), set()).add(english)
    assert {name: several for name, several in meant.items() if len(several) > 1} == {}
    names = load_local_names()
    assert not ENGLISH_KEYS & names.keys.keys()
    assert [name for name in COLOUR_NAMES if names.colours.get(name, name) != name] == []
    assert set(names.keys.values()) <= ENGLISH_KEYS
    assert set(names.colours.values()) <= set(COLOUR_NAMES)
    assert set(names.months.values()) == {f"{month:02}" for month in range(1, 13)}


def test_all_languages_name_the_same() -> None:
    entries = [[row[0] for row in read_table(LANGUAGES / code / "query.tsv")] for code in LANGUAGE_CODES]
    assert all(own == entries[0] for own in entries)
