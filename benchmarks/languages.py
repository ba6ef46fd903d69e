"""Names in other languages: how many are understood, and what they find among predicted labels.

typed_names.tsv has 100 words and labels, drawn by a seeded sample from the English words and labels of
data/languages, and what somebody might type for each in every language: also in the plural, without marks,
with ae for ä, and with words that the tables do not have. A name is understood if its English name is among
those that it is read as, or is typed itself.

Then, in libraries of coco_mini and caltech101 without captions: every predicted label that words find is
searched by its first English name, as one name, and by its usual name in the language. How many of the
images with the label the name in the language finds, and how many of those that it finds the English name
finds, too. --size N: the first N labels.

Last, where words have a meaning without captions: the first two Vietnamese captions of each of 300 pictures
(vi_captions) are searched by meaning alone, read as English and as they are. How many find their picture
among the first 10 and 30.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from data import LANGUAGE_CODES, LANGUAGES
from retrieval import Library, Query, Text
from retrieval.languages import BETWEEN_NAMES, load_translator, read_table
from retrieval.projections.word_entries import PREDICTED, searchable_texts
from retrieval.signals import MEANING

from .indexed import open_indexed
from .sets import BUNDLED, ROOT, why_unavailable

TYPED = Path(__file__).parent / "typed_names.tsv"
SETS = ("coco_mini", "caltech101")
VIETNAMESE = "vi_captions"
CAPTIONS = 2  # of each picture


def measure(size: int | None = None) -> dict[str, Any]:
    """Shares by language."""
    figures = {f"{code}: understood": _understood_share(code) for code in LANGUAGE_CODES}
    if reason := why_unavailable():
        print(reason, file=sys.stderr)
        return {"figures": figures}
    beside = {name: _compare_hits(ROOT / "data" / name / "images", size) for name in SETS}
    return {"figures": figures, "beside": beside | _search_captions()}


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
    """By language: the share of a label's images that its name finds, and of what the English name finds."""
    figures: dict[str, float] = {}
    with open_indexed(pictures, BUNDLED) as library:
        labelled = dict(sorted(_labelled_images(library).items())[:size])
        figures["labels"] = len(labelled)
        for code in LANGUAGE_CODES:
            names = _foreign_names(code)
            found = {name: _search_words(library, names[name]) for name in labelled if name in names}
            english = {name: _search_words(library, f'"{name}"') for name in found}
            figures[f"{code}: labels with a name"] = len(found) / len(labelled)
            figures[f"{code}: images found"] = fmean(_share(labelled[name], found[name]) for name in found)
            figures[f"{code}: found in English"] = fmean(_share(found[name], english[name]) for name in found)
    return figures


def _search_captions() -> dict[str, dict[str, float]]:
    """How well Vietnamese captions find their pictures, as they are read by the setting `languages`."""
    folder = ROOT / "data" / VIETNAMESE
    with (folder / f"{VIETNAMESE}.csv").open(encoding="utf-8", newline="") as file:
        captions = [
            (Path(row["path"]).name, caption)
            for row in csv.DictReader(file)
            for caption in row["caption"].split(" || ")[:CAPTIONS]
        ]
    with open_indexed(folder / "images", BUNDLED) as indexed:
        path, settings = indexed.path, indexed.settings
        found = {}
        for name, languages in (("read", LANGUAGE_CODES), ("as typed", ())):
            with Library.open(path, replace(settings, languages=languages)) as library:
                found[f"{VIETNAMESE}, {name}"] = _rank_captions(library, captions)
    return {name: figures for name, figures in found.items() if figures}


def _rank_captions(library: Library, captions: Sequence[tuple[str, str]]) -> dict[str, float]:
    """By meaning; empty where words have none. A caption without a vector finds nothing."""
    if MEANING not in library.search_state.snapshots.newest_snapshot().views:
        return {}
    with library.catalog.reading() as reader:
        images = reader.load_images(reader.find_ids().tolist())
    ids = {Path(image.path).name: image_id for image_id, image in images.items()}
    ranks = []
    for name, caption in captions:
        ranking = library.rank_signals(Query((Text(caption),))).get(MEANING)
        ranks.append(int(ranking.rank_of(np.array([ids[name]]))[0]) if ranking else 0)
    return {f"among the first {most}": fmean(0 < rank <= most for rank in ranks) for most in (10, 30)}


def _labelled_images(library: Library) -> dict[str, set[int]]:
    """The images with each predicted label that words find, by its first name."""
    with library.catalog.reading() as reader:
        images = reader.load_images(reader.find_ids().tolist()).values()
    firsts = set(_english_names(LANGUAGE_CODES[0]).values())
    labelled: dict[str, set[int]] = {}
    for image in images:
        for name in firsts.intersection(searchable_texts(image)[PREDICTED]):
            labelled.setdefault(name, set()).add(image.id)
    return labelled


def _foreign_names(code: str) -> dict[str, str]:
    """The usual name of each label in a language, by its first English name."""
    rows = read_table(LANGUAGES / code / "labels.tsv")
    return {english.split(", ")[0]: names.split(BETWEEN_NAMES)[0] for _, names, english in rows}


def _search_words(library: Library, text: str) -> set[int]:
    ranking = library.rank_signals(Query((Text(text),)))["words"]
    return {int(image_id) for image_id in ranking.ids}


def _share(wanted: set[int], found: set[int]) -> float:
    """The share of the wanted that is found; 1 where nothing is wanted."""
    return len(wanted & found) / len(wanted) if wanted else 1.0
