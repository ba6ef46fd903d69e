"""Views that a device draws are like those that threads draw; here the device is the processor."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from indexer.training.feeding import DeviceFeed, ThreadFeed
from indexer.training.pool import Pool
from indexer.training.squares import (
    change_colours,
    choose_boxes,
    crop_boxes,
    cut_in,
    draw_views,
    lay_over,
    load_squares,
)
from indexer.training.views import Views
from retrieval import Preprocessing, images
from tests.indexer.training.test_pool import made, write

SIDE, SIZE, COUNT = 64, 32, 400


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    folder = tmp_path_factory.mktemp("pictures")
    return made(folder / "pool", write(folder / "a", range(6)))


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def plain_views() -> Tensor:
    """Views of one value each, so that one sees which of them are in another."""
    return torch.arange(COUNT).float().view(COUNT, 1, 1, 1).expand(COUNT, 3, SIZE, SIZE).clone()


def test_squares_are_the_pictures_squeezed(pool: Pool) -> None:
    squares = load_squares(pool, SIDE, "cpu")
    assert squares.pixels.shape == (6, 3, SIDE, SIDE)
    wanted = images.resize_pixels(pool.get_picture(2), SIDE, SIDE)
    assert np.array_equal(squares.pixels[2].permute(1, 2, 0).numpy(), wanted)
    assert squares.aspects.tolist() == pytest.approx([80 / 60] * 6)


def test_both_kinds_of_views_are_alike_on_the_whole(pool: Pool) -> None:
    mine = draw_views(load_squares(pool, SIDE, "cpu"), COUNT, SIZE, seeded(1))
    theirs = torch.from_numpy(Views(pool, SIZE, 1).make_batch(0, COUNT)).permute(0, 3, 1, 2)
    assert mine.shape == theirs.shape
    for measure in (torch.mean, torch.std):
        assert float(measure(mine)) == pytest.approx(float(measure(theirs)), rel=0.08)
    assert float(mine.std(dim=(2, 3)).mean()) == pytest.approx(float(theirs.std(dim=(2, 3)).mean()), rel=0.1)


def test_boxes_lie_inside_and_half_of_them_are_mirrored() -> None:
    left, top, wide, tall = choose_boxes(torch.full((COUNT,), 1.5), seeded(2)).unbind(dim=1)
    ends = torch.stack([left, left + wide, top, top + tall])
    assert float(ends.min()) >= -1e-6
    assert float(ends.max()) <= 1 + 1e-6
    assert float((wide < 0).float().mean()) == pytest.approx(0.5, abs=0.1)
    shapes = (wide.abs() * 1.5 / tall).log()
    assert float(shapes.mean()) == pytest.approx(0, abs=0.05)


def test_a_box_shows_its_part_of_a_picture() -> None:
    ramp = torch.arange(SIDE).expand(1, 3, SIDE, SIDE).to(torch.uint8)
    box = torch.tensor([[0.25, 0.0, 0.5, 1.0]])
    shown = crop_boxes(ramp, box, SIZE)[0, 0, 0] * 255
    assert torch.allclose(shown, torch.arange(16, 48).float(), atol=0.3)
    mirrored = crop_boxes(ramp, torch.tensor([[0.75, 0.0, -0.5, 1.0]]), SIZE)[0, 0, 0] * 255
    assert torch.allclose(mirrored.flip(0), shown, atol=0.3)


def test_some_views_are_mixed_and_some_grey() -> None:
    laid = lay_over(plain_views(), seeded(3))[:, 0, 0, 0] != torch.arange(COUNT)
    assert 0.1 < float(laid.float().mean()) < 0.3
    cut = cut_in(plain_views(), seeded(4))
    values = [set(view.unique().tolist()) for view in cut]
    mixed = [place for place, found in enumerate(values) if len(found) == 2]
    assert 0.1 < len(mixed) / COUNT < 0.2
    assert all(values[place] == {place, (place - 2) % COUNT} for place in mixed)
    coloured = change_colours(torch.rand(COUNT, 3, 8, 8, generator=seeded(5)), seeded(6))
    grey = (coloured.amax(dim=1) - coloured.amin(dim=1)).amax(dim=(1, 2)) < 1e-4
    assert 0.02 < float(grey.float().mean()) < 0.1


def test_both_feeds_give_the_same_views_for_a_step_in_the_size_asked_for(pool: Pool) -> None:
    scale = Preprocessing(size=SIZE)
    squares = load_squares(pool, SIDE, "cpu")
    for feed in (ThreadFeed(Views(pool, SIZE, 7), scale), DeviceFeed(squares, scale, seed=7, size=SIZE)):
        assert feed.size == SIZE
        first, second = feed.provide_views([(0, SIZE), (1, 48)], 4)
        assert (first.shape, second.shape) == ((4, 3, SIZE, SIZE), (4, 3, 48, 48))
        assert first.dtype == torch.bfloat16
        assert first.is_contiguous(memory_format=torch.channels_last)
        assert torch.equal(next(feed.provide_views([(1, 48)], 4)), second)
