"""The layout descriptor: what lies where, and nothing that is the same everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.arrangement import arrangement_shares
from benchmarks.descriptors import labelled_pictures, load_pixels
from benchmarks.sets import BUNDLED, why_unavailable
from indexer.upkeep.opening import open_or_create
from retrieval.descriptors.layout import GRID, describe_layouts

RANDOM = np.random.default_rng(6)


def stage(channels: int, height: int, width: int) -> np.ndarray:
    return RANDOM.standard_normal((1, channels, height, width)).astype(np.float32)


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    return float(describe_layouts(one)[0] @ describe_layouts(other)[0])


def test_a_worked_feature() -> None:
    """One channel, active in the upper left of sixteen cells: 15/16 there and −1/16 elsewhere, then the floor."""
    active = np.zeros((1, 1, 4, 4), np.float32)
    active[0, 0, 0, 0] = 1
    cells = np.full(16, -1 / 16)
    cells[0] = 15 / 16
    expected = np.append(cells / np.linalg.norm(cells), 1e-3)
    assert describe_layouts(active)[0] == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)


def test_what_is_the_same_everywhere_does_not_count() -> None:
    one = stage(8, 8, 8)
    assert likeness(one, one + RANDOM.standard_normal((1, 8, 1, 1)).astype(np.float32)) > 0.999
    assert likeness(one, 3 * one) > 0.999


def test_mirrored_moved_and_turned_stages_are_told_apart() -> None:
    one = stage(8, 8, 8).repeat(2, axis=2).repeat(2, axis=3)
    for other in (one[..., ::-1], one[..., ::-1, :], np.roll(one, 8, axis=3), one.transpose(0, 1, 3, 2)):
        assert likeness(one, other) < 0.5


@pytest.mark.parametrize("shape", [(11, 11), (4, 7), (3, 3), (1, 1)])
def test_cells_take_their_share_of_any_shape(shape: tuple[int, int]) -> None:
    """A slope along the rows is the same slope in the cells, whatever the number of positions."""
    slope = np.broadcast_to(np.arange(shape[0], dtype=np.float32)[:, None], (1, 1, *shape))
    cells = describe_layouts(slope)[0][:-1].reshape(GRID, GRID)
    assert np.abs(cells - cells[:, :1]).max() < 1e-5
    assert (np.diff(cells[:, 0]) > -1e-6).all()
    assert bool(cells.any()) == (shape[0] > 1)


@pytest.mark.parametrize("channels", [31, 96, 1024])
def test_however_many_channels_there_are_features_stay_short(channels: int) -> None:
    assert describe_layouts(stage(channels, 7, 7)).shape == (1, 497)


def test_a_network_that_sees_nothing_still_gives_a_direction() -> None:
    assert np.linalg.norm(describe_layouts(np.zeros((1, 9, 4, 4), np.float32))) == pytest.approx(1)


@pytest.mark.sets
@pytest.mark.skipif(why_unavailable() is not None, reason=str(why_unavailable()))
def test_changed_pictures_are_nearer_than_disarranged_ones(tmp_path) -> None:
    pictures = [load_pixels(path) for path, _ in labelled_pictures("corel1k")[::50]]
    with open_or_create(tmp_path, BUNDLED) as library:
        told = arrangement_shares(library, pictures)
    assert told["layout"] >= 0.97
    assert told["layout"] > max(value for signal, value in told.items() if signal != "layout") + 0.3
