"""Colours are float triples in [0, 1], sRGB as on the screen."""

import numpy as np
import numpy.typing as npt

Colour = npt.NDArray[np.float32]  # (3,) or (..., 3)


def rgb(code: str) -> Colour:
    """The colour of a hexadecimal code such as `#ff8040`."""
    digits = code.lstrip("#")
    return np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)], np.float32) / np.float32(255)


def parse_palette(codes: str) -> list[Colour]:
    """The colours of several codes, separated by blanks."""
    return [rgb(code) for code in codes.split()]


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` at share 0, `second` at share 1, straight between."""
    return first + (second - first) * np.float32(share)


def lighten(colour: Colour, share: float) -> Colour:
    """The colour moved towards a warm white."""
    return mix(colour, rgb("#fffaf0"), share)


def darken(colour: Colour, share: float) -> Colour:
    """The colour moved towards a cool near-black; a pure black looks printed, not lit."""
    return mix(colour, rgb("#0b0c1c"), share)


def brighten(colour: Colour, share: float) -> Colour:
    """The colour in more light; it keeps its hue, where `lighten` would wash it out."""
    light: Colour = np.clip(colour * np.float32(1 + share) + np.float32(share * 0.06), 0, 1)
    return light


def jitter_colour(rng: np.random.Generator, colour: Colour, amount: float = 0.04) -> Colour:
    """A neighbour of the colour, so that no two leaves are the same green."""
    return np.clip(colour + rng.normal(0, amount, 3), 0, 1).astype(np.float32)


def ramp_colours(colours: list[Colour], shares: npt.ArrayLike, stops: list[float] | None = None) -> Colour:
    """Colours along a gradient, (..., 3), for shares in [0, 1] of any shape.

    The shares are eased inside each step, so that no band shows where two steps meet.
    """
    places = np.linspace(0, 1, len(colours)) if stops is None else np.asarray(stops)
    table_at = np.linspace(0, 1, 512)
    step = np.clip(np.searchsorted(places, table_at, side="right") - 1, 0, len(colours) - 2)
    inside = np.clip((table_at - places[step]) / (places[step + 1] - places[step]), 0, 1)
    eased = 0.5 * inside + 0.5 * inside * inside * (3 - 2 * inside)
    low, high = np.stack(colours)[step], np.stack(colours)[step + 1]
    table = (low + (high - low) * eased[:, None]).astype(np.float32)
    colours_of_shares: Colour = table[(np.clip(shares, 0, 1) * 511).astype(np.intp)]
    return colours_of_shares
