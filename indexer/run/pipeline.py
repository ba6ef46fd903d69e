"""One indexing run: from folders to a plan, from the plan to written batches, then to the projections."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace

from retrieval import Library, LibraryNotFound, LibraryWriter, display_path, path_bytes

from ..errors import SourceUnreachable
from .batches import RunContext, has_long_tail, write_batches
from .captions import Captions
from .missing_files import forget_missing
from .noting import note_progress
from .paths import is_below
from .patterns import EVERYTHING, Choice
from .plan import Plan, Stamp, make_plan
from .report import Done, OnEvent, Planned, ProblemMet, Published, Publishing, Report, Started
from .retrying import retry_after_loss
from .sidecars import SidecarCounts, preview_sidecars, update_sidecars
from .sources import Walk, find_files, walk_folders
from .stop_signals import Shield
from .totals import BatchTotals, EarlierLocations, sum_batches
from .write import write_walk


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would find and do."""

    walk: Walk
    plan: Plan
    sidecars: SidecarCounts


def index(
    library: LibraryWriter,
    roots: Sequence[bytes],
    *,
    captions: Captions,
    on_event: OnEvent,
    choice: Choice = EVERYTHING,
    compares: bool = False,
    anew: bool = False,
    unsettled: Iterable[bytes] = (),
    shield: Shield = nullcontext,
    publishes: bool = True,
) -> Report:
    """Bring the library up to date with what lies below the roots; `library` holds the writer's lock.

    Other processes see how far it is, and may ask it to stop (`read_run`, `ask_to_stop`).
    If the process is killed, the batch in progress is lost at most, and the next run continues. Each batch is
    written and reported within a `shield`.
    `compares`: every file is read, and it has changed if its content has, whatever its size and time say.
    `anew`: every file is read and its picture described again; what people and sidecars say about it is kept.
    `unsettled` files and folders are left for another run.
    Without `publishes` the projections follow only when the tail is long (setting publish_share); searches
    find what was added in any case.
    Raises SourceUnreachable, before anything is written, when a root cannot be read or is suddenly empty.
    """
    with note_progress(library.path, on_event) as on_noted_event:
        on_noted_event(Started(tuple(roots)))
        started = time.monotonic()
        with _garbage_collection_paused():
            walk = walk_folders(roots, choice, path_bytes(library.path)).without_paths(unsettled)
        run = RunContext(library, captions, on_noted_event, shield, anew)
        return _run_steps(run, walk, started, compares=compares, publishes=publishes)


def reindex_files(
    library: LibraryWriter,
    paths: Sequence[bytes],
    *,
    captions: Captions,
    on_event: OnEvent,
    shield: Shield = nullcontext,
) -> Report:
    """The same for single files, changed or not; a file that is not there does not become missing."""
    with note_progress(library.path, on_event) as on_noted_event:
        on_noted_event(Started(tuple(paths)))
        run = RunContext(library, captions, on_noted_event, shield)
        return _run_steps(run, find_files(paths), time.monotonic(), compares=True)


def preview_index(
    path: str | os.PathLike[str],
    roots: Sequence[bytes],
    choice: Choice = EVERYTHING,
    *,
    compares: bool = False,
    anew: bool = False,
) -> Preview:
    """What `index` would find and do; nothing is written, and there need not be a library at `path` yet."""
    with _garbage_collection_paused(), _open_if_present(path) as library:
        walk = walk_folders(roots, choice, path_bytes(path))
        plan = _plan_walk(walk, _read_stamps(library), compares=compares, anew=anew)
        return Preview(walk, plan, preview_sidecars(library, walk, plan))


@contextmanager
def _open_if_present(path: str | os.PathLike[str]) -> Iterator[Library | None]:
    try:
        library = Library.open(os.fspath(path))
    except LibraryNotFound:
        yield None
        return
    with library:
        yield library


def _read_stamps(library: Library | None) -> Mapping[bytes, Stamp]:
    if library is None:
        return {}
    with library.catalog.reading() as reader:
        return reader.file_stamps()


def _run_steps(
    run: RunContext, walk: Walk, started: float, *, compares: bool = False, publishes: bool = True
) -> Report:
    library, on_event = run.library, run.on_event
    with _garbage_collection_paused(), library.catalog.reading() as reader:
        plan = _plan_walk(walk, reader.file_stamps(), compares=compares, anew=run.anew)
        locations = reader.load_locations() if plan.to_read else {}
        known = frozenset((problem.path, problem.code) for problem in reader.load_problems())
    on_event(Planned(plan))
    for problem in walk.problems:
        on_event(ProblemMet(problem))
    retry_after_loss(lambda: _note_roots(library, walk))
    batches = write_batches(run, plan.to_read, walk.is_expected)
    totals = sum_batches(batches, EarlierLocations.from_plan(locations, plan))
    captions = retry_after_loss(lambda: write_walk(library, run.captions, walk, plan))
    sidecars = retry_after_loss(lambda: update_sidecars(library, walk, run.shield))
    for problem in sidecars.problems:
        on_event(ProblemMet(problem))
    days = library.settings.forget_missing_days or None
    forgotten = retry_after_loss(lambda: forget_missing(library, days))
    if publishes or has_long_tail(library):
        on_event(Publishing())
        on_event(Published(retry_after_loss(library.publish)))
    report = _make_report(walk, plan, totals, captions, sidecars, forgotten, time.monotonic() - started)
    report = replace(
        report,
        new_problems=tuple(
            problem for problem in report.problems if (problem.path, problem.code) not in known
        ),
    )
    on_event(Done(report))
    return report


def _make_report(
    walk: Walk,
    plan: Plan,
    totals: BatchTotals,
    captions: tuple[int, int],
    sidecars: SidecarCounts,
    forgotten: int,
    seconds: float,
) -> Report:
    captioned, captions_without_picture = captions
    return Report(
        files=len(walk.files),
        added=totals.added,
        described_again=totals.described_again,
        copies=totals.copies,
        moved=totals.moved,
        changed=len(plan.changed) + len(plan.compared) - totals.returned - totals.unchanged,
        returned=len(plan.returned) + totals.returned,
        unchanged=len(plan.unchanged) + totals.unchanged,
        missing=len(plan.missing) - totals.moved_away,
        forgotten=forgotten,
        captioned=captioned,
        captions_without_picture=captions_without_picture,
        sidecars_read=sidecars.read,
        sidecars_gone=sidecars.gone,
        excluded=walk.excluded,
        system_folders=walk.system_folders,
        archives=walk.archives,
        other_files=walk.other_files,
        other_kinds=walk.other_kinds,
        symbolic_links=walk.symbolic_links,
        seconds=seconds,
        problems=walk.problems + totals.problems + sidecars.problems,
    )


def _note_roots(library: LibraryWriter, walk: Walk) -> None:
    """Store which folders the walk began at, so that the names of those below them count as words."""
    with library.catalog.reading() as reader:
        known = reader.load_roots()
    files = {file.path for file in walk.files}
    new = [root for root in walk.roots if root not in files and not is_below(root, known)]
    if new:
        with library.catalog.writing() as writer:
            writer.add_roots(new)


def _plan_walk(walk: Walk, stamps: Mapping[bytes, Stamp], *, compares: bool, anew: bool) -> Plan:
    _check_empty_roots(walk, stamps)
    return make_plan(walk.files, stamps, is_expected=walk.is_expected, compares=compares or anew)


def _check_empty_roots(walk: Walk, stamps: Mapping[bytes, Stamp]) -> None:
    """Refuse a root that is suddenly empty: it is more likely that its drive is not mounted."""
    for root in walk.empty_roots:
        lost = sum(not missing and is_below(path, [root]) for path, (_, _, missing) in stamps.items())
        if lost:
            reason = (
                f"it is empty, but the library knows {lost} files in it; mount its drive, or forget them "
                "with `pictor remove`"
            )
            raise SourceUnreachable(display_path(root), reason)


@contextmanager
def _garbage_collection_paused() -> Iterator[None]:
    """Build large tables of small values without the garbage collector.

    For 100,000 unchanged files that takes half the time; there are no reference cycles in the tables.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
