"""The maps of a word tower, from text vectors to a subject space: kernel ridge regression along few axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from retrieval import word_tower

CAPTION_ANCHORS = 800  # beside the first name of each class
NAME_RIDGE, CAPTION_RIDGE = 1.0, 3.0
NAME_AXES, CAPTION_AXES = 192, 256
METRIC_RIDGE = 0.3  # of the mean variance of the pictures
SMALL = 1e-3  # on the diagonal of what is solved, so that equal anchors do no harm
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


def choose_anchors(first_names: Tensor, captions: Tensor, seed: int) -> Tensor:
    """The texts that all others are compared with, (anchor, number): names, and captions drawn at random.

    A regression on some texts instead of all: Williams and Seeger, "Using the Nyström method to speed up
    kernel machines", NIPS 2000.
    """
    order = torch.randperm(len(captions), generator=torch.Generator().manual_seed(seed))
    return torch.cat([first_names, captions[order[:CAPTION_ANCHORS]]])


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


def regress(anchors: Tensor, pairs: Pairs, ridge: float) -> Tensor:
    """The directions of the anchors, (anchor, dimension), by kernel ridge regression."""
    near = measure_nearness(pairs.texts, anchors)
    system = near.T @ near + ridge * measure_nearness(anchors, anchors) + SMALL * torch.eye(len(anchors))
    directions: Tensor = torch.linalg.solve(system, near.T @ pairs.directions[pairs.rows])
    return directions


def regress_captions(anchors: Tensor, captions: Pairs) -> Tensor:
    """The same for captions, multiplied by (S + ridge)⁻¹ with the covariance S of the pictures.

    That discounts what all pictures have in common.
    """
    whitening: Tensor = torch.linalg.inv(_covariance(captions.directions))
    return regress(anchors, captions, CAPTION_RIDGE) @ whitening


def measure_nearness(texts: Tensor, anchors: Tensor) -> Tensor:
    """exp(−|x − a|²) of each text with each anchor, (text, anchor)."""
    return torch.exp(word_tower.KERNEL * (texts @ anchors.T - 1))


def weigh_captions(names: Tensor, sentences: Tensor, pictures: Tensor) -> npt.NDArray[np.float32]:
    """SHARES at equal spread, as shares of unit vectors; both lead some texts to directions of length 1."""
    spreads = [_mean_spread(vectors, pictures) for vectors in (names, sentences)]
    return _share_units(spreads[0] / spreads[1])


def _covariance(pictures: Tensor) -> Tensor:
    covariance = pictures.T @ pictures / len(pictures)
    return covariance + METRIC_RIDGE * covariance.diagonal().mean() * torch.eye(len(covariance))


def _mean_spread(vectors: Tensor, pictures: Tensor) -> float:
    """The standard deviation of the scores of a text among the pictures, averaged over texts."""
    return float((vectors @ pictures.T).std(dim=1).mean())


def _share_units(ratio: float) -> npt.NDArray[np.float32]:
    """SHARES at equal spread as shares of unit vectors, where those of names spread `ratio` times as wide."""
    return np.array([share * ratio / (1 - share + share * ratio) for share in SHARES], np.float32)
