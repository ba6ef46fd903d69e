"""How a training goes: a file of JSON lines, one for each checkpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from .schedule import PHASES

CURVE = "curve.jsonl"
DIGITS = 6  # of a number in the file

Line: TypeAlias = dict[str, Any]


class Curve:
    """How the losses fall: a file of JSON lines, each the means since the line before."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._losses: list[dict[str, float]] = []

    def add_losses(self, losses: dict[str, float]) -> None:
        """Take in the losses of one step."""
        self._losses.append(losses)

    def write_line(self, facts: Mapping[str, Any]) -> None:
        """Write one line: the facts and the means of the losses."""
        names = self._losses[-1] if self._losses else ()
        count = len(self._losses)
        means = {name: round(sum(step[name] for step in self._losses) / count, DIGITS) for name in names}
        self._losses = []
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**facts, **means}) + "\n")

    def cut_behind(self, phase: str, step: int) -> None:
        """Drop the lines of steps behind this one, which will be done again, and one cut short."""
        if not self._path.exists():
            return
        lines = self._path.read_text("utf-8").splitlines(keepends=True)
        kept = [
            line for line in lines if line.endswith("\n") and _get_place(line) <= (PHASES.index(phase), step)
        ]
        self._path.write_text("".join(kept), "utf-8")


def _get_place(line: str) -> tuple[int, int]:
    facts = json.loads(line)
    return PHASES.index(facts["phase"]), int(facts["step"])


def load_lines(path: Path) -> list[Line]:
    """The lines of a curve: none without a file, and without one that is being written at the moment."""
    text = path.read_text("utf-8") if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
