"""How surely a word names what a picture shows: hits of the names of classes among pictures without words.

Each set is indexed with numbers as names of files and no captions, so that only predicted labels and the
meaning of words can find a picture. Every name of a class is a query. For each band: how many hits there are,
and the share of them that is right; also of those that no label found, but meaning alone. Beside it: the
queries with the most wrong strong and likely hits, and how many. `made up`, `stop words`: how many of 200
made-up words and of the stop words find anything. The thresholds were chosen on these three sets and corel1k,
and checked by leaving each set out in turn (docs/decisions/0015). --size N: the first N sets.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from retrieval import LOOKS_LIKE, Hit, Library, Query, Text
from retrieval.ranking.relevance import LIKELY, STRONG, WEAK
from retrieval.ranking.stop_words import STOP_WORDS

from .indexed import open_numbered
from .meaning import captioned_pictures
from .relevance import search_nonsense
from .sets import BUNDLED, ROOT, why_unavailable

SETS = ("coco_mini", "grocery81", "caltech101")
SHOWN = (STRONG, LIKELY, WEAK, LOOKS_LIKE)
PAGE = 1000  # hits of a query that are looked at
WORST = 5  # queries

Labels = dict[int, frozenset[str]]  # of every image


def measure(size: int | None = None) -> dict[str, Any]:
    """Figures by set, with the bundled backbone."""
    if reason := why_unavailable():
        sys.exit(reason)
    figures: dict[str, float] = {}
    worst: dict[str, dict[str, float]] = {}
    for name in SETS[:size]:
        pictures = [picture.path for picture in captioned_pictures(name)]
        with open_numbered(name, pictures, BUNDLED) as library:
            labels = load_labels(library, name)
            found = {
                label: search_name(library, label) for label in sorted(frozenset().union(*labels.values()))
            }
            figures |= {f"{name} {key}": value for key, value in band_figures(found, labels).items()}
            worst[f"{name}, wrong strong and likely hits"] = worst_queries(found, labels)
            figures[f"{name} made up"] = float(search_nonsense(library).sum())
            figures[f"{name} stop words"] = sum(
                library.search(Query((Text(w),))).total > 0 for w in STOP_WORDS
            )
    return {"figures": figures, "beside": worst}


def load_labels(library: Library, name: str) -> Labels:
    """The labels of every image; its file is named by the number of its line in the CSV."""
    with (ROOT / "data" / name / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        lines = [frozenset(row["label"].split("|")) for row in csv.DictReader(file)]
    with library.catalog.reading() as reader:
        images = reader.load_images(reader.find_ids().tolist()).values()
    return {
        image.id: frozenset().union(*(lines[int(Path(place.display).stem)] for place in image.locations))
        for image in images
    }


def search_name(library: Library, label: str) -> tuple[Hit, ...]:
    """The hits of the name of a class, written as a person would."""
    name = label.replace("_", " ").replace("-", " ")
    return library.search(Query((Text(name),), limit=PAGE)).hits


def band_figures(found: dict[str, tuple[Hit, ...]], labels: Labels) -> dict[str, float]:
    """By band: the number of hits and the share that is right, of all and of those without a word."""
    figures: dict[str, float] = {}
    for kind, is_chosen in (("", lambda _: True), (" by meaning", is_wordless)):
        for band in SHOWN:
            right = [
                label in labels[hit.id]
                for label, hits in found.items()
                for hit in hits
                if hit.band == band and is_chosen(hit)
            ]
            figures[f"{band}{kind}: hits"] = len(right)
            figures[f"{band}{kind}: right"] = sum(right) / len(right) if right else 0.0
    return figures


def is_wordless(hit: Hit) -> bool:
    """Whether no word of the query is written about the image, not even as a predicted label."""
    return all(share.signal != "words" for share in hit.contributions)


def worst_queries(found: dict[str, tuple[Hit, ...]], labels: Labels) -> dict[str, float]:
    """The names with the most wrong hits that are strong or likely, with their numbers."""
    wrong = Counter({
        label: sum(label not in labels[hit.id] for hit in hits if hit.band in (STRONG, LIKELY))
        for label, hits in found.items()
    })  # fmt: skip
    return dict(wrong.most_common(WORST))
