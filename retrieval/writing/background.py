"""Publishes in a process of its own, so that neither who edits many images waits for it, nor who searches."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import Final, final

from ..errors import LibraryBusy, RetrievalError
from .library_writer import write_library

MANY: Final = 500  # images that changed: each process would index them in memory before its next search
NICENESS: Final = 10  # searches come first
_START: Final = "from retrieval.writing.background import publish_all; publish_all()"


@final
class BackgroundPublisher:
    """Publishes one library after large edits, in one process at a time; safe to use from many threads."""

    def __init__(self, library: Path, refresh: Callable[[], object]) -> None:
        """`refresh` indexes what changed in the memory of this process, before anybody searches for it."""
        self._library, self._refresh = library, refresh
        self._starting = Lock()
        self._waiting: Thread | None = None  # for the process at work

    def publish_after(self, images: int) -> None:
        """Begin to publish, where so many images were changed that it is worth it.

        A process that is at work publishes what was changed meanwhile, too. Where another process holds the
        writer's lock, that one publishes in the end.
        """
        if images < MANY:
            return
        with self._starting:
            if self._waiting is None or not self._waiting.is_alive():
                self._waiting = Thread(target=self._publish, daemon=True, name="publisher")
                self._waiting.start()

    def _publish(self) -> None:
        with suppress(RetrievalError):  # searches tell it
            self._refresh()
        command = [sys.executable, "-P", "-c", _START, str(self._library)]
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)


def publish_all() -> None:
    """Publish the library that the first argument names, until nothing changed meanwhile."""
    os.nice(NICENESS)
    with suppress(LibraryBusy), write_library(Path(sys.argv[1])) as writer:
        while writer.publish():
            pass
