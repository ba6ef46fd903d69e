"""Distillation: a student learns to put out what its teacher puts out, link by link, then as a whole."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from retrieval import Preprocessing

from ..errors import TrainingImpossible
from ..run.prefetch import prefetch_results
from .chain import Chain, relative_error
from .stages import Adapted, Stages
from .views import Float32, Views, scaled

CHECKPOINT = "checkpoint.pt"
WARM_UP = 100  # steps in which the learning rate rises
POSITIONS = 1600  # places of a link's output that one update of that link looks at, if there are as many
UPDATES = 8  # at most, of one link with one batch
POOLED = 4.0  # weight of the pooled feature's cosine beside the mean error of the links

OnStep: TypeAlias = Callable[[str, int, int, float], None]  # phase, steps done, steps in all, loss


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast: `apart` steps for each link alone, then `together` steps end to end."""

    apart: int = 1000
    together: int = 10000
    batch: int = 64
    apart_rate: float = 3e-3
    together_rate: float = 3e-4
    frozen: int = 0  # links from the input on that keep what they learned apart
    seed: int = 2026


class Distillation:
    """A training that can be broken off at any step and goes on from its last checkpoint."""

    def __init__(
        self,
        teacher: Chain | Stages,
        student: Chain | Adapted,
        views: Views,
        scale: Preprocessing,
        schedule: Schedule,
        folder: Path,
        *,
        every: int = 200,
    ) -> None:
        """Both are folded chains, or stages and an adapted student; only chains can learn apart.

        `scale` gives mean and spread of the teacher's input; the checkpoint lies in `folder`,
        written anew after `every` so many steps.
        """
        self._teacher, self._student, self._views = teacher.requires_grad_(False), student, views
        self._scale, self._schedule, self._folder = scale, schedule, folder
        self._every = every

    def run(self, on_step: OnStep) -> None:
        """Train to the end of the schedule; the student holds the result."""
        schedule = self._schedule
        trained: torch.nn.Module = self._student
        if isinstance(self._student, Chain):
            optimisers = [_adam(link, schedule.apart_rate) for link in self._student.links]
            self._phase("apart", schedule.apart, optimisers, self._apart, on_step)
            trained = self._student.links[schedule.frozen :]
        optimiser = _adam(trained, schedule.together_rate)
        self._phase("together", schedule.together, [optimiser], self._together, on_step)

    def _phase(
        self, name: str, steps: int, optimisers: list[torch.optim.Optimizer], learn: Any, on_step: OnStep
    ) -> None:
        rates = [each.param_groups[0]["lr"] for each in optimisers]
        first = self._resumed(name, optimisers)
        batches = prefetch_results(
            lambda step: self._batch(name, step), range(first, steps), name="views", threads=1, count=3
        )
        for step, views in zip(range(first, steps), batches, strict=True):
            for optimiser, rate in zip(optimisers, rates, strict=True):
                optimiser.param_groups[0]["lr"] = rate * _share(step, steps)
            loss = learn(torch.from_numpy(views).bfloat16().permute(0, 3, 1, 2), optimisers)
            on_step(name, step + 1, steps, loss)
            if (step + 1) % self._every == 0 or step + 1 == steps:
                self._save(name, step + 1, optimisers)

    def _batch(self, phase: str, step: int) -> Float32:
        """The views of a step scaled, channels last; numpy alone, for it runs in a thread."""
        offset = 0 if phase == "apart" else self._schedule.apart
        return scaled(self._views.batch(offset + step, self._schedule.batch), self._scale)

    def _apart(self, views: Tensor, optimisers: list[torch.optim.Optimizer]) -> float:
        """Every link learns from the teacher's own input to it, in updates of its own."""
        assert isinstance(self._teacher, Chain), "only chains have links"
        assert isinstance(self._student, Chain), "only chains have links"
        with torch.no_grad():
            outputs = [views, *self._teacher.outputs(views)]
        errors = []
        for place, (link, optimiser) in enumerate(zip(self._student.links, optimisers, strict=True)):
            for part in _parts(outputs[place + 1]):
                error = relative_error(link(outputs[place][part]), outputs[place + 1][part])
                _update(error, optimiser)
            errors.append(float(error.detach()))
        return sum(errors) / len(errors)

    def _together(self, views: Tensor, optimisers: list[torch.optim.Optimizer]) -> float:
        """The student as a whole, compared with the teacher after every link and in the pooled feature."""
        frozen = self._schedule.frozen
        with torch.no_grad():
            wanted, aim = self._teacher.compared(views)
        found, feature = self._student.compared(views, frozen)
        pairs = zip(found[frozen:], wanted[frozen:], strict=True)
        errors = [relative_error(*pair) for pair in pairs]
        distance = 1 - functional.cosine_similarity(feature, aim).mean()
        _update(torch.stack(errors).mean() + POOLED * distance, optimisers[0])
        return float(distance.detach())

    def _save(self, phase: str, step: int, optimisers: list[torch.optim.Optimizer]) -> None:
        kept = {
            "phase": phase,
            "step": step,
            "schedule": asdict(self._schedule),
            "student": self._student.state_dict(),
            "optimisers": [each.state_dict() for each in optimisers],
        }
        part = self._folder / f"{CHECKPOINT}.part"
        torch.save(kept, part)
        part.replace(self._folder / CHECKPOINT)

    def _resumed(self, phase: str, optimisers: list[torch.optim.Optimizer]) -> int:
        """The step to begin with; takes up student and optimisers where the checkpoint is of this phase."""
        path = self._folder / CHECKPOINT
        if not path.exists():
            return 0
        kept = torch.load(path, weights_only=True)
        if kept["schedule"] != asdict(self._schedule):
            raise TrainingImpossible(
                f"{path}: belongs to a training with another schedule ({kept['schedule']}); "
                "give the same one, or another --out"
            )
        self._student.load_state_dict(kept["student"])
        if kept["phase"] != phase:
            return 0 if phase == "together" else self._schedule.apart
        for optimiser, state in zip(optimisers, kept["optimisers"], strict=True):
            optimiser.load_state_dict(state)
        return int(kept["step"])


def _adam(module: torch.nn.Module, rate: float) -> torch.optim.Optimizer:
    return torch.optim.Adam(module.parameters(), lr=rate, betas=(0.9, 0.99))


def _share(step: int, steps: int) -> float:
    """The share of the learning rate: a short rise, then half a cosine down to nothing."""
    return min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * step / steps))


def _parts(output: Tensor) -> Iterator[slice]:
    """The parts of a batch that a link learns from in turn: the larger its maps, the fewer views."""
    count, _, height, width = output.shape
    size = min(count // 2 or 1, max(4, POSITIONS // (height * width)))
    starts = range(0, count, size)
    return (slice(start, start + size) for start in list(starts)[:UPDATES])


def _update(loss: Tensor, optimiser: torch.optim.Optimizer) -> None:
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
