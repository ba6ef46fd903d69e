"""What each step of cleaning does: draws docs/enhancement.webp, damaged pictures before and after.

The pictures come from the sample collection and are damaged as in `enhancement`. The figures are the size of
the file in bytes and the number of steps in it. --size N: pixels of a picture's longest side (default 190).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from data.sample import draw_collection
from retrieval.descriptors.enhancement import enhance_picture
from retrieval.pictures.images import RGB

from .enhancement import DAMAGES

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "enhancement.webp"
SIDE, GAP, TEXT, QUALITY = 190, 8, 11, 72
# Damage, step, and which picture of the collection shows it.
SHOWN = (
    ("specks", "median:3", 2),
    ("grain", "gaussian-low:1.5", 22),
    ("grain", "butterworth-low:0.3:2", 22),
    ("faded", "clahe:2:8", 40),
    ("shaded", "gaussian-high:30", 23),
    ("shaded", "butterworth-high:0.02:2", 23),
    ("wide margins", "crop:edge", 82),
    ("wide margins", "crop:threshold", 82),
    ("wide margins", "crop:region", 82),
)
COLUMNS = 3


def measure(size: int | None = None) -> dict[str, Any]:
    """Draws and writes the picture."""
    side = size or SIDE
    drawn = [sample.pixels for sample in islice(draw_collection(), max(number for *_, number in SHOWN) + 1)]
    cells = [_draw_cell(drawn[number], damage, step, side) for damage, step, number in SHOWN]
    _tile_cells(cells).save(PICTURE, "WEBP", quality=QUALITY, method=6)
    return {"figures": {"bytes": PICTURE.stat().st_size, "steps": len(cells)}, "beside": {}}


def _draw_cell(picture: RGB, damage: str, step: str, side: int) -> Image.Image:
    """A damaged picture, and beside it what the step makes of it."""
    spoil, _ = DAMAGES[damage]
    before = spoil(picture, np.random.default_rng(1))
    cell = Image.new("RGB", (2 * side + GAP, side * 3 // 4 + TEXT + GAP), "white")
    for place, (pixels, words) in enumerate(((before, damage), (enhance_picture(before, [step])[0], step))):
        shown = Image.fromarray(pixels)
        shown.thumbnail((side, side * 3 // 4))
        left = place * (side + GAP)
        cell.paste(shown, (left, TEXT + GAP))
        ImageDraw.Draw(cell).text((left, 0), words, "black", ImageFont.load_default(TEXT))
    return cell


def _tile_cells(cells: Sequence[Image.Image]) -> Image.Image:
    width, height = (side + 2 * GAP for side in cells[0].size)
    whole = Image.new("RGB", (COLUMNS * width, -(-len(cells) // COLUMNS) * height), "white")
    for number, cell in enumerate(cells):
        down, across = divmod(number, COLUMNS)
        whole.paste(cell, (across * width + GAP, down * height + GAP))
    return whole
