"""How commands print: results to stdout as text or JSON; remarks and progress to stderr."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column

NOTE_WIDTH = 28  # characters; the bar and the figures matter more


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def count_of(number: int, noun: str) -> str:
    """`1 problem`, `2 problems`; nouns that end in y as in `2 copies`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun.removesuffix('y')}ies" if noun.endswith("y") else f"{number} {noun}s"


def print_bytes(data: bytes) -> None:
    """Bytes on stdout as they are."""
    click.echo(data, nl=False)


def print_remark(sentence: str) -> None:
    """A sentence on stderr."""
    click.echo(sentence, err=True)


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int, str], None]]:
    """A bar on stderr, moved by a call with (done, total, note); it shows only where stderr is a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[note]}", table_column=Column(no_wrap=True, max_width=NOTE_WIDTH)),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        task = bars.add_task(title, total=None, rate="", note="")

        def move_bar(done: int, total: int, note: str) -> None:
            elapsed = bars.tasks[task].elapsed or 0
            rate = f"{done / elapsed:.0f}/s" if elapsed > 1 else ""
            if total:
                bars.update(task, completed=done, total=total)
            bars.update(task, rate=rate, note=note)

        yield move_bar
