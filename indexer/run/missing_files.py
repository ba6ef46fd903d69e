"""Files that have been missing for long, and how they are forgotten."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from retrieval import Library, LibraryWriter


def find_missing(library: Library, days: float, now: datetime) -> list[bytes]:
    """The paths that have been missing for so many days at this time, in order.

    Where a clock has jumped, a path that is missing since a time in the future counts as missing since now.
    """
    latest = now - timedelta(days=days)
    with library.catalog.reading() as reader:
        return sorted(
            path
            for path, (_, location) in reader.load_locations().items()
            if location.missing_since is not None and min(location.missing_since, now) <= latest
        )


def count_unlocated(library: Library, paths: Collection[bytes]) -> int:
    """How many images lie nowhere but at these paths, and would be forgotten with them."""
    forgotten = frozenset(paths)
    with library.catalog.reading() as reader:
        locations = reader.load_locations()
    kept = {image for path, (image, _) in locations.items() if path not in forgotten}
    return len({locations[path][0] for path in forgotten} - kept)


def forget_missing(library: LibraryWriter, days: float | None) -> int:
    """Forget the paths that have been missing for so many days, and images that have no other path.

    Returns the number of paths; when `days` is None, nothing is forgotten.
    """
    if days is None:
        return 0
    paths = find_missing(library, days, library.catalog.clock())
    if paths:
        with library.catalog.writing() as writer:
            writer.forget_locations(paths)
    return len(paths)
