"""The tests of a module run in one process, whatever versions of pytest and pytest-xdist are installed."""

from __future__ import annotations

import pytest


def test_a_test_belongs_to_the_group_of_its_module(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("groups are those of `--dist loadgroup`")
    assert request.node.nodeid.endswith("@tests/test_groups.py")
