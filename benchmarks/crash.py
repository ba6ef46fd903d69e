"""Kills, errors and power losses at every call that changes a file; none of them may lose anything.

A library is made, filled, published, captioned, emptied, rebuilt, repaired and migrated by the code that
`pictor index` runs, in a process that is killed before its first, second, third … write, fsync, rename,
unlink or mkdir (faults.c intercepts these calls). Then the library is opened by a reader and by a writer, and
compared with what had been acknowledged: every acknowledged change is there, and at most the one in flight
as well; every image finds itself by its colours and by its words; and `pictor check` finds nothing. The same
with a full disk or an exhausted quota from that call on (ENOSPC, EDQUOT), one failing call (EIO), one file
too many (EMFILE), a disk without hard links, and, where this user may mount, with the power of the disk (a
loop-mounted ext4) cut at that call, and 2.5 seconds later.
For comparison: controls, the same power losses with an fsync that does nothing, which must lose something.
--size N: every N-th call only (default 1: all of them, a quarter of an hour on two cores).
Progress and faults are written to stderr; Ctrl-C ends the run with the figures so far.
"""

from __future__ import annotations

import gc
import hashlib
import math
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import numpy as np
from alembic import command
from alembic.config import Config

import migrations
from indexer.upkeep.check import check_library
from retrieval import (
    Annotation,
    Image,
    Library,
    LibraryWriter,
    NewImage,
    Query,
    StoredPicture,
    Text,
    WriterLock,
    find_damages,
    write_library,
)
from retrieval.catalog.engine import open_engine, sqlite_url
from retrieval.descriptors.colour import Colour
from retrieval.projections import segments
from retrieval.ranking.tokens import parse_terms

from . import disks, faults
from .faults import FAULTS, POWER_LOSSES, SECONDS_LATER, ChildEnd, Fault

SOURCE = "crash"
State = Mapping[str, str]  # caption by SHA-256
Say = Callable[[str], None]
CLEAR = "retrieval.errors."  # the errors that say what to do
EARLIER = "0001"  # the schema that migrations start from
BAD = ("lost", "unopenable", "unwritable", "unfound", "unsound", "finding", "unclear", "hung")
CONTROLS = {  # an fsync that does nothing
    "control: power": Fault(faults.POWER_OFF, lies=True),
    "control: power, 2.5 s later": replace(SECONDS_LATER, lies=True),
}
CONTROLLED = 6  # calls of each
AT_ONCE = 2 * (os.cpu_count() or 1)  # half of them wait for disks
PROGRESS_EVERY = 20.0  # seconds


@dataclass(frozen=True, slots=True)
class Step:
    """One change, acknowledged when it returns, and what the library holds after it."""

    do: Callable[[LibraryWriter], object]
    after: State


@dataclass(frozen=True, slots=True)
class Scenario:
    """A library to begin with (none where `made` is None), its content, and the steps that change it."""

    name: str
    made: Path | None
    before: State
    steps: tuple[Step, ...]
    readable: bool = False  # from the start on

    def all_states(self) -> list[State]:
        return [self.before, *(step.after for step in self.steps)]


def measure(size: int | None = None) -> dict[str, Any]:
    """How many calls were spoilt, and what went wrong afterwards, by kind of fault."""
    if reason := faults.why_unavailable():
        sys.exit(reason)
    if not faults.is_loaded():
        faults.start_again_with_shim()
    points: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder:
        _warm_up(Path(folder, "warm"))
        every = size or 1
        spoilt = [
            call for scenario in make_scenarios(Path(folder)) for call in _choose_calls(scenario, every)
        ]
        try:
            for point in _spoil_calls(spoilt):
                points.append(point)  # what was found before it was stopped counts
            assert len(points) == len(spoilt), "a process that spoils calls has died"
        except KeyboardInterrupt:
            _print_progress(f"stopped after {len(points)} of {len(spoilt)}")
    controls = [point for point in points if point.kind in CONTROLS]
    figures = _count_by_kind([point for point in points if point.kind not in CONTROLS])
    return {"figures": figures, "beside": {"an fsync that does nothing": _count_by_kind(controls)}}


# -- what is done to libraries ---------------------------------------------------------------------


def make_scenarios(folder: Path) -> list[Scenario]:
    """The scenarios; the libraries that they begin with are made below the folder."""
    held = {_digest_of(number): f"harbour boat{number}" for number in range(4)}
    made = folder / "made"
    _make_library(made, held)
    added = held | {_digest_of(number): f"market stall{number}" for number in range(4, 7)}
    more = added | {_digest_of(7): "lonely tree7"}
    recaptioned = more | {_digest_of(1): "harbour crane1"}
    fewer = {key: text for key, text in recaptioned.items() if key != _digest_of(2)}
    work = (
        Step(lambda library: _add_images(library, range(4, 7), added), added),
        Step(LibraryWriter.publish, added),
        Step(lambda library: _add_images(library, range(7, 8), more), more),
        Step(lambda library: _change_caption(library, _digest_of(1), recaptioned), recaptioned),
        Step(lambda library: _remove_image(library, _digest_of(2)), fewer),
        Step(LibraryWriter.publish, fewer),
        Step(_rebuild_projections, fewer),
    )
    return [
        Scenario(
            "create",
            None,
            {},
            (
                Step(_make_space, {}),
                Step(lambda library: _add_images(library, range(4), held), held),
                Step(LibraryWriter.publish, held),
            ),
        ),
        Scenario("change", made, held, work, readable=True),
        Scenario(
            "repair", _copy_damaged(made, folder / "damaged"), held, (Step(_rebuild_projections, held),)
        ),
        Scenario(
            "migrate", _copy_downgraded(made, folder / "earlier"), held, (Step(LibraryWriter.publish, held),)
        ),
    ]


def _digest_of(number: int) -> str:
    return hashlib.sha256(b"%d" % number).hexdigest()


def _make_library(path: Path, state: State) -> None:
    ended = faults.run_with_fault(
        lambda _: _run_steps(
            path,
            [
                _make_space,
                lambda writer: _add_images(writer, range(len(state)), state),
                LibraryWriter.publish,
            ],
        )
    )
    assert ended.code == 0, ended.lines
    # What comes next lies in another segment, so that the first one is shared between generations.
    with sqlite3.connect(path / "catalog.sqlite") as connection:
        connection.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'image'", [segments.SEGMENT_SIZE])
    connection.close()


def _run_steps(
    path: Path,
    steps: Sequence[Callable[[LibraryWriter], object]],
    acknowledge: Callable[[], None] = lambda: None,
) -> None:
    with WriterLock(path) as lock:
        for step in steps:
            with LibraryWriter.create(lock) as library:
                step(library)
                acknowledge()


def make_space(path: Path) -> Path:
    """An empty library that ranks by words and colour alone."""
    _run_steps(path, [_make_space])
    return path


def _make_space(library: LibraryWriter) -> None:
    """Colours alone: the faults are to hit the storage, so the arithmetic is kept small."""
    colour = Colour()
    with library.catalog.writing() as writer:
        writer.add_space(colour.fingerprint, colour.name, colour.configuration, colour.dimension)


def _rebuild_projections(library: LibraryWriter) -> None:
    library.publish(anew=True)


def _add_images(library: LibraryWriter, numbers: Sequence[int], state: State) -> None:
    [space] = library.spaces
    with library.catalog.writing() as writer:
        new = [_new_image(number, {space.id: _make_feature(number, space.dimension)}) for number in numbers]
        for number, image_id in zip(numbers, writer.add_images(new), strict=True):
            writer.add_location(b"/spoilt/%d.jpg" % number, image_id, mtime=number, size=1)
            writer.replace_annotations(
                image_id, SOURCE, [Annotation("caption", state[_digest_of(number)], SOURCE)]
            )


def _new_image(number: int, features: dict[int, Any]) -> NewImage:
    return NewImage(_digest_of(number), number, 640, 480, "jpeg", 1, None, b"thumbnail", features)


def _make_feature(number: int, dimension: int) -> np.ndarray:
    row = np.random.default_rng(number).standard_normal(dimension)
    return (row / np.linalg.norm(row)).astype(np.float16)


def _change_caption(library: LibraryWriter, digest: str, state: State) -> None:
    with library.catalog.writing() as writer:
        image_id = writer.ids_by_sha256([digest])[digest]
        writer.replace_annotations(image_id, SOURCE, [Annotation("caption", state[digest], SOURCE)])


def _remove_image(library: LibraryWriter, digest: str) -> None:
    with library.catalog.writing() as writer:
        writer.remove_images(writer.ids_by_sha256([digest]).values())


def _copy_damaged(made: Path, path: Path) -> Path:
    shutil.copytree(made, path)
    for file in (path / "projections").rglob("*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[::-1])
    return path


def _copy_downgraded(made: Path, path: Path) -> Path:
    """The same library with the schema of the first release."""
    shutil.copytree(made, path)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    engine = open_engine(sqlite_url(path / "catalog.sqlite"), writable=True)
    with engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, EARLIER)
    engine.dispose()
    return path


# -- spoiling, and looking at what is left ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SpoiltCall:
    """One call to spoil: its scenario, and the fault."""

    scenario: Scenario
    kind: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was wrong after a call was spoilt, one sentence for each fault."""

    scenario: str
    kind: str
    at: int
    wrong: tuple[str, ...]


def _warm_up(folder: Path) -> None:
    """Load all modules that are loaded on first use, once for all forks: the faults are to hit the library,
    and not the loading of code.
    """
    for scenario in make_scenarios(folder):
        place = folder / scenario.name
        _begin_scenario(scenario, place)
        _run_scenario(scenario, place, _ignore_line)
        _check_as_writer(place, scenario.all_states()[-1:], _ignore_line)
    gc.collect()
    gc.freeze()  # a fork need not copy what its collector would only look at


def _ignore_line(_: str) -> None: ...


def _choose_calls(scenario: Scenario, every: int) -> Iterator[SpoiltCall]:
    """Every `every`-th call of a scenario with every fault, and some calls for the controls."""
    with tempfile.TemporaryDirectory() as folder:
        counted = partial(_count_calls, scenario, place=Path(folder, "library"))
        possible = FAULTS | (POWER_LOSSES if disks.can_mount_disks() else {})
        calls = {kinds: counted(kinds) for kinds in {fault.kinds for fault in possible.values()}}
    for kind, fault in possible.items():
        for at in _spread_numbers(calls[fault.kinds], every):
            yield SpoiltCall(scenario, kind, fault.at_call(at))
    if disks.can_mount_disks() and scenario.name == "change":
        for kind, fault in CONTROLS.items():
            for at in _spread_numbers(calls[fault.kinds], math.ceil(calls[fault.kinds] / CONTROLLED)):
                yield SpoiltCall(scenario, kind, fault.at_call(at))


def _spread_numbers(calls: int, every: int) -> list[int]:
    """From every run of `every` calls the one in the middle, counted from 1."""
    count = math.ceil(calls / every)
    return [calls * (2 * place + 1) // (2 * count) + 1 for place in range(count)]


def _spoil_calls(spoilt: Sequence[SpoiltCall]) -> Iterator[Outcome]:
    """Spoil the calls in several processes, in any order, and print the progress."""
    mixed = random.Random(0).sample(spoilt, len(spoilt))  # some wait while others compute
    mixed.sort(
        key=lambda call: call.kind not in CONTROLS
    )  # controls first: without them the rest proves nothing
    done, bad, last_printed, started = 0, 0, 0.0, time.monotonic()
    with _start_processes(mixed) as heard:
        while heard:
            for connection in (ready for ready in wait(heard) if isinstance(ready, Connection)):
                try:
                    point: Outcome = connection.recv()
                except EOFError:
                    heard.remove(connection)
                    continue
                yield point
                done += 1
                if point.wrong and point.kind not in CONTROLS:
                    bad += 1
                    _print_progress(
                        f"{point.scenario}, {point.kind}, call {point.at}: {'; '.join(point.wrong)}"
                    )
                seconds = time.monotonic() - started
                if seconds - last_printed > PROGRESS_EVERY or done == len(spoilt):
                    last_printed = seconds
                    _print_progress(
                        f"{done} of {len(spoilt)} calls spoilt in {seconds:.0f} s, {bad} went wrong"
                    )


@contextmanager
def _start_processes(spoilt: Sequence[SpoiltCall]) -> Iterator[list[Connection]]:
    """The connections on which the processes send their outcomes; they end when these are closed."""
    context, heard, processes = get_context("fork"), list[Connection](), list[Any]()
    for number in range(AT_ONCE):
        ours, theirs = context.Pipe(duplex=False)
        processes.append(context.Process(target=_spoil_share, args=(spoilt[number::AT_ONCE], theirs)))
        processes[-1].start()
        theirs.close()
        heard.append(ours)
    try:
        yield heard
    finally:
        for connection in heard:
            connection.close()
        for process in processes:
            process.join()  # so that no disk stays mounted


def _print_progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _spoil_share(spoilt: Sequence[SpoiltCall], parent: Connection) -> None:
    with suppress(KeyboardInterrupt, BrokenPipeError):
        for call in spoilt:
            try:
                wrong = _cut_power(call) if call.fault.what == faults.POWER_OFF else _spoil_call(call)
            except TimeoutError as error:
                wrong = (f"hung: {error}",)
            parent.send(Outcome(call.scenario.name, call.kind, call.fault.at, wrong))


def _spoil_call(spoilt: SpoiltCall) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "library")
        _begin_scenario(spoilt.scenario, place)
        ended = faults.run_with_fault(partial(_run_scenario, spoilt.scenario, place), spoilt.fault)
        return tuple(_find_wrongs(spoilt.scenario, place, ended))


def _cut_power(spoilt: SpoiltCall) -> tuple[str, ...]:
    """Cut the power of the disk that holds the library, and restore it."""
    with tempfile.TemporaryDirectory() as folder:
        disk = disks.make_disk(Path(folder, "disk"))
        with disks.mount_disk(disk) as mounted:
            _begin_scenario(spoilt.scenario, mounted / "library")
        with disks.mount_disk(disk, spoilt.fault.mounted) as mounted:
            work = partial(_run_scenario, spoilt.scenario, mounted / "library")
            ended = faults.run_with_fault(work, replace(spoilt.fault, disk=mounted))
        with disks.mount_disk(disk) as mounted:
            return tuple(_find_wrongs(spoilt.scenario, mounted / "library", ended))


def _count_calls(scenario: Scenario, kinds: int, place: Path) -> int:
    """How many calls of these kinds an undisturbed run makes."""
    _begin_scenario(scenario, place)
    ended = faults.run_with_fault(partial(_run_scenario, scenario, place), Fault(kinds=kinds))
    assert ended.code == 0, ended.lines
    assert not (wrong := list(_find_wrongs(scenario, place, ended))), wrong
    return ended.calls


def _begin_scenario(scenario: Scenario, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    if scenario.made:
        shutil.copytree(scenario.made, place)


def _run_scenario(scenario: Scenario, place: Path, say: Say) -> None:
    _run_steps(place, [step.do for step in scenario.steps], lambda: say("acknowledged"))


def _find_wrongs(scenario: Scenario, place: Path, ended: ChildEnd) -> Iterator[str]:
    """What is wrong, one sentence for each fault."""
    acknowledged = ended.lines.count("acknowledged")
    states = scenario.all_states()[acknowledged : acknowledged + 2]
    if ended.code == 1 and not ended.lines[-1].startswith(CLEAR):
        yield f"unclear: {ended.lines[-1]}"
    # What is not yet made, repaired or migrated cannot be read, before or after.
    looks = (
        (_check_as_reader, _check_as_writer)
        if scenario.readable or acknowledged == len(scenario.steps)
        else (_check_as_writer,)
    )
    for look in looks:
        yield from faults.run_with_fault(partial(look, place, states)).lines


def _check_as_reader(place: Path, states: Sequence[State], say: Say) -> None:
    """Check as a reader: the library is in one of the states, and each image finds itself."""
    try:
        with Library.open(place) as library:
            _compare_states(library, states, say)
    except Exception as error:  # any error means that a reader was shut out
        say(f"unopenable: {type(error).__name__}: {error}")


def _check_as_writer(place: Path, states: Sequence[State], say: Say) -> None:
    """Check as the next writer, after its repairs: no finding is left, and every image finds itself."""
    try:
        with write_library(place) as library:
            if not library.spaces:
                _make_space(library)
        with write_library(place) as library:
            library.publish(anew=any(find_damages(library)))  # as the message about a damage asks for
            _compare_states(library, states, say)
            findings = [
                finding
                for finding in check_library(library)
                if finding.code not in ("file-missing", "undescribed")
            ]
            for finding in findings:
                say(f"finding: {finding.code}: {finding.text}")
    except Exception as error:  # any error means that writers are shut out
        say(f"unwritable: {type(error).__name__}: {error}")
    with sqlite3.connect(place / "catalog.sqlite") as connection:
        if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            say("unsound: the catalog fails its integrity check")


def _compare_states(library: Library, states: Sequence[State], say: Say) -> None:
    with library.catalog.reading() as reader:
        images = reader.load_images(reader.find_ids().tolist())
    held = {image.sha256: image.caption for image in images.values()}
    if held not in [dict(state) for state in states]:
        say(f"lost: {len(held)} images are not those of {[len(state) for state in states]}")
    snapshot = library.snapshot()
    for image_id, asked in _single_signal_queries(library, images):
        for signal, query in asked.items():
            found = snapshot.views[signal].search(query, limit=1, allowed=None).ids.tolist()
            if found != [image_id]:
                say(f"unfound: image {image_id} by {signal}, but {found}")
    for image_id in list(images)[-1:]:  # and through the public search
        parts = (StoredPicture(image_id), Text(images[image_id].caption))
        found = library.search(Query(parts, include_examples=True, limit=1)).ids
        if found != [image_id]:
            say(f"unfound: image {image_id}, but {found}")


def _single_signal_queries(
    library: Library, images: Mapping[int, Image]
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Queries that must find each image, for the projections alone: a tenth of the time of a whole search."""
    for space in library.spaces:
        with library.catalog.reading() as reader:
            ids, features = reader.load_features(space, list(images))
        for image_id, feature in zip(ids.tolist(), features, strict=True):
            yield (
                image_id,
                {
                    "colour": feature.astype(np.float32),
                    "words": parse_terms(images[image_id].caption),
                },
            )


def _count_by_kind(points: Sequence[Outcome]) -> dict[str, float]:
    """Counts by kind: points, and those after which something was lost, unopenable or otherwise wrong."""
    figures: dict[str, float] = {}
    for kind in FAULTS | POWER_LOSSES | CONTROLS:
        if not (of_kind := [point for point in points if point.kind == kind]):
            continue
        figures[f"{kind}: points"] = len(of_kind)
        for code in BAD:
            bad = sum(any(line.startswith(code) for line in point.wrong) for point in of_kind)
            figures |= {f"{kind}: {code}": bad} if bad or code in ("lost", "unopenable") else {}
    return figures
