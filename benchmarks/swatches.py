"""Searches for one, two and three colours: nDCG@10 against the best possible order.

A picture of corel1k is worth the share of its pixels within 20 units of L*a*b* of a colour, of several
colours no more of each than is asked for. The colours are twelve hues, each vivid, pale and dark, and five
greys, less those that hardly a picture holds, and 200 seeded pairs and triples of them.
--size N: every N-th picture.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from colorsys import hsv_to_rgb
from typing import Any

import numpy as np
import numpy.typing as npt

from retrieval.descriptors import lab
from retrieval.descriptors.palette import swatches_vector
from retrieval.pictures.images import RGB
from retrieval.query.values import Swatch

from .descriptors import Features, labelled_pictures, load_pixels
from .sets import why_unavailable

WITHIN = 20.0  # units of L*a*b*
SHARES = ((1.0,), (0.6, 0.4), (0.5, 0.3, 0.2))
DRAWN = 200
TONES = ((1, 1), (0.6, 0.9), (0.8, 0.5))  # saturation and value
HELD = 0.05  # mean share in the ten pictures with most of a colour; rarer colours are left out


def measure(size: int | None = None) -> dict[str, Any]:
    """Figures by how many colours are searched for together."""
    if reason := why_unavailable():
        sys.exit(reason)
    pictures = [load_pixels(path) for path, _ in labelled_pictures("corel1k")[::size]]
    return {"figures": measure_swatches(pictures), "beside": {}}


def measure_swatches(pictures: Sequence[RGB]) -> dict[str, float]:
    """Mean nDCG@10 by the number of colours."""
    swatches = _make_swatches()
    centres = lab.to_lab(np.array([swatch.rgb for swatch in swatches], np.float32))
    held = np.stack([_colour_shares(picture, centres) for picture in pictures])
    features = np.stack([lab.describe_colours(picture) for picture in pictures])
    return {
        f"{len(shares)} nDCG@10": float(np.mean(_measure_shares(swatches, held, features, shares)))
        for shares in SHARES
    }


def _measure_shares(
    swatches: list[Swatch], held: Features, features: Features, shares: Sequence[float]
) -> list[float]:
    found = []
    frequent = np.flatnonzero(np.sort(held, axis=0)[-10:].mean(axis=0) >= HELD)
    for numbers in _choose_colours(frequent, len(shares)):
        asked = [
            Swatch(swatches[number].colour, share) for number, share in zip(numbers, shares, strict=True)
        ]
        found.append(_ndcg_of(features @ swatches_vector(asked), _gain_of(held[:, numbers], shares)))
    return found


def _choose_colours(colours: npt.NDArray[np.intp], together: int) -> list[npt.NDArray[np.intp]]:
    random = np.random.RandomState(together)
    if together == 1:
        return [np.array([colour]) for colour in colours]
    return [random.permutation(colours)[:together] for _ in range(DRAWN)]


def _make_swatches() -> list[Swatch]:
    hued = [hsv_to_rgb(hue / 12, *tone) for hue in range(12) for tone in TONES]
    levels = [(grey, grey, grey) for grey in (0, 0.25, 0.5, 0.75, 1)]
    return [Swatch("#" + "".join(f"{round(255 * channel):02x}" for channel in rgb)) for rgb in hued + levels]


def _colour_shares(picture: RGB, centres: Features) -> Features:
    colours = lab.to_lab(lab.reduce_picture(picture)).reshape(-1, 1, 3)
    shares: Features = (((colours - centres) ** 2).sum(axis=2) <= WITHIN**2).mean(axis=0)
    return shares


def _gain_of(held: Features, shares: Sequence[float]) -> Features:
    """How much of the colours of a query each picture holds; of a single colour, more is better."""
    most = np.ones(1) if len(shares) == 1 else np.array(shares)
    gain: Features = np.minimum(held, most).sum(axis=1)
    return gain


def _ndcg_of(scores: Features, gain: Features) -> float:
    order = np.argsort(-np.round(scores, 5), kind="stable")[:10]
    discounts = 1 / np.log2(np.arange(2, 2 + len(order)))
    return float((gain[order] * discounts).sum() / (np.sort(gain)[::-1][: len(order)] * discounts).sum())
