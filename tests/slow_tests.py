"""What takes minutes for each test is run where somebody asks for it."""

from __future__ import annotations

import os

import pytest

only_with_all_sets = pytest.mark.skipif(
    os.environ.get("PICTOR_SETS") != "all", reason="takes minutes; PICTOR_SETS=all runs it"
)
