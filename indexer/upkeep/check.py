"""Compares files, catalog and projections; each finding names the command that repairs it."""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data import BACKBONE
from retrieval import Library, display_path, find_damages, find_mismatches, find_strays

from ..run.sources import ENDINGS

MAX_SHOWN_IDS = 5  # ids that the sentence of a finding names
REPAIR_SIZE = 50  # images in one repair, so that its command line is short enough to run
MAX_NAMED = 1000  # images whose files a repair names; with more images it names their folders
FROM_BACKUP = "pictor restore a backup into another folder"


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault: a code, a sentence about it, and the command that repairs it."""

    code: str
    text: str
    repair: str


def check_library(library: Library) -> Iterator[Finding]:
    """All findings: those of `check_catalog`, damaged or stray projections, missing or changed files."""
    yield from check_catalog(library)
    damages = find_damages(library)
    for damage in damages:
        yield Finding(damage.code, str(damage), "pictor rebuild")
    for descriptor, ids in {} if damages else find_mismatches(library).items():
        text = f"space {descriptor}: the catalog and the projection hold different images ({_name_some(ids)})"
        yield Finding("projection-differs", text, "pictor rebuild")
    for path in find_strays(library):
        yield Finding("stray-file", f"{path}: belongs to no live generation", "pictor rebuild")
    yield from _check_files(library)


def check_catalog(library: Library) -> Iterator[Finding]:
    """Faults of the catalog itself: the database, its features, and the weights that made them."""
    with library.catalog.reading() as reader:
        for fault in reader.find_faults():
            yield Finding("catalog-damaged", f"{library.catalog.address}: {fault}", FROM_BACKUP)
        for unlocated in _repair_batches(reader.find_unlocated()):
            text = f"{len(unlocated)} images have no location ({_name_some(unlocated)})"
            yield Finding("placeless", text, f"pictor remove {_join_ids(unlocated)}")
    yield from _check_features(library)
    yield from _check_backbones(library)


def _check_features(library: Library) -> Iterator[Finding]:
    for space in library.spaces:
        with library.catalog.reading() as reader:
            undescribed = reader.find_undescribed(space)
            damaged = reader.find_damaged_features(space)
        for ids in _repair_batches(undescribed):
            text = f"space {space.descriptor}: {len(ids)} images are not described ({_name_some(ids)})"
            yield Finding("undescribed", text, _describe_again_repair(library, ids))
        for ids in _repair_batches(damaged):
            text = f"space {space.descriptor}: {len(ids)} features are damaged ({_name_some(ids)})"
            yield Finding("feature-damaged", text, _describe_again_repair(library, ids))


def _describe_again_repair(library: Library, ids: list[int]) -> str:
    """The command that describes these images again; a backup if all files of one image are gone."""
    with library.catalog.reading() as reader:
        images = reader.load_images(ids)
    files = {
        image_id: [location.path for location in image.locations if location.missing_since is None]
        for image_id, image in images.items()
    }
    if not all(files.get(image_id) for image_id in ids):
        return FROM_BACKUP
    paths = [path for paths_of_image in files.values() for path in paths_of_image]
    if (
        len(ids) > MAX_NAMED
    ):  # never the folders above: they may hold files that are not meant for the library
        paths = sorted({os.path.dirname(path) for path in paths})  # noqa: PTH120 - Path cannot hold bytes
    return f"pictor index --again {' '.join(map(_quote_path, paths))}"


def _repair_batches(ids: list[int]) -> Iterator[list[int]]:
    """The ids of one repair each: REPAIR_SIZE ids, or all of them if there are more than MAX_NAMED."""
    size = REPAIR_SIZE if len(ids) <= MAX_NAMED else len(ids)
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _join_ids(ids: list[int]) -> str:
    return " ".join(str(image_id) for image_id in ids)


def _name_some(ids: list[int]) -> str:
    more = ", …" if len(ids) > MAX_SHOWN_IDS else ""
    return f"images {', '.join(str(image_id) for image_id in ids[:MAX_SHOWN_IDS])}{more}"


def _check_backbones(library: Library) -> Iterator[Finding]:
    """Compare the weights with their checksums, which are their names."""
    needed = {digest for space in library.spaces for digest in _weights_digests(space.configuration)}
    for digest in sorted(needed):
        path = library.path / "backbones" / f"{digest}.safetensors"
        if not path.is_file():
            yield Finding("backbone-damaged", f"{path}: not there", _weights_repair(digest))
        elif _file_sha256(path) != digest:
            text = f"{path}: its content does not match the checksum in its name"
            yield Finding("backbone-damaged", text, _weights_repair(digest))


def _weights_repair(digest: str) -> str:
    if _file_sha256(BACKBONE) == digest:
        return f"pictor index FOLDER --weights {_quote_path(os.fsencode(BACKBONE))}"
    own_weights = "where FILE is the one that the library was made with"
    return f"pictor index FOLDER --weights FILE, {own_weights}; or {FROM_BACKUP}"


def _weights_digests(configuration: Mapping[str, Any]) -> Iterator[str]:
    for name, value in configuration.items():
        if name == "weights_sha256":
            yield value
        elif isinstance(value, Mapping):
            yield from _weights_digests(value)


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_files(library: Library) -> Iterator[Finding]:
    with library.catalog.reading() as reader:
        locations = reader.load_locations()
    for path, (image_id, location) in locations.items():
        if location.missing_since is not None:
            continue
        shown = display_path(path)
        try:
            facts = os.stat(path, follow_symlinks=False)  # noqa: PTH116 - Path cannot hold bytes
        except OSError as error:
            yield Finding(
                "file-missing", f"{shown}: {error.strerror} (image {image_id})", _missing_repair(path)
            )
            continue
        if (facts.st_size, facts.st_mtime_ns) != (location.size, location.mtime):
            text = f"{shown}: changed since it was indexed (image {image_id})"
            yield Finding("file-changed", text, f"pictor index {_quote_path(path)}")


def _missing_repair(path: bytes) -> str:
    """The command that marks a file as missing: an index run that would have found the file."""
    folder, name = os.path.split(path)
    if not _has_entries(folder):
        return f"mount its drive, or pictor remove {_quote_path(_topmost_gone(folder))}"
    if name.startswith(b".") or not name.lower().endswith(ENDINGS):
        return f"pictor remove {_quote_path(path)}"
    return f"pictor index {_quote_path(folder)}"


def _topmost_gone(folder: bytes) -> bytes:
    """The highest folder above with nothing in it, so that one repair stands for all that was below it."""
    while not _has_entries(parent := os.path.dirname(folder)):  # noqa: PTH120 - Path cannot hold bytes
        folder = parent
    return folder


def _has_entries(folder: bytes) -> bool:
    try:
        with os.scandir(folder) as listing:
            return any(True for _ in listing)
    except OSError:
        return False


def _quote_path(path: bytes) -> str:
    """A path quoted for the shell; bytes that cannot be displayed are escaped in bash's $'…'."""
    if display_path(path).encode() == path:
        return shlex.quote(path.decode())
    escaped = (chr(byte) if 32 <= byte < 127 and byte not in b"'\\" else f"\\x{byte:02x}" for byte in path)
    return f"$'{''.join(escaped)}'"
