"""The backgrounds of a library's spaces: made once for every generation, from a sample of its features."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..catalog import Catalog, Projection, Space
from ..projections.snapshot import Snapshot
from ..ranking.relevance import Background, Unrelated, places
from ..signals import SIGNALS
from ..spaces import Spaces


class Backgrounds:
    """What unrelated pictures score, by space; safe to ask from many threads."""

    def __init__(self, catalog: Catalog, spaces: Spaces) -> None:
        self._catalog, self._spaces = catalog, spaces
        self._made: dict[str, tuple[object, Background | None]] = {}

    def of(self, snapshot: Snapshot) -> Mapping[str, Background]:
        """The background of every space that one can be told of, by signal."""
        found = {space.descriptor: self._of(space, snapshot) for space in self._spaces.indexed}
        return {name: each for name, each in found.items() if each is not None}

    def _of(self, space: Space, snapshot: Snapshot) -> Background | None:
        generation = snapshot.pointers[space.descriptor]
        state: Projection | int = generation or snapshot.seq
        known = self._made.get(space.descriptor)
        if known is None or known[0] != state:
            known = (state, self._measured(space))
            self._made[space.descriptor] = known
        return known[1]

    def _measured(self, space: Space) -> Background | None:
        if space.configuration.get("trained") is False:  # what it finds alike says nothing
            return None
        with self._catalog.reading() as reader:
            ids = reader.ids()
            _, features = reader.features(space, ids[places(len(ids))].tolist())
        sample, reference = features.astype(np.float32), self._spaces.reference(space)
        return Background.of(sample, len(ids), known=_known(space), reference=reference)


def _known(space: Space) -> Unrelated | None:
    """What unrelated pictures score in a space that is the same in every library, or None."""
    if "enhance" in space.configuration:
        return None
    return SIGNALS[space.descriptor].unrelated.get(space.configuration.get("weights_sha256", ""))
