"""Pictures that a test may change."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drawing import write_scenes


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Twelve pictures."""
    write_scenes(tmp_path / "pictures", 12)
    return tmp_path / "pictures"
