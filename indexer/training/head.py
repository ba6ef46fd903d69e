"""The class head of a student: learned from a teacher's class scores on its finished features."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

RIDGE = 1e-3  # of the mean square of the features: what keeps the first fit well-posed
HELD_OUT = 0.1  # share of the views on which the temperature is fitted
BATCH, RATE = 512, 3e-4
RAREST = 1e-5  # chance below which no class is taken to be
TEMPERATURES = torch.logspace(math.log10(0.25), math.log10(4), 161)

OnStep: TypeAlias = Callable[[int, int, float], None]  # steps done, steps in all, loss


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """Class scores are `weight` (class, feature) times the pooled feature plus `bias`; divided by the
    temperature, their softmax is the confidence.
    """

    weight: Tensor
    bias: Tensor
    temperature: float

    def score_features(self, features: Tensor) -> Tensor:
        """The class scores of features (row, feature), already divided by the temperature."""
        weight, bias = self.weight.to(features), self.bias.to(features)
        return functional.linear(features, weight, bias) / self.temperature


def train_head(features: Tensor, scores: Tensor, *, epochs: int, seed: int, on_step: OnStep) -> Head:
    """Fit a head to pairs of the student's pooled feature and the teacher's class scores, row by row.

    It starts at the ridge regression of the scores (Ba and Caruana 2014), which also learns from classes
    that no picture shows, and goes on with the cross-entropy to the teacher's distribution (Hinton et al.
    2015). How often a class occurs among the rows is added to its score while learning, and left off
    afterwards: every class then counts alike (logit adjustment, Menon et al. 2021). The last rows are held
    out for the temperature (Guo et al. 2017).
    """
    kept = len(features) - max(1, int(len(features) * HELD_OUT))
    usual = _measure_frequencies(scores[:kept])
    head = _fit_regression(features[:kept], scores[:kept])
    with torch.no_grad():
        head.bias.sub_(usual)
    _sharpen_head(head, features[:kept], scores[:kept], usual, epochs, seed, on_step)
    with torch.no_grad():
        found = head(features[kept:].float())
    temperature = _fit_temperature(found, scores[kept:], usual)
    return Head(head.weight.detach(), head.bias.detach(), temperature)


def _measure_frequencies(scores: Tensor) -> Tensor:
    """The logarithm of each class's mean chance over all rows."""
    parts = torch.split(scores, BATCH)
    chances = torch.stack([part.float().softmax(dim=1).sum(dim=0) for part in parts]).sum(dim=0)
    return (chances / len(scores)).clamp_min(RAREST).log()


def _fit_regression(features: Tensor, scores: Tensor) -> nn.Linear:
    """The ridge regression of each picture's scores, less their mean, which the softmax does not see."""
    features, scores = features.float(), scores.float()
    scores = scores - scores.mean(dim=1, keepdim=True)
    ones = torch.cat([features, torch.ones(len(features), 1)], dim=1)
    gram = ones.T @ ones
    gram.diagonal().add_(RIDGE * gram.diagonal().mean())
    solution = torch.linalg.solve(gram, ones.T @ scores)
    head = nn.Linear(features.shape[1], scores.shape[1])
    with torch.no_grad():
        head.weight.copy_(solution[:-1].T)
        head.bias.copy_(solution[-1])
    return head


def _sharpen_head(
    head: nn.Linear,
    features: Tensor,
    scores: Tensor,
    usual: Tensor,
    epochs: int,
    seed: int,
    on_step: OnStep,
) -> None:
    optimiser = torch.optim.Adam(head.parameters(), lr=RATE)
    order = torch.Generator().manual_seed(seed)
    steps = epochs * math.ceil(len(features) / BATCH)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(1, steps))
    done = 0
    for _ in range(epochs):
        shuffled = torch.randperm(len(features), generator=order)
        for rows in torch.split(shuffled, BATCH):
            found = head(features[rows].float()) + usual
            loss = functional.cross_entropy(found, scores[rows].float().softmax(dim=1))
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            cosine.step()
            done += 1
            on_step(done, steps, float(loss.detach()))


def _fit_temperature(found: Tensor, wanted: Tensor, usual: Tensor) -> float:
    """The temperature whose confidences, with how often classes occur, have the least cross-entropy to the
    teacher's; the lower on a tie.
    """
    chances = wanted.float().softmax(dim=1)
    losses = torch.stack(
        [functional.cross_entropy(found / candidate + usual, chances) for candidate in TEMPERATURES]
    )
    return float(TEMPERATURES[losses.argmin()])
