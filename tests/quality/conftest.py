"""Sets are indexed once for all tests of a session that measure on them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def kept_libraries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PICTOR_BENCH_KEEP", str(tmp_path_factory.mktemp("kept")))
        yield
