"""A sample of the spoilt calls of `python -m benchmarks crash`; PICTOR_CRASH_EVERY=1 for all of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from benchmarks import faults
from benchmarks.crash import BAD, CONTROLS
from tests.indexer.command import ROOT

EVERY = os.environ.get("PICTOR_CRASH_EVERY", "499")

pytestmark = pytest.mark.crash


@pytest.mark.skipif(bool(faults.why_unavailable()), reason=str(faults.why_unavailable()))
def test_no_spoilt_call_loses_what_was_acknowledged() -> None:
    """The controls, in which fsync does nothing, must lose something; otherwise the test would prove nothing."""
    command = [sys.executable, "-m", "benchmarks", "crash", "--json", "--size", EVERY]
    found = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    figures, [control] = found["figures"], found["beside"].values()
    assert min(figures[f"{kind}: points"] for kind in faults.FAULTS) > 0
    assert {name: count for name, count in figures.items() if name.endswith(BAD) and count} == {}
    if control:  # where a disk can be mounted
        assert {f"{kind}: points" for kind in faults.POWER_LOSSES} < set(figures)
        for kind in CONTROLS:
            assert sum(control.get(f"{kind}: {code}", 0) for code in BAD) > 0
