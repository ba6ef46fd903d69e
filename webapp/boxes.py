"""Where in a picture something was found: boxes as words, as addresses, and as what a page draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import url_for

from retrieval import answers

from .locales import gettext, gettext_noop

MARGIN: Final = 0.15  # of the box, shown around it where the page is zoomed to it
PLACES: Final = {  # by thirds of the height and of the width
    (0, 0): gettext_noop("upper left"),
    (0, 1): gettext_noop("upper middle"),
    (0, 2): gettext_noop("upper right"),
    (1, 0): gettext_noop("left"),
    (1, 1): gettext_noop("middle"),
    (1, 2): gettext_noop("right"),
    (2, 0): gettext_noop("lower left"),
    (2, 1): gettext_noop("lower middle"),
    (2, 2): gettext_noop("lower right"),
}
_SHARES: Final = {
    0.01: gettext_noop("a hundredth of the picture"),
    0.02: gettext_noop("a fiftieth of the picture"),
    0.05: gettext_noop("a twentieth of the picture"),
    0.1: gettext_noop("a tenth of the picture"),
    0.2: gettext_noop("a fifth of the picture"),
    0.25: gettext_noop("a quarter of the picture"),
    0.33: gettext_noop("a third of the picture"),
    0.5: gettext_noop("half of the picture"),
    0.67: gettext_noop("two thirds of the picture"),
    1.0: gettext_noop("nearly all of the picture"),
}


def describe_box(box: Sequence[float]) -> str:
    """Where a box lies, by its middle, and how much of the picture it is, as “upper left, a tenth of the
    picture”; the nearest of the shares that have names.
    """
    left, top, width, height = box
    place = min(int(3 * (top + height / 2)), 2), min(int(3 * (left + width / 2)), 2)
    share = min(_SHARES, key=lambda known: abs(known - width * height))
    return gettext("%(place)s, %(share)s", place=gettext(PLACES[place]), share=gettext(_SHARES[share]))


def image_address(hit: answers.Hit) -> str:
    """The page of a hit, opened where a part of the query was found."""
    box = None if hit.box is None else write_box(hit.box)
    return url_for("pages.image", image_id=hit.id, box=box)


def write_box(box: Sequence[float]) -> str:
    """A box as an address has it."""
    return ",".join(f"{share:.4f}".rstrip("0").rstrip(".") for share in box)


def read_box(text: str) -> list[float]:
    """The inverse of `write_box`."""
    return [float(share) for share in text.split(",")]


def view_around(box: Sequence[float], width: int, height: int) -> tuple[float, float, float, float]:
    """What of a picture of this size is shown, in pixels, where the page is zoomed to a box: that with MARGIN
    around it, inside the picture.
    """
    left, top = max(box[0] - MARGIN * box[2], 0.0), max(box[1] - MARGIN * box[3], 0.0)
    right = min(box[0] + (1 + MARGIN) * box[2], 1.0)
    bottom = min(box[1] + (1 + MARGIN) * box[3], 1.0)
    return left * width, top * height, (right - left) * width, (bottom - top) * height
