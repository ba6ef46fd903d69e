"""How commands print: results to stdout as text or JSON, remarks and progress to stderr."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column

from retrieval import Hit, Image

NOTE_WIDTH = 28  # columns; the bar and the figures matter more


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def remark(sentence: str) -> None:
    """A sentence on stderr."""
    click.echo(sentence, err=True)


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int, str], None]]:
    """A bar on stderr, moved by calling it with (done, total, note); quiet when stderr is no terminal."""
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

        def move(done: int, total: int, note: str) -> None:
            elapsed = bars.tasks[task].elapsed or 0
            rate = f"{done / elapsed:.0f}/s" if elapsed > 1 else ""
            if total:
                bars.update(task, completed=done, total=total)
            bars.update(task, rate=rate, note=note)

        yield move


def hit_json(hit: Hit) -> dict[str, Any]:
    """One hit as JSON values: what `pictor search --json` promises, and what an image is called by."""
    return {
        "id": hit.id,
        "path": hit.image.path,
        "page": hit.image.page,
        "score": hit.score,
        "rank": hit.rank,
        "band": hit.band,
        "copies": list(hit.copies),
        "contributions": [asdict(each) for each in hit.contributions],
        "title": hit.image.title,
        "caption": hit.image.caption,
        "tags": list(hit.image.tags),
        "labels": list(hit.image.labels),
    }


def image_json(image: Image) -> dict[str, Any]:
    """One image with its places and facts as JSON values."""
    return {
        "id": image.id,
        "path": image.path,
        "page": image.page,
        "sha256": image.sha256,
        "width": image.width,
        "height": image.height,
        "format": image.format,
        "bytes": image.bytes,
        "taken_at": image.taken_at and image.taken_at.isoformat(),
        "added_at": image.added_at.isoformat(),
        "locations": [
            {"path": place.display, "page": place.page, "missing": place.missing_since is not None}
            for place in image.locations
        ],
        "predicted": image.predicted_json(),
        "annotations": [asdict(fact) for fact in image.annotations],
    }
