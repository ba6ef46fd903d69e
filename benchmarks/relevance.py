"""Bands and the relevance line: how often intruders get a hit that is likely, and what the line costs.

Intruders: every ordered pair of sets, one as the library, the pictures of the other as queries. A query is
looked up in the part of the library that shares no subject with it (benchmarks/subjects.py); parts of fewer
than 50 pictures are left out. The share of queries with a hit in the bands likely or strong, beside that of
queries that nonsense words get any hit for.
Kept: every picture of a labelled set is looked up among all others; of the right ones within the first k, k
being how many there are, the share above the line. Found: the share of these queries with a right hit that
is likely or strong. Alike: the same line where a library holds one class of caltech101 only; the share of all
others above it. `low` and `high` bound 95 % intervals: Wilson's for shares of queries, a bootstrap over
queries for `kept`. The bundled backbone's background comes with Pictor; its teacher stands for a backbone
that Pictor does not know, and is calibrated by drawn pictures (`reference`) or by the library alone (`own`).
The constants were chosen on the first five sets; grocery81_iconic and vi_captions took no part in it, and
their pairs are the ones to believe. --size N: the first N sets (7 at most).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import numpy as np
import numpy.typing as npt

from data.sample import draw_collection
from indexer.demo import write_collection
from indexer.upkeep.opening import LibrarySpec
from retrieval import Library, Query, Text
from retrieval.ranking.arrays import FeatureMatrix
from retrieval.ranking.relevance import LIKELY, LINE, MOST_EXPECTED, Background, sample_positions
from retrieval.signals import BUNDLED_WEIGHTS, SIGNALS, SUBJECT

from .indexed import ignore_events, open_indexed
from .intervals import wilson_interval
from .sets import BUNDLED, ROOT, TEACHER, why_unavailable
from .subjects import HELD_OUT, Subjects, subjects_of_set

CHOSEN_ON = ("corel1k", "caltech101", "grocery81", "imagenet_sample1k", "coco_mini")
SETS = (*CHOSEN_ON, *HELD_OUT)
LABELLED = ("corel1k", "caltech101", "grocery81")
SMALLEST = 50  # pictures of a library's part
DRAWN_STEP = 5  # every fifth of the drawn pictures is a reference: 62 of them
NONSENSE = 200  # words
RESAMPLES = 1000

Bools = npt.NDArray[np.bool_]
Backgrounds = Callable[[FeatureMatrix], Background | None]


@dataclass(frozen=True, slots=True, eq=False)
class DescribedSet:
    """A described set: feature, label and subjects of every picture, and which nonsense words find a hit."""

    features: FeatureMatrix
    labels: npt.NDArray[np.str_]
    shown: tuple[Subjects, ...]
    nonsense: Bools

    def features_where(self, keep: Bools) -> FeatureMatrix:
        return self.features[keep]


def measure(size: int | None = None) -> dict[str, Any]:
    """Figures of the bundled backbone; beside it those of its teacher, calibrated in two ways."""
    if reason := why_unavailable():
        sys.exit(reason)
    names = SETS[:size]
    bundled = {name: describe_set(name, BUNDLED) for name in names}
    figures = measure_sets(bundled, known_background)
    teacher = {name: describe_set(name, TEACHER) for name in names}
    beside = {"teacher, reference": measure_sets(teacher, background_with_reference(describe_drawn(TEACHER)))}
    return {"figures": figures, "beside": beside | {"teacher, own": measure_sets(teacher, own_background)}}


def known_background(features: FeatureMatrix) -> Background | None:
    return Background.from_features(
        _sample_features(features), len(features), known=SIGNALS[SUBJECT].unrelated[BUNDLED_WEIGHTS]
    )


def own_background(features: FeatureMatrix) -> Background | None:
    return Background.from_features(_sample_features(features), len(features))


def background_with_reference(reference: FeatureMatrix) -> Backgrounds:
    def make_background(features: FeatureMatrix) -> Background | None:
        return Background.from_features(_sample_features(features), len(features), reference=reference)

    return make_background


def measure_sets(sets: dict[str, DescribedSet], backgrounds: Backgrounds) -> dict[str, float]:
    """All figures by name."""
    figures: dict[str, float] = {}
    for library, intruder in [(a, b) for a in sets for b in sets if a != b]:
        hits = find_intrusions(sets[library], sets[intruder], backgrounds)
        if len(hits):
            figures |= _with_interval(
                f"{library} < {intruder}", float(hits.mean()), wilson_interval(int(hits.sum()), len(hits))
            )
    for name, pictures in sets.items():
        found = pictures.nonsense
        figures |= _with_interval(
            f"{name} < nonsense", float(found.mean()), wilson_interval(int(found.sum()), len(found))
        )
    for name in [name for name in LABELLED if name in sets]:
        figures |= _measure_genuine(name, sets[name], backgrounds)
    if "caltech101" in sets and (shares := list(shares_above_line(sets["caltech101"], backgrounds))):
        figures["caltech101 alike"] = float(np.mean(shares))
    return figures


def find_intrusions(library: DescribedSet, intruder: DescribedSet, backgrounds: Backgrounds) -> Bools:
    """For every fair query of the intruder: whether it has a hit that is likely or strong."""
    found: list[Bools] = []
    for shown in sorted(set(intruder.shown), key=sorted):
        among = library.features_where(np.array([not subjects & shown for subjects in library.shown]))
        if len(among) < SMALLEST:
            continue
        queries = intruder.features_where(np.array([subjects == shown for subjects in intruder.shown]))
        background = require_background(backgrounds(among))
        best = (queries @ among.T).max(axis=1)
        calibrations = [background.calibrate_picture(query) for query in queries]
        expected = [
            calibration.expected_count(score) for calibration, score in zip(calibrations, best, strict=True)
        ]
        found.append(np.array(expected) <= MOST_EXPECTED[LIKELY])
    return np.concatenate([np.empty(0, bool), *found])


def count_kept(pictures: DescribedSet, backgrounds: Backgrounds) -> tuple[npt.NDArray[np.int64], Bools]:
    """By query: how many right hits within the first k are above the line, of how many; and found."""
    background = require_background(backgrounds(pictures.features))
    counts, found = [], []
    for place, label in enumerate(pictures.labels):
        right = np.delete(pictures.labels == label, place)
        if not right.any():
            continue
        scores = np.delete(pictures.features @ pictures.features[place], place)
        first = right & (np.argsort(np.argsort(-scores, kind="stable"), kind="stable") < right.sum())
        calibration = background.calibrate_picture(pictures.features[place])
        above = (
            calibration.tail_share(scores[first]) <= LINE if calibration.folds else np.ones(first.sum(), bool)
        )
        counts.append((int(above.sum()), int(first.sum())))
        found.append(calibration.expected_count(scores[right].max()) <= MOST_EXPECTED[LIKELY])
    return np.array(counts), np.array(found)


def shares_above_line(pictures: DescribedSet, backgrounds: Backgrounds) -> Iterator[float]:
    """For a library of each class alone: the share of the other pictures above the line, over its queries."""
    for label in sorted(set(pictures.labels)):
        among = pictures.features_where(pictures.labels == label)
        if (background := backgrounds(among)) is None:
            continue
        for place in range(len(among)):
            calibration = background.calibrate_picture(among[place])
            tail = calibration.tail_share(np.delete(among @ among[place], place))
            yield float((tail <= LINE).mean()) if calibration.folds else 1.0


def describe_set(name: str, spec: LibrarySpec) -> DescribedSet:
    """A set, indexed as `pictor index` does, in the order of image ids."""
    folder = ROOT / "data" / name
    facts_by_path = {path: (label, shown) for path, label, shown in subjects_of_set(name)}
    with open_indexed(folder / "images", spec) as library:
        paths, features = _load_subject(library)
        nonsense = search_nonsense(library)
    facts = [facts_by_path[Path(path).relative_to(folder).as_posix()] for path in paths]
    return DescribedSet(
        features, np.array([label for label, _ in facts]), tuple(shown for _, shown in facts), nonsense
    )


def describe_drawn(spec: LibrarySpec) -> FeatureMatrix:
    """The subject features of the reference pictures, which Pictor draws."""
    with tempfile.TemporaryDirectory() as folder:
        write_collection(draw_collection(step=DRAWN_STEP), Path(folder), ignore_events)
        with open_indexed(Path(folder), spec) as library:
            return _load_subject(library)[1]


def search_nonsense(library: Library) -> Bools:
    """For made-up words of 5 to 9 letters: whether any image is found, which could then have a band."""
    letters = np.random.default_rng(0)
    words = ["".join(letters.choice(list(ascii_lowercase), letters.integers(5, 10))) for _ in range(NONSENSE)]
    return np.array([library.search(Query((Text(word),), limit=1)).total > 0 for word in words])


def _load_subject(library: Library) -> tuple[list[str], FeatureMatrix]:
    with library.catalog.reading() as reader:
        space = next(space for space in reader.load_spaces() if space.descriptor == "subject")
        ids, features = reader.load_features(space)
        paths = [image.path for image in reader.load_images(ids.tolist()).values()]
    return paths, np.asarray(features, np.float32)


def _sample_features(features: FeatureMatrix) -> FeatureMatrix:
    return features[sample_positions(len(features))]


def require_background(background: Background | None) -> Background:
    assert background is not None, "a set has enough pictures for a background of its own"
    return background


def _measure_genuine(name: str, pictures: DescribedSet, backgrounds: Backgrounds) -> dict[str, float]:
    counts, found = count_kept(pictures, backgrounds)
    share = float(counts[:, 0].sum() / counts[:, 1].sum())
    figures = _with_interval(f"{name} kept", share, bootstrap_ratio(counts))
    return figures | _with_interval(
        f"{name} found", float(found.mean()), wilson_interval(int(found.sum()), len(found))
    )


def _share_with_interval(key: str, hits: Bools) -> dict[str, float]:
    return _with_interval(key, float(hits.mean()), wilson_interval(int(hits.sum()), len(hits)))


def _with_interval(key: str, value: float, bounds: tuple[float, float]) -> dict[str, float]:
    return {key: value, f"{key} low": bounds[0], f"{key} high": bounds[1]}


def bootstrap_ratio(counts: npt.NDArray[np.int64]) -> tuple[float, float]:
    """The 95 % interval of a ratio of sums, over resampled queries."""
    chosen = np.random.default_rng(0).integers(len(counts), size=(RESAMPLES, len(counts)))
    sums = counts[chosen].sum(axis=1)
    low, high = np.quantile(sums[:, 0] / sums[:, 1], [0.025, 0.975]).tolist()
    return low, high
