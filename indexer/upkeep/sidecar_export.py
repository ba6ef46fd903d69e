"""Writes what people said of images to XMP sidecars beside their pictures; pictures are never touched."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from retrieval import (
    EMPTY_XMP,
    Library,
    Statement,
    StorageFailed,
    display_path,
    merge_xmp_facts,
    write_file,
)

from ..run.paths import path_stem

ENDING = b".xmp"
IMAGES_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class SidecarExport:
    """Sidecars that were written, those that say it all already, and those that were refused, with reasons.

    `unplaced` images have no file to write beside: it is missing, or is one page of several.
    """

    written: tuple[str, ...] = ()
    unchanged: int = 0
    refused: tuple[tuple[str, str], ...] = ()
    unplaced: int = 0


def export_sidecars(
    library: Library, ids: Iterable[int] | None = None, *, dry_run: bool = False
) -> SidecarExport:
    """Write the statements about these images, or about all, into their sidecars.

    A sidecar of another program is merged: what it says besides stays byte for byte, and one that cannot be
    changed without loss is refused. Each is replaced in one step, and synced to the disk.
    """
    with library.catalog.reading() as reader:
        stems = Counter(path_stem(path) for path in reader.load_locations())
        spoken = reader.find_spoken_of()
    chosen = spoken if ids is None else sorted(set(ids) & set(spoken))
    written, refused, unchanged, unplaced = [], [], 0, 0
    for paths, said in _load_images(library, chosen):
        unplaced += not paths
        for path in (_find_sidecar(path, stems) for path in paths):
            try:
                is_written = _merge_sidecar(path, said, dry_run=dry_run)
            except (ValueError, OSError, StorageFailed) as error:
                refused.append((display_path(path), str(error)))
                continue
            written += [display_path(path)] if is_written else []
            unchanged += not is_written
    return SidecarExport(tuple(written), unchanged, tuple(refused), unplaced)


def _load_images(library: Library, ids: list[int]) -> Iterator[tuple[list[bytes], tuple[Statement, ...]]]:
    """Of each image: the files that hold it alone and are there, and what is said of it."""
    for start in range(0, len(ids), IMAGES_AT_A_TIME):
        chunk = ids[start : start + IMAGES_AT_A_TIME]
        with library.catalog.reading() as reader:
            said, paths = reader.load_statements(chunk), reader.present_paths(chunk)
            pages = reader.images_at([path for listed in paths.values() for path in listed])
        shared = {path for path, page in pages if page > 1}
        for image_id in chunk:
            own = [path for path in paths.get(image_id, []) if path not in shared and os.path.lexists(path)]
            yield own, said[image_id]


def _find_sidecar(picture: bytes, stems: Counter[bytes]) -> bytes:
    """NAME.jpg.xmp; but NAME.xmp where that is there, the other is not, and NAME.jpg alone is called so."""
    full, short = picture + ENDING, path_stem(picture) + ENDING
    is_short = not os.path.lexists(full) and os.path.lexists(short) and stems[path_stem(picture)] == 1
    return short if is_short else full


def _merge_sidecar(path: bytes, said: Iterable[Statement], *, dry_run: bool) -> bool:
    """Whether the sidecar has to change; it is written, unless `dry_run`."""
    file = Path(os.fsdecode(path))
    if file.is_symlink():
        raise ValueError("it is a link; Pictor writes no files elsewhere")
    before = file.read_bytes() if file.exists() else None
    facts = [(one.field, one.value) for one in said if one.is_so]
    rejected = [(one.field, one.value) for one in said if not one.is_so]
    after = merge_xmp_facts(before or EMPTY_XMP, facts, rejected)
    if after == (before or EMPTY_XMP):
        return False
    if not dry_run:
        write_file(file.parent, file.name, after)
    return True
