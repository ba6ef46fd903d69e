"""Fits words and the map of captions so that captions find their own pictures, and pictures their captions.

Regression leads a caption near its picture, whatever lies beside it. Here the pictures of a batch compete:
the loss is the cross entropy of the own picture among all of the batch, and of the own caption (InfoNCE: van
den Oord, Li and Vinyals, 2018; in both directions: Radford et al., 2021). It begins at the solution of the
regression and ends after few steps, and words are left out of captions at random, because a few thousand
pictures are soon known by heart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from retrieval import word_tower

from .word_table import average_bags

STEPS, BATCH, WARM_UP = 140, 1024, 10
LEFT_OUT = 0.15  # of the words of a caption
SHARPNESS = 3.0  # logarithm of what cosines are multiplied by, at the beginning
MAP_RATE, ROW_RATE = 3e-3, 2e-2  # of a step, as a share of the mean size of what is fitted
SHARPNESS_RATE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Captions:
    """Captions as rows of a table, none of them empty, with the row of the picture of each."""

    bags: Sequence[Sequence[int]]
    pictures: Tensor


class CaptionMap(nn.Module):
    """The rows of a table and a kernel map (`retrieval.ranking.word_tower`), as what is fitted."""

    def __init__(
        self, rows: Tensor, anchors: Tensor, coefficients: Tensor, centre: Tensor, axes: Tensor
    ) -> None:
        super().__init__()
        self.anchors = anchors
        self.rows, self.coefficients, self.centre, self.axes = (
            nn.Parameter(start.clone()) for start in (rows, coefficients, centre, axes)
        )
        self.sharpness = nn.Parameter(torch.tensor(SHARPNESS))

    def score_pictures(self, bags: Sequence[Sequence[int]], pictures: Tensor) -> Tensor:
        """The cosine of each text with each picture, (text, picture), times the sharpness."""
        vectors = normalize(average_bags(bags, len(self.rows)) @ self.rows, dim=1)
        nearness = torch.exp(word_tower.KERNEL * (vectors @ self.anchors.T - 1))
        found = nearness @ self.coefficients - self.centre
        lengths = (
            ((found @ (self.axes @ self.axes.T)) * found).sum(dim=1, keepdim=True).clamp_min(1e-9).sqrt()
        )
        return (found / lengths) @ (pictures @ self.axes.T).T * self.sharpness.exp()


def fit_by_contrast(
    start: CaptionMap, captions: Captions, pictures: Tensor, seed: int, on_step: Callable[[int, float], None]
) -> None:
    """Fits the map, in place, to captions of pictures, (picture, dimension) at length 1.

    Rows that no caption uses stay as they are. `on_step` gets the number of the step and its loss.
    """
    random = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(_choose_rates(start), betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _rate_at)
    for step, chosen in enumerate(_draw_batches(captions, random)):
        bags = [_leave_words_out(captions.bags[place], random) for place in chosen]
        scores = start.score_pictures(bags, pictures[captions.pictures[chosen]])
        own = torch.arange(len(chosen))
        loss = (cross_entropy(scores, own) + cross_entropy(scores.T, own)) / 2
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        schedule.step()
        on_step(step + 1, float(loss.detach()))


def _choose_rates(start: CaptionMap) -> list[dict[str, object]]:
    rates = {"rows": ROW_RATE, "coefficients": MAP_RATE, "centre": MAP_RATE, "axes": MAP_RATE}
    fitted = dict(start.named_parameters())
    sized = [
        {"params": [fitted[name]], "lr": rate * float(fitted[name].detach().abs().mean())}
        for name, rate in rates.items()
    ]
    return [*sized, {"params": [start.sharpness], "lr": SHARPNESS_RATE}]


def _rate_at(step: int) -> float:
    """Rises over the first steps, and falls as a cosine until the last."""
    return min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * step / STEPS))


def _draw_batches(captions: Captions, random: torch.Generator) -> Iterator[Tensor]:
    """For each step places of captions of different pictures, one caption for each picture."""
    places: dict[int, list[int]] = {}
    for place, picture in enumerate(captions.pictures.tolist()):
        places.setdefault(picture, []).append(place)
    own = list(places.values())
    for _ in range(STEPS):
        chosen = torch.randperm(len(own), generator=random)[:BATCH].tolist()
        draws = torch.rand(len(chosen), generator=random).tolist()
        yield torch.tensor([
            own[number][int(draw * len(own[number]))] for number, draw in zip(chosen, draws, strict=True)
        ])  # fmt: skip


def _leave_words_out(bag: Sequence[int], random: torch.Generator) -> Sequence[int]:
    kept = (torch.rand(len(bag), generator=random) >= LEFT_OUT).tolist()
    return [row for row, is_kept in zip(bag, kept, strict=True) if is_kept] or bag
