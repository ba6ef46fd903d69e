"""Distillation: a student learns to put out what its teacher puts out, link by link, then as a whole."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import torch
from torch import Tensor

from .chain import Chain
from .curve import CURVE, Curve
from .feeding import Feed
from .head import Head
from .keeping import Keeping, load_checkpoint, save_checkpoint
from .losses import Losses, measure_error, measure_losses, weigh_losses
from .schedule import APART, PHASES, TOGETHER, Schedule
from .stages import Adapted, Stages

POSITIONS = 1600  # places of a link's output that one update of that link looks at, if there are as many
UPDATES = 16  # at most, of one link with one batch; those of the others follow from their errors

OnStep: TypeAlias = Callable[[str, int, int, float], None]  # phase, steps done, steps in all, loss
Optimisers: TypeAlias = list[torch.optim.Optimizer]


class Distillation:
    """A training that can be broken off at any step and goes on from its last checkpoint, to the same end."""

    def __init__(
        self,
        teacher: Chain | Stages,
        student: Chain | Adapted,
        feed: Feed,
        schedule: Schedule,
        keeping: Keeping,
        losses: Losses | None = None,
        head: Head | None = None,
    ) -> None:
        """Both are folded chains, or stages and an adapted student; only chains can learn apart.

        `head` reads the classes of both where the losses compare those.
        """
        self._teacher, self._student, self._feed = teacher.requires_grad_(False), student, feed
        self._schedule, self._keeping = schedule, keeping
        self._losses, self._head = losses or Losses(), head
        self._curve = Curve(keeping.folder / CURVE)
        self._seconds = 0.0

    def run(self, on_step: OnStep) -> None:
        """Train to the end of the schedule; the student holds the result.

        Raises Stopped, behind a checkpoint, when somebody asked for an end.
        """
        with self._keeping.stopping.shield():
            for phase in PHASES:
                self._run_phase(phase, self._make_optimisers(phase), on_step)

    def _make_optimisers(self, phase: str) -> Optimisers:
        """One for each link apart, one for all of them together."""
        trained: torch.nn.Module = self._student
        if isinstance(self._student, Chain):
            if phase == APART:
                return [_make_adam(link) for link in self._student.links]
            trained = self._student.links[self._schedule.frozen :]
        return [] if phase == APART else [_make_adam(trained)]

    def _run_phase(self, phase: str, optimisers: Optimisers, on_step: OnStep) -> None:
        total = self._schedule.count_steps(phase) if optimisers else 0
        steps = range(self._take_up(phase, optimisers), total)
        places = (self._count_before(phase) + step for step in steps)
        wanted = ((place, self._get_size(place)) for place in places)
        batches = self._feed.provide_views(wanted, self._schedule.batch)
        for step, views in zip(steps, batches, strict=True):
            started = time.monotonic()
            losses = self._learn(phase, step, views, optimisers)
            self._curve.add_losses(losses)
            self._seconds += time.monotonic() - started
            on_step(phase, step + 1, total, losses["loss"])
            if (step + 1) % self._keeping.every == 0 or step + 1 == total or self._keeping.is_asked():
                self._save(phase, step + 1, optimisers)
            self._keeping.wait()

    def _get_size(self, place: int) -> int:
        """The size of the views of a step, counted over both phases."""
        return self._schedule.get_size(place, self._feed.size)

    def _count_before(self, phase: str) -> int:
        """The steps of the phases before this one."""
        return 0 if phase == APART else self._schedule.apart

    def _learn(self, phase: str, step: int, views: Tensor, optimisers: Optimisers) -> dict[str, float]:
        """Do one step; the losses by name, `loss` among them."""
        for optimiser in optimisers:
            optimiser.param_groups[0]["lr"] = self._schedule.get_rate(phase, step)
        return (
            self._learn_apart(views, optimisers)
            if phase == APART
            else self._learn_together(views, optimisers)
        )

    def _learn_apart(self, views: Tensor, optimisers: Optimisers) -> dict[str, float]:
        """Every link learns from the teacher's own input to it, in updates of its own, the worst in most."""
        assert isinstance(self._teacher, Chain), "only chains have links"
        assert isinstance(self._student, Chain), "only chains have links"
        with torch.no_grad():
            outputs = [views, *self._teacher.compute_outputs(views)]
        lessons = [
            Lesson(link, optimiser, given, wanted)
            for link, optimiser, (given, wanted) in zip(
                self._student.links, optimisers, pairwise(outputs), strict=True
            )
        ]
        errors = [lesson.learn_part(0) for lesson in lessons]
        for lesson, error in zip(lessons, errors, strict=True):
            for number in range(1, math.ceil(UPDATES * error / max(errors))):
                lesson.learn_part(number)
        named = {f"link {place}": error for place, error in enumerate(errors)}
        return {"loss": sum(errors) / len(errors), **named}

    def _learn_together(self, views: Tensor, optimisers: Optimisers) -> dict[str, float]:
        """The student as a whole, compared with the teacher after every link and in the pooled feature."""
        frozen = self._schedule.frozen
        with torch.no_grad():
            wanted, aim = self._teacher.describe(views)
        found, feature = self._student.describe(views, frozen)
        parts = measure_losses(self._losses, (found[frozen:], wanted[frozen:]), (feature, aim), self._head)
        _update(weigh_losses(self._losses, parts), optimisers[0])
        losses = {name: float(part.detach()) for name, part in parts.items()}
        return {"loss": losses["pooled"], **losses}

    def _save(self, phase: str, step: int, optimisers: Optimisers) -> None:
        """Write a line of the curve and a checkpoint."""
        self._curve.write_line(self._describe_step(phase, step))
        checkpoint = {
            "phase": phase,
            "step": step,
            "seconds": self._seconds,
            "schedule": asdict(self._schedule),
            "student": self._student.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in optimisers],
        }
        save_checkpoint(self._keeping.folder, checkpoint)
        self._keeping.on_save()

    def _describe_step(self, phase: str, step: int) -> dict[str, Any]:
        """What the curve says of a step beside its losses."""
        return {
            "phase": phase,
            "step": step,
            "views": step * self._schedule.batch,
            "rate": self._schedule.get_rate(phase, step - 1),
            "size": self._get_size(self._count_before(phase) + step - 1),
            "seconds": round(self._seconds, 1),
        }

    def _take_up(self, phase: str, optimisers: Optimisers) -> int:
        """The step to begin with; takes up student and optimisers where the checkpoint is of this phase."""
        checkpoint = load_checkpoint(self._keeping.folder, self._schedule)
        if not checkpoint:
            return 0
        self._curve.cut_behind(checkpoint["phase"], checkpoint["step"])
        self._student.load_state_dict(checkpoint["student"])
        self._seconds = checkpoint["seconds"]
        if checkpoint["phase"] != phase:
            return 0 if phase == TOGETHER else self._schedule.apart
        for optimiser, state in zip(optimisers, checkpoint["optimisers"], strict=True):
            optimiser.load_state_dict(state)
        return int(checkpoint["step"])


def _make_adam(module: torch.nn.Module) -> torch.optim.Optimizer:
    """An optimiser whose rate is set with every step."""
    return torch.optim.Adam(module.parameters(), lr=0.0, betas=(0.9, 0.99))


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one link has to learn from a batch: to put out what is wanted, given its teacher's input."""

    link: torch.nn.Module
    optimiser: torch.optim.Optimizer
    given: Tensor
    wanted: Tensor

    def learn_part(self, number: int) -> float:
        """One update from a part of the batch, UPDATES of which cover it; the error before it."""
        part = choose_part(self.wanted, number)
        error = measure_error(self.link(self.given[part]), self.wanted[part])
        _update(error, self.optimiser)
        return float(error.detach())


def choose_part(output: Tensor, number: int) -> slice:
    """A part of the batch: the larger the maps, the fewer views; those that overlap come far apart."""
    count, _, height, width = output.shape
    size = min(math.ceil(count / 4), max(4, POSITIONS // (height * width)))
    spread = number % 2 * (UPDATES // 2) + number // 2  # 0, 8, 1, 9, …
    start = round(max(0, count - size) * spread / (UPDATES - 1))
    return slice(start, start + size)


def _update(loss: Tensor, optimiser: torch.optim.Optimizer) -> None:
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
