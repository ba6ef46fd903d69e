"""How long a training takes, how fast it learns, and how large its views are, step by step."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

APART, TOGETHER = "apart", "together"
PHASES = (APART, TOGETHER)
WARM_UP = 100  # steps in which the learning rate rises
FREE = ("together", "decay", "sizes")  # what may change while the rate has not begun to fall


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast: `apart` steps for each link alone, then `together` steps end to end.

    Together, the rate rises over the first steps, stays, and falls to nothing over the last `decay` steps
    (None: it falls all the way). `sizes` holds pairs (step, pixels): the views' size from that step on.
    """

    apart: int = 1000
    together: int = 10000
    batch: int = 64
    apart_rate: float = 3e-3
    together_rate: float = 3e-4
    frozen: int = 0  # links from the input on that keep what they learned apart
    seed: int = 2026
    decay: int | None = None
    sizes: tuple[tuple[int, int], ...] = ()

    def count_steps(self, phase: str) -> int:
        """How many steps a phase has."""
        return self.apart if phase == APART else self.together

    def get_rate(self, phase: str, step: int) -> float:
        """The learning rate of a step."""
        steps, first = self.count_steps(phase), self.get_fall(phase)
        fallen = max(0, step - first) / max(1, steps - first)
        share = min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * fallen))
        return share * (self.apart_rate if phase == APART else self.together_rate)

    def get_fall(self, phase: str) -> int:
        """The step from which on the rate falls."""
        if phase == APART or self.decay is None:
            return 0
        return max(0, self.together - self.decay)

    def get_size(self, step: int, usual: int) -> int:
        """The size of the views of a step, counted over both phases; `usual` where nothing is said of it."""
        return next((pixels for first, pixels in reversed(self.sizes) if first <= step), usual)

    def may_follow(self, other: Schedule, phase: str, step: int) -> bool:
        """Whether a training by the other schedule, so far done, can go on by this one as if it always had.

        What is still to come may change: the number of steps, as long as no rate has fallen yet, and sizes.
        """
        mine, theirs = asdict(self), asdict(other)
        alike = all(mine[name] == theirs[name] for name in mine if name not in FREE)
        same = (self.together, self.decay) == (other.together, other.decay)
        before = phase == APART or step <= min(self.get_fall(phase), other.get_fall(phase))
        return alike and (same or before)


def parse_schedule(values: dict[str, Any]) -> Schedule:
    """The inverse of dataclasses.asdict, also for schedules that were written before they said as much."""
    sizes = tuple((int(first), int(pixels)) for first, pixels in values.get("sizes", ()))
    return Schedule(**{**values, "sizes": sizes})
