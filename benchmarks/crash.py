"""Kills, errors and power losses at every call that changes a file, and what is lost by them: nothing.

A library is made, filled, published, captioned, emptied, rebuilt, repaired and migrated by the code that
`pictor index` runs, in a process that is killed before its first, second, third … write, fsync, rename,
unlink or mkdir (faults.c stands between the process and the kernel). Then the library is opened as a reader
and as the next writer would, and compared with what had been acknowledged: every acknowledged change is
there, at most the one in flight besides; every image finds itself by its colours and by its words; and
`pictor check` has nothing to complain of. The same with a full disk from that call on (ENOSPC), one failing
write, fsync or rename (EIO), one file too many (EMFILE), and, where this user may mount, with the power of
the disk (a loop-mounted ext4) cut at that call.
Beside: a control, the same power losses with an fsync that does nothing, which must lose something.
--size N: every N-th call only (default 1: all of them, some minutes).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from alembic import command
from alembic.config import Config

import migrations
from indexer.check import check
from indexer.lock import writer_lock
from retrieval import Annotation, Library, NewImage, Options, Query, StoredPicture, Text
from retrieval.catalog.engine import connect, sqlite_url
from retrieval.descriptors.colour import Colour
from retrieval.projections.vectors import faiss_version
from retrieval.projections.words import whoosh_version

from . import faults
from .faults import CHANGES, ERRORS, KILL, POWER_OFF, Ended, Fault

SOURCE = "crash"
State = Mapping[str, str]  # caption by SHA-256
Say = Callable[[str], None]
CLEAR = "retrieval.errors."  # the errors that say what to do
EARLIER = "0001"  # the schema that migrations start from


@dataclass(frozen=True, slots=True)
class Step:
    """One change, acknowledged when it returns, and what the library holds after it."""

    do: Callable[[Library], object]
    after: State


@dataclass(frozen=True, slots=True)
class Scenario:
    """A library to begin with (none where `made` is None), what it holds, and what is done to it."""

    name: str
    made: Path | None
    before: State
    steps: tuple[Step, ...]
    readable: bool = False  # from the start on

    def states(self) -> list[State]:
        return [self.before, *(each.after for each in self.steps)]


def measure(size: int | None = None) -> dict[str, Any]:
    """How many calls were spoilt, and what came of it, by scenario and in all."""
    if reason := faults.missing():
        sys.exit(reason)
    if not faults.is_loaded():
        return _measured_with_shim(size)
    for name in ("faiss", "numpy.random", "whoosh.index", "whoosh.qparser", "whoosh.searching"):
        import_module(name)  # once for all forks: what is spoilt is the library, and not its program's files
    faiss_version(), whoosh_version()
    with tempfile.TemporaryDirectory() as folder, _disk(Path(folder)) as disk:
        found = [each for scenario in scenarios(Path(folder)) for each in _spoilt(scenario, size or 1, disk)]
        controls = list(_controls(Path(folder), size or 1, disk)) if disk else []
    return {"figures": _figures(found), "beside": {"an fsync that does nothing": _figures(controls)}}


def _measured_with_shim(size: int | None) -> dict[str, Any]:
    """The same in a process that has the shim from its start."""
    arguments = [
        sys.executable,
        "-m",
        "benchmarks",
        "crash",
        "--json",
        *(["--size", str(size)] if size else []),
    ]
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"LD_PRELOAD": str(faults.compiled(Path(folder)))}
        done = subprocess.run(arguments, env=environment, stdout=subprocess.PIPE, check=True)
    found = json.loads(done.stdout)
    return {name: found[name] for name in ("figures", "beside")}


# -- what is done to libraries ---------------------------------------------------------------------


def scenarios(folder: Path) -> list[Scenario]:
    """What is spoilt; the libraries that they begin with are made below the folder."""
    held = {_digest(number): f"harbour boat{number}" for number in range(4)}
    made = folder / "made"
    _made(made, held)
    added = held | {_digest(number): f"market stall{number}" for number in range(4, 7)}
    more = added | {_digest(7): "lonely tree7"}
    said = more | {_digest(1): "harbour crane1"}
    fewer = {key: text for key, text in said.items() if key != _digest(2)}
    work = (
        Step(lambda library: _add(library, range(4, 7), added), added),
        Step(Library.publish, added),
        Step(lambda library: _add(library, range(7, 8), more), more),
        Step(lambda library: _caption(library, _digest(1), said), said),
        Step(lambda library: _remove(library, _digest(2)), fewer),
        Step(Library.publish, fewer),
        Step(_rebuild, fewer),
    )
    return [
        Scenario(
            "create",
            None,
            {},
            (
                Step(_make_space, {}),
                Step(lambda each: _add(each, range(4), held), held),
                Step(Library.publish, held),
            ),
        ),
        Scenario("change", made, held, work, readable=True),
        Scenario("repair", _damaged(made, folder / "damaged"), held, (Step(_rebuild, held),)),
        Scenario("migrate", _earlier(made, folder / "earlier"), held, (Step(Library.publish, held),)),
    ]


def _digest(number: int) -> str:
    return hashlib.sha256(b"%d" % number).hexdigest()


def _made(path: Path, state: State) -> None:
    ended = faults.run(
        lambda _: _do(path, [_make_space, lambda each: _add(each, range(len(state)), state), Library.publish])
    )
    assert ended.code == 0, ended.lines


def _do(
    path: Path, steps: Sequence[Callable[[Library], object]], acknowledge: Callable[[], None] = lambda: None
) -> None:
    with writer_lock(path):
        for step in steps:
            with Library.create(path) as library:
                step(library)
                acknowledge()


def make_space(path: Path) -> Path:
    """An empty library that ranks by words and colour alone."""
    _do(path, [_make_space])
    return path


def _make_space(library: Library) -> None:
    """Colours alone: what is spoilt is storing, and no arithmetic."""
    colour = Colour()
    with library.catalog.writing() as writer:
        writer.add_space(colour.fingerprint, colour.name, colour.configuration, colour.dimension)


def _rebuild(library: Library) -> None:
    library.publish(anew=True)


def _add(library: Library, numbers: Sequence[int], state: State) -> None:
    [space] = library.spaces
    with library.catalog.writing() as writer:
        new = [_image(number, {space.id: _feature(number, space.dimension)}) for number in numbers]
        for number, image_id in zip(numbers, writer.add_images(new), strict=True):
            writer.place(b"/spoilt/%d.jpg" % number, image_id, mtime=number, size=1)
            writer.annotate(image_id, SOURCE, [Annotation("caption", state[_digest(number)], SOURCE)])


def _image(number: int, features: dict[int, Any]) -> NewImage:
    return NewImage(_digest(number), number, 640, 480, "jpeg", 1, None, b"thumbnail", features)


def _feature(number: int, dimension: int) -> np.ndarray:
    row = np.random.default_rng(number).standard_normal(dimension)
    return (row / np.linalg.norm(row)).astype(np.float16)


def _caption(library: Library, digest: str, state: State) -> None:
    with library.catalog.writing() as writer:
        image_id = writer.ids_by_sha256([digest])[digest]
        writer.annotate(image_id, SOURCE, [Annotation("caption", state[digest], SOURCE)])


def _remove(library: Library, digest: str) -> None:
    with library.catalog.writing() as writer:
        writer.remove_images(writer.ids_by_sha256([digest]).values())


def _damaged(made: Path, path: Path) -> Path:
    shutil.copytree(made, path)
    for file in (path / "projections").rglob("*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[::-1])
    return path


def _earlier(made: Path, path: Path) -> Path:
    """The same library as the first release left it."""
    shutil.copytree(made, path)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    engine = connect(sqlite_url(path / "catalog.sqlite"), writable=True)
    with engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, EARLIER)
    engine.dispose()
    return path


# -- spoiling, and looking at what is left ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Point:
    """One spoilt call: of which scenario and kind, and what was wrong afterwards, if anything."""

    scenario: str
    kind: str
    wrong: tuple[str, ...]


def _spoilt(scenario: Scenario, every: int, disk: Path | None) -> Iterator[Point]:
    """Every `every`-th call of a scenario, spoilt in every way."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "library")
        for kind, fault in {"kill": Fault(KILL, CHANGES), **ERRORS}.items():
            yield from _points(scenario, kind, fault, place, every)
    if disk:
        yield from _power_losses(scenario, "power", Fault(POWER_OFF, CHANGES, disk=disk), every)


def _points(scenario: Scenario, kind: str, fault: Fault, place: Path, every: int) -> Iterator[Point]:
    for at in range(1, _calls(scenario, fault, place) + 1, every):
        _begin(scenario, place)
        ended = faults.run(lambda say: _work(scenario, place, say), fault.before(at))
        yield Point(scenario.name, kind, tuple(_wrong(scenario, place, ended)))


def _calls(scenario: Scenario, fault: Fault, place: Path) -> int:
    """How many calls of the fault's kinds a run makes that nothing happens to."""
    _begin(scenario, place)
    ended = faults.run(lambda say: _work(scenario, place, say), Fault(kinds=fault.kinds))
    assert ended.code == 0, ended.lines
    assert not (wrong := list(_wrong(scenario, place, ended))), wrong
    return ended.calls


def _begin(scenario: Scenario, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    if scenario.made:
        shutil.copytree(scenario.made, place)


def _work(scenario: Scenario, place: Path, say: Say) -> None:
    _do(place, [each.do for each in scenario.steps], lambda: say("acknowledged"))


def _wrong(scenario: Scenario, place: Path, ended: Ended) -> Iterator[str]:
    """What is not as it should be, in sentences."""
    acknowledged = ended.lines.count("acknowledged")
    states = scenario.states()[acknowledged : acknowledged + 2]
    if ended.code == 1 and not ended.lines[-1].startswith(CLEAR):
        yield f"unclear: {ended.lines[-1]}"
    # What is not yet made, repaired or migrated cannot be read, before or after.
    looks = (_read, _written) if scenario.readable or acknowledged == len(scenario.steps) else (_written,)
    for look in looks:
        yield from faults.run(partial(look, place, states)).lines


def _read(place: Path, states: Sequence[State], say: Say) -> None:
    """What a reader finds at once: one of the states, and each of its images by itself."""
    try:
        with Library.open(place) as library:
            _compare(library, states, say)
    except Exception as error:  # whatever it is, somebody could not read
        say(f"unopenable: {type(error).__name__}: {error}")


def _written(place: Path, states: Sequence[State], say: Say) -> None:
    """What the next writer finds, and makes good: no finding is left, and every image finds itself."""
    try:
        with writer_lock(place), Library.create(place) as library:
            if not library.spaces:
                _make_space(library)
        with writer_lock(place), Library.create(place) as library:
            library.publish(anew=any(library.damages()))  # as the message about a damage asks for
            _compare(library, states, say)
            findings = [each for each in check(library) if each.code not in ("file-missing", "undescribed")]
            for each in findings:
                say(f"finding: {each.code}: {each.text}")
    except Exception as error:  # whatever it is, nobody could write any more
        say(f"unwritable: {type(error).__name__}: {error}")
    with sqlite3.connect(place / "catalog.sqlite") as connection:
        if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            say("unsound: the catalog fails its integrity check")


def _compare(library: Library, states: Sequence[State], say: Say) -> None:
    with library.catalog.reading() as reader:
        images = reader.images(reader.ids().tolist())
    held = {image.sha256: image.caption for image in images.values()}
    if held not in [dict(state) for state in states]:
        say(f"lost: {len(held)} images are not those of {[len(state) for state in states]}")
    for image_id, image in images.items():
        options = Options(weaker=True)
        example = Query((StoredPicture(image_id),), include_examples=True, options=options, limit=1)
        words = Query((Text(image.caption),), options=options, limit=1)
        for query in (example, words):
            found = [hit.id for hit in library.search(query).hits]
            if found != [image_id]:
                say(f"unfound: image {image_id}, but {found}")


# -- power ------------------------------------------------------------------------------------------


@contextmanager
def _disk(folder: Path) -> Iterator[Path | None]:
    """A file system of its own, or None where this user may not mount one."""
    image, mounted = folder / "disk", folder / "mounted"
    mounted.mkdir()
    image.write_bytes(b"")
    os.truncate(image, 64 << 20)
    made = shutil.which("mkfs.ext4") and not subprocess.run(["mkfs.ext4", "-q", image]).returncode
    if not made or subprocess.run(["mount", "-o", "loop", image, mounted], capture_output=True).returncode:
        yield None
        return
    try:
        yield mounted
    finally:
        subprocess.run(["umount", mounted], check=True)


def _power_losses(scenario: Scenario, kind: str, fault: Fault, every: int) -> Iterator[Point]:
    """The disk loses its power at every `every`-th call, and gets it back."""
    assert fault.disk, "a power loss needs a disk"
    place = fault.disk / "library"
    counting = Fault(kinds=fault.kinds)
    for at in range(1, _calls(scenario, counting, place) + 1, every):
        _begin(scenario, place)
        os.sync()
        ended = faults.run(lambda say: _work(scenario, place, say), fault.before(at))
        subprocess.run(["umount", fault.disk], check=True)
        subprocess.run(["mount", "-o", "loop", fault.disk.with_name("disk"), fault.disk], check=True)
        yield Point(scenario.name, kind, tuple(_wrong(scenario, place, ended)))


def _controls(folder: Path, every: int, disk: Path | None) -> Iterator[Point]:
    """The same where nothing is synced: a harness that never sees a fault proves nothing."""
    lying = Fault(POWER_OFF, CHANGES, disk=disk, lies=True)
    change = next(each for each in scenarios(folder / "control") if each.name == "change")
    yield from _power_losses(change, "control", lying, max(every, 5))


def _figures(points: Sequence[Point]) -> dict[str, float]:
    """Counts by kind: points, and those after which something was lost, unopenable or otherwise wrong."""
    figures: dict[str, float] = {}
    for kind in dict.fromkeys(each.kind for each in points):
        of_kind = [each for each in points if each.kind == kind]
        figures[f"{kind}: points"] = len(of_kind)
        for code in ("lost", "unopenable", "unwritable", "unfound", "unsound", "finding", "unclear"):
            bad = sum(any(line.startswith(code) for line in each.wrong) for each in of_kind)
            figures |= {f"{kind}: {code}": bad} if bad or code in ("lost", "unopenable") else {}
    return figures
