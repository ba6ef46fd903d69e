"""Small things in large pictures: cut-outs of caltech101 on pictures of coco_mini, looked for by parts.

A cut-out is the largest thing on a plain background: what the colour of the border, flooded from it, does not
reach. The first four cut-outs of each class with at least six are pasted, each on one of the 160 pictures, at
2, 5 and 10 % of its area, somewhere in what the backbone sees; a library holds them and the bare pictures.
Part `found`: by size and signal, recall@10 for the cut-out itself and mAP of its class for a fifth one, and
how far the box of the best window covers the thing (intersection over union).
Part `cost`: bytes of codes, processor time of a question to 1,000 and 100,000 random codes, and the time of
describing with windows, relative to that without.
Part `axes`: learns the axes of the bundled backbone from 1,500 pictures of flickr_train, and writes them.
"""

from __future__ import annotations

import csv
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from data import WINDOW_AXES
from indexer.upkeep.opening import open_or_create
from retrieval import Hit, Library, Options, Picture, Query, Region, images
from retrieval.descriptors.channel_projection import orthonormal_rows
from retrieval.projections.window_index import COUNT, WindowIndex
from retrieval.ranking.salience import measure_overlap
from retrieval.ranking.windows import CODE_BYTES, DIMENSIONS, learn_axes, pool_windows
from retrieval.spaces import Spaces

from .indexed import open_indexed
from .sets import BUNDLED, ROOT, why_unavailable

SHARES: Final = (0.02, 0.05, 0.1)
PASTED, LEAST = 4, 6  # cut-outs of each class that are pasted, and that it must have
PLAIN, PLAIN_SHARE = 14, 0.97  # levels that a border may differ from its median, and how much of it
ASKED: Final = 1000  # hits that are looked at
SIGNALS: Final = ("subject", "colour", "texture", "layout", "details", "part")
ALL: Final = Options(weaker=True, group="none", neighbours=False)  # whole vectors alone, and all hits
AXES_PICTURES: Final = 1500

RGB: TypeAlias = npt.NDArray[np.uint8]
Figures: TypeAlias = dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class CutOut:
    """A thing without its background: its pixels, and which of them belong to it."""

    pixels: RGB
    mask: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Composite:
    """A picture with a cut-out in it, and the box of that."""

    pixels: RGB
    kind: str
    box: Region


def measure(size: int | None = None, part: str = "found") -> dict[str, Any]:
    """The figures of one part; `size`: how many classes of cut-outs."""
    reason = why_unavailable()
    if reason:
        raise SystemExit(reason)
    return {"found": measure_found, "cost": measure_cost, "axes": write_axes}[part](size)


# -- what is found ------------------------------------------------------------------------------


def measure_found(size: int | None) -> dict[str, Any]:
    """Cut-outs by size and signal."""
    cut_outs = load_cut_outs()
    kinds = sorted(cut_outs)[:size]
    backgrounds = [load_picture(path) for path in list_pictures("coco_mini")]
    figures: Figures = {}
    for share in SHARES:
        composites = list(make_composites({kind: cut_outs[kind] for kind in kinds}, backgrounds, share))
        figures |= _find_composites(composites, backgrounds, cut_outs, f"{100 * share:.0f} %")
    return {"figures": figures, "beside": {}}


def _find_composites(
    composites: Sequence[Composite],
    backgrounds: Sequence[RGB],
    cut_outs: Mapping[str, Sequence[CutOut]],
    name: str,
) -> Figures:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "pictures")
        folder.mkdir()
        for number, picture in enumerate([*(made.pixels for made in composites), *backgrounds]):
            Image.fromarray(picture).save(folder / f"{number:04}.png")
        with open_indexed(folder, BUNDLED) as library:
            numbers = _numbers_by_id(library)
            figures: Figures = {}
            for signal in ("subject", "part"):
                ask = Asker(library, numbers, signal)
                found = list(_ask_each(ask, composites, cut_outs))
                figures[f"{name}, {signal}: recall@10"] = float(np.mean([rank < 10 for rank, _ in found]))
                figures[f"{name}, {signal}: mAP of the class"] = _class_precision(ask, composites, cut_outs)
                if signal == "part":
                    figures[f"{name}, box: IoU"] = float(np.mean([overlap for _, overlap in found]))
            return figures


@dataclass(frozen=True, slots=True, eq=False)
class Asker:
    """Asks one signal for the numbers of the pictures that are like some pixels, with all hits."""

    library: Library
    numbers: Mapping[int, int]
    signal: str

    def find(self, pixels: RGB) -> list[tuple[int, Hit]]:
        part = Picture(images.encode_png(pixels))
        weights = dict.fromkeys(SIGNALS, 0.0) | {self.signal: 1.0}
        query = Query((part,), weights=weights, limit=ASKED, options=ALL)
        hits = self.library.search(query).hits
        return [(self.numbers[hit.id], hit) for hit in hits]


def _numbers_by_id(library: Library) -> dict[int, int]:
    found = library.search(Query((), limit=ASKED)).hits
    return {hit.id: int(Path(hit.image.path).stem) for hit in found}


def _ask_each(
    ask: Asker, composites: Sequence[Composite], cut_outs: Mapping[str, Sequence[CutOut]]
) -> Iterator[tuple[int, float]]:
    """The rank of each composite for its own cut-out, from 0, and how far its box covers it."""
    for number, made in enumerate(composites):
        hits = ask.find(cut_outs[made.kind][number % PASTED].pixels)
        places = [place for place, (found, _) in enumerate(hits) if found == number]
        box = hits[places[0]][1].box if places else None
        yield (places[0] if places else ASKED), measure_overlap(box, made.box) if box else 0.0


def _class_precision(
    ask: Asker, composites: Sequence[Composite], cut_outs: Mapping[str, Sequence[CutOut]]
) -> float:
    """The mean average precision of the composites of a class, for a cut-out of it that is in none."""
    precisions: list[float] = []
    for kind in sorted({made.kind for made in composites}):
        numbers = {number for number, made in enumerate(composites) if made.kind == kind}
        places = [
            place
            for place, (found, _) in enumerate(ask.find(cut_outs[kind][PASTED].pixels))
            if found in numbers
        ]
        precisions.append(sum(rank / (place + 1) for rank, place in enumerate(places, 1)) / len(numbers))
    return float(np.mean(precisions))


# -- cut-outs -----------------------------------------------------------------------------------


@cache
def load_cut_outs() -> dict[str, list[CutOut]]:
    """The cut-outs of each class that has at least LEAST, in the order of the set."""
    found: defaultdict[str, list[CutOut]] = defaultdict(list)
    for path in list_pictures("caltech101"):
        pixels = load_picture(path)
        mask = find_thing(pixels)
        if mask is not None:
            rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
            box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
            found[path.parent.name].append(CutOut(pixels[box], mask[box]))
    return {kind: things for kind, things in found.items() if len(things) >= LEAST}


def find_thing(pixels: RGB) -> npt.NDArray[np.bool_] | None:
    """The pixels of the largest thing on a plain background; None where the background is not plain."""
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]).astype(int)
    colour = np.median(border, axis=0)
    if (np.abs(border - colour).max(axis=1) <= PLAIN).mean() < PLAIN_SHARE:
        return None
    plain = (np.abs(pixels.astype(int) - colour).max(axis=2) <= PLAIN).astype(np.uint8)
    _, areas = cv2.connectedComponents(plain, connectivity=4)
    outer = np.unique(np.concatenate([areas[0], areas[-1], areas[:, 0], areas[:, -1]]))
    thing = (~np.isin(areas, outer[outer > 0])).astype(np.uint8)
    opened = cv2.morphologyEx(thing, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, things, figures, _ = cv2.connectedComponentsWithStats(opened)
    if count < 2:
        return None
    mask: npt.NDArray[np.bool_] = things == 1 + figures[1:, cv2.CC_STAT_AREA].argmax()
    return mask if 0.1 < mask.mean() < 0.8 else None


def make_composites(
    cut_outs: Mapping[str, Sequence[CutOut]], backgrounds: Sequence[RGB], share: float
) -> Iterator[Composite]:
    """Each of the first PASTED cut-outs of each class on the next background that is wide enough for it."""
    random = np.random.default_rng(round(1000 * share))
    things = [(kind, thing) for kind in sorted(cut_outs) for thing in cut_outs[kind][:PASTED]]
    for number, (kind, thing) in enumerate(things):
        for further in range(len(backgrounds)):
            background = backgrounds[(7 * number + further) % len(backgrounds)]
            made = paste_thing(background, thing, share, random)
            if made is not None:
                yield Composite(made[0], kind, made[1])
                break


def paste_thing(
    background: RGB, thing: CutOut, share: float, random: np.random.Generator
) -> tuple[RGB, Region] | None:
    """The thing on a picture, in the square that the backbone sees; None where that is too narrow."""
    height, width = background.shape[:2]
    scale = (share * height * width / thing.mask.sum()) ** 0.5
    down, across = (max(4, round(scale * side)) for side in thing.mask.shape)
    side = min(height, width)
    if max(down, across) >= side:
        return None
    pixels = cv2.resize(thing.pixels, (across, down), interpolation=cv2.INTER_AREA)
    mask = cv2.resize(thing.mask.astype(np.float32), (across, down), interpolation=cv2.INTER_AREA)[..., None]
    top = (height - side) // 2 + int(random.integers(side - down))
    left = (width - side) // 2 + int(random.integers(side - across))
    made = background.astype(np.float32)
    box = (slice(top, top + down), slice(left, left + across))
    made[box] = made[box] * (1 - mask) + pixels * mask
    return made.astype(np.uint8), Region(left / width, top / height, across / width, down / height)


def list_pictures(name: str) -> list[Path]:
    """The pictures of a set, in the order of its table."""
    folder = ROOT / "data" / name
    with (folder / f"{name}.csv").open() as table:
        return [folder / row["path"] for row in csv.DictReader(table)]


def load_picture(path: Path) -> RGB:
    return np.asarray(Image.open(path).convert("RGB"))


# -- what it costs ------------------------------------------------------------------------------


def measure_cost(size: int | None) -> dict[str, Any]:
    """Bytes and times."""
    figures: Figures = {"bytes of an image": COUNT * CODE_BYTES}
    random = np.random.default_rng(0)
    query = random.standard_normal(DIMENSIONS).astype(np.float32)
    query /= np.linalg.norm(query)
    for count in (1000, size or 100_000):
        codes = random.integers(0, 256, (count, COUNT, CODE_BYTES), np.uint8)
        index = WindowIndex(np.arange(count), codes)
        started = time.process_time()
        index.search(query, limit=2000, allowed=None)
        figures[f"{count}: first question, processor ms"] = 1000 * (time.process_time() - started)
        for limit in (50, 2000):
            ask = partial(index.search, query, limit=limit, allowed=None)
            figures[f"{count}: question for {limit}, processor ms"] = time_call(ask, 15)
        among = np.arange(0, count, max(1, count // 2000))
        ask = partial(index.search, query, limit=2000, allowed=among)
        figures[f"{count}: question among {len(among)}, processor ms"] = time_call(ask, 15)
    return {"figures": figures | _time_describing(), "beside": {}}


def time_call(call: Callable[[], object], repeats: int) -> float:
    """The median of several calls, in milliseconds of processor time, which other programs disturb little."""
    times: list[float] = []
    for _ in range(repeats):
        started = time.process_time()
        call()
        times.append(time.process_time() - started)
    return 1000 * median(times)


def _time_describing() -> Figures:
    """A batch of 32 pictures with and without windows, in turn."""
    pictures = [load_picture(path) for path in list_pictures("coco_mini")[:32]]
    with tempfile.TemporaryDirectory() as folder, open_or_create(Path(folder, "library"), BUNDLED) as library:
        spaces = library.search_state.spaces
        bare = Spaces(library.catalog, spaces.backbones, library.settings)
        bare.__dict__["parts"] = None  # as in a library that was made before there were parts
        bare.__dict__["live"] = tuple(space for space in spaces.live if space.descriptor != "part")
        spaces.describe_and_predict(pictures)
        bare.describe_and_predict(pictures)
        ratios: list[float] = []
        for _ in range(7):
            without = time_call(lambda: bare.describe_and_predict(pictures), 1)
            ratios.append(time_call(lambda: spaces.describe_and_predict(pictures), 1) / without)
    return {"describing with windows, relative": median(ratios)}


# -- the axes -----------------------------------------------------------------------------------


def write_axes(size: int | None) -> dict[str, Any]:
    """Learn the axes, and write them where the program reads them."""
    chosen = np.random.default_rng(0).permutation(len(paths := list_pictures("flickr_train")))
    rows: list[npt.NDArray[np.float32]] = []
    with tempfile.TemporaryDirectory() as folder, open_or_create(Path(folder, "library"), BUNDLED) as library:
        for number in chosen[: size or AXES_PICTURES].tolist():
            last = library.search_state.spaces.subject_map(load_picture(paths[number]))
            assert last is not None, "the bundled backbone pools by the mean"
            rows.append(pool_windows(last[0][None])[0, 1:])
    windows = np.concatenate(rows)[::2]
    axes = learn_axes(windows, orthonormal_rows(DIMENSIONS, DIMENSIONS))
    np.save(WINDOW_AXES, axes.to_array())
    return {"figures": {"windows": len(windows)}, "beside": {}}
