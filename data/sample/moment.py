"""When a picture was taken, in keeping with what it shows."""

from datetime import datetime

import numpy as np

from .facts import Facts

# The value of a fact: (earliest, latest) hour, or month
HOURS = {
    "dawn": (5, 7),
    "morning": (6, 9),
    "noon": (11, 13),
    "evening": (18, 21),
    "dusk": (19, 21),
    "gold": (17, 20),
    "golden": (17, 20),
    "night": (21, 23),
    "moon": (21, 23),
    "stars": (21, 23),
    "alpenglow": (18, 20),
}
MONTHS = {"spring": (4, 5), "summer": (6, 8), "autumn": (9, 11), "winter": (1, 2)}


def taken_at(rng: np.random.Generator, facts: Facts) -> datetime | None:
    """A moment from 2015 to 2025; one picture in seven has lost it."""
    hour = next((HOURS[value] for value in facts.values() if value in HOURS), (8, 20))
    month = next((MONTHS[value] for value in facts.values() if value in MONTHS), (1, 12))
    year, day, minute, second = rng.integers([2015, 1, 0, 0], [2026, 29, 60, 60]).tolist()
    moment = datetime(
        year,
        int(rng.integers(month[0], month[1] + 1)),
        day,
        int(rng.integers(hour[0], hour[1] + 1)),
        minute,
        second,
    )
    return None if rng.random() < 1 / 7 else moment
