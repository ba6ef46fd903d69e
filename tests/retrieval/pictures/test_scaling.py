"""Grey of more than eight bits is scaled to eight exactly as the policy says."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.errors import InvalidSetting
from retrieval.pictures.scaling import check_policy, scale_to_eight_bits


@pytest.mark.parametrize(
    ("values", "policy", "expected"),
    [
        ([0, 7, 255], "auto", [0, 7, 255]),
        ([0, 256, 257, 65535], "auto", [0, 0, 1, 255]),
        ([0, 70_000], "auto", [0, 255]),
        ([-1000, 1000], "auto", [0, 255]),
        ([-3.0, 0.5, 4.0], "auto", [0, 127, 255]),
        ([0.0, 1.0], "auto", [0, 255]),
        ([np.nan, np.inf, -np.inf, 5.0], "minmax", [0, 0, 0, 255]),
        ([100, 150, 200], "minmax", [0, 127, 255]),
        ([40_000, 40_000], "minmax", [0, 0]),
        ([40_000, 40_000], "auto", [155, 155]),
        ([-1000, -160, 40, 240, 3000], "window:40:400", [0, 0, 127, 255, 255]),
        ([0, 1], "window:0.5:1", [0, 255]),
        ([-500, *range(1000), 90_000], "percentile", None),
    ],
)
def test_values(values: list[float], policy: str, expected: list[int] | None) -> None:
    scaled = scale_to_eight_bits(np.array([values, values]), policy)
    assert scaled.dtype == np.uint8
    if expected is not None:
        assert scaled.tolist() == [expected, expected]
    else:  # one value in a hundred is black, one is white, and the middle is in the middle
        assert (scaled[0] == 0).sum() == pytest.approx(12, abs=5)
        assert (scaled[0] == 255).sum() == pytest.approx(12, abs=5)
        assert scaled[0, 501] == pytest.approx(127, abs=1)


@pytest.mark.parametrize("kind", ["<u2", ">u2", "<i4", "<f4"])
def test_large_pictures_are_scaled_in_pieces_alike(kind: str) -> None:
    values = np.linspace(0, 60_000, 3_000_000).astype(kind).reshape(1500, 2000)
    scaled = scale_to_eight_bits(values, "window:30000:60000")
    assert scaled.shape == values.shape
    assert np.array_equal(scaled, (values.astype(np.float64) / 60_000 * 255).astype(np.uint8))
    assert abs(int(scale_to_eight_bits(values, "percentile")[750, 0]) - 127) <= 1


@pytest.mark.parametrize("policy", ["auto", "minmax", "percentile", "window:40:400", "window:-600:1500.5"])
def test_policies(policy: str) -> None:
    check_policy(policy)


@pytest.mark.parametrize(
    "policy",
    ["", "linear", "window", "window:40", "window:40:0", "window:40:-1", "window:nan:1", "window:a:b"],
)
def test_what_is_no_policy(policy: str) -> None:
    with pytest.raises(InvalidSetting, match="choose from auto, minmax, percentile, window:LEVEL:WIDTH"):
        check_policy(policy)
    with pytest.raises(InvalidSetting):
        scale_to_eight_bits(np.zeros(3), policy)
