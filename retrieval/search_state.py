"""What a library searches with, made of its catalog: spaces, projections, snapshots and backgrounds."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import final

from .catalog import Catalog
from .descriptors.text_tower import TextTower
from .languages import load_translator
from .projections.bridge import BridgeProjection, BridgeView
from .projections.neighbours import NeighbourProjection
from .projections.snapshot import AnyProjection, Snapshot, Snapshots
from .projections.vectors import VectorProjection
from .projections.words import WordProjection
from .ranking.arrays import Float32Vector
from .ranking.tokens import parse_terms
from .ranking.translation import Translator
from .search.backgrounds import Backgrounds
from .settings import Settings
from .signals import MEANING, SIGNALS, SUBJECT
from .spaces import Spaces


@final
class SearchState:
    """Spaces, projections, snapshots and backgrounds of one library; each is made when it is first needed.

    Where the live spaces of the catalog change, the library makes a new state instead: nothing in here has to
    be dropped by itself.
    """

    def __init__(self, catalog: Catalog, path: Path, settings: Settings) -> None:
        self._catalog, self._settings = catalog, settings
        self.generations_folder = path / "projections"
        self.spaces = Spaces(catalog, path / "backbones", settings)

    @cached_property
    def projections(self) -> tuple[AnyProjection, ...]:
        """Every projection: the words, and those of each live space."""
        words = WordProjection(predicted=self._settings.predicted_labels)
        spaces, device = self.spaces.vector_spaces, self._settings.device
        subjects = [space for space in spaces if space.descriptor == SUBJECT]
        return (
            words,
            *(VectorProjection(space, device) for space in spaces),
            *(NeighbourProjection(space, device) for space in subjects),
            *(BridgeProjection(space) for space in subjects if self.spaces.text_tower is None),
        )

    @cached_property
    def translator(self) -> Translator:
        """What reads texts in other languages than English."""
        return load_translator(self._settings.languages)

    @property
    def signal_names(self) -> tuple[str, ...]:
        """The names of the rankings that a query can draw on."""
        described = {space.descriptor for space in self.spaces.live}
        return tuple(
            name for name, signal in SIGNALS.items() if not signal.needs_pixels or signal.space in described
        )

    @cached_property
    def snapshots(self) -> Snapshots:
        """The snapshots of all projections, the newest of which is kept."""
        return Snapshots(self._catalog, self.projections, self.generations_folder)

    @cached_property
    def backgrounds(self) -> Backgrounds:
        """What unrelated pictures score, by space."""
        return Backgrounds(self._catalog, self.spaces)

    def text_mapper(self, snapshot: Snapshot) -> Callable[[str], Float32Vector | None]:
        """What maps texts to vectors of the subject space: its text tower where it has one, or the bridge."""
        tower, view = self.spaces.text_tower, snapshot.views.get(MEANING)
        if tower is not None:
            encode = partial(_encode_english, tower, self.translator)
            return _map_nothing if tower.unavailable_reason else encode
        return (
            (lambda text: view.query_vector(parse_terms(text)))
            if isinstance(view, BridgeView)
            else _map_nothing
        )


def _encode_english(tower: TextTower, translator: Translator, text: str) -> Float32Vector | None:
    """Text towers know English alone."""
    return tower.encode_text(translator.write_english(text))


def _map_nothing(_: str) -> None:
    """Without a text tower and without a bridge, a text has no vector."""
