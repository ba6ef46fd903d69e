"""Hits for other programs: paths, one for each file, and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from retrieval import Hit, answers

from .output import count_of, print_bytes, print_remark

COLUMNS = (
    "rank", "score", "band", "id", "path", "page", "missing", "title", "caption", "tags", "labels",
    "width", "height", "taken_at", "group", "group_count",
)  # fmt: skip


def print_paths(hits: Sequence[Hit], *, nul: bool) -> None:
    """The file of each hit, its bytes as the file system has them; no file twice, and none that is gone."""
    end = b"\0" if nul else b"\n"
    present = [hit.image.location for hit in hits if hit.image.location and not hit.image.is_missing]
    for path in dict.fromkeys(location.path for location in present):
        print_bytes(path + end)
    if gone := len(hits) - len(present):
        print_remark(f"{count_of(gone, 'hit')} left out: no file is there any more")


def print_csv(hits: Sequence[Hit]) -> None:
    """A line of names, then a line for each hit; several tags are separated by a semicolon."""
    print_bytes(_csv_line(COLUMNS))
    for hit in hits:
        print_bytes(_csv_line(_hit_values(hit)))


def _hit_values(hit: Hit) -> tuple[object, ...]:
    image = hit.image
    return (
        hit.rank,
        hit.score,
        hit.band or "",
        hit.id,
        image.path,
        image.page,
        "yes" if image.is_missing else "no",
        image.title,
        image.caption,
        ";".join(image.tags),
        ";".join(image.labels),
        image.width,
        image.height,
        image.taken_with_zone.isoformat() if image.taken_with_zone else "",
        hit.group.name if hit.group else "",
        hit.group.count if hit.group else "",
    )


def _csv_line(values: Sequence[object]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(map(answers.quiet_cell, values))
    return line.getvalue().encode()
