"""How far a student is from its teacher on one batch of views; every part can be weighed or left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor
from torch.nn import functional

from .head import Head

SMALLEST = 1e-6  # keeps a division by a spread of nothing from failing


@dataclass(frozen=True, slots=True)
class Losses:
    """How much each part counts; 0 leaves it out."""

    links: float = 1.0
    pooled: float = 4.0
    centred: float = 0.0
    relations: float = 0.0
    whitened: float = 0.0
    classes: float = 0.0


def measure_error(found: Tensor, wanted: Tensor) -> Tensor:
    """The squared error over the variance around each channel's mean; 1 is what a constant reaches."""
    found, wanted = found.float(), wanted.float()
    spread = (wanted - wanted.mean(dim=(0, 2, 3), keepdim=True)).square().mean()
    return (found - wanted).square().mean() / (spread + SMALLEST)


def measure_pooled(found: Tensor, wanted: Tensor) -> Tensor:
    """One minus the cosine of the pooled features, the mean over the views."""
    return 1 - functional.cosine_similarity(found, wanted).mean()


def measure_centred(found: Tensor, wanted: Tensor) -> Tensor:
    """One minus the cosine of what distinguishes each view from the mean of the teacher's batch.

    Most of a feature is what all pictures have in common; this looks at the rest alone.
    """
    middle = wanted.mean(dim=0)
    return measure_pooled(found - middle, wanted - middle)


def measure_relations(found: Tensor, wanted: Tensor) -> Tensor:
    """The squared error of the cosines between all views of the batch, over their variance at the teacher's.

    A search compares pictures with each other, not with a teacher (Park et al. 2019; Tung and Mori 2019).
    """
    pairs = ~torch.eye(len(found), dtype=torch.bool, device=found.device)
    mine, theirs = (_compare_all(features)[pairs] for features in (found, wanted))
    return (mine - theirs).square().mean() / (theirs.var(correction=0) + SMALLEST)


def measure_whitened(found: Tensor, wanted: Tensor) -> Tensor:
    """The centred loss where directions in which pictures differ little count almost as much as others.

    Both are measured along the principal directions of the teacher's batch, each divided by the root of its
    variance plus the mean variance: in a batch the smallest variances are chance, and dividing by them alone
    would teach noise (whitening, Jégou and Chum 2012). Where the teacher's batch does not differ at all,
    nothing is measured.
    """
    middle = wanted.mean(dim=0)
    _, spreads, directions = torch.linalg.svd(wanted - middle, full_matrices=False)
    variances = spreads.square() / len(wanted)
    usual = variances.mean()
    scales = (variances + usual + SMALLEST).rsqrt() * (variances > SMALLEST * usual)
    mine, theirs = ((features - middle) @ directions.T * scales for features in (found, wanted))
    return measure_pooled(mine, theirs)


def measure_classes(found: Tensor, wanted: Tensor, head: Head) -> Tensor:
    """The Kullback-Leibler divergence between the classes that one head reads from both features.

    What does not tell classes apart does not count. Reading both with the same head, as Chen et al. 2022 do
    in use, needs no teacher of classes and leaves the head fit for the student's new features.
    """
    mine, theirs = (head.score_features(features.float()).log_softmax(dim=1) for features in (found, wanted))
    return functional.kl_div(mine, theirs, reduction="batchmean", log_target=True)


def _compare_all(features: Tensor) -> Tensor:
    units = functional.normalize(features)
    return units @ units.T


OF_FEATURES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "pooled": measure_pooled,
    "centred": measure_centred,
    "relations": measure_relations,
    "whitened": measure_whitened,
}


def measure_losses(
    losses: Losses,
    links: tuple[Sequence[Tensor], Sequence[Tensor]],
    features: tuple[Tensor, Tensor],
    head: Head | None = None,
) -> dict[str, Tensor]:
    """Every part that counts, by its name, and the pooled one always; pairs are the student's and the
    teacher's. `head` is what classes are read with; without one they are not compared.
    """
    weights = asdict(losses)
    parts = {
        name: measure(*features) for name, measure in OF_FEATURES.items() if weights[name] or name == "pooled"
    }
    if losses.links:
        errors = [measure_error(found, wanted) for found, wanted in zip(*links, strict=True)]
        parts["links"] = torch.stack(errors).mean()
    if losses.classes and head:
        parts["classes"] = measure_classes(*features, head)
    return parts


def weigh_losses(losses: Losses, parts: dict[str, Tensor]) -> Tensor:
    """The sum of the parts, each as much as it counts."""
    weights = asdict(losses)
    return torch.stack([weights[name] * part for name, part in parts.items()]).sum()
