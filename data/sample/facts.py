"""Facts about a drawn scene, from which its words are made."""

from collections.abc import Collection, Mapping

import numpy as np

Facts = dict[str, str]


def choose_name(rng: np.random.Generator, names: Collection[str] | Mapping[str, object]) -> str:
    """One of the names, each as likely as the next."""
    return list(names)[int(rng.integers(len(names)))]


def name_in_turn(names: Collection[str] | Mapping[str, object], turn: int) -> str:
    """The names one after another, so that a class shows all its colours evenly."""
    return list(names)[turn % len(names)]
