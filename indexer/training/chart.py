"""The curve of a training as a picture: SVG, which every browser shows and no library is needed for."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import cycle
from typing import Any, TypeAlias

from ..errors import TrainingImpossible
from .schedule import APART, TOGETHER

WIDTH, HEIGHT = 960, 540
LEFT, RIGHT, TOP, BOTTOM = 60, 150, 40, 50  # pixels around the plot
LINE = 18  # pixels from one line of the legend to the next
COLOURS = ("#4477aa", "#ee6677", "#228833", "#aa3377", "#ccbb44", "#66ccee")  # Paul Tol's bright ones
GREY = "#999999"
MOST_TICKS = 7
HEAD = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"
 font-family="sans-serif" font-size="13">
<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>"""
FACTS = {"phase", "step", "views", "rate", "size", "seconds"}  # what a line says beside its losses

Points: TypeAlias = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps values from `low` to `high` to pixels from `first` to `last`, evenly or by their logarithms."""

    low: float
    high: float
    first: float
    last: float
    logarithmic: bool = False

    def find_pixel(self, value: float) -> float:
        """Where a value lies, in tenths of a pixel; in the middle where low and high are equal."""
        numbers = (self.low, self.high, value)
        low, high, wanted = map(math.log, numbers) if self.logarithmic else numbers
        share = (wanted - low) / (high - low) if high > low else 0.5
        return round(self.first + share * (self.last - self.first), 1)

    def choose_ticks(self) -> list[float]:
        """Round values between low and high, few enough to be read.

        By logarithms they are 1, 2 and 5 times powers of ten, or all digits times one within less than ten
        times the lowest value.
        """
        if not self.logarithmic:
            return _choose_steps(self.low, self.high)
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        digits = (1, 2, 5) if self.high >= 10 * self.low else range(1, 10)
        ticks = [digit * 10.0**power for power in powers for digit in digits]
        return [tick for tick in ticks if self.low <= tick <= self.high]


def draw_curve(lines: Sequence[Mapping[str, Any]], title: str) -> str:
    """The losses over the views of both phases, on a logarithmic axis, and in grey the learning rate.

    A loss that is 0 has no logarithm and is left out. `loss` is what the progress bar shows: apart the mean
    error of the links, together the pooled loss. Raises TrainingImpossible where no line has a loss above 0.
    """
    series, rate = _collect_losses(lines), _collect_rates(lines)
    values = [value for points in series.values() for _, value in points]
    if not values:
        raise TrainingImpossible(
            f"{title}: no losses to draw yet; a training notes some with every checkpoint"
        )
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    views = Axis(0, max(place for place, _ in rate), LEFT, right)
    losses = Axis(min(values), max(values), bottom, TOP, logarithmic=True)
    rates = Axis(0, max(value for _, value in rate), bottom, TOP)
    coloured = dict(zip(series, cycle(COLOURS), strict=False))
    parts = [
        *_draw_axes(views, losses),
        _draw_line(rate, views, rates, GREY),
        *(_draw_line(series[name], views, losses, colour) for name, colour in coloured.items()),
        *_draw_legend({**coloured, f"rate, up to {rates.high:.2g}": GREY}),
        _draw_text(LEFT, TOP - 15, title),
        _draw_text((LEFT + right) / 2, HEIGHT - 10, "views", "middle"),
    ]
    return "\n".join([HEAD, *parts, "</svg>\n"])


def _place_lines(lines: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Every line with the views of both phases until then."""
    before = max((line["views"] for line in lines if line["phase"] == APART), default=0)
    for line in lines:
        yield line["views"] + (before if line["phase"] == TOGETHER else 0), line


def _collect_losses(lines: Sequence[Mapping[str, Any]]) -> dict[str, Points]:
    """The points (views, loss) of every loss; those of single links and what `loss` repeats are left out."""
    series: dict[str, Points] = defaultdict(list)
    for views, line in _place_lines(lines):
        for name, value in line.items():
            if name not in {*FACTS, "pooled"} and not name.startswith("link ") and value > 0:
                series[name].append((views, value))
    return series


def _collect_rates(lines: Sequence[Mapping[str, Any]]) -> Points:
    return [(views, line["rate"]) for views, line in _place_lines(lines)]


def _choose_steps(low: float, high: float) -> list[float]:
    """Multiples of the smallest round step that gives at most MOST_TICKS of them."""
    if high <= low:
        return [low]
    power = 10.0 ** math.floor(math.log10((high - low) / MOST_TICKS))
    step = next(power * digit for digit in (1, 2, 5, 10) if (high - low) / (power * digit) < MOST_TICKS)
    return [step * number for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _draw_axes(views: Axis, losses: Axis) -> Iterator[str]:
    for tick in losses.choose_ticks():
        place = losses.find_pixel(tick)
        yield f'<path d="M{views.first} {place}H{views.last}" stroke="#eeeeee"/>'
        yield _draw_text(views.first - 6, place + 4, f"{tick:g}", "end")
    for tick in views.choose_ticks():
        yield _draw_text(views.find_pixel(tick), losses.first + 18, f"{tick:,.0f}", "middle")
    yield f'<path d="M{views.first} {losses.last}V{losses.first}H{views.last}" stroke="black" fill="none"/>'


def _draw_line(points: Points, across: Axis, up: Axis, colour: str) -> str:
    places = " ".join(f"{across.find_pixel(x)},{up.find_pixel(y)}" for x, y in points)
    return f'<polyline points="{places}" stroke="{colour}" stroke-width="2" fill="none"/>'


def _draw_legend(colours: Mapping[str, str]) -> Iterator[str]:
    """The names beside the plot, each in the colour of its line."""
    for number, (name, colour) in enumerate(colours.items()):
        yield _draw_text(WIDTH - RIGHT + 12, TOP + 10 + number * LINE, name, colour=colour)


def _draw_text(x: float, y: float, text: str, anchor: str = "start", colour: str = "black") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
