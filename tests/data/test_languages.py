"""The tables of names in other languages: their format, and that they hold what is promised."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

from data import LANGUAGE_CODES, LANGUAGES
from retrieval.categories import load_categories
from retrieval.descriptors.runtimes.timm_models import label_names

TABLES = [
    LANGUAGES / code / f"{name}.tsv" for code in LANGUAGE_CODES for name in ("labels", "query", "words")
]
LISTS = [LANGUAGES / "english.txt", *(LANGUAGES / code / "stop.txt" for code in LANGUAGE_CODES)]
COLUMNS = {
    "labels": ["synset", "names", "English"],
    "query": ["English", "words"],
    "words": ["English", "words"],
}
CLASSES = {"de": 900, "fr": 900, "es": 900, "vi": 600, "zh": 600}  # least of the 1,000 that have names


def load_rows(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text("utf-8").splitlines()]


def table_name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def test_every_language_has_its_folder() -> None:
    assert {path.name for path in LANGUAGES.iterdir() if path.is_dir()} == set(LANGUAGE_CODES)


@pytest.mark.parametrize("path", TABLES, ids=table_name)
def test_a_table_is_sorted_and_has_its_columns(path: Path) -> None:
    header, *rows = load_rows(path)
    assert header == COLUMNS[path.stem]
    assert [row for row in rows if len(row) != len(header)] == []
    keys = [row[0] for row in rows]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("path", [*TABLES, *LISTS], ids=table_name)
def test_a_file_is_in_composed_form(path: Path) -> None:
    text = path.read_bytes().decode("utf-8")
    assert text == unicodedata.normalize("NFC", text)
    assert text.endswith("\n")
    assert "\r" not in text


@pytest.mark.parametrize("path", TABLES, ids=table_name)
def test_every_name_is_written_once_and_without_spaces_around(path: Path) -> None:
    for row in load_rows(path)[1:]:
        names = row[1].split(" | ")
        assert names == list(dict.fromkeys(name.strip() for name in names if name.strip())), row


@pytest.mark.parametrize("path", LISTS, ids=table_name)
def test_a_list_has_one_word_a_line(path: Path) -> None:
    words = path.read_text("utf-8").splitlines()
    assert words == sorted(set(words))
    assert all(word == word.casefold() and " " not in word for word in words)


def test_all_languages_have_the_same_english_words() -> None:
    keys = [[row[0] for row in load_rows(LANGUAGES / code / "words.tsv")] for code in LANGUAGE_CODES]
    assert all(own == keys[0] for own in keys)
    assert len(keys[0]) > 1500


@pytest.mark.parametrize("code", LANGUAGE_CODES)
def test_the_english_names_of_classes_are_those_of_predicted_labels(code: str) -> None:
    rows = load_rows(LANGUAGES / code / "labels.tsv")[1:]
    classes = {name.words for name in label_names("imagenet-1k")}
    assert len([row for row in rows if row[2] in classes]) >= CLASSES[code]
    assert all(re.fullmatch(r"n\d{8}", row[0]) for row in rows)


@pytest.mark.parametrize("code", LANGUAGE_CODES)
def test_every_category_has_a_name_and_is_called_what_its_label_says(code: str) -> None:
    rows = {synset: english for synset, _, english in load_rows(LANGUAGES / code / "labels.tsv")[1:]}
    categories = {category.synset: category.words for category in load_categories("imagenet-1k")}
    assert {synset: rows.get(synset) for synset in categories} == categories
