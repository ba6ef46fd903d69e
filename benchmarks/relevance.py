"""Bands and the relevance line: how often intruders get a hit that is likely, and what the line costs.

Intruders: every ordered pair of sets, one as the library, the pictures of the other as queries. A query is
looked up in the part of the library that shares no subject with it (benchmarks/subjects.py); parts of fewer
than 50 pictures are left out. The share of queries whose plain scores allow a likely or strong hit, beside
that of queries that nonsense words get any hit for. `all pairs`: of all these queries together; `worst pair`.
Kept: every picture of a labelled set is looked up among all others, by neighbourhoods; of the right ones
within the first k, k being how many there are, the share above the line; also for the class with the least.
Found: the share of these queries with a right hit that is likely or strong. `strong`, `likely`, `weak`: of
the hits of the band, the share that is right, and how many there are for a query. `wrong above the line`: of
the wrong pictures. Alike: the line by plain scores where a library holds one class of caltech101 only, too
few for neighbourhoods; the share of all others above it. `low` and `high` bound 95 % intervals: Wilson's for
shares of queries, a bootstrap over queries for `kept`. The bundled backbone's background comes with Pictor;
its teacher stands for a backbone that Pictor does not know, and is calibrated by drawn pictures (`reference`)
or by the library alone (`own`). The constants were chosen on the first five sets; grocery81_iconic and
vi_captions took part only in the choice of SUPPORT. --size N: the first N sets (7 at most).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
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
from retrieval.projections.neighbour_files import write_neighbourhoods
from retrieval.projections.neighbours import Neighbourhoods
from retrieval.ranking.arrays import FeatureMatrix, Float32Matrix
from retrieval.ranking.neighbourhoods import main_axes
from retrieval.ranking.relevance import (
    BANDS,
    LIKELY,
    LINE,
    WEAK,
    Background,
    Levels,
    neighbour_levels,
    sample_positions,
)
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
    intrusions: list[Bools] = []
    for library, intruder in [(a, b) for a in sets for b in sets if a != b]:
        hits = find_intrusions(sets[library], sets[intruder], backgrounds)
        if len(hits):
            intrusions.append(hits)
            figures |= _with_interval(
                f"{library} < {intruder}", float(hits.mean()), wilson_interval(int(hits.sum()), len(hits))
            )
    if intrusions:
        figures["intruders: all pairs"] = float(np.concatenate(intrusions).mean())
        figures["intruders: worst pair"] = max(float(hits.mean()) for hits in intrusions)
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
        highest = [background.calibrate_picture(query).highest_level(among @ query) for query in queries]
        found.append(np.array(highest) >= BANDS.index(LIKELY))
    return np.concatenate([np.empty(0, bool), *found])


@dataclass(frozen=True, slots=True, eq=False)
class LookedUp:
    """The others of a set as one of its pictures finds them, by falling score: bands, and what is right."""

    label: str
    levels: Levels
    right: Bools

    def count_kept(self) -> tuple[int, int]:
        """How many right ones within the first k are above the line, of how many."""
        first = self.right[: self.right.sum()]
        return int((first & (self.levels[: len(first)] > 0)).sum()), int(first.sum())


def look_up_pictures(pictures: DescribedSet, backgrounds: Backgrounds) -> Iterator[LookedUp]:
    """Every picture that is not the only one with its label, among all others, by neighbourhoods."""
    background = require_background(backgrounds(pictures.features))
    rows = average_rows(pictures.features)
    for place, label in enumerate(pictures.labels):
        right = np.delete(pictures.labels == label, place)
        if not right.any():
            continue
        plain = np.delete(pictures.features @ pictures.features[place], place)
        scores = np.delete(rows @ rows[place], place)
        order = np.argsort(-scores, kind="stable")
        calibration = background.calibrate_picture(pictures.features[place])
        levels = neighbour_levels(scores, calibration.highest_level(plain))
        if not calibration.folds:
            levels = np.maximum(levels, np.int8(BANDS.index(WEAK)))
        yield LookedUp(str(label), levels[order], right[order])


def average_rows(features: FeatureMatrix) -> Float32Matrix:
    """The rows by which a library of these features compares neighbourhoods."""
    stored, ids = features.astype(np.float16), np.arange(1, len(features) + 1)
    with tempfile.TemporaryDirectory() as folder:
        write_neighbourhoods(Path(folder), main_axes(stored), [(0, ids, stored)])
        return Neighbourhoods.load(Path(folder), features.shape[1]).compared.rows(ids)


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
    looked_up = list(look_up_pictures(pictures, backgrounds))
    counts = np.array([answer.count_kept() for answer in looked_up])
    share = float(counts[:, 0].sum() / counts[:, 1].sum())
    found = np.array([(answer.right & (answer.levels >= BANDS.index(LIKELY))).any() for answer in looked_up])
    return {
        **_with_interval(f"{name} kept", share, bootstrap_ratio(counts)),
        f"{name} kept, worst class": _worst_class([answer.label for answer in looked_up], counts),
        **_with_interval(f"{name} found", float(found.mean()), wilson_interval(int(found.sum()), len(found))),
        **_band_figures(name, looked_up),
    }


def _worst_class(labels: Sequence[str], counts: npt.NDArray[np.int64]) -> float:
    """The least share kept of the right hits of a class."""
    classes = np.array(labels)
    sums = np.array([counts[classes == label].sum(axis=0) for label in sorted(set(labels))])
    return float((sums[:, 0] / np.maximum(sums[:, 1], 1))[sums[:, 1] > 0].min())


def _band_figures(name: str, looked_up: Sequence[LookedUp]) -> dict[str, float]:
    """How many hits of each band are right, and how many there are."""
    levels = np.concatenate([answer.levels for answer in looked_up])
    right = np.concatenate([answer.right for answer in looked_up])
    figures = {f"{name} wrong above the line": float((levels[~right] > 0).mean())}
    for level, band in list(enumerate(BANDS))[1:]:
        of_band = levels == level
        figures[f"{name} {band}: right"] = float(right[of_band].mean()) if of_band.any() else 0.0
        figures[f"{name} {band}: hits"] = float(of_band.sum() / len(looked_up))
    return figures


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
