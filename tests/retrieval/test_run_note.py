"""The note of a run: others see how far it is and may ask it to stop, as long as it lives."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from retrieval import RunNote, RunProgress, ask_to_stop, read_run

PROGRESS = RunProgress(
    "reading", 41_200, 120_000, 3, "/photos/2019 \N{LATIN SMALL LETTER U WITH DIAERESIS}", 12.5
)
HOLD = """
import sys, time
from pathlib import Path
from retrieval import RunNote, RunProgress
note = RunNote(Path(sys.argv[1]))
note.write(RunProgress("reading", 1, 2))
print("written", flush=True)
time.sleep(60)
"""


def test_what_a_run_notes_is_read_by_others(tmp_path: Path) -> None:
    assert read_run(tmp_path) is None
    with RunNote(tmp_path) as note:
        assert read_run(tmp_path) == RunProgress("looking")
        note.write(PROGRESS)
        assert read_run(tmp_path) == PROGRESS
        note.write(RunProgress("publishing"))
        assert read_run(tmp_path) == RunProgress("publishing")
    assert read_run(tmp_path) is None


def test_a_run_is_asked_to_stop_and_the_next_one_is_not(tmp_path: Path) -> None:
    assert not ask_to_stop(tmp_path)
    with RunNote(tmp_path) as note:
        note.write(PROGRESS)
        assert not note.is_asked_to_stop()
        assert ask_to_stop(tmp_path)
        assert note.is_asked_to_stop()
        assert read_run(tmp_path) == PROGRESS
    with RunNote(tmp_path) as next_note:
        assert not next_note.is_asked_to_stop()
    assert not ask_to_stop(tmp_path)


def test_nobody_believes_the_note_of_a_run_that_was_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "written\n"
        assert read_run(tmp_path) == RunProgress("reading", 1, 2)
        run.send_signal(signal.SIGKILL)
    assert read_run(tmp_path) is None


def test_a_run_goes_on_without_a_note(tmp_path: Path) -> None:
    with RunNote(tmp_path / "nowhere") as note:
        note.write(PROGRESS)
        assert not note.is_asked_to_stop()
    assert read_run(tmp_path / "nowhere") is None
