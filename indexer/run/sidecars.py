"""Files beside pictures that say something about them: which changed since they were read, and the words.

NAME.txt, NAME.json and NAME.xmp belong to every picture called NAME in the same folder, and so do files that
are called after the whole name, as NAME.jpg.txt, or as Google's Takeout calls them (`sidecar_names`).
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

from .paths import path_stem
from .plan import Plan
from .sidecar_names import sidecar_stems
from .sources import ENDINGS, FoundFile, Walk
from .stop_signals import Shield

BATCH = 500  # images whose words are acknowledged together
LARGEST = 1 << 20  # bytes of any sidecar
BAD = "bad-sidecar"  # the code of one that cannot be used

Pair: TypeAlias = tuple[bytes, int]  # a sidecar's path, and the image that it is about


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done for one image: sidecars to read, and paths of those that are gone."""

    image_id: int
    read: tuple[FoundFile, ...]
    gone: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Followed:
    """How many files beside pictures are new or changed, and so read, how many gone; what cannot be used."""

    read: int = 0
    gone: int = 0
    problems: tuple[Problem, ...] = ()


def follow(library: LibraryWriter, walked: Walk, shield: Shield = nullcontext) -> Followed:
    """Bring what the library says by sidecars up to date with the walk, a number of images at a time.

    One whose size and modification time are as they were is not opened. What is bad says nothing, and is
    tried again in the next run. Nothing is taken from a picture that is missing: it may come back.
    Each part is read and acknowledged within a `shield`.
    """
    with library.catalog.reading() as reader:
        known = reader.sidecars()
        if not (known or walked.sidecars):
            return Followed()
        places, troubled = reader.locations(), {each.path for each in reader.problems()}
    changes = diff(walked, known, places)
    problems: dict[bytes, Problem] = {}
    for start in range(0, len(changes), BATCH):
        with shield():
            problems |= _write(library, changes[start : start + BATCH], troubled)
    return replace(_counted(changes), problems=tuple(problems.values()))


def expected(library: Library | None, walked: Walk, planned: Plan) -> Followed:
    """What `follow` would do after a run by this plan; no sidecar is opened, so none is known to be bad."""
    if library is None:
        known, places = {}, {}
    else:
        with library.catalog.reading() as reader:
            known = reader.sidecars()
            places = reader.locations() if known or walked.sidecars else {}
    now = datetime.now(UTC).replace(tzinfo=None)
    for path in planned.missing:
        if path in places:
            places[path] = (places[path][0], replace(places[path][1], missing_since=now))
    fresh = planned.new + planned.changed
    for number, found in enumerate(fresh, 1):  # another image, by a number that none has yet
        places[found.path] = (-number, Location(found.path, found.mtime, found.size))
    return _counted(diff(walked, known, places))


def _counted(changes: Iterable[Change]) -> Followed:
    read: set[bytes] = set()
    gone: set[bytes] = set()
    for change in changes:
        read.update(found.path for found in change.read)
        gone.update(change.gone)
    return Followed(len(read), len(gone - read))


def diff(
    walked: Walk, known: Mapping[Pair, tuple[int, int]], places: Mapping[bytes, tuple[int, Location]]
) -> list[Change]:
    """Compare what lies beside pictures with what was read; by image, in the order of their ids.

    `known`: size and modification time by sidecar and image. Only sidecars of places that the walk covers
    can be gone.
    """
    there = {(each.path, image): each for each, image in _pairs(walked.sidecars, places)}
    missing = ((path, image) for path, (image, place) in places.items() if place.missing_since)
    away = _named(missing, {path_stem(path) for path, _ in known.keys() - there.keys()})
    read: dict[int, list[FoundFile]] = {}
    gone: dict[int, list[bytes]] = {}
    for (path, image), found in there.items():
        if known.get((path, image)) != (found.size, found.mtime):
            read.setdefault(image, []).append(found)
    for path, image in sorted(known.keys() - there.keys()):
        if walked.is_covered(path) and image not in away.get(path_stem(path), ()):
            gone.setdefault(image, []).append(path)
    return [
        Change(image, tuple(read.get(image, ())), tuple(gone.get(image, ())))
        for image in sorted(read.keys() | gone.keys())
    ]


def _pairs(
    sidecars: Iterable[FoundFile], places: Mapping[bytes, tuple[int, Location]]
) -> Iterator[tuple[FoundFile, int]]:
    """Each sidecar with every image that has a place beside it."""
    abouts = [(found, path_stem(found.path)) for found in sidecars]
    here = ((path, image) for path, (image, _) in places.items())
    images = _named(here, {name for _, name in abouts})
    for found, name in abouts:
        for image in sorted(images.get(name, ())):
            yield found, image


def _named(places: Iterable[Pair], wanted: set[bytes]) -> dict[bytes, set[int]]:
    """Images by the wanted names: what a sidecar of theirs is called without its ending."""
    images: dict[bytes, set[int]] = {}
    for path, image in places if wanted else ():
        for name in wanted.intersection(sidecar_stems(path)):
            images.setdefault(name, set()).add(image)
    return images


def _write(library: LibraryWriter, changes: Sequence[Change], troubled: set[bytes]) -> dict[bytes, Problem]:
    """Read what the changes name and acknowledge it; the problems by path."""
    files = {found.path: found for change in changes for found in change.read}
    told = {path: _read(found) for path, found in files.items()}
    problems = {path: each for path, each in told.items() if isinstance(each, Problem)}
    with library.catalog.writing() as writer:
        for change in changes:
            facts = [told[found.path] for found in change.read]
            good = [each for each in facts if isinstance(each, Sidecar)]
            bad = [each.path for each in facts if isinstance(each, Problem)]
            writer.annotate_beside(change.image_id, SIDECAR_SOURCE, good, [*change.gone, *bad])
        writer.forget_problems(troubled & (files.keys() - problems.keys()))
        for problem in problems.values():
            writer.report(problem)
    return problems


def _read(found: FoundFile) -> Sidecar | Problem:
    try:
        said = _said(found)
    except UnreadableImage as error:
        return Problem(found.path, BAD, error.reason)
    except ValueError as error:
        return Problem(found.path, BAD, f"{error}; its picture is indexed without it")
    return Sidecar(found.path, found.size, found.mtime, said)


def _said(found: FoundFile) -> tuple[tuple[str, str], ...]:
    """Fields and values, but for a title that is the name of a file, as exports of photo services have it."""
    if found.size > LARGEST:
        raise ValueError(f"{found.size} bytes; the limit is {LARGEST}")
    ending = found.path.rpartition(b".")[2].decode("ascii").lower()
    data = read_file(found.path, Limits(max_bytes=LARGEST)) if found.size else b""
    said = read_sidecar(data, ending).facts_from(SIDECAR_SOURCE)
    return tuple(pair for pair in said if not (pair[0] == "title" and _is_name(pair[1])))


def _is_name(title: str) -> bool:
    return title.lower().encode().endswith(ENDINGS)
