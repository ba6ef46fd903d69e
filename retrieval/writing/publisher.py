"""Publishing: new generations of all projections, one transaction that points to them, then pruning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..catalog import Catalog, Projection, WritableCatalog
from ..errors import ProjectionDamaged
from ..projections import generations
from ..projections.snapshot import AnyProjection, pointer_of

LEAST_PUBLISHED = 4000  # images; searching a short tail costs less than publishing it again and again


def publish(
    catalog: WritableCatalog, projections: Sequence[AnyProjection], root: Path, *, anew: bool = False
) -> bool:
    """Bring every projection up to the newest change; True when there was anything to do.

    `anew` builds from the catalog alone and shares no file with older
    generations. A crash at any moment leaves the old generations live, or the new ones.
    """
    with catalog.reading() as reader:
        pointers, seq = reader.projections(), reader.last_seq()
        if not anew and _up_to_date(projections, pointers, seq):
            generations.prune(root, [each.generation for each in pointers])
            return False
        try:
            fresh = [
                each.write(reader, root, None if anew else _sound(each, pointers, root))
                for each in projections
            ]
        except BaseException:  # what is finished would only take up the space that is missing
            generations.prune(root, [each.generation for each in pointers])
            raise
    with catalog.writing() as writer:
        writer.point_to(fresh)
    generations.prune(root, [each.generation for each in fresh])
    return True


def tail_share(catalog: Catalog, projections: Sequence[AnyProjection]) -> float:
    """Unpublished images as a share of the published ones, or of LEAST_PUBLISHED where those are fewer.

    Every batch asks for it, so the tail is taken from the watermarks and not read: an image that changed
    twice counts twice.
    """
    with catalog.reading() as reader:
        pointers, total, seq = reader.projections(), reader.count_images(), reader.last_seq()
    published = [pointer_of(each, pointers) for each in projections]
    tail = max((seq - (each.seq if each else 0) for each in published), default=0)
    return tail / max(LEAST_PUBLISHED, total - tail)


def _up_to_date(projections: Sequence[AnyProjection], pointers: Sequence[Projection], seq: int) -> bool:
    live = [(each, pointer_of(each, pointers)) for each in projections]
    return all(
        pointer is not None and (pointer.seq, pointer.library_versions) == (seq, each.versions)
        for each, pointer in live
    )


def _sound(projection: AnyProjection, pointers: Sequence[Projection], root: Path) -> Projection | None:
    """The pointer to a generation worth sharing files with: one that verifies."""
    pointer = pointer_of(projection, pointers)
    try:
        if pointer is not None:
            generations.verified(root, pointer, projection.versions)
    except ProjectionDamaged:
        return None
    return pointer
