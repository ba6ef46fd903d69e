"""Any two timm CNNs made comparable: stage by stage, with 1 × 1 convolutions where widths differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import TrainingImpossible


class Stages(nn.Module):
    """The outputs of a timm network's stages; `chosen` says of which, all of them to begin with."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)
        self.chosen: Sequence[int] | None = None

    def describe(self, views: Tensor, frozen: int = 0) -> tuple[list[Tensor], Tensor]:
        """The chosen stages' outputs and the pooled feature, in float32; no stage is ever frozen."""
        with torch.autocast(views.device.type, torch.bfloat16):
            last, stages = self.network.forward_intermediates(views.float())
            pooled = self.network.forward_head(last, pre_logits=True)
        chosen = range(len(stages)) if self.chosen is None else self.chosen
        return [stages[place].float() for place in chosen], pooled.float()


class Adapted(nn.Module):
    """A student whose stages get the teacher's widths; the adapters are dropped when it is exported."""

    def __init__(self, student: Stages, teacher: Stages, views: Tensor) -> None:
        """Choose, for both, the last stage of every map size that both have.

        Raises TrainingImpossible where no stage of one has the size of one of the other's.
        """
        super().__init__()
        self.network, self._stages = student.network, student
        with torch.no_grad():
            mine, own = student.eval().describe(views)
            theirs, wanted = teacher.eval().describe(views)
        sizes = _find_last_of_sizes(mine), _find_last_of_sizes(theirs)
        shared = [size for size in sizes[1] if size in sizes[0]]
        if not shared:
            raise TrainingImpossible(
                f"no stages of equal size: the student's are {list(sizes[0])}, the teacher's "
                f"{list(sizes[1])}; choose networks that reduce their input alike"
            )
        pairs = [(sizes[0][size], sizes[1][size]) for size in shared]
        student.chosen, teacher.chosen = zip(*pairs, strict=True)
        widths = [(mine[a].shape[1], theirs[b].shape[1]) for a, b in pairs]
        self._adapters = nn.ModuleList([nn.Conv2d(*pair, 1) for pair in widths])
        self._projection = nn.Linear(own.shape[1], wanted.shape[1])
        self.train()

    def describe(self, views: Tensor, frozen: int = 0) -> tuple[list[Tensor], Tensor]:
        """The student's chosen stages in the teacher's widths, and its feature projected to the teacher's."""
        stages, pooled = self._stages.describe(views)
        adapted = [fit(stage) for fit, stage in zip(self._adapters, stages, strict=True)]
        return adapted, self._projection(pooled)


def _find_last_of_sizes(outputs: Sequence[Tensor]) -> dict[tuple[int, ...], int]:
    """The place of the last output of every height and width."""
    return {tuple(output.shape[2:]): place for place, output in enumerate(outputs)}
