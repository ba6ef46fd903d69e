"""Names in other languages: how many are understood, and what they find among predicted labels.

typed_names.tsv has 100 words and labels, drawn by a seeded sample from the English words and labels of
data/languages, and what somebody might type for each in every language: also in the plural, without marks,
with ae for ä, and with words that the tables do not have. A name is understood if its English name is among
those that it is read as, or is typed itself.

Then, in libraries of coco_mini and caltech101 without captions: every predicted label that words find is
searched by its first English name, as one name, and by its usual name in the language. How many of the
images with the English name the other finds, and how often both find the same in the same order. --size N:
the first N labels.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from data import LANGUAGE_CODES, LANGUAGES
from retrieval import Library, Query, Text
from retrieval.languages import BETWEEN_NAMES, load_translator, read_table
from retrieval.projections.words import PREDICTED, searchable_texts

from .indexed import open_indexed
from .sets import BUNDLED, ROOT, why_unavailable

TYPED = Path(__file__).parent / "typed_names.tsv"
SETS = ("coco_mini", "caltech101")


def measure(size: int | None = None) -> dict[str, Any]:
    """Shares by language."""
    figures = {f"{code}: understood": _understood_share(code) for code in LANGUAGE_CODES}
    if reason := why_unavailable():
        print(reason, file=sys.stderr)
        return {"figures": figures}
    beside = {name: _compare_hits(ROOT / "data" / name / "images", size) for name in SETS}
    return {"figures": figures, "beside": beside}


def _understood_share(code: str) -> float:
    translator, labels = load_translator(LANGUAGE_CODES), _english_names(code)
    with TYPED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    understood = 0
    for row in rows:
        target, typed = labels.get(row["target"], row["target"]), row[code]
        read = {name for reading in translator.find_readings(typed) for name in reading.names}
        understood += target in read or target.casefold() in typed.casefold()
    return understood / len(rows)


def _english_names(code: str) -> dict[str, str]:
    """The first English name of each label, by its synset."""
    return {
        synset: english.split(", ")[0] for synset, _, english in read_table(LANGUAGES / code / "labels.tsv")
    }


def _compare_hits(pictures: Path, size: int | None) -> dict[str, float]:
    """By language: the share of the English name's images that are found, and of labels with equal hits."""
    figures: dict[str, float] = {}
    with open_indexed(pictures, BUNDLED) as library:
        found = sorted(_found_labels(library))[:size]
        english = {name: _search_words(library, f'"{name}"') for name in found}
        figures["labels"] = len(found)
        for code in LANGUAGE_CODES:
            names = _foreign_names(code)
            pairs = [(english[name], _search_words(library, names[name])) for name in found if name in names]
            figures[f"{code}: labels with a name"] = len(pairs) / len(found)
            figures[f"{code}: images found"] = fmean(_share_found(*pair) for pair in pairs)
            figures[f"{code}: same hits"] = fmean(own == other for own, other in pairs)
    return figures


def _found_labels(library: Library) -> Iterator[str]:
    """The first names of the predicted labels that words find."""
    with library.catalog.reading() as reader:
        images = reader.load_images(reader.find_ids().tolist()).values()
    searched = {name for image in images for name in searchable_texts(image)[PREDICTED]}
    firsts = set(_english_names(LANGUAGE_CODES[0]).values())
    yield from searched & firsts


def _foreign_names(code: str) -> dict[str, str]:
    """The usual name of each label in a language, by its first English name."""
    rows = read_table(LANGUAGES / code / "labels.tsv")
    return {english.split(", ")[0]: names.split(BETWEEN_NAMES)[0] for _, names, english in rows}


def _search_words(library: Library, text: str) -> list[int]:
    ranking = library.rank_signals(Query((Text(text),)))["words"]
    return [int(image_id) for image_id in ranking.ids]


def _share_found(wanted: Sequence[int], found: Sequence[int]) -> float:
    return len(set(wanted) & set(found)) / len(wanted) if wanted else 1.0
