"""Compares files, catalog and projections; every finding names the command that repairs it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval import Library, display_path

SHOWN = 5  # ids that a finding names
REMOVABLE = 1000  # images that a repair lists one by one
FROM_BACKUP = "pictor restore a backup into another folder"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be: a code, a sentence, and what to run."""

    code: str
    text: str
    repair: str


def check(library: Library) -> Iterator[Finding]:
    """Every finding: those of `check_catalog`, damaged or stray projections, missing or changed files."""
    yield from check_catalog(library)
    for damage in library.damages():
        yield Finding(damage.code, str(damage), "pictor rebuild")
    for path in library.strays():
        yield Finding("stray-file", f"{path}: belongs to no live generation", "pictor rebuild")
    yield from _files(library)


def check_catalog(library: Library) -> Iterator[Finding]:
    """What is wrong with the truth itself: the database, its features, and the weights that made them."""
    with library.catalog.reading() as reader:
        for fault in reader.faults():
            yield Finding("catalog-damaged", f"{library.catalog.place}: {fault}", FROM_BACKUP)
        if nowhere := reader.placeless():
            text = f"{len(nowhere)} images lie nowhere ({_some(nowhere)})"
            yield Finding("placeless", text, "pictor remove them")
    yield from _features(library)
    yield from _backbones(library)


def _features(library: Library) -> Iterator[Finding]:
    again = "pictor remove the images without it, then pictor index"
    with library.catalog.reading() as reader:
        images = reader.count_images()
        for space in library.spaces:
            described = reader.count_features(space)
            if described != images:
                text = f"space {space.descriptor}: {described} of {images} images are described"
                yield Finding("undescribed", text, again)
            if damaged := reader.damaged_features(space):
                text = f"space {space.descriptor}: {len(damaged)} features are no use ({_some(damaged)})"
                yield Finding("feature-damaged", text, _described_again(damaged))


def _described_again(ids: list[int]) -> str:
    if len(ids) > REMOVABLE:
        return FROM_BACKUP
    return f"pictor remove {' '.join(map(str, ids))}, then pictor index their folders"


def _some(ids: list[int]) -> str:
    more = ", …" if len(ids) > SHOWN else ""
    return f"images {', '.join(str(each) for each in ids[:SHOWN])}{more}"


def _backbones(library: Library) -> Iterator[Finding]:
    """Weights are named by their checksums."""
    needed = {digest for space in library.spaces for digest in _digests(space.configuration)}
    for digest in sorted(needed):
        path = library.path / "backbones" / f"{digest}.safetensors"
        if not path.is_file():
            yield Finding("backbone-damaged", f"{path}: not there", FROM_BACKUP)
        elif _sha256(path) != digest:
            yield Finding("backbone-damaged", f"{path}: its content is not what its name says", FROM_BACKUP)


def _digests(configuration: Mapping[str, Any]) -> Iterator[str]:
    for name, value in configuration.items():
        if name == "weights_sha256":
            yield value
        elif isinstance(value, Mapping):
            yield from _digests(value)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
