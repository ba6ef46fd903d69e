"""What a run reports: events while it goes on, and a report at its end. Plain frozen values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, TypeAlias

from retrieval import Problem, display_path

from .plan import Plan


@dataclass(frozen=True, slots=True)
class Started:
    """The folders are about to be walked."""

    name: ClassVar[str] = "started"
    roots: tuple[bytes, ...]

    def as_json(self) -> dict[str, Any]:
        return {"event": self.name, "roots": [display_path(root) for root in self.roots]}


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to be done: how many files are in each list of the plan, and how many will be read."""

    name: ClassVar[str] = "planned"
    plan: Plan

    def as_json(self) -> dict[str, Any]:
        return {"event": self.name} | plan_counts(self.plan)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: files done of those that must be read, problems so far, and seconds of reading."""

    name: ClassVar[str] = "progress"
    done: int
    total: int
    problems: int
    folder: str
    seconds: float

    @property
    def files_per_second(self) -> float:
        """The mean rate; 0 while it is unknown."""
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take at this rate; None while that is unknown."""
        return (self.total - self.done) / self.files_per_second if self.files_per_second else None

    def as_json(self) -> dict[str, Any]:
        left = None if self.seconds_left is None else round(self.seconds_left, 1)
        fields = asdict(self) | {"seconds": round(self.seconds, 3)}
        rates = {"per_second": round(self.files_per_second, 2), "seconds_left": left}
        return {"event": self.name} | fields | rates


@dataclass(frozen=True, slots=True)
class ProblemMet:
    """A file could not be indexed, or only in part."""

    name: ClassVar[str] = "problem"
    problem: Problem

    def as_json(self) -> dict[str, Any]:
        return {"event": self.name} | problem_json(self.problem)


@dataclass(frozen=True, slots=True)
class Publishing:
    """The projections are about to be brought up to date."""

    name: ClassVar[str] = "publishing"

    def as_json(self) -> dict[str, Any]:
        return {"event": self.name}


@dataclass(frozen=True, slots=True)
class Published:
    """The projections are up to date; `anything` tells whether they had to change for it."""

    name: ClassVar[str] = "published"
    anything: bool

    def as_json(self) -> dict[str, Any]:
        return {"event": self.name, "anything": self.anything}


@dataclass(frozen=True, slots=True)
class Report:
    """The counts of one run, in files unless it says otherwise, and every problem.

    `added`: contents that are new to the library; pages count. `described_again`: contents that it already
    had and described again. `copies`: new paths of a content that it had already. `moved`: new paths of a
    content whose earlier paths are all missing. `missing`: paths where there is no file any more, without
    those of a content that was found at another path. `forgotten`: paths that were missing for longer than
    the setting forget_missing_days allows. `excluded`: pictures that a pattern left out. `system_folders`:
    folders of thumbnails and bins that were left out. `sidecars_read`: sidecars that are new or changed.
    `sidecars_gone`: sidecars that are gone. `other_kinds`: the endings of files that Pictor does not read,
    with how many there are, the most frequent first. `new_problems`: those of `problems` that the run
    before did not have.
    """

    files: int = 0
    added: int = 0
    described_again: int = 0
    copies: int = 0
    moved: int = 0
    changed: int = 0
    returned: int = 0
    unchanged: int = 0
    missing: int = 0
    forgotten: int = 0
    captioned: int = 0
    captions_without_picture: int = 0
    sidecars_read: int = 0
    sidecars_gone: int = 0
    excluded: int = 0
    system_folders: int = 0
    archives: int = 0
    other_files: int = 0
    symbolic_links: int = 0
    seconds: float = 0.0
    problems: tuple[Problem, ...] = ()
    other_kinds: tuple[tuple[str, int], ...] = ()
    new_problems: tuple[Problem, ...] = ()

    @property
    def known_problems(self) -> tuple[Problem, ...]:
        """The problems that the run before had as well."""
        new = set(self.new_problems)
        return tuple(problem for problem in self.problems if problem not in new)

    @property
    def has_news(self) -> bool:
        """Whether anything has changed, or there are new problems."""
        pictures = self.added + self.described_again + self.copies + self.moved + self.changed + self.returned
        sidecars = self.sidecars_read + self.sidecars_gone
        return bool(pictures + self.missing + self.forgotten + sidecars) or bool(self.new_problems)

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        new = set(self.new_problems)
        problems = [problem_json(problem) | {"new": problem in new} for problem in self.problems]
        return asdict(self) | {
            "problems": problems,
            "new_problems": len(self.new_problems),
            "other_kinds": dict(self.other_kinds),
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class Done:
    """The run is over."""

    name: ClassVar[str] = "done"
    report: Report

    def as_json(self) -> dict[str, Any]:
        return {"event": self.name} | self.report.as_json()


Event: TypeAlias = Started | Planned | Progress | ProblemMet | Publishing | Published | Done
OnEvent: TypeAlias = Callable[[Event], None]


def plan_counts(plan: Plan) -> dict[str, int]:
    """How many files are in each list of a plan, and how many of them must be read."""
    lists = {name: len(getattr(plan, name)) for name in plan.__slots__}
    return {"files": sum(lists.values()) - len(plan.missing), "to_read": len(plan.to_read)} | lists


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem as JSON values; bytes of its path that are not text are escaped."""
    return {"path": problem.display, "code": problem.code, "reason": problem.reason}
