"""Fits words and the map of captions so that captions find their own pictures, and pictures their captions.

Regression leads a caption near its picture, whatever lies beside it. Here the pictures of a batch compete:
the loss is the cross entropy of the own picture among all of the batch, and of the own caption (InfoNCE: van
den Oord, Li and Vinyals, 2018; in both directions: Radford et al., 2021). It begins at the solution of the
regression and ends after few steps, and words are left out of captions at random, because a few thousand
pictures are soon known by heart. Vectors of a sentence encoder stay as they are; there captions of one
picture are joined at random instead, and noise is added.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from retrieval import word_tower

from .word_table import average_bags

STEPS, BATCH, WARM_UP = 140, 1024, 10
LEFT_OUT = 0.15  # of the words of a caption
JOINED, NOISE = 0.5, 0.5  # of captions that an encoder has given vectors
SHARPNESS = 3.0  # logarithm of what cosines are multiplied by, at the beginning
MAP_RATE, ROW_RATE = 3e-3, 2e-2  # of a step, as a share of the mean size of what is fitted
SHARPNESS_RATE = 0.01


@dataclass(frozen=True, eq=False)
class Captions:
    """Captions as rows of a table, none of them empty, with the row of the picture of each.

    How they are changed at random: the share of rows that is `left_out`, the share of captions that is
    `joined` with one of the same picture, and the length of the `noise` that is added to a vector of length
    1.
    """

    bags: Sequence[Sequence[int]]
    pictures: Tensor
    left_out: float = LEFT_OUT
    joined: float = 0.0
    noise: float = 0.0

    @classmethod
    def from_encoder(cls, pictures: Tensor) -> Captions:
        """Captions that an encoder has given vectors, which are the rows of the table."""
        bags = [[place] for place in range(len(pictures))]
        return cls(bags, pictures, left_out=0.0, joined=JOINED, noise=NOISE)

    def change_bag(self, place: int, random: torch.Generator) -> Sequence[int]:
        """The rows of a caption without some of them, and maybe with those of another of its picture."""
        bag, others = self.bags[place], self._places[int(self.pictures[place])]
        if self.joined and float(torch.rand(1, generator=random)) < self.joined:
            bag = [*bag, *self.bags[others[int(torch.randint(len(others), (1,), generator=random))]]]
        kept = (torch.rand(len(bag), generator=random) >= self.left_out).tolist()
        return [row for row, is_kept in zip(bag, kept, strict=True) if is_kept] or bag

    def draw_places(self, random: torch.Generator) -> Tensor:
        """Places of captions of different pictures, one caption for each picture."""
        own = list(self._places.values())
        chosen = torch.randperm(len(own), generator=random)[:BATCH].tolist()
        draws = torch.rand(len(chosen), generator=random).tolist()
        return torch.tensor([
            own[number][int(draw * len(own[number]))] for number, draw in zip(chosen, draws, strict=True)
        ])  # fmt: skip

    def list_used(self) -> list[int]:
        """The rows that captions use, rising."""
        return sorted({row for bag in self.bags for row in bag})

    def renumber_rows(self, used: Sequence[int]) -> Captions:
        """The same captions for a table of these rows alone."""
        numbers = {row: number for number, row in enumerate(used)}
        return replace(self, bags=[[numbers[row] for row in bag] for bag in self.bags])

    @cached_property
    def _places(self) -> dict[int, list[int]]:
        """The places of the captions of each picture."""
        places: dict[int, list[int]] = {}
        for place, picture in enumerate(self.pictures.tolist()):
            places.setdefault(picture, []).append(place)
        return places


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

    def keep_rows(self, kept: Sequence[int]) -> CaptionMap:
        """A copy with these rows alone; what needs no gradient here needs none there."""
        copy = CaptionMap(self.rows.detach()[kept], self.anchors, self.coefficients, self.centre, self.axes)
        for name, fitted in self.named_parameters():
            copy.get_parameter(name).requires_grad_(fitted.requires_grad)
        return copy

    @torch.no_grad()
    def take_over(self, fitted: CaptionMap, kept: Sequence[int]) -> None:
        """Put back what was fitted in a copy with these rows."""
        self.rows[kept] = fitted.rows
        for name in ("coefficients", "centre", "axes", "sharpness"):
            self.get_parameter(name).copy_(fitted.get_parameter(name))

    def encode_bags(self, bags: Sequence[Sequence[int]]) -> Tensor:
        """The vectors of texts, (text, number), at length 1."""
        return normalize(average_bags(bags, len(self.rows)) @ self.rows, dim=1)

    def score_pictures(self, vectors: Tensor, pictures: Tensor) -> Tensor:
        """The cosine of each text with each picture, (text, picture), times the sharpness."""
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

    What needs no gradient stays as it is, and so do rows that no caption uses. `on_step` gets the number of
    the step and its loss.
    """
    used = captions.list_used()  # Adam would spend most of its time on all the others
    fitted = start.keep_rows(used)
    _take_steps(fitted, captions.renumber_rows(used), pictures, seed, on_step)
    start.take_over(fitted, used)


def _take_steps(
    fitted: CaptionMap, captions: Captions, pictures: Tensor, seed: int, on_step: Callable[[int, float], None]
) -> None:
    random = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(_choose_rates(fitted), betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _rate_at)
    for step in range(STEPS):
        loss = _measure_loss(fitted, captions, pictures, random)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        schedule.step()
        on_step(step + 1, float(loss.detach()))


def _measure_loss(
    fitted: CaptionMap, captions: Captions, pictures: Tensor, random: torch.Generator
) -> Tensor:
    chosen = captions.draw_places(random)
    vectors = fitted.encode_bags([captions.change_bag(place, random) for place in chosen.tolist()])
    vectors = _add_noise(vectors, captions.noise, random)
    scores = fitted.score_pictures(vectors, pictures[captions.pictures[chosen]])
    own = torch.arange(len(chosen))
    return (cross_entropy(scores, own) + cross_entropy(scores.T, own)) / 2


def _choose_rates(fitted: CaptionMap) -> list[dict[str, object]]:
    rates = {"rows": ROW_RATE, "coefficients": MAP_RATE, "centre": MAP_RATE, "axes": MAP_RATE}
    parameters = dict(fitted.named_parameters())
    sized = [
        {"params": [parameters[name]], "lr": rate * float(parameters[name].detach().abs().mean())}
        for name, rate in rates.items()
        if parameters[name].requires_grad
    ]
    return [*sized, {"params": [fitted.sharpness], "lr": SHARPNESS_RATE}]


def _rate_at(step: int) -> float:
    """Rises over the first steps, and falls as a cosine until the last."""
    return min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * step / STEPS))


def _add_noise(vectors: Tensor, length: float, random: torch.Generator) -> Tensor:
    if not length:
        return vectors
    noise = torch.randn(vectors.shape, generator=random) / vectors.shape[1] ** 0.5
    return normalize(vectors + length * noise, dim=1)
