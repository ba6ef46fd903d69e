"""The projections of restricted libraries, published with those of the whole, for all that somebody sees."""

from __future__ import annotations

from collections.abc import Collection

from ..catalog import Restriction, WritableCatalog
from ..durable import remove_path
from ..library import Library, view_name
from ..projections.publications import UNNAMED, read_names
from .publisher import publish_projections


def publish_views(library: Library, catalog: WritableCatalog, *, anew: bool) -> bool:
    """Bring the projections of every restricted library up to date, and forget those that nobody sees any
    more; True if any was published.
    """
    with catalog.reading() as reader:
        restrictions = reader.load_restrictions()
    _forget_views(library, catalog, {view_name(restriction) for restriction in restrictions})
    published = [_publish_view(library, catalog, restriction, anew) for restriction in restrictions]
    return any(published)


def _publish_view(library: Library, catalog: WritableCatalog, restriction: Restriction, anew: bool) -> bool:
    with library.restrict(restriction) as view:
        folder = view.generations_folder
        return publish_projections(catalog, view.projections, folder, anew=anew, seen=view.catalog)


def _forget_views(library: Library, catalog: WritableCatalog, kept: Collection[str]) -> None:
    folder = library.views_folder
    for view in sorted(folder.iterdir()) if folder.is_dir() else ():
        if view.name not in kept:
            names = set(read_names(view / library.generations_folder.name)) - set(UNNAMED)
            with catalog.writing() as writer:
                writer.delete_publications(names)
            remove_path(view)
