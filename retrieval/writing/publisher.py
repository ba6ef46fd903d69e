"""Publishes projections: new generations, one transaction that points to them, then removal of old ones."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ..catalog import Catalog, Projection, WritableCatalog
from ..catalog.reader import Reader
from ..errors import ProjectionDamaged
from ..projections import generations
from ..projections.publications import announce_publication, live_pointers, read_names
from ..projections.snapshot import AnyProjection, find_pointer

MIN_PUBLISHED = 4000  # images; searching a short tail costs less than publishing often


def publish_projections(
    catalog: WritableCatalog,
    projections: Sequence[AnyProjection],
    root: Path,
    *,
    anew: bool = False,
    seen: Catalog | None = None,
) -> bool:
    """Bring every projection up to the newest change; True if there was anything to do.

    What they hold is read from `seen`, which may show less than the catalog, or else from the catalog.

    With `anew` generations are built from the catalog alone and share no file with older ones. After a crash
    at any moment either all old generations are live, or all new ones.
    """
    with (seen or catalog).reading() as reader:
        pointers, seq = live_pointers(reader, root), reader.last_seq()
        if not anew and _is_up_to_date(projections, pointers, seq):
            generations.prune_strays(root, [pointer.generation for pointer in pointers])
            return False
        try:
            fresh = [
                _write_projection(
                    projection, reader, root, None if anew else _shareable_pointer(projection, pointers, root)
                )
                for projection in projections
            ]
            replaced, name = read_names(root), announce_publication(reader, root)
        except BaseException:  # finished generations would only take up space, which may be what is missing
            generations.prune_strays(root, [pointer.generation for pointer in pointers])
            raise
    with catalog.writing() as writer:
        writer.delete_publications(replaced)
        writer.add_publication(name, fresh)
    generations.prune_strays(root, [pointer.generation for pointer in fresh])
    return True


def _write_projection(
    projection: AnyProjection, reader: Reader, root: Path, previous: Projection | None
) -> Projection:
    """A new generation; or the previous one, where no change since then concerns it."""
    if previous is not None and projection.features_only:
        changes = reader.changes_since(previous.seq)
        if all(change.said for change in changes):
            return replace(previous, seq=reader.last_seq())
    if previous is not None:
        with suppress(ProjectionDamaged):  # found while what it is extended from was read
            return projection.write_generation(reader, root, previous)
    return projection.write_generation(reader, root, None)


def tail_share(catalog: Catalog, projections: Sequence[AnyProjection], root: Path) -> float:
    """Unpublished images as a share of the published ones, or of LEAST_PUBLISHED if there are fewer.

    This is computed after every batch, so the tail is not read, only its length is computed from the
    watermarks: an image that changed twice counts twice.
    """
    with catalog.reading() as reader:
        pointers, total, seq = live_pointers(reader, root), reader.count_images(), reader.last_seq()
    published = [find_pointer(projection, pointers) for projection in projections]
    tail = max((seq - (pointer.seq if pointer else 0) for pointer in published), default=0)
    return tail / max(MIN_PUBLISHED, total - tail)


def _is_up_to_date(projections: Sequence[AnyProjection], pointers: Sequence[Projection], seq: int) -> bool:
    live = [(projection, find_pointer(projection, pointers)) for projection in projections]
    return all(
        pointer is not None and (pointer.seq, pointer.library_versions) == (seq, projection.versions)
        for projection, pointer in live
    )


def _shareable_pointer(
    projection: AnyProjection, pointers: Sequence[Projection], root: Path
) -> Projection | None:
    """The pointer to the live generation if it is undamaged, so that its files can be shared; or None."""
    pointer = find_pointer(projection, pointers)
    try:
        if pointer is not None:
            generations.verify_generation(root, pointer, projection.versions)
    except ProjectionDamaged:
        return None
    return pointer
