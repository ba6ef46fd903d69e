"""Plain sentences: how many are read exactly, how long one takes, and how many captions are changed.

The tables of sentences are those of tests/retrieval/query/sentences, with their names of cameras and people,
on one fixed day. A sentence is exact if it is read as the query, and with the offers, that its line says. Of
each language one half was set aside before the grammars were tuned; both were written by the same author.

Captions of flickr_train and coco_mini are read as they are. Hardly any of them speaks of days, cameras or
stars, so that most changes are mistakes: `changed` is the share with a term, `asked` the share with another
reading beside the words. --size N: the first N captions of a seeded order (4,000).
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from statistics import fmean, median
from time import process_time
from typing import Any

from data import SENTENCE_CODES
from retrieval import InvalidQuery, Reading, parse_query
from retrieval.languages import load_grammars, load_makers
from retrieval.query.sentences.periods import Calendar
from retrieval.query.sentences.reader import read_sentence
from retrieval.query.sentences.vocabulary import Vocabulary

from .sets import ROOT

TABLES = Path(__file__).parents[1] / "tests" / "retrieval" / "query" / "sentences"
HALVES = ("tuned", "set_aside")
CAPTIONED = ("flickr_train", "coco_mini")
CAPTIONS = 4_000
TODAY = date(2026, 11, 30)
SEED = 16
ROUNDS = 5  # of each sentence; the fastest counts, as others share the processor and its caches


def measure(size: int | None = None) -> dict[str, Any]:
    """Shares of exact sentences, milliseconds, and shares of captions."""
    read = _make_reader()
    figures: dict[str, float] = {}
    times: list[float] = []
    for code in SENTENCE_CODES:
        for half in HALVES:
            rows = json.loads((TABLES / f"{code}_{half}.json").read_text("utf-8"))
            figures[f"{code} {half}: sentences"] = len(rows)
            figures[f"{code} {half}: exact"] = fmean(_is_exact(read, *row) for row in rows)
            times += [_time_sentence(read, row[0]) for row in rows]
    figures |= {"milliseconds of a processor, median": median(times), "… longest": max(times)}
    captions = {name: _measure_captions(read, name, size or CAPTIONS) for name in CAPTIONED}
    return {"figures": figures, "beside": {name: shares for name, shares in captions.items() if shares}}


def _make_reader() -> Callable[[str], Reading]:
    names = json.loads((TABLES / "names.json").read_text("utf-8"))
    vocabulary = Vocabulary.from_values(names, load_makers())
    grammars = load_grammars(SENTENCE_CODES)
    return lambda line: read_sentence(line, grammars, vocabulary, Calendar(TODAY))


def _is_exact(read: Callable[[str], Reading], sentence: str, line: str, offered: Sequence[str] = ()) -> bool:
    reading = read(sentence)
    others = [term for phrase in reading.ambiguous for term in phrase.terms[1:]]
    return parse_query(reading.meant) == parse_query(line) and others == list(offered)


def _time_sentence(read: Callable[[str], Reading], sentence: str) -> float:
    def time_once() -> float:
        start = process_time()
        read(sentence)
        return 1000 * (process_time() - start)

    return min(time_once() for _ in range(ROUNDS))


def _measure_captions(read: Callable[[str], Reading], name: str, size: int) -> dict[str, float]:
    path = ROOT / "data" / name / f"{name}.csv"
    if not path.exists():
        return {}
    captions = sorted(filter(_is_query, set(_load_captions(path))))
    random.Random(SEED).shuffle(captions)
    readings = [read(caption) for caption in captions[:size]]
    return {
        "captions": len(readings),
        "changed": fmean(reading.meant != reading.line for reading in readings),
        "asked": fmean(bool(reading.ambiguous) for reading in readings),
    }


def _load_captions(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield from (caption.strip() for caption in row["caption"].split("||"))


def _is_query(caption: str) -> bool:
    try:
        return bool(parse_query(caption).parts)
    except InvalidQuery:
        return False
