"""Sidecars: files beside pictures that say something about them. Which have changed, and what they say.

NAME.txt, NAME.json and NAME.xmp belong to every picture called NAME in the same folder. So do files with the
picture's own ending in their name, such as NAME.jpg.txt, and those of Google's Takeout (see `sidecar_names`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeAlias

from retrieval import (
    SIDECAR_SOURCE,
    Library,
    LibraryWriter,
    Limits,
    Location,
    Problem,
    Sidecar,
    UnreadableImage,
    read_file,
    read_sidecar,
)

from .plan import Plan
from .sidecar_names import is_beside, sidecar_stem, sidecar_stems
from .sources import ENDINGS, FoundFile, Walk
from .stop_signals import Shield
from .totals import Locations

IMAGES_PER_BATCH = 500  # whose annotations are written in one transaction
MAX_SIDECAR_BYTES = 1 << 20
BAD_SIDECAR = "bad-sidecar"  # the code of a sidecar that cannot be used

SidecarKey: TypeAlias = tuple[bytes, int]  # the path of a sidecar, and the id of the image that it is about


@dataclass(frozen=True, slots=True)
class SidecarChange:
    """What is to be done for one image: sidecars to read, and paths of sidecars that are gone."""

    image_id: int
    to_read: tuple[FoundFile, ...]
    gone: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class SidecarCounts:
    """How many sidecars were read, being new or changed; how many are gone; and those that cannot be used."""

    read: int = 0
    gone: int = 0
    problems: tuple[Problem, ...] = ()


def update_sidecars(library: LibraryWriter, walk: Walk, shield: Shield = nullcontext) -> SidecarCounts:
    """Bring the annotations from sidecars up to date with the walk, a number of images at a time.

    A sidecar with the same size and modification time as before is not opened. One that cannot be used says
    nothing, and the next run tries it again. A missing picture keeps its annotations, as it may come back.
    Each batch is read and written within a `shield`.
    """
    with library.catalog.reading() as reader:
        stamps = reader.sidecar_stamps()
        if not (stamps or walk.sidecars):
            return SidecarCounts()
        locations = reader.load_locations()
        problem_paths = {problem.path for problem in reader.load_problems()}
    changes = compare_sidecars(walk, stamps, locations)
    problems: dict[bytes, Problem] = {}
    for start in range(0, len(changes), IMAGES_PER_BATCH):
        with shield():
            problems |= _write_changes(library, changes[start : start + IMAGES_PER_BATCH], problem_paths)
    return replace(_count_changes(changes), problems=tuple(problems.values()))


def preview_sidecars(library: Library | None, walk: Walk, plan: Plan) -> SidecarCounts:
    """What `update_sidecars` would do after a run by this plan; it opens no sidecar, so none is a problem."""
    if library is None:
        stamps, locations = {}, {}
    else:
        with library.catalog.reading() as reader:
            stamps = reader.sidecar_stamps()
            locations = reader.load_locations() if stamps or walk.sidecars else {}
    now = datetime.now(UTC).replace(tzinfo=None)
    for path in plan.missing:
        if path in locations:
            locations[path] = (locations[path][0], replace(locations[path][1], missing_since=now))
    for number, file in enumerate(plan.new + plan.changed, 1):  # a new image, with an id that no other has
        locations[file.path] = (-number, Location(file.path, file.mtime, file.size))
    return _count_changes(compare_sidecars(walk, stamps, locations))


def _count_changes(changes: Iterable[SidecarChange]) -> SidecarCounts:
    read: set[bytes] = set()
    gone: set[bytes] = set()
    for change in changes:
        read.update(file.path for file in change.to_read)
        gone.update(change.gone)
    return SidecarCounts(len(read), len(gone - read))


def compare_sidecars(
    walk: Walk, stamps: Mapping[SidecarKey, tuple[int, int]], locations: Locations
) -> list[SidecarChange]:
    """Compare the sidecars of the walk with those that were read before; by image, in the order of ids.

    `stamps`: size and modification time of those that were read. A sidecar is gone if the walk looked where
    it was, or if its picture is not beside it any more: then it lies elsewhere, or has moved.
    """
    present = {(file.path, image_id): file for file, image_id in _pair_with_images(walk.sidecars, locations)}
    lost = stamps.keys() - present.keys()
    places = _locations_of_images({image_id for _, image_id in lost}, locations)
    to_read: dict[int, list[FoundFile]] = {}
    gone: dict[int, list[bytes]] = {}
    for (path, image_id), file in present.items():
        if stamps.get((path, image_id)) != (file.size, file.mtime):
            to_read.setdefault(image_id, []).append(file)
    for path, image_id in sorted(lost):
        stem = sidecar_stem(path)
        beside = [place for place in places.get(image_id, ()) if is_beside(stem, place.path)]
        if not beside or (walk.is_covered(path) and not any(place.missing_since for place in beside)):
            gone.setdefault(image_id, []).append(path)
    return [
        SidecarChange(image_id, tuple(to_read.get(image_id, ())), tuple(gone.get(image_id, ())))
        for image_id in sorted(to_read.keys() | gone.keys())
    ]


def _locations_of_images(image_ids: set[int], locations: Locations) -> dict[int, list[Location]]:
    places: dict[int, list[Location]] = {}
    for image_id, location in locations.values() if image_ids else ():
        if image_id in image_ids:
            places.setdefault(image_id, []).append(location)
    return places


def _pair_with_images(sidecars: Iterable[FoundFile], locations: Locations) -> Iterator[tuple[FoundFile, int]]:
    """Each sidecar with every image that it belongs to."""
    stems = [(sidecar, sidecar_stem(sidecar.path)) for sidecar in sidecars]
    image_paths = ((path, image_id) for path, (image_id, _) in locations.items())
    images = _images_by_stem(image_paths, {stem for _, stem in stems})
    for sidecar, stem in stems:
        for image_id in sorted(images.get(stem, ())):
            yield sidecar, image_id


def _images_by_stem(image_paths: Iterable[tuple[bytes, int]], stems: set[bytes]) -> dict[bytes, set[int]]:
    """The ids of images by the path of a sidecar of theirs without its ending; for these `stems` only."""
    images: dict[bytes, set[int]] = {}
    for path, image_id in image_paths if stems else ():
        for stem in stems.intersection(sidecar_stems(path)):
            images.setdefault(stem, set()).add(image_id)
    return images


def _write_changes(
    library: LibraryWriter, changes: Sequence[SidecarChange], problem_paths: set[bytes]
) -> dict[bytes, Problem]:
    """Read the sidecars of these changes and write what they say; the problems by path."""
    files = {file.path: file for change in changes for file in change.to_read}
    outcomes = {path: _read_sidecar(file) for path, file in files.items()}
    problems = {path: outcome for path, outcome in outcomes.items() if isinstance(outcome, Problem)}
    with library.catalog.writing() as writer:
        for change in changes:
            read = [outcomes[file.path] for file in change.to_read]
            usable = [outcome for outcome in read if isinstance(outcome, Sidecar)]
            unusable = [outcome.path for outcome in read if isinstance(outcome, Problem)]
            writer.replace_sidecars(change.image_id, SIDECAR_SOURCE, usable, [*change.gone, *unusable])
        writer.forget_problems(problem_paths & (files.keys() - problems.keys()))
        for problem in problems.values():
            writer.report_problem(problem)
    return problems


def _read_sidecar(file: FoundFile) -> Sidecar | Problem:
    try:
        facts = _parse_sidecar(file)
    except UnreadableImage as error:
        return Problem(file.path, BAD_SIDECAR, error.reason)
    except ValueError as error:
        return Problem(file.path, BAD_SIDECAR, f"{error}; its picture is indexed without it")
    return Sidecar(file.path, file.size, file.mtime, facts)


def _parse_sidecar(file: FoundFile) -> tuple[tuple[str, str], ...]:
    """Fields and values; without a title that is only the name of a file, as photo services export it."""
    if file.size > MAX_SIDECAR_BYTES:
        raise ValueError(f"{file.size} bytes; the limit is {MAX_SIDECAR_BYTES}")
    ending = file.path.rpartition(b".")[2].decode("ascii").lower()
    data = read_file(file.path, Limits(max_bytes=MAX_SIDECAR_BYTES)) if file.size else b""
    facts = read_sidecar(data, ending).facts_from(SIDECAR_SOURCE)
    return tuple(fact for fact in facts if not (fact[0] == "title" and _is_file_name(fact[1])))


def _is_file_name(title: str) -> bool:
    return title.lower().encode().endswith(ENDINGS)
