"""Every loss is nothing for a perfect student, and counts as much as it is told to."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from indexer.training.head import Head
from indexer.training.losses import (
    Losses,
    measure_centred,
    measure_classes,
    measure_losses,
    measure_pooled,
    measure_relations,
    measure_whitened,
    weigh_losses,
)

MEASURES = (measure_pooled, measure_centred, measure_relations, measure_whitened)


def features(seed: int, common: float = 0.0) -> Tensor:
    return torch.randn(12, 20, generator=torch.Generator().manual_seed(seed)) + common


@pytest.mark.parametrize("measure", MEASURES)
def test_a_perfect_student_has_none(measure: object) -> None:
    assert callable(measure)
    assert float(measure(features(1), features(1))) == pytest.approx(0, abs=1e-5)
    assert float(measure(features(2), features(1))) > 0.5


def test_what_all_have_in_common_hides_differences_from_the_pooled_loss_alone() -> None:
    found, wanted = features(1, 10), features(2, 10)
    assert float(measure_pooled(found, wanted)) < 0.02
    assert float(measure_centred(found, wanted)) > 0.8


def test_relations_do_not_mind_how_features_are_turned() -> None:
    turn = torch.linalg.qr(features(3).T @ features(3)).Q
    assert float(measure_relations(features(1) @ turn, features(1))) == pytest.approx(0, abs=1e-4)
    assert float(measure_pooled(features(1) @ turn, features(1))) > 0.5


def test_small_differences_count_more_after_whitening() -> None:
    wanted = features(1) * torch.tensor([10.0] * 2 + [1.0] * 18)
    small, large = wanted.clone(), wanted.clone()
    small[:, 2:] = features(2)[:, 2:]
    large[:, :2] = features(2)[:, :2] * 10
    shares = [
        float(measure(small, wanted) / measure(large, wanted))
        for measure in (measure_centred, measure_whitened)
    ]
    assert shares[0] < 0.3
    assert shares[1] > 0.6


def test_whitening_minds_neither_a_turn_of_both_nor_a_batch_without_differences() -> None:
    turn = torch.linalg.qr(features(3).T @ features(3)).Q
    turned = measure_whitened(features(1) @ turn, features(2) @ turn)
    assert float(turned) == pytest.approx(float(measure_whitened(features(1), features(2))), abs=1e-4)
    student = torch.ones(12, 20, requires_grad=True)
    measure_whitened(student, torch.ones(12, 20)).backward()
    assert student.grad is not None
    assert student.grad.isfinite().all()


def test_what_no_class_depends_on_is_no_difference_between_classes() -> None:
    head = Head(torch.eye(3, 20), torch.tensor([0.0, 1.0, 2.0]), 0.5)
    wanted = features(1)
    other = torch.cat([wanted[:, :3], features(2)[:, 3:]], dim=1)
    assert float(measure_classes(other, wanted, head)) == pytest.approx(0, abs=1e-6)
    assert float(measure_pooled(other, wanted)) > 0.5


def test_the_difference_between_classes_is_how_much_less_likely_the_student_finds_them() -> None:
    head = Head(torch.eye(2), torch.zeros(2), 1.0)
    mine, theirs = torch.tensor([[0.25, 0.75]]), torch.tensor([[0.5, 0.5]])
    wanted = 0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75)
    assert float(measure_classes(mine.log(), theirs.log(), head)) == pytest.approx(wanted, abs=1e-6)
    sharper = Head(head.weight, head.bias, 0.5)
    assert float(measure_classes(mine.log(), theirs.log(), sharper)) > 2 * wanted


def test_parts_count_as_told_and_are_left_out_at_nothing() -> None:
    maps = torch.randn(12, 3, 4, 4, generator=torch.Generator().manual_seed(4))
    pair = (features(1), features(2))
    losses = Losses(links=0, pooled=2, centred=3)
    parts = measure_losses(losses, ([maps], [maps]), pair)
    assert parts.keys() == {"pooled", "centred"}
    wanted = 2 * measure_pooled(*pair) + 3 * measure_centred(*pair)
    assert torch.allclose(weigh_losses(losses, parts), wanted)
    assert measure_losses(Losses(pooled=0), ([maps], [maps]), pair).keys() == {"pooled", "links"}
