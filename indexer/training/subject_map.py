"""The maps of a word tower, from text vectors to a subject space: kernel ridge regression along few axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import normalize

from retrieval import word_tower

CAPTION_ANCHORS = 800  # beside the first name of each class
NAME_RIDGE, CAPTION_RIDGE = 1.0, 3.0
NAME_AXES, CAPTION_AXES = 192, 256
METRIC_RIDGE = 0.3  # of the mean variance of the pictures
SMALL = 1e-3  # on the diagonal of what is solved, so that equal anchors do no harm
SAMPLE_STEP = 7  # every seventh caption tells what texts have in common
SHARES = (0.25, 0.3, 0.4, 0.5)  # of captions beside names, at equal spread, for 1, 2, 3 and more words


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Vectors of texts, (text, number), and for each the direction that it shall lead to, by its row."""

    texts: Tensor
    rows: Tensor
    directions: Tensor  # (row, dimension), of length 1


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """Few directions of the subject space: `axes` is (coefficient, dimension), `inverse` the way there."""

    inverse: Tensor
    axes: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class KernelFit:
    """The parts of a kernel map (`retrieval.ranking.word_tower.KernelMap`) while it is made."""

    coefficients: Tensor
    centre: Tensor
    axes: Tensor

    def lead(self, nearness: Tensor, looks: Tensor | None = None) -> Tensor:
        """Where texts with this nearness to the anchors are led, (text, dimension), at length 1."""
        found = nearness @ self.coefficients - self.centre
        return normalize((found if looks is None else found + looks) @ self.axes, dim=1)

    def finish(self) -> word_tower.KernelMap:
        return word_tower.KernelMap(
            *(part.detach().numpy() for part in (self.coefficients, self.centre, self.axes))
        )


def choose_anchors(first_names: Sequence[str], captions: Sequence[str], seed: int) -> list[str]:
    """The texts that all others are compared with: names, and captions drawn at random.

    A regression on some texts instead of all: Williams and Seeger, "Using the Nyström method to speed up
    kernel machines", NIPS 2000.
    """
    order = torch.randperm(len(captions), generator=torch.Generator().manual_seed(seed))
    return [*first_names, *(captions[place] for place in order[:CAPTION_ANCHORS].tolist())]


def choose_axes(directions: Tensor, pictures: Tensor, count: int) -> Axes:
    """The axes along which the scores of directions, (direction, dimension), among pictures change least.

    With the covariance S of the pictures, these are the main axes of the directions multiplied by S^½: what
    no picture tells apart is left out first.
    """
    values, vectors = torch.linalg.eigh(_covariance(pictures))
    root, inverse = ((vectors * values**power) @ vectors.T for power in (0.5, -0.5))
    scaled = directions @ root
    main = torch.linalg.eigh(scaled.T @ scaled)[1][:, -count:]
    return Axes(root @ main, main.T @ inverse)


def find_inverse(axes: Tensor, pictures: Tensor) -> Axes:
    """The way to these axes along which the scores of a direction among the pictures change least."""
    covariance = _covariance(pictures)
    return Axes(covariance @ axes.T @ torch.linalg.inv(axes @ covariance @ axes.T), axes)


def regress(anchors: Tensor, pairs: Pairs, ridge: float) -> Tensor:
    """The directions of the anchors, (anchor, dimension), by kernel ridge regression."""
    near = measure_nearness(pairs.texts, anchors)
    system = near.T @ near + ridge * measure_nearness(anchors, anchors) + SMALL * torch.eye(len(anchors))
    directions: Tensor = torch.linalg.solve(system, near.T @ pairs.directions[pairs.rows])
    return directions


def regress_captions(anchors: Tensor, captions: Pairs, ridge: float = CAPTION_RIDGE) -> Tensor:
    """The same for captions, multiplied by (S + ridge)⁻¹ with the covariance S of the pictures.

    That discounts what all pictures have in common.
    """
    whitening: Tensor = torch.linalg.inv(_covariance(captions.directions))
    return regress(anchors, captions, ridge) @ whitening


def measure_nearness(texts: Tensor, anchors: Tensor) -> Tensor:
    """exp(−|x − a|²) of each text with each anchor, (text, anchor)."""
    return torch.exp(word_tower.KERNEL * (texts @ anchors.T - 1))


def make_subject_map(
    anchors: Tensor,
    names: KernelFit,
    captions: KernelFit,
    nearness: Tensor,
    pictures: Tensor,
    looks: Tensor | None = None,
) -> word_tower.SubjectMap:
    """Both maps with SHARES at equal spread.

    `nearness` of some captions with the anchors, and their `looks`, tell how wide the scores of both spread.
    """
    led = names.lead(nearness, looks), captions.lead(nearness)
    spreads = [_mean_spread(vectors, pictures) for vectors in led]
    shares = _share_units(spreads[0] / spreads[1])
    return word_tower.SubjectMap(anchors.numpy(), names.finish(), captions.finish(), shares)


def _covariance(pictures: Tensor) -> Tensor:
    covariance = pictures.T @ pictures / len(pictures)
    return covariance + METRIC_RIDGE * covariance.diagonal().mean() * torch.eye(len(covariance))


def _mean_spread(vectors: Tensor, pictures: Tensor) -> float:
    """The standard deviation of the scores of a text among the pictures, averaged over texts."""
    return float((vectors @ pictures.T).std(dim=1).mean())


def _share_units(ratio: float) -> npt.NDArray[np.float32]:
    """SHARES at equal spread as shares of unit vectors, where those of names spread `ratio` times as wide."""
    return np.array([share * ratio / (1 - share + share * ratio) for share in SHARES], np.float32)
