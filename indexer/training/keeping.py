"""What a training keeps in its folder: the checkpoint, and a file that pauses it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from ..errors import TrainingImpossible
from ..run.stop_signals import StopRequest
from .curve import CURVE
from .schedule import TOGETHER, Schedule, parse_schedule

CHECKPOINT, PAUSE = "checkpoint.pt", "pause"
POLL_SECONDS = 2.0  # between two looks at whether a pause is over


def save_nothing() -> None:
    """What is done with a checkpoint where nobody asked for more."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where a training is kept, after every how many steps, and who may stop it.

    `on_save` is called behind every checkpoint.
    """

    folder: Path
    every: int = 200
    stopping: StopRequest = field(default_factory=StopRequest)
    on_save: Callable[[], None] = save_nothing

    def is_asked(self) -> bool:
        """Whether somebody wants the training to pause or to stop now."""
        return bool(self.stopping.signal_number) or (self.folder / PAUSE).exists()

    def wait(self) -> None:
        """Wait as long as there is a file that pauses; raises Stopped when an end was asked for."""
        self.stopping.raise_if_stopped()
        while (self.folder / PAUSE).exists():
            time.sleep(POLL_SECONDS)
            self.stopping.raise_if_stopped()


def save_checkpoint(folder: Path, checkpoint: Mapping[str, Any]) -> None:
    """Write a checkpoint; whoever is broken off in between finds the one before."""
    part = folder / f"{CHECKPOINT}.part"
    torch.save(dict(checkpoint), part)
    part.replace(folder / CHECKPOINT)


def load_checkpoint(folder: Path, schedule: Schedule) -> dict[str, Any] | None:
    """The checkpoint in a folder, if there is one.

    Raises TrainingImpossible where it belongs to a schedule that this one cannot follow.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    before = parse_schedule(checkpoint["schedule"])
    if not schedule.may_follow(before, checkpoint["phase"], checkpoint["step"]):
        raise TrainingImpossible(
            f"{path}: belongs to a training with another schedule ({checkpoint['schedule']}); "
            "give the same one, or another --out"
        )
    return checkpoint


def take_over(source: Path, folder: Path, decay: int) -> Schedule:
    """Copy the training in `source` as it is now, to be ended in `decay` more steps; the schedule for that.

    Where `folder` holds a checkpoint already, that one goes on. Raises TrainingImpossible where there is
    nothing to take over.
    """
    if not (folder / CHECKPOINT).exists():
        checkpoint = _load_unfinished(source / CHECKPOINT)
        ended = {"together": checkpoint["step"] + decay, "decay": decay}
        if (source / CURVE).exists():
            shutil.copy(source / CURVE, folder / CURVE)
        save_checkpoint(folder, checkpoint | {"schedule": checkpoint["schedule"] | ended})
    return parse_schedule(torch.load(folder / CHECKPOINT, weights_only=True)["schedule"])


def _load_unfinished(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise TrainingImpossible(f"{path} is not there; --finish takes the folder of a training")
    checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    schedule = parse_schedule(checkpoint["schedule"])
    if checkpoint["phase"] != TOGETHER or checkpoint["step"] > schedule.get_fall(TOGETHER):
        raise TrainingImpossible(f"{path}: only a training whose rate is constant can be finished early")
    return checkpoint
