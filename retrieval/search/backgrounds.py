"""The backgrounds of a library's spaces: made once for every generation, from a sample of its features."""

from __future__ import annotations

from typing import final

import numpy as np

from ..catalog import Catalog, Space
from ..projections.snapshot import Snapshot
from ..ranking.relevance import Background, Unrelated, sample_positions
from ..signals import SIGNALS
from ..spaces import Spaces


@final
class Backgrounds:
    """What unrelated pictures score, by space; safe to ask from many threads."""

    def __init__(self, catalog: Catalog, spaces: Spaces) -> None:
        self._catalog, self._spaces = catalog, spaces
        self._cache: dict[str, tuple[str | int, Background | None]] = {}  # by signal, with its state

    def find_background(self, signal: str, snapshot: Snapshot) -> Background | None:
        """The background of the space of a signal; None where there is no such space, or none can be made."""
        spaces = (space for space in self._spaces.vector_spaces if space.descriptor == signal)
        space = next(spaces, None)
        return self._load_background(space, snapshot) if space else None

    def _load_background(self, space: Space, snapshot: Snapshot) -> Background | None:
        pointer = snapshot.pointers[space.descriptor]
        state = pointer.generation if pointer else snapshot.seq
        cached = self._cache.get(space.descriptor)
        if cached is None or cached[0] != state:
            cached = (state, self._measure_background(space))
            self._cache[space.descriptor] = cached
        return cached[1]

    def _measure_background(self, space: Space) -> Background | None:
        if space.configuration.get("trained") is False:  # its likeness has no meaning
            return None
        with self._catalog.reading() as reader:
            ids = reader.find_ids()
            _, features = reader.load_features(space, ids[sample_positions(len(ids))].tolist())
        sample, reference = features.astype(np.float32), self._spaces.load_reference(space)
        return Background.from_features(sample, len(ids), known=_known_scores(space), reference=reference)


def _known_scores(space: Space) -> Unrelated | None:
    """What unrelated pictures score in a space that is the same in every library, or None."""
    if "enhance" in space.configuration:
        return None
    return SIGNALS[space.descriptor].unrelated.get(space.configuration.get("weights_sha256", ""))
