"""Compares files, catalog and projections; every finding names the command that repairs it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from retrieval import Library, display_path


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be: a code, a sentence, and what to run."""

    code: str
    text: str
    repair: str


def check(library: Library) -> Iterator[Finding]:
    """Every finding: damaged or stray projection files, unfinished features, missing or changed files."""
    for damage in library.damages():
        yield Finding(damage.code, str(damage), "pictor rebuild")
    for path in library.strays():
        yield Finding("stray-file", f"{path}: belongs to no live generation", "pictor rebuild")
    yield from _features(library)
    yield from _files(library)


def _features(library: Library) -> Iterator[Finding]:
    with library.catalog.reading() as reader:
        images = reader.count_images()
        for space in library.spaces:
            described = reader.count_features(space)
            if described != images:
                text = f"space {space.descriptor}: {described} of {images} images are described"
                yield Finding("undescribed", text, "pictor remove the images without it, then pictor index")


def _files(library: Library) -> Iterator[Finding]:
    with library.catalog.reading() as reader:
        places = reader.locations()
    for path, (image_id, place) in places.items():
        if place.missing_since is not None:
            continue
        shown, again = display_path(path), "pictor index its folder again"
        try:
            facts = os.stat(path, follow_symlinks=False)  # noqa: PTH116 - Path cannot hold bytes
        except OSError as error:
            yield Finding("file-missing", f"{shown}: {error.strerror} (image {image_id})", again)
            continue
        if (facts.st_size, facts.st_mtime_ns) != (place.size, place.mtime):
            yield Finding("file-changed", f"{shown}: changed since it was indexed (image {image_id})", again)
