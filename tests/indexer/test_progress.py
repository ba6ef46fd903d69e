"""How a run shows its progress."""

from __future__ import annotations

import json

import pytest

from indexer.commands.progress import (
    LINE_SECONDS,
    ProgressLines,
    format_duration,
    progress_line,
    show_progress,
)
from indexer.run.report import Event, Progress, Publishing, Started


def progress_at(done: int, seconds: float) -> Progress:
    return Progress(done, 100, 3, "/pictures/sea", seconds)


def test_the_rest_takes_as_long_as_what_is_done_suggests() -> None:
    assert (progress_at(25, 10).files_per_second, progress_at(25, 10).seconds_left) == (2.5, 30)
    assert (progress_at(0, 0).files_per_second, progress_at(0, 0).seconds_left) == (0, None)


def test_a_line_says_all() -> None:
    assert (
        progress_line(progress_at(25, 10))
        == "25 of 100 files, 2.5/s, 30 s left, 3 problems, in /pictures/sea"
    )
    assert progress_line(Progress(0, 100, 0, "/a", 0)) == "0 of 100 files, 0.0/s, in /a"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (89, "89 s"), (90, "2 min"), (5900, "98 min"), (12000, "3 h 20 min")]
)
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert format_duration(seconds) == said


def test_lines_come_once_in_a_while() -> None:
    said: list[str] = []
    now = 0.0
    lines = ProgressLines(said.append, lambda: now)
    for now in (1, LINE_SECONDS, LINE_SECONDS + 1, 3 * LINE_SECONDS):
        lines(Started((b"/pictures",)))
        lines(progress_at(round(now), now))
    assert [line.split()[0] for line in said] == [str(LINE_SECONDS), str(3 * LINE_SECONDS)]


def test_events_in_json_are_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    events: list[Event] = [Started((b"/caf\xe9",)), progress_at(25, 10), Publishing()]
    with show_progress("Indexing", as_json=True) as tell:
        for event in events:
            tell(event)
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in said] == ["started", "progress", "publishing"]
    assert (said[1]["per_second"], said[1]["seconds_left"], said[1]["folder"]) == (2.5, 30, "/pictures/sea")


def test_without_a_terminal_a_short_run_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress("Indexing", as_json=False) as tell:
        tell(Started((b"/pictures",)))
        tell(progress_at(100, 1))
    assert capsys.readouterr() == ("", "")
