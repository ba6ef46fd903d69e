"""The map of a sentence encoder itself, for those who ask with it beside the table that was made from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from retrieval import word_tower

from .contrast import CaptionMap, Captions, fit_by_contrast
from .subject_map import (
    NAME_RIDGE,
    SAMPLE_STEP,
    Axes,
    KernelFit,
    Pairs,
    make_subject_map,
    measure_nearness,
    regress,
    regress_captions,
)

COUNTS = 4  # texts of one word, two, three, and more have centres of their own
CAPTION_RIDGE = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class EncodedTexts:
    """Texts with the vectors that an encoder gives them, (text, number)."""

    texts: Sequence[str]
    vectors: Tensor

    def count_words(self) -> Tensor:
        """For each text how many words of it can have a meaning, from 1 to COUNTS."""
        counts = [len(word_tower.content_tokens(text)) for text in self.texts]
        return torch.tensor(counts).clamp(1, COUNTS)


@dataclass(frozen=True, slots=True, eq=False)
class EncoderTexts:
    """What the map of an encoder is learned from.

    `names` have the class of each as `classes`, `captions` the picture of each as `pictures`. `anchors` are
    the texts that all others are compared with, the same as those of the table.
    """

    names: EncodedTexts
    classes: Tensor
    captions: EncodedTexts
    pictures: Tensor
    anchors: EncodedTexts


def fit_encoder_map(
    texts: EncoderTexts,
    kinds: Sequence[EncodedTexts],
    looks: Tensor,
    subjects: Tensor,
    axes: tuple[Axes, Axes],
    probes: Tensor,
    seed: int,
    on_step: Callable[[int, float], None],
) -> word_tower.EncoderMap:
    """The map from an encoder's vectors along the axes of the table's maps, of names and of captions.

    `kinds`: texts of all lengths, which tell the centres. `looks`: what each class looks like, and `subjects`
    what each picture does, (row, dimension), at length 1. `probes`: the encoder's vectors of PROBES.
    """
    centres = find_centres(kinds)
    names, captions, anchors = (
        centre_vectors(own, centres) for own in (texts.names, texts.captions, texts.anchors)
    )
    named = regress(anchors, Pairs(names, texts.classes, looks), NAME_RIDGE) @ axes[0].inverse
    pairs = Pairs(captions, texts.pictures, subjects)
    start = regress_captions(anchors, pairs, CAPTION_RIDGE) @ axes[1].inverse
    near = measure_nearness(captions[::SAMPLE_STEP], anchors)
    fitted = CaptionMap(captions, anchors, start, (near @ start).mean(dim=0), axes[1].axes)
    fitted.rows.requires_grad_(False)
    fitted.axes.requires_grad_(False)
    fit_by_contrast(fitted, Captions.from_encoder(texts.pictures), subjects, seed, on_step)
    by_name = KernelFit(named, (near @ named).mean(dim=0), axes[0].axes)
    by_caption = KernelFit(fitted.coefficients.detach(), fitted.centre.detach(), fitted.axes.detach())
    subject_map = make_subject_map(anchors, by_name, by_caption, near, subjects)
    return word_tower.EncoderMap(probes.numpy(), centres.numpy(), subject_map)


def find_centres(kinds: Sequence[EncodedTexts]) -> Tensor:
    """What texts of one word, of two and so on have in common, (count, number): their mean."""
    sums, found = torch.zeros(COUNTS, kinds[0].vectors.shape[1]), torch.zeros(COUNTS)
    for kind in kinds:
        counts = kind.count_words()
        for count in range(1, COUNTS + 1):
            own = kind.vectors[counts == count]
            sums[count - 1] += own.sum(dim=0)
            found[count - 1] += len(own)
    whole = sums.sum(dim=0) / found.sum()
    return torch.where(found[:, None] > 0, sums / found.clamp_min(1)[:, None], whole)


def centre_vectors(texts: EncodedTexts, centres: Tensor) -> Tensor:
    """The vectors without what texts of their length have in common, at length 1."""
    return normalize(texts.vectors - centres[texts.count_words() - 1], dim=1)
