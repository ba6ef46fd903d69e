"""Whether a library is sound: its status, damaged projections, and where catalog and projections differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .catalog import Catalog, Projection, Space
from .errors import ProjectionDamaged
from .library import Library
from .projections import generations
from .projections.bridge import BridgeView
from .projections.publications import live_pointers
from .projections.search_files import SearchRecord, read_record
from .projections.snapshot import AnyProjection, find_pointer
from .search.questions import EVERYTHING
from .signals import MEANING


@dataclass(frozen=True, slots=True)
class Status:
    """What a library holds, and how its projections stand.

    `searches` says how the rows of a projection are searched, by the name of its generation.
    `meaning` says how texts find pictures without words, or why they do not. `remarks` are worth knowing
    about the catalog, and no damage.
    """

    path: str
    images: int
    newest: int
    locations: int
    missing: int
    problems: int
    spaces: tuple[Space, ...]
    projections: tuple[Projection, ...]
    last_seq: int
    damages: tuple[str, ...]
    meaning: str = ""
    remarks: tuple[str, ...] = ()
    searches: Mapping[str, SearchRecord] = field(default_factory=dict)

    @property
    def behind(self) -> int:
        """How many changes the projection that is furthest behind does not hold yet; all without any."""
        return self.last_seq - min((projection.seq for projection in self.projections), default=0)


def read_status(library: Library) -> Status:
    """What a library holds; damaged projections are named, not repaired.

    In a process that searches, each generation is verified once (see `Snapshots.find_damages`).
    """
    damages = tuple(str(damage) for damage in library.search_state.snapshots.find_damages())
    with library.catalog.reading() as reader:
        present, missing = reader.count_locations()
        pointers = live_pointers(reader, library.generations_folder)
        return Status(
            path=str(library.path),
            images=reader.count_images(),
            newest=reader.newest_image(),
            locations=present,
            missing=missing,
            problems=reader.count_problems(),
            spaces=tuple(reader.load_spaces()),
            projections=tuple(pointers),
            last_seq=reader.last_seq(),
            damages=damages,
            meaning="" if damages else _describe_meaning(library),
            remarks=library.catalog.remarks(),
            searches=_read_searches(library.generations_folder, pointers),
        )


def _read_searches(root: Path, pointers: Iterable[Projection]) -> dict[str, SearchRecord]:
    """How generations are searched; what cannot be read is told as a damage."""
    found = {}
    for pointer in pointers:
        with suppress(OSError, ValueError):
            if record := read_record(root / pointer.generation):
                found[pointer.generation] = record
    return found


def _describe_meaning(library: Library) -> str:
    text_tower = library.search_state.spaces.text_tower
    if text_tower is not None:
        return text_tower.unavailable_reason or "by the text tower of the backbone"
    view = library.snapshot().views.get(MEANING)
    if not isinstance(view, BridgeView):
        return "off: no subject"
    bridge, tower = view.bridge, view.tower
    by_captions = f"the caption bridge, {len(bridge.rows)} words"
    if tower is None:
        return f"off: {bridge.reason}" if bridge.reason else f"by {by_captions}"
    by_tower = f"by {tower.description}"
    if bridge.reason:
        return f"{by_tower}; without the caption bridge: {bridge.reason}"
    return f"{by_tower}, and {by_captions}, whose share is {bridge.share:.0%}"


def find_damages(library: Library) -> list[ProjectionDamaged]:
    """Every projection that cannot be trusted, with its reason; all of their files are read."""
    return find_damaged(library.catalog, library.projections, library.generations_folder)


def find_damaged(
    catalog: Catalog, projections: Sequence[AnyProjection], root: Path
) -> list[ProjectionDamaged]:
    """Every generation that cannot be trusted, with its reason; what is not published yet is sound.

    Every byte is read, also of what a search would only read where it needs it.
    """
    with catalog.reading() as reader:
        pointers = live_pointers(reader, root)
    damages: list[ProjectionDamaged] = []
    for projection in projections:
        try:
            if (pointer := find_pointer(projection, pointers)) is not None:
                generations.verify_generation(root, pointer, projection.versions, again=True)
            projection.load_generation(root, pointer)
        except ProjectionDamaged as error:
            damages.append(error)
    return damages


def find_mismatches(library: Library) -> dict[str, list[int]]:
    """Ids of images that only the catalog or only the vectors of a space hold, by space.

    There are some where the catalog was changed without an entry in its change log. Nothing is reported
    while another process writes. Raises ProjectionDamaged.
    """
    snapshot, mismatches = library.snapshot(), dict[str, list[int]]()
    with library.catalog.reading() as reader:
        if reader.last_seq() != snapshot.seq:
            return {}
        for space in library.search_state.spaces.vector_spaces:
            zeros = np.zeros(space.dimension, np.float32)
            indexed = snapshot.views[space.descriptor].search(zeros, limit=EVERYTHING, allowed=None).ids
            mismatches[space.descriptor] = np.setxor1d(indexed, reader.described_ids(space)).tolist()
    return {name: ids for name, ids in mismatches.items() if ids}


def find_strays(library: Library) -> list[Path]:
    """Files among the generations that belong to no live one."""
    with library.catalog.reading() as reader:
        live = [pointer.generation for pointer in live_pointers(reader, library.generations_folder)]
    return generations.find_strays(library.generations_folder, live)
