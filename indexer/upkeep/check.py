"""Compares files, catalog and projections; every finding names the command that repairs it."""

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

SHOWN = 5  # ids that a finding's sentence names
MANY = 50  # images that one repair is about, so that it can be run as it stands
NAMED = 1000  # images whose files are named; of more, the folders that they lie in
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
    damages = find_damages(library)
    for damage in damages:
        yield Finding(damage.code, str(damage), "pictor rebuild")
    for descriptor, ids in {} if damages else find_mismatches(library).items():
        text = f"space {descriptor}: the catalog and the projection hold different images ({_some(ids)})"
        yield Finding("projection-differs", text, "pictor rebuild")
    for path in find_strays(library):
        yield Finding("stray-file", f"{path}: belongs to no live generation", "pictor rebuild")
    yield from _files(library)


def check_catalog(library: Library) -> Iterator[Finding]:
    """What is wrong with the truth itself: the database, its features, and the weights that made them."""
    with library.catalog.reading() as reader:
        for fault in reader.faults():
            yield Finding("catalog-damaged", f"{library.catalog.place}: {fault}", FROM_BACKUP)
        for nowhere in _parts(reader.placeless()):
            text = f"{len(nowhere)} images lie nowhere ({_some(nowhere)})"
            yield Finding("placeless", text, f"pictor remove {_in_line(nowhere)}")
    yield from _features(library)
    yield from _backbones(library)


def _features(library: Library) -> Iterator[Finding]:
    for space in library.spaces:
        with library.catalog.reading() as reader:
            lacking = reader.undescribed(space)
            damaged = reader.damaged_features(space)
        for some in _parts(lacking):
            text = f"space {space.descriptor}: {len(some)} images are not described ({_some(some)})"
            yield Finding("undescribed", text, _anew(library, some))
        for some in _parts(damaged):
            text = f"space {space.descriptor}: {len(some)} features are no use ({_some(some)})"
            yield Finding("feature-damaged", text, _anew(library, some))


def _anew(library: Library, ids: list[int]) -> str:
    """What describes these images again; one whose files are all gone can only come from a backup."""
    with library.catalog.reading() as reader:
        found = reader.images(ids)
    files = {
        each: [place.path for place in found[each].locations if place.missing_since is None]
        for each in ids
        if each in found
    }
    if not all(files.get(each) for each in ids):
        return FROM_BACKUP
    paths = [path for some in files.values() for path in some]
    if len(ids) > NAMED:  # never what is above them: files that nobody gave to the library may lie there
        paths = sorted({os.path.dirname(path) for path in paths})  # noqa: PTH120 - Path cannot hold bytes
    return f"pictor index --again {' '.join(map(_quoted, paths))}"


def _parts(ids: list[int]) -> Iterator[list[int]]:
    """As many together as one repair takes; more than NAMED in one."""
    size = MANY if len(ids) <= NAMED else len(ids)
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _in_line(ids: list[int]) -> str:
    return " ".join(str(each) for each in ids)


def _some(ids: list[int]) -> str:
    more = ", …" if len(ids) > SHOWN else ""
    return f"images {', '.join(str(each) for each in ids[:SHOWN])}{more}"


def _backbones(library: Library) -> Iterator[Finding]:
    """Weights are named by their checksums."""
    needed = {digest for space in library.spaces for digest in _digests(space.configuration)}
    for digest in sorted(needed):
        path = library.path / "backbones" / f"{digest}.safetensors"
        if not path.is_file():
            yield Finding("backbone-damaged", f"{path}: not there", _weights_again(digest))
        elif _sha256(path) != digest:
            text = f"{path}: its content is not what its name says"
            yield Finding("backbone-damaged", text, _weights_again(digest))


def _weights_again(digest: str) -> str:
    if _sha256(BACKBONE) == digest:
        return f"pictor index FOLDER --weights {_quoted(os.fsencode(BACKBONE))}"
    return f"pictor index FOLDER --weights FILE, the one that it was made with; or {FROM_BACKUP}"


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
        shown = display_path(path)
        try:
            facts = os.stat(path, follow_symlinks=False)  # noqa: PTH116 - Path cannot hold bytes
        except OSError as error:
            yield Finding("file-missing", f"{shown}: {error.strerror} (image {image_id})", _gone(path))
            continue
        if (facts.st_size, facts.st_mtime_ns) != (place.size, place.mtime):
            text = f"{shown}: changed since it was indexed (image {image_id})"
            yield Finding("file-changed", text, f"pictor index {_quoted(path)}")


def _gone(path: bytes) -> str:
    """What marks a file as missing: only a walk that would have found it does."""
    folder, name = os.path.split(path)
    if not _holds_anything(folder):
        return f"mount its drive, or pictor remove {_quoted(folder)}"
    if name.startswith(b".") or not name.lower().endswith(ENDINGS):
        return f"pictor remove {_quoted(path)}"
    return f"pictor index {_quoted(folder)}"


def _holds_anything(folder: bytes) -> bool:
    try:
        with os.scandir(folder) as listing:
            return any(True for _ in listing)
    except OSError:
        return False


def _quoted(path: bytes) -> str:
    """A path as shells take it; what cannot be shown is in bash's $'…'."""
    if display_path(path).encode() == path:
        return shlex.quote(path.decode())
    plain = (chr(each) if 32 <= each < 127 and each not in b"'\\" else f"\\x{each:02x}" for each in path)
    return f"$'{''.join(plain)}'"
