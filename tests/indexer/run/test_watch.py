"""Folders are followed: what changed is due when it has settled, and a drive that goes takes nothing along."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from indexer.errors import SourceUnreachable
from indexer.run.report import Report
from indexer.run.watch import SWEEP_SECONDS, Due, Settling, follow_folders, is_relevant, run_when_due
from retrieval import path_bytes

SETTLE = 0.2  # seconds


def test_a_path_settles_when_it_has_been_still() -> None:
    settling = Settling(2)
    settling.touch_paths([b"/a", b"/b"], 10)
    settling.touch_paths([b"/a"], 11.5)
    assert (settling.is_due(11.9), settling.is_due(12)) == (False, True)
    assert settling.take_settled(12) == {b"/a"}
    assert (settling.is_due(13), settling.take_settled(13.5), settling.is_due(99)) == (
        False,
        frozenset(),
        False,
    )


class Listener:
    """Remembers how roots changed, and reacts to it."""

    def __init__(self) -> None:
        self.states: list[str] = []
        self.reactions: dict[str, Iterator[object]] = {}

    def __call__(self, state: str, root: bytes) -> None:
        self.states.append(state)
        next(self.reactions.get(state, iter(())), None)


def follow_root(root: Path, listener: Listener | None = None) -> Iterator[Due]:
    on_root_change = listener or Listener()
    return follow_folders(
        [path_bytes(root)],
        library_folder=path_bytes(root / "library"),
        on_root_change=on_root_change,
        settle=SETTLE,
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "pictures" / "library").mkdir(parents=True)
    return tmp_path / "pictures"


def test_all_is_due_at_first_and_again_when_something_changed(root: Path) -> None:
    due = follow_root(root)
    assert next(due) == Due((path_bytes(root),), frozenset(), is_sweep=True)
    (root / "a.jpg").write_bytes(b"picture")
    assert next(due) == Due((path_bytes(root),), frozenset())
    (root / "a.jpg").rename(root / "b.jpg")
    assert next(due).roots == (path_bytes(root),)
    (root / "new").mkdir()
    assert next(due).roots == (path_bytes(root),)


class HastyClock:
    """A clock that goes on by ten seconds whenever it is asked."""

    now = 0.0

    def __call__(self) -> float:
        self.now += 10
        return self.now


def test_a_sweep_comes_in_its_time_whatever_changes_meanwhile(root: Path) -> None:
    clock, sweeps, other_runs = HastyClock(), [], 0
    own = path_bytes(root / "library")
    due = follow_folders(
        [path_bytes(root)], library_folder=own, on_root_change=Listener(), settle=SETTLE, clock=clock
    )
    while len(sweeps) < 3:
        (root / f"{other_runs}.jpg").write_bytes(b"picture")
        if next(due).is_sweep:
            sweeps.append(clock.now)
        else:
            other_runs += 1
    assert other_runs
    assert [SWEEP_SECONDS <= late - early < SWEEP_SECONDS + 60 for early, late in pairwise(sweeps)] == [
        True,
        True,
    ]


def test_only_what_may_be_a_picture_counts_and_nothing_of_the_library(root: Path) -> None:
    (root / "notes.doc").write_bytes(b"no picture")
    names = ("a.JPG", "a.xmp", "library/a.jpg", "library", "notes.doc", "", "gone")
    paths = [path_bytes(root / name) for name in names]
    counting = [
        name
        for name, path in zip(names, paths, strict=True)
        if is_relevant(path, path_bytes(root / "library"))
    ]
    assert counting == ["a.JPG", "a.xmp", "", "gone"]


def test_a_root_that_goes_is_said_to_be_gone_and_is_due_when_it_is_back(root: Path) -> None:
    listener = Listener()
    listener.reactions["gone"] = (root.with_name("away").rename(root) for _ in range(1))
    due = follow_root(root, listener)
    next(due)
    root.rename(root.with_name("away"))
    assert next(due) == Due((path_bytes(root),), frozenset(), is_sweep=True)
    assert listener.states == ["gone", "back"]


def mount_disk(disk: Path) -> None:
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=False)
    if done.returncode:
        pytest.skip("mounting takes root")


def test_a_drive_that_is_not_mounted_is_gone_though_its_folder_is_there(tmp_path: Path) -> None:
    disk, listener = tmp_path / "disk", Listener()
    disk.mkdir()
    mount_disk(disk)
    listener.reactions["gone"] = (mount_disk(disk) for _ in range(1))
    try:
        due = follow_root(disk, listener)
        next(due)
        subprocess.run(["umount", disk], check=True)
        assert next(due).roots == (path_bytes(disk),)
        assert listener.states == ["gone", "back"]
    finally:
        subprocess.run(["umount", disk], check=False)


def test_a_root_that_cannot_be_read_says_nothing_about_the_others() -> None:
    ran: list[tuple[bytes, bool]] = []
    messages: list[str] = []

    def run(roots: list[bytes], unsettled: frozenset[bytes], *, publishes: bool) -> Report:
        if roots == [b"/bad"]:
            raise SourceUnreachable("/bad", "Input/output error")
        ran.extend((root, publishes) for root in roots)
        return Report()

    both = (b"/bad", b"/good")
    due = [Due(both, frozenset(), is_sweep=True), Due(both, frozenset())]
    run_when_due(run, due, on_unreadable=lambda reason, _: messages.append(reason))
    assert ran == [(b"/good", True), (b"/good", False)]
    assert [message.startswith("/bad: cannot be read") for message in messages] == [True]


def test_names_that_are_not_utf8_do_not_end_it(root: Path) -> None:
    due = follow_root(root)
    next(due)
    os.close(os.open(path_bytes(root) + b"/f\xfc.jpg", os.O_CREAT | os.O_WRONLY))
    assert next(due) == Due((path_bytes(root),), frozenset())
    (root / "after.jpg").write_bytes(b"picture")
    assert next(due) == Due((path_bytes(root),), frozenset())
