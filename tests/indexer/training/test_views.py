"""Views are what they are said to be: small and large crops, mixed ones, grey ones, the same for a step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.training.mixing import change_colours, cut_in, lay_over
from indexer.training.pool import Pool
from indexer.training.views import Views
from tests.indexer.training.test_pool import made, write

SIZE, COUNT = 32, 400


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    folder = tmp_path_factory.mktemp("pictures")
    return made(folder / "pool", write(folder / "a", range(4)))


def plain_views() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Views of one value each, so that one sees which of them are in another."""
    values = np.arange(COUNT, dtype=np.float32)[:, None, None, None]
    return np.broadcast_to(values, (COUNT, SIZE, SIZE, 3)).copy()


def test_a_step_has_its_views_whatever_was_looked_at_before(pool: Pool) -> None:
    views = Views(pool, SIZE, 7)
    first = views.make_batch(3, 8)
    views.make_batch(4, 8)
    assert np.array_equal(first, Views(pool, SIZE, 7).make_batch(3, 8))
    assert not np.array_equal(first, views.make_batch(4, 8))


def test_a_hard_crop_of_a_tiny_picture_still_shows_something(tmp_path: Path) -> None:
    tiny = made(tmp_path / "pool", write(tmp_path / "a", range(2)), side=4)
    assert np.isfinite(Views(tiny, SIZE, 1).make_batch(0, 64)).all()


def test_some_views_have_a_part_of_another_in_them() -> None:
    views = plain_views()
    cut_in(views, np.random.default_rng(1))
    values = [np.unique(view) for view in views]
    mixed = [place for place, found in enumerate(values) if len(found) == 2]
    assert 0.1 < len(mixed) / COUNT < 0.2
    assert all(set(values[place]) == {place, (place - 2) % COUNT} for place in mixed)
    shares = [(views[place] != place).mean() for place in mixed]
    assert 0.05 < min(shares) < max(shares) < 0.6


def test_some_views_have_another_laid_over_them() -> None:
    views = plain_views()
    lay_over(views, np.random.default_rng(1))
    mixed = np.flatnonzero(views[:, 0, 0, 0] != np.arange(COUNT))
    assert 0.1 < len(mixed) / COUNT < 0.3
    assert all(len(np.unique(views[place])) == 1 for place in mixed)


def test_some_views_are_grey() -> None:
    crops = np.random.default_rng(2).integers(0, 256, (COUNT, 8, 8, 3), np.uint8)
    views = change_colours(crops, np.random.default_rng(3))
    grey = np.abs(np.ptp(views, axis=3)).max(axis=(1, 2)) < 1e-4
    assert 0.02 < grey.mean() < 0.1
