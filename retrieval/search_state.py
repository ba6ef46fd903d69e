"""What a library searches with, made of its catalog: spaces, projections, snapshots and backgrounds."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property, partial
from pathlib import Path
from typing import final

from .catalog import Catalog, Space
from .descriptors.text_tower import TextTower
from .descriptors.visual_vocabularies import load_bundled_vocabulary
from .descriptors.word_towers import find_text_encoder
from .languages import load_translator
from .projections.bridge import BridgeProjection, BridgeView
from .projections.likeness import LikenessProjection
from .projections.neighbours import NeighbourProjection
from .projections.parts import PartProjection
from .projections.snapshot import AnyProjection, Snapshot, Snapshots
from .projections.vectors import VectorProjection
from .projections.visual_words import VisualWordProjection
from .projections.words import WordProjection
from .ranking.arrays import Float32Matrix, Float32Vector
from .ranking.duplicate_groups import Duplicates
from .ranking.translation import Translator
from .ranking.word_tower import TextEncoder
from .search.atlas import Atlases
from .search.backgrounds import Backgrounds
from .search.facet_table import FacetTables
from .search.kept_lists import KeptLists
from .search.kept_news import KeptNews
from .search.kept_results import KeptResults
from .search.overview import Overviews
from .search.picked_lists import PickedLists
from .search.sort_keys import SortKeys
from .settings import Settings
from .signals import COLOUR, MEANING, SIGNALS, SUBJECT
from .spaces import Spaces


@final
class SearchState:
    """Spaces, projections, snapshots and backgrounds of one library; each is made when it is first needed.

    Where the live spaces of the catalog change, the library makes a new state instead: nothing in here has to
    be dropped by itself.
    """

    def __init__(
        self, catalog: Catalog, path: Path, settings: Settings, shared: SearchState | None = None
    ) -> None:
        """`shared`: the state of another library, whose spaces and models are used."""
        self._catalog, self._settings = catalog, settings
        self.generations_folder = path / "projections"
        self.kept_news = KeptNews()
        self.kept_duplicates = KeptResults[Duplicates]()
        self.kept_lists = KeptLists(path / "cursors")
        self.picked_lists = PickedLists(path / "picked")
        self._shared = shared
        self.spaces: Spaces = shared.spaces if shared else Spaces(catalog, path / "backbones", settings)

    @cached_property
    def projections(self) -> tuple[AnyProjection, ...]:
        """Every projection: the words, and those of each live space."""
        words = WordProjection(predicted=self._settings.predicted_labels)
        spaces, device = self.spaces.vector_spaces, self._settings.device
        recall = self._settings.target_recall
        subjects, colours = (
            [space for space in spaces if space.descriptor == name] for name in (SUBJECT, COLOUR)
        )
        details = [self.spaces.keypoint_space] if self.spaces.keypoint_space else []
        encoder = self.word_tower if self.spaces.text_tower is None else None
        return (
            words,
            *(VectorProjection(space, device, recall, is_asked=self._is_asked(space)) for space in spaces),
            *(NeighbourProjection(space, device, encoder, recall) for space in subjects),
            *(LikenessProjection(space, colour) for space in subjects for colour in colours),
            *self._part_projections(),
            *(BridgeProjection(space, encoder) for space in subjects if self.spaces.text_tower is None),
            *(VisualWordProjection(space, load_bundled_vocabulary()) for space in details),
        )

    def _part_projections(self) -> list[PartProjection]:
        space, parts = self.spaces.part_space, self.spaces.parts
        return [PartProjection(space, lambda: parts.axes)] if space and parts else []

    def _is_asked(self, space: Space) -> bool:
        """Whether searches ask the signal of a space where nobody gives it a weight."""
        return self._settings.default_weight(space.descriptor) > 0

    @cached_property
    def translator(self) -> Translator:
        """What reads texts in other languages than English."""
        return self._shared.translator if self._shared else load_translator(self._settings.languages)

    @cached_property
    def word_tower(self) -> TextEncoder | None:
        """What maps words to the subject space without captions; None where its backbone has nothing such.

        Raises InvalidSetting for settings `word_tower` and `text_encoder` that do not fit this backbone or
        each other, and BackboneUnavailable for an encoder that cannot be loaded.
        """
        if self._shared:
            return self._shared.word_tower
        subjects = (space for space in self.spaces.live if space.descriptor == SUBJECT)
        configurations = [space.configuration for space in subjects]
        return find_text_encoder(self._settings, configurations[0]) if configurations else None

    @cached_property
    def rival_loader(self) -> Callable[[], Float32Matrix] | None:
        """Gives vectors of many texts, (text, dimension), to compare a text with; None without a word tower.

        They take as long as some pictures, so they are made when they are first needed, and kept.
        """
        if self._shared:
            return self._shared.rival_loader
        return None if self.word_tower is None else cache(self.word_tower.map_anchors)

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

    @cached_property
    def sort_keys(self) -> SortKeys:
        """What images are sorted by."""
        return SortKeys(self._catalog)

    @cached_property
    def facet_tables(self) -> FacetTables:
        """What counts the facets of answers."""
        return FacetTables(self._catalog)

    @cached_property
    def atlases(self) -> Atlases:
        """The map of the library with named clusters."""
        return Atlases(self._catalog, predicted=self._settings.predicted_labels)

    @cached_property
    def overviews(self) -> Overviews:
        """What the library consists of, for browsing."""
        return Overviews(self._catalog, predicted=self._settings.predicted_labels)

    def text_mapper(self, snapshot: Snapshot) -> Callable[[str], Float32Vector | None]:
        """What maps texts to vectors of the subject space.

        This is the text tower of a CLIP-family backbone, or else the caption bridge and the word tower.
        """
        tower, view = self.spaces.text_tower, snapshot.views.get(MEANING)
        if tower is not None:
            encode = partial(_encode_english, tower, self.translator)
            return _map_nothing if tower.unavailable_reason else encode
        return partial(_map_meaning, view, self.translator) if isinstance(view, BridgeView) else _map_nothing

    def word_knower(self, snapshot: Snapshot) -> Callable[[str], bool]:
        """What tells whether the words of a text mean something without being written about any image.

        A text tower takes every text for one that means something, so that it cannot tell.
        """
        if self.spaces.text_tower is not None:
            return _know_nothing
        map_text = self.text_mapper(snapshot)
        return lambda text: map_text(text) is not None


def _know_nothing(_: str) -> bool:
    return False


def _encode_english(tower: TextTower, translator: Translator, text: str) -> Float32Vector | None:
    """Text towers know English alone."""
    return tower.encode_text(translator.write_english(text))


def _map_meaning(view: BridgeView, translator: Translator, text: str) -> Float32Vector | None:
    """Captions are in the language of people; the word tower knows English alone."""
    return view.query_vector(text, translator.write_english(text))


def _map_nothing(_: str) -> None:
    """Without a text tower and without a bridge, a text has no vector."""
