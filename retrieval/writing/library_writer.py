"""The one writer of a library: it takes the writer's lock to make one, and it writes while that is held."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self, final

from ..catalog import WritableCatalog
from ..descriptors.backbone import Backbone
from ..durable import write_file
from ..library import Library, catalog_address
from ..pictures.images import RGB
from ..search_state import SearchState
from ..settings import FILE_NAME, Settings
from . import categorizer, publisher, space_maker, views
from .lock import OnBusy, WriterLock, refuse_busy


@final
class LibraryWriter(Library):
    """A library that is open for writing. Methods that write raise ValueError once its lock was released.

    It is a subclass of Library, though Library is not abstract, because a writer reads as well.
    """

    catalog: WritableCatalog

    def __init__(self, lock: WriterLock, catalog: WritableCatalog, settings: Settings) -> None:
        lock.check_held()
        super().__init__(lock.library, catalog, settings)
        self._lock = lock

    @classmethod
    def create(cls, lock: WriterLock, settings: Settings | None = None) -> Self:
        """Open the locked library for writing, or make it; an older schema is brought up to date."""
        lock.check_held()
        settings = settings or Settings.resolve(lock.library)
        address = catalog_address(lock.library, settings)
        return cls(lock, WritableCatalog.create(address, check_lock=lock.check_held), settings)

    def make_spaces(self, backbone: Backbone, reference: Sequence[RGB] = ()) -> None:
        """Give a new library its spaces: those that draw on this backbone, colour, and details.

        `reference`: pictures that have nothing to do with any collection. They tell what unrelated pictures
        score with a backbone that Pictor has no figures of.
        """
        self._lock.check_held()
        space_maker.make_spaces(self.catalog, self.search_state.spaces, backbone, reference)
        self._renew_state()

    def add_parts(self) -> None:
        """Give a library that was made before there were parts a space for them.

        There is none where the backbone does not allow it. Images that it has already get their windows when
        they are described again.
        """
        self._lock.check_held()
        if space_maker.add_part_space(self.catalog, self.search_state.spaces):
            self._renew_state()

    def note_scaling(self) -> None:
        """Note the setting `scaling` as what pictures are described under, where that is still open.

        It is open as long as there are no pictures, and in libraries that were made before it was noted.
        """
        self._lock.check_held()
        spaces = self.search_state.spaces
        if spaces.scaling_policy != self.settings.scaling and not (
            spaces.scaling_policy and self.count_images()
        ):
            space_maker.note_scaling(self.catalog, spaces.live, self.settings.scaling)
            self._renew_state()

    def _renew_state(self) -> None:
        """Look again at what the catalog says of the spaces."""
        self.search_state = SearchState(self.catalog, self.path, self.settings)

    def restore_weights(self, weights: bytes) -> None:
        """Write weights that the library was made with again, where its copy is missing or damaged."""
        self._lock.check_held()
        space_maker.restore_weights(self.search_state.spaces.backbones, weights)

    def remember_catalog(self) -> None:
        """Put the catalog's address into the library's settings file, where it names none.

        Everyone who opens the library later finds it there; the rest of the file stays.
        """
        self._lock.check_held()
        path = self.path / FILE_NAME
        if not Settings.resolve(self.path, {}).catalog_url:
            present = path.read_text("utf-8") if path.exists() else ""
            line = f"catalog_url = {json.dumps(self.settings.catalog_url)}\n"
            write_file(self.path, FILE_NAME, (line + present).encode())

    def categorize_images(self) -> int:
        """Predict the categories of all images again from what is stored; how many have other ones now.

        No picture is read. Raises BackboneUnavailable where the classifier cannot be loaded.
        """
        self._lock.check_held()
        return categorizer.categorize_images(self.catalog, self.search_state.spaces)

    def publish(self, *, anew: bool = False) -> bool:
        """Bring the projections up to the newest change; `anew` builds them from the catalog alone.

        True when there was anything to do.
        """
        self._lock.check_held()
        is_new = publisher.publish_projections(
            self.catalog, self.projections, self.generations_folder, anew=anew
        )
        return views.publish_views(self, self.catalog, anew=anew) or is_new

    def tail_share(self) -> float:
        """Unpublished images as a share of the published ones."""
        return publisher.tail_share(self.catalog, self.projections, self.generations_folder)


@contextmanager
def write_library(
    path: Path | str, settings: Settings | None = None, *, on_busy: OnBusy = refuse_busy
) -> Iterator[LibraryWriter]:
    """The library at `path`, locked and open for writing until the block ends; it is made if there is none.

    Raises LibraryBusy when another process writes and `on_busy` raises it.
    """
    with WriterLock(Path(path), on_busy) as lock, LibraryWriter.create(lock, settings) as writer:
        yield writer
