"""What a run says: events while it goes, and a report at its end. Plain frozen values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from retrieval import Problem


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: files done of those that must be read, and the problems so far."""

    stage: str
    done: int = 0
    total: int = 0
    problems: int = 0
    folder: str = ""


OnEvent: TypeAlias = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Report:
    """The counts of one run, in files, and every problem met.

    `added`: contents that are new to the library; `copies`: new paths of a content it already had;
    `moved`: copies whose only other path is missing now.
    """

    files: int = 0
    added: int = 0
    copies: int = 0
    moved: int = 0
    changed: int = 0
    returned: int = 0
    unchanged: int = 0
    missing: int = 0
    captioned: int = 0
    captions_without_picture: int = 0
    other_files: int = 0
    symbolic_links: int = 0
    seconds: float = 0.0
    problems: tuple[Problem, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        facts = [{"path": each.display, "code": each.code, "reason": each.reason} for each in self.problems]
        return asdict(self) | {"problems": facts, "seconds": round(self.seconds, 3)}
