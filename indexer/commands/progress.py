"""How the commands that index show their progress: a bar, a plain line every few seconds, or JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console

from ..run.report import Event, OnEvent, Progress, Publishing, Started
from .output import count_of, print_remark, progress_bar

LINE_SECONDS = 5  # between two plain lines


@contextmanager
def show_progress(title: str, *, as_json: bool) -> Iterator[OnEvent]:
    """What to call with every event: it prints JSON, or moves a bar on a terminal, or prints plain lines."""
    if as_json:
        yield lambda event: print_json_line(event.as_json())
    elif Console(stderr=True).is_terminal:
        with progress_bar(title) as move_bar:
            yield lambda event: _show_event(event, move_bar)
    else:
        yield ProgressLines(print_remark)


def print_json_line(value: dict[str, Any]) -> None:
    """One JSON document as one line on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False))


class ProgressLines:
    """Reports how far a run is, every LINE_SECONDS."""

    def __init__(
        self, print_line: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._print_line, self._clock = print_line, clock
        self._due = clock() + LINE_SECONDS

    def __call__(self, event: Event) -> None:
        if isinstance(event, Progress) and self._clock() >= self._due:
            self._print_line(progress_line(event))
            self._due = self._clock() + LINE_SECONDS


def progress_line(event: Progress) -> str:
    """How far a run is, in one line."""
    left = "" if event.seconds_left is None else f", {format_duration(event.seconds_left)} left"
    problems = f", {count_of(event.problems, 'problem')}" if event.problems else ""
    files = f"{event.done} of {event.total} files, {event.files_per_second:.1f}/s"
    return f"{files}{left}{problems}, in {event.folder}"


def format_duration(seconds: float) -> str:
    """Such as 45 s, 12 min, 3 h 20 min."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def _show_event(event: Event, move_bar: Callable[[int, int, str], None]) -> None:
    if isinstance(event, Progress):
        problems = f"{count_of(event.problems, 'problem')}, " if event.problems else ""
        move_bar(event.done, event.total, f"{problems}{event.folder.rpartition('/')[2]}")
    elif isinstance(event, Started | Publishing):
        move_bar(0, 0, "looking" if isinstance(event, Started) else event.name)
