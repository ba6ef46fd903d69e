"""The table of a word tower: vectors of words whose mean is what an encoder gives to the whole text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from retrieval import word_tower

HOLD = 0.1  # how firmly a row stays at the vector of its word alone
ROUNDS, ITERATIONS = 3, 12  # of fitting, and of conjugate gradients in each


def list_bags(texts: Sequence[str], rows: Mapping[str, int]) -> list[list[int]]:
    """The rows of each text, as a table with these keys finds them; unknown words are not split."""
    table = word_tower.WordTable.without_looks(
        rows, np.zeros((0, 0), np.int8), np.zeros(0, np.float32), np.zeros(len(rows), np.bool_)
    )
    return [table.find_rows(text.split()) for text in texts]


def average_bags(bags: Sequence[Sequence[int]], count: int) -> Tensor:
    """The sparse matrix (text, row) whose product with a table is the mean of the rows of each text."""
    lines = [text for text, bag in enumerate(bags) for _ in bag]
    columns = [row for bag in bags for row in bag]
    shares = [1 / len(bag) for bag in bags for _ in bag]
    places = torch.tensor([lines, columns], dtype=torch.int64)
    size = (len(bags), count)
    return torch.sparse_coo_tensor(places, torch.tensor(shares), size, check_invariants=True).coalesce()


def fit_table(start: Tensor, bags: Sequence[Sequence[int]], targets: Tensor) -> Tensor:
    """The rows (word, number) that bring the mean of each bag near its target, (text, number).

    Least squares |A R − T|² + HOLD |R − start|², by conjugate gradients. Only the directions of the means
    count: T is each target at the length that the mean has at the beginning of the round.
    """
    means = average_bags(bags, len(start))
    back = means.t().coalesce()
    rows = start
    for _ in range(ROUNDS):
        lengths = (means @ rows).norm(dim=1, keepdim=True)
        rows = _solve_by_gradients(means, back, back @ (targets * lengths) + HOLD * start, rows)
    return rows


def _solve_by_gradients(means: Tensor, back: Tensor, wanted: Tensor, rows: Tensor) -> Tensor:
    """(Aᵀ A + HOLD) R = wanted, each column by itself, from the given rows on."""
    rest = wanted - (back @ (means @ rows) + HOLD * rows)
    step, size = rest, rest.square().sum(dim=0)
    for _ in range(ITERATIONS):
        moved = back @ (means @ step) + HOLD * step
        length = size / (step * moved).sum(dim=0).clamp_min(1e-12)
        rows, rest = rows + length * step, rest - length * moved
        size, before = rest.square().sum(dim=0), size
        step = rest + size / before.clamp_min(1e-12) * step
    return rows
