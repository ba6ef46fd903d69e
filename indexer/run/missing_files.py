"""Files that have been missing for long, and how they are forgotten."""

from __future__ import annotations

from datetime import timedelta

from retrieval import LibraryWriter


def forget_missing(library: LibraryWriter, days: float | None) -> int:
    """Forget the paths that have been missing for so many days, and images that have no other path.

    Returns the number of paths; when `days` is None, nothing is forgotten. Where a clock has jumped, a path
    that is missing since a time in the future counts as missing since now.
    """
    if days is None:
        return 0
    now = library.catalog.clock()
    latest = now - timedelta(days=days)
    with library.catalog.reading() as reader:
        paths = [
            path
            for path, (_, location) in reader.load_locations().items()
            if location.missing_since is not None and min(location.missing_since, now) <= latest
        ]
    if paths:
        with library.catalog.writing() as writer:
            writer.forget_locations(paths)
    return len(paths)
