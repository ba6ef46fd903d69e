"""Tries again what failed because the database's server went away."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from retrieval import ServerLost

PAUSES = (0.5, 1, 2, 4, 8)  # seconds before each further try: a server that restarts is back by then

T = TypeVar("T")


def retry_after_loss(work: Callable[[], T]) -> T:
    """What `work` gives, which is done again from its beginning whenever the server was lost.

    Whatever it writes in a transaction was rolled back then, or is found there. Raises ServerLost in the end.
    """
    for pause in PAUSES:
        try:
            return work()
        except ServerLost:
            time.sleep(pause)
    return work()
