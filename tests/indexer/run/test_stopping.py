"""A run that is asked to stop finishes what it writes, says so, and goes on when it is run again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.run.stop_signals import SIGNALS, Stopped, handle_stop_signals
from retrieval import Library, Query, read_status
from tests.drawing import write_scenes
from tests.indexer.command import ROOT, make_without_backbone, pictor_report


@pytest.fixture(autouse=True)
def _handlers_stay() -> Iterator[None]:
    outside = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup has it ignored
    before = [signal.getsignal(number) for number in SIGNALS]
    yield
    after = [signal.getsignal(number) for number in SIGNALS]
    signal.signal(signal.SIGHUP, outside)
    assert after == before


@pytest.mark.parametrize("number", SIGNALS)
def test_a_stop_waits_for_what_is_shielded_and_then_comes(number: signal.Signals) -> None:
    steps: list[str] = []

    def work() -> None:
        with handle_stop_signals(lambda: steps.append("waits")) as stopping:
            with stopping.shield():
                os.kill(os.getpid(), number)
                steps.append("finished")
            steps.append("never")

    with pytest.raises(Stopped) as stopped:
        work()
    assert steps == ["waits", "finished"]
    assert stopped.value.exit_code == 128 + number


def test_a_stop_of_what_is_not_shielded_comes_at_once() -> None:
    steps: list[str] = []

    def work() -> None:
        with handle_stop_signals(lambda: steps.append("waits")):
            os.kill(os.getpid(), signal.SIGTERM)
            steps.append("never")

    with pytest.raises(Stopped):
        work()
    assert steps == []


def test_the_second_signal_has_its_usual_effect() -> None:
    handlers: list[object] = []

    def work() -> None:
        with handle_stop_signals(lambda: None) as stopping, stopping.shield():
            os.kill(os.getpid(), signal.SIGINT)
            handlers.extend(signal.getsignal(number) for number in SIGNALS)

    with pytest.raises(Stopped):
        work()
    assert handlers == [signal.SIG_DFL] * 3


def test_what_the_caller_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with handle_stop_signals(lambda: None) as stopping:
            os.kill(os.getpid(), signal.SIGHUP)
        assert stopping.signal_number == 0
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_stopped_run_publishes_nothing_more_and_the_next_one_goes_on(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    library = make_without_backbone(tmp_path / "library")
    write_scenes(tmp_path / "pictures", 40)
    command = [
        sys.executable,
        "-m",
        "indexer.cli",
        "index",
        tmp_path / "pictures",
        "--library",
        library,
        "--json",
    ]
    environment = os.environ | {"PICTOR_BATCH_SIZE": "1"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout is not None
        while json.loads(process.stdout.readline())["event"] != "progress":
            pass
        process.send_signal(number)
        rest, remarks = process.communicate(timeout=60)
    assert process.returncode == code, remarks
    stopped = json.loads(rest.splitlines()[-1])
    assert (stopped["event"], stopped["signal"], stopped["total"]) == ("stopped", number.name, 40)
    assert "run the same command again to continue" in remarks
    with Library.open(library) as opened, opened.catalog.reading() as reader:
        assert (opened.count_images(), reader.load_publications()) == (stopped["done"], {})
        assert read_status(opened).damages == (), "what is not published yet is sound"
        assert len(opened.search(Query(limit=100)).hits) == stopped["done"]
    report = pictor_report(tmp_path / "pictures", "--library", library)
    assert (report["added"], report["unchanged"]) == (40 - stopped["done"], stopped["done"])
