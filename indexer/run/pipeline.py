"""One indexing run: folders to plan, plan to decoded batches, batches to the catalog, then projections."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from retrieval import Library, LibraryNotFound, LibraryWriter, Location, Problem, display_path, path_bytes

from ..errors import SourceUnreachable
from . import plan, sidecars, sources
from .captions import CAPTIONS_SOURCE, Captions, annotations_by_image
from .decode import FilePage, Outcome, decode_files
from .paths import is_below
from .patterns import EVERYTHING, Choice
from .report import Done, Met, OnEvent, Planned, Progress, Published, Publishing, Report, Started
from .retrying import retry_after_loss
from .sources import FoundFile
from .stop_signals import Shield
from .write import Written, write_batch

Places = Mapping[bytes, tuple[int, Location]]  # by path: image id and location
USUAL_DAYS = 30  # in the place of forget_missing_days where nothing is forgotten


@dataclass(frozen=True, slots=True)
class _Run:
    """What a run starts from."""

    library: LibraryWriter
    captions: Captions
    on_event: OnEvent
    shield: Shield
    anew: bool


@dataclass(frozen=True, slots=True)
class _Before:
    """Where contents lay before a run; `gone` are the paths where there is nothing any more, `compared` those
    where something lies that looks as it did."""

    places: Places
    homes: Mapping[int, set[bytes]]  # by image id
    gone: set[bytes]
    compared: set[bytes]

    @classmethod
    def of(cls, places: Places, planned: plan.Plan) -> _Before:
        homes: dict[int, set[bytes]] = {}
        for path, (image_id, _) in places.items():
            homes.setdefault(image_id, set()).add(path)
        gone = {path for path, (_, place) in places.items() if place.missing_since}
        return cls(places, homes, gone.union(planned.missing), {each.path for each in planned.compared})

    def is_gone(self, image_id: int) -> bool:
        """Whether it lay somewhere, and lies nowhere there any more: a new path of it is a move."""
        return image_id in self.homes and self.homes[image_id] <= self.gone

    def is_same(self, path: bytes, image_id: int) -> bool:
        """Whether a file that was compared holds what it held."""
        return path in self.compared and self.places[path][0] == image_id


@dataclass(frozen=True, slots=True)
class _Summed:
    """What all batches of a run did; see Report."""

    added: int
    described_again: int
    copies: int
    moved: int
    returned: int
    unchanged: int
    problems: tuple[Problem, ...]


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

    Killed at any moment, it loses at most the batch in flight, and running it again continues; each batch
    is written, and told of, within a `shield`. With `compares` every file is read: one whose content is
    another has changed, whatever its size and time say. With `anew` every picture is described again as well;
    what people and files beside it say stays. `unsettled` ones are left for another run. Unless it
    `publishes`, it does so only for a long tail (setting publish_share): what it adds is found without, too.
    Raises SourceUnreachable, before anything is written, when a root cannot be read, or is empty all at once.
    """
    on_event(Started(tuple(roots)))
    started = time.monotonic()
    with _uncollected():
        walked = sources.walk_folders(roots, choice, path_bytes(library.path)).without_paths(unsettled)
    run = _Run(library, captions, on_event, shield, anew)
    return _bring(run, walked, started, compares=compares or anew, publishes=publishes)


def read_again(
    library: LibraryWriter,
    paths: Sequence[bytes],
    *,
    captions: Captions,
    on_event: OnEvent,
    shield: Shield = nullcontext,
) -> Report:
    """The same for single files; about those that are not there nothing is learned."""
    on_event(Started(tuple(paths)))
    run = _Run(library, captions, on_event, shield, anew=False)
    return _bring(run, sources.find_files(paths), time.monotonic())


def preview(
    path: str | os.PathLike[str],
    roots: Sequence[bytes],
    choice: Choice = EVERYTHING,
    *,
    compares: bool = False,
) -> tuple[sources.Walk, plan.Plan, sidecars.Followed]:
    """What `index` would find and do; nothing is written, and there may be no library at `path` yet."""
    with _uncollected(), _opened(path) as library:
        walked = sources.walk_folders(roots, choice, path_bytes(path))
        planned = _planned(walked, _stamps(library), compares=compares)
        return walked, planned, sidecars.expected(library, walked, planned)


@contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[Library | None]:
    try:
        library = Library.open(os.fspath(path))
    except LibraryNotFound:
        yield None
        return
    with library:
        yield library


def _stamps(library: Library | None) -> Mapping[bytes, plan.Stamp]:
    if library is None:
        return {}
    with library.catalog.reading() as reader:
        return reader.stamps()


def _bring(
    run: _Run, walked: sources.Walk, started: float, *, compares: bool = False, publishes: bool = True
) -> Report:
    library, on_event = run.library, run.on_event
    with _uncollected(), library.catalog.reading() as reader:
        planned = _planned(walked, reader.stamps(), compares=compares)
        places = reader.locations() if planned.to_read else {}
    on_event(Planned(planned))
    for problem in walked.problems:
        on_event(Met(problem))
    read = _summed(_write_all(run, planned.to_read), _Before.of(places, planned))
    captioned, unplaced = retry_after_loss(lambda: _write_facts(run, planned, walked))
    followed = retry_after_loss(lambda: sidecars.follow(library, walked, run.shield))
    for problem in followed.problems:
        on_event(Met(problem))
    days = library.settings.forget_missing_days or None
    forgotten = retry_after_loss(lambda: forget_missing(library, days))
    if publishes or _has_long_tail(library):
        on_event(Publishing())
        on_event(Published(retry_after_loss(library.publish)))
    report = Report(
        files=len(walked.files),
        added=read.added,
        described_again=read.described_again,
        copies=read.copies,
        moved=read.moved,
        changed=len(planned.changed) + len(planned.compared) - read.returned - read.unchanged,
        returned=len(planned.returned) + read.returned,
        unchanged=len(planned.unchanged) + read.unchanged,
        missing=len(planned.missing),
        forgotten=forgotten,
        captioned=captioned,
        captions_without_picture=unplaced,
        sidecars_read=followed.read,
        sidecars_gone=followed.gone,
        excluded=walked.excluded,
        archives=walked.archives,
        other_files=walked.other_files,
        symbolic_links=walked.symbolic_links,
        seconds=time.monotonic() - started,
        problems=walked.problems + read.problems + followed.problems,
    )
    on_event(Done(report))
    return report


def forget_missing(library: LibraryWriter, days: float | None) -> int:
    """Forget the paths that have been missing for so many days, and images that lie nowhere else.

    How many paths; without a number of days none. What is missing since a time to come is so since now.
    """
    if days is None:
        return 0
    now = library.catalog.clock()
    since = now - timedelta(days=days)
    with library.catalog.reading() as reader:
        gone = [
            path
            for path, (_, place) in reader.locations().items()
            if place.missing_since is not None and min(place.missing_since, now) <= since
        ]
    if gone:
        with library.catalog.writing() as writer:
            writer.forget_locations(gone)
    return len(gone)


def _longest_gap(library: Library) -> timedelta:
    """The most time that is taken to have passed between two runs.

    Half of what files must be missing for to be forgotten: however a clock jumps, once is not enough.
    """
    return timedelta(days=(library.settings.forget_missing_days or USUAL_DAYS) / 2)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Make large tables of small values without the garbage collector looking through them all the while.

    Over 100,000 unchanged files that takes half the time; there are no cycles in them.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _planned(walked: sources.Walk, known: Mapping[bytes, plan.Stamp], *, compares: bool) -> plan.Plan:
    _check_emptied(walked, known)
    return plan.make_plan(walked.files, known, expects=walked.is_expected, compares=compares)


def _check_emptied(walked: sources.Walk, known: Mapping[bytes, plan.Stamp]) -> None:
    """Refuse a root that is empty all at once: it is more likely that its drive is not mounted."""
    for root in walked.empty_roots:
        lost = sum(not missing and is_below(path, [root]) for path, (_, _, missing) in known.items())
        if lost:
            reason = (
                f"it is empty, but the library knows {lost} files in it; mount its drive, or forget them "
                "with `pictor remove`"
            )
            raise SourceUnreachable(display_path(root), reason)


def _write_all(run: _Run, files: Sequence[FoundFile]) -> Iterator[Written]:
    """Read, describe and write the files in batches, publishing when the tail has grown long."""
    if not files:
        return
    library, settings = run.library, run.library.settings
    outcomes = decode_files(
        files,
        is_known=lambda digest: not run.anew and retry_after_loss(lambda: library.catalog.holds(digest)),
        limits=library.limits,
        threads=settings.decode_threads,
    )
    started = time.monotonic()
    done = problems = 0
    for batch in _batches(outcomes, settings.batch_size):
        with run.shield():
            written = write_batch(library, batch, run.captions, anew=run.anew)
            ended = {_path(each) for each in batch if not isinstance(each, FilePage) or each.page == 1}
            done, problems = min(done + len(ended), len(files)), problems + len(written.problems)
            for problem in written.problems:
                run.on_event(Met(problem))
            seconds = time.monotonic() - started
            run.on_event(Progress(done, len(files), problems, _folder(batch[-1]), seconds))
        if done < len(files) and _has_long_tail(library):
            retry_after_loss(library.publish)
        yield written


def _has_long_tail(library: LibraryWriter) -> bool:
    return retry_after_loss(library.tail_share) > library.settings.publish_share


def _batches(outcomes: Iterable[Outcome], size: int) -> Iterator[list[Outcome]]:
    stream = iter(outcomes)
    while batch := list(islice(stream, size)):
        yield batch


def _folder(outcome: Outcome) -> str:
    return display_path(os.path.dirname(_path(outcome)))  # noqa: PTH120 - Path cannot hold bytes


def _path(outcome: Outcome) -> bytes:
    return outcome.path if isinstance(outcome, Problem) else outcome.file.path


def _write_facts(run: _Run, planned: plan.Plan, walked: sources.Walk) -> tuple[int, int]:
    """What opens no file: missing and returned files, problems that are gone, and captions.

    Two counts: captions that name a picture of the library and those that do not.
    """
    with run.library.catalog.writing() as writer:
        writer.follow_clock(_longest_gap(run.library))
        writer.mark_missing(planned.missing)
        for found in planned.returned:
            writer.mark_present(found.path)
        writer.forget_placeless()
        writer.forget_problems(_solved(writer.problems(), walked))
        for problem in walked.problems:
            writer.report(problem)
        places = writer.locations() if run.captions else {}
        captioned = [(path, places[path][0]) for path in sorted(run.captions) if path in places]
        for image_id, facts in annotations_by_image(run.captions, captioned).items():
            writer.annotate(image_id, CAPTIONS_SOURCE, facts)
    return len(captioned), len(run.captions) - len(captioned)


def _solved(problems: Iterable[Problem], walked: sources.Walk) -> list[bytes]:
    """Problems of places that were looked at, and where there is nothing to complain of any more."""
    present = {each.path for each in walked.files + walked.sidecars}
    present |= {each.path for each in walked.problems}
    return [each.path for each in problems if each.path not in present and walked.is_covered(each.path)]


def _summed(batches: Iterable[Written], before: _Before) -> _Summed:
    """The batches' counts; of what they wrote nothing is kept, so that memory does not grow with a run."""
    added = described_again = copies = moved = returned = unchanged = 0
    problems: list[Problem] = []
    for each in batches:
        places = [(path, image) for path, image in each.again if path not in before.places]
        gone = sum(before.is_gone(image) for _, image in places)
        added, described_again = added + each.added, described_again + each.described_again
        copies, moved = copies + len(places) - gone, moved + gone
        same = [before.places[path][1] for path, image in each.again if before.is_same(path, image)]
        back = sum(place.missing_since is not None for place in same)
        returned, unchanged = returned + back, unchanged + len(same) - back
        problems += each.problems
    return _Summed(added, described_again, copies, moved, returned, unchanged, tuple(problems))
