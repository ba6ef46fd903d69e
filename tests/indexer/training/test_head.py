"""A head learns its teacher's classes from features, and how sure to be."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from indexer.training.head import Head, train_head


def pairs(sharpness: float) -> tuple[Tensor, Tensor]:
    """Features, and scores that are linear in them."""
    random = torch.Generator().manual_seed(1)
    features = torch.randn(2000, 12, generator=random)
    return features, sharpness * features @ torch.randn(12, 7, generator=random)


def usual(scores: Tensor) -> Tensor:
    """How often each class occurs, as a logarithm."""
    return scores.softmax(dim=1).mean(dim=0).log()


def fitted(features: Tensor, scores: Tensor, epochs: int = 4) -> Head:
    return train_head(features, scores, epochs=epochs, seed=1, on_step=lambda done, total, loss: None)


def test_a_linear_teacher_is_learned() -> None:
    features, scores = pairs(1.0)
    head = fitted(features, scores)
    found = (features @ head.weight.T + head.bias + usual(scores)).softmax(dim=1)
    assert torch.allclose(found, scores.softmax(dim=1), atol=0.02)
    assert head.temperature == pytest.approx(1, abs=0.1)


def test_a_class_that_is_rarely_shown_counts_like_the_others() -> None:
    features, scores = pairs(1.0)
    rare = scores.argmax(dim=1) == 0
    kept = ~rare | (torch.arange(len(rare)) % 10 == 0)
    head = fitted(features[kept], scores[kept])
    found = (features @ head.weight.T + head.bias).softmax(dim=1)
    share = float(scores[kept].softmax(dim=1)[:, 0].mean())
    assert share < 1 / 14
    assert float(found[rare, 0].mean()) > float(scores[rare].softmax(dim=1)[:, 0].mean())


def test_the_head_is_as_unsure_as_its_teacher() -> None:
    features, scores = pairs(1.0)
    noise = 3 * torch.randn(scores.shape, generator=torch.Generator().manual_seed(2))
    head = fitted(features, scores + noise, epochs=0)
    found = features[1800:] @ head.weight.T + head.bias
    wanted = (scores + noise)[1800:].softmax(dim=1)

    def loss(temperature: float) -> float:
        weighed = found / temperature + usual((scores + noise)[:1800])
        return float(torch.nn.functional.cross_entropy(weighed, wanted))

    assert loss(head.temperature) <= min(loss(each) for each in (0.3, 0.5, 0.8, 1, 1.3, 2, 3)) + 1e-4


def test_progress_is_told_to_the_end() -> None:
    features, scores = pairs(1.0)
    told: list[tuple[int, int]] = []
    train_head(
        features, scores, epochs=2, seed=1, on_step=lambda done, total, loss: told.append((done, total))
    )
    assert told[-1] == (8, 8)
