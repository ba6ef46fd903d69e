"""A process that has searched can be forked, as servers do that load before they fork."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.indexer.command import ROOT

# The alarm ends a child that hangs. os._exit skips the parent's clean-up, which must not run twice.
FORK = """
import os, signal, sys
from retrieval import Library, Query, StoredPicture, Text
query = Query((Text("harbour"), StoredPicture(3)))
with Library.open(sys.argv[1]) as library:
    before = library.search(query).ids
    for _ in range(3):
        child = os.fork()
        if not child:
            signal.alarm(60)
            os._exit(0 if library.search(query).ids == before else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    assert library.search(query).ids == before
"""


def test_forks_of_a_process_that_has_searched_search_too(library_path: Path) -> None:
    threads = os.environ | {"OMP_NUM_THREADS": "4"}
    command = [sys.executable, "-c", FORK, library_path]
    done = subprocess.run(command, cwd=ROOT, env=threads, capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr) == (["0"] * 3, "")
