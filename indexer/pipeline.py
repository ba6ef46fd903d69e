"""One indexing run: folders to plan, plan to decoded batches, batches to the catalog, then projections."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from retrieval import Library, Location, Problem, display_path, limits_of

from . import plan, sources
from .captions import SOURCE, Captions, by_image
from .decode import Outcome, decode_all
from .report import OnEvent, Progress, Report
from .sources import Found
from .write import Written, write_batch

Places = Mapping[bytes, tuple[int, Location]]  # by path: image id and location


@dataclass(frozen=True, slots=True)
class _Run:
    """What a run starts from."""

    library: Library
    captions: Captions
    places: Places
    on_event: OnEvent


def index(library: Library, roots: Sequence[bytes], *, captions: Captions, on_event: OnEvent) -> Report:
    """Bring the library up to date with what lies below the roots; the caller holds the writer's lock.

    Killed at any moment, it loses at most the batch in flight, and running it again continues.
    Raises SourceUnreachable, before anything is written, when a root cannot be read.
    """
    started = time.monotonic()
    on_event(Progress("looking"))
    walked = sources.walk(roots)
    with library.catalog.reading() as reader:
        run = _Run(library, captions, reader.locations(), on_event)
    planned = plan.diff(walked.found, _known(run.places), roots=walked.roots, unseen=walked.unseen)
    written = list(_write_all(run, planned.to_read))
    captioned, unplaced = _write_facts(run, planned, walked)
    on_event(Progress("publishing"))
    library.publish()
    placed = [place for each in written for place in each.placed]
    copies, moved = _copies(run.places, planned, placed)
    return Report(
        files=len(walked.found),
        added=sum(each.added for each in written),
        copies=copies,
        moved=moved,
        changed=len(planned.changed),
        returned=len(planned.returned),
        unchanged=len(planned.unchanged),
        missing=len(planned.missing),
        captioned=captioned,
        captions_without_picture=unplaced,
        other_files=walked.others,
        symbolic_links=walked.links,
        seconds=time.monotonic() - started,
        problems=walked.problems + tuple(problem for each in written for problem in each.problems),
    )


def _known(places: Places) -> dict[bytes, plan.Known]:
    return {
        path: plan.Known(place.size, place.mtime, place.missing_since is not None)
        for path, (_, place) in places.items()
    }


def _write_all(run: _Run, files: Sequence[Found]) -> Iterator[Written]:
    """Read, describe and write the files in batches, publishing when the tail has grown long."""
    settings = run.library.settings
    with run.library.catalog.reading() as reader:
        known = reader.digests()
    outcomes = decode_all(
        files, is_known=known.__contains__, limits=limits_of(settings), threads=settings.decode_threads
    )
    done = problems = 0
    for batch in _batches(outcomes, settings.batch_size):
        written = write_batch(run.library, batch, run.captions)
        known |= written.ids.keys()
        done, problems = done + len(batch), problems + len(written.problems)
        run.on_event(Progress("describing", done, len(files), problems, _folder(batch[-1])))
        if run.library.tail_share() > settings.publish_share and done < len(files):
            run.library.publish()
        yield written


def _batches(outcomes: Iterable[Outcome], size: int) -> Iterator[list[Outcome]]:
    stream = iter(outcomes)
    while batch := list(islice(stream, size)):
        yield batch


def _folder(outcome: Outcome) -> str:
    path = outcome.path if isinstance(outcome, Problem) else outcome.found.path
    return display_path(os.path.dirname(path))  # noqa: PTH120 - Path cannot hold bytes


def _write_facts(run: _Run, planned: plan.Plan, walked: sources.Walk) -> tuple[int, int]:
    """What costs no reading: missing and returned files, problems that are gone, captions.

    Two counts: captions that name a picture of the library, and those that do not.
    """
    with run.library.catalog.writing() as writer:
        writer.mark_missing(planned.missing)
        for found in planned.returned:
            writer.mark_present(found.path)
        writer.forget_placeless()
        writer.forget_problems(_solved(writer.problems(), walked))
        for problem in walked.problems:
            writer.report(problem)
        places = writer.locations()
        captioned = [(path, places[path][0]) for path in sorted(run.captions) if path in places]
        for image_id, facts in by_image(run.captions, captioned).items():
            writer.annotate(image_id, SOURCE, facts)
    return len(captioned), len(run.captions) - len(captioned)


def _solved(problems: Iterable[Problem], walked: sources.Walk) -> list[bytes]:
    """Problems of places that were looked at, and where there is nothing to complain of any more."""
    present = {each.path for each in walked.found} | {each.path for each in walked.problems}
    return [
        each.path
        for each in problems
        if each.path not in present
        and plan.below(each.path, walked.roots)
        and not plan.below(each.path, walked.unseen)
    ]


def _copies(places: Places, planned: plan.Plan, placed: Sequence[tuple[bytes, int]]) -> tuple[int, int]:
    """New paths of contents that the library had, or met twice: copies, and those that were moved."""
    homes: dict[int, set[bytes]] = {}
    for path, (image_id, _) in places.items():
        homes.setdefault(image_id, set()).add(path)
    gone = set(planned.missing) | {path for path, (_, place) in places.items() if place.missing_since}
    seen, copies, moved = set(homes), 0, 0
    for path, image_id in placed:
        if image_id in seen and path not in places:
            was_moved = image_id in homes and homes[image_id] <= gone
            moved, copies = moved + was_moved, copies + (not was_moved)
        seen.add(image_id)
    return copies, moved
