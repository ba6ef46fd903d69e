"""The map of a word tower, from text vectors to the subject space: two kernel ridge regressions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from retrieval import word_tower

CAPTION_ANCHORS = 800  # beside the first name of each class
NAME_RIDGE, CAPTION_RIDGE = 1.0, 3.0
WHITENING_RIDGE = 0.3  # of the mean variance of the pictures
SMALL = 1e-3  # on the diagonal of what is solved, so that equal anchors do no harm
HUB_STEP = 7  # every seventh caption makes the hubs
SHARES = (0.25, 0.3, 0.4, 0.5)  # of captions beside names, at equal spread, for 1, 2, 3 and more words


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Vectors of texts, (text, number), and for each the direction that it shall lead to, by its row."""

    texts: Tensor
    rows: Tensor
    directions: Tensor  # (row, dimension), of length 1


def fit_map(first_names: Tensor, names: Pairs, captions: Pairs, seed: int) -> word_tower.SubjectMap:
    """The map that leads names to rows of a classifier, and captions to their pictures.

    Both regressions share their anchors (Williams and Seeger, "Using the Nyström method to speed up kernel
    machines", NIPS 2000): `first_names`, one for each class, and captions drawn at random. What captions lead
    to is multiplied by (S + ridge)⁻¹ with the covariance S of the pictures, which discounts what all pictures
    have in common.
    """
    order = torch.randperm(len(captions.texts), generator=torch.Generator().manual_seed(seed))
    anchors = torch.cat([first_names, captions.texts[order[:CAPTION_ANCHORS]]])
    by_name = _regress(anchors, names, NAME_RIDGE)
    by_caption = _regress(anchors, captions, CAPTION_RIDGE) @ _whiten(captions.directions)
    some = _nearness(captions.texts[::HUB_STEP], anchors)
    outputs = [_unit(some @ directions) for directions in (by_name, by_caption)]
    hubs = [output.mean(dim=0) for output in outputs]
    spreads = [
        _mean_spread(_unit(output - hub), captions.directions)
        for output, hub in zip(outputs, hubs, strict=True)
    ]
    return word_tower.SubjectMap(
        anchors=anchors.numpy(),
        names=by_name.numpy(),
        name_hub=hubs[0].numpy(),
        sentences=by_caption.numpy(),
        sentence_hub=hubs[1].numpy(),
        shares=_share_units(spreads[0] / spreads[1]),
    )


def _regress(anchors: Tensor, pairs: Pairs, ridge: float) -> Tensor:
    """The directions of the anchors, (anchor, dimension)."""
    near = _nearness(pairs.texts, anchors)
    system = near.T @ near + ridge * _nearness(anchors, anchors) + SMALL * torch.eye(len(anchors))
    directions: Tensor = torch.linalg.solve(system, near.T @ pairs.directions[pairs.rows])
    return directions


def _nearness(texts: Tensor, anchors: Tensor) -> Tensor:
    return torch.exp(word_tower.KERNEL * (texts @ anchors.T - 1))


def _whiten(pictures: Tensor) -> Tensor:
    covariance = pictures.T @ pictures / len(pictures)
    ridge = WHITENING_RIDGE * covariance.diagonal().mean()
    inverse: Tensor = torch.linalg.inv(covariance + ridge * torch.eye(len(covariance)))
    return inverse


def _mean_spread(vectors: Tensor, pictures: Tensor) -> float:
    """The standard deviation of the scores of a text among the pictures, averaged over texts."""
    return float((vectors @ pictures.T).std(dim=1).mean())


def _share_units(ratio: float) -> npt.NDArray[np.float32]:
    """SHARES at equal spread as shares of unit vectors, where those of names spread `ratio` times as wide."""
    return np.array([share * ratio / (1 - share + share * ratio) for share in SHARES], np.float32)


def _unit(rows: Tensor) -> Tensor:
    return torch.nn.functional.normalize(rows, dim=1)
