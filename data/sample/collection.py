"""The collection: every picture with its path, its words and its date."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .canvas import Canvas
from .moment import taken_at
from .scenes import SCENES
from .variants import VARIANTS
from .words import Words, make_words

HEADER: Final = ("path", "title", "caption", "tags", "label")
PER_CLASS: Final = 18
SIZES: Final = ((384, 288), (384, 288), (288, 384), (320, 320))  # width, height; half of them lie
WORDLESS: Final = 0.2  # share of pictures that only an example or a colour can find


@dataclass(frozen=True, slots=True)
class Sample:
    path: str  # posix, relative; the folder is the class
    pixels: NDArray[np.uint8]  # (height, width, 3)
    title: str
    caption: str
    tags: tuple[str, ...]
    label: str
    taken_at: datetime | None


def draw_collection(seed: int = 2026, *, step: int = 1) -> Iterator[Sample]:
    """Draws every step-th picture, one after another, class by class; the same seed gives the same pictures.

    Each picture has its own random numbers, so that a change to one scene leaves the others as they are.
    """
    drawn: tuple[int, int, Sample] | None = None  # class, turn, and the picture last drawn
    for number, turn, change in islice(_plan_pictures(), 0, None, step):
        if drawn is None or drawn[:2] != (number, turn):
            drawn = number, turn, _draw_sample(seed, number, list(SCENES)[number], turn)
        yield _make_variant(drawn[2], change, wordless=number % 2 == 0) if change else drawn[2]


def _plan_pictures() -> Iterator[tuple[int, int, str]]:
    """Class, turn, and the change that makes a near-duplicate, or "", of every picture in order."""
    for number in range(len(SCENES)):
        for turn in range(PER_CLASS):
            yield number, turn, ""
            if turn in _copied_turns(number):
                yield number, turn, list(VARIANTS)[(number + turn) % len(VARIANTS)]


def csv_rows(samples: Iterable[Sample]) -> Iterator[tuple[str, ...]]:
    """The lines of a CSV file, header first."""
    yield HEADER
    for sample in samples:
        yield sample.path, sample.title, sample.caption, "; ".join(sample.tags), sample.label


def _draw_sample(seed: int, number: int, label: str, turn: int) -> Sample:
    rng = np.random.default_rng([seed, number, turn])
    canvas = Canvas.blank(*SIZES[int(rng.integers(len(SIZES)))])
    name, scene = SCENES[label]
    facts = scene(canvas, rng, turn)
    words, stated_label = _keep_or_drop_words(rng, make_words(rng, label, facts), label)
    path = f"{label}/{name}-{turn + 1:03d}.jpg"
    pixels, moment = canvas.to_bytes(), taken_at(rng, facts)
    return Sample(path, pixels, words.title, words.caption, words.tags, stated_label, moment)


def _keep_or_drop_words(rng: np.random.Generator, words: Words, label: str) -> tuple[Words, str]:
    """Words and label, or none: half of the wordless pictures have no label either."""
    chance = float(rng.random())
    if chance >= WORDLESS:
        return words, label
    return Words(), "" if chance < WORDLESS / 2 else label


def _copied_turns(number: int) -> tuple[int, ...]:
    """The turns of a class that get a near-duplicate: one, in every fourth class two."""
    return (3 + number % 5, 12) if number % 4 == 0 else (3 + number % 5,)


COUNT: Final = sum(PER_CLASS + len(_copied_turns(number)) for number in range(len(SCENES)))


def _make_variant(sample: Sample, change: str, *, wordless: bool) -> Sample:
    path = sample.path.replace(".jpg", f"-{change}.jpg")
    copy = replace(sample, path=path, pixels=VARIANTS[change](sample.pixels))
    return replace(copy, title="", caption="", tags=(), label="") if wordless else copy
