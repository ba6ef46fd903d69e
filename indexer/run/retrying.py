"""Another try at work that failed because the database's server went away."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from retrieval import ServerLost

PAUSES = (0.5, 1, 2, 4, 8)  # seconds before each new try: enough for a server that restarts

Result = TypeVar("Result")


def retry_after_loss(work: Callable[[], Result]) -> Result:
    """The result of `work`, which starts again from its beginning whenever the server was lost.

    What it wrote in a transaction before that was either rolled back, or it finds it written. When no try is
    left, it raises ServerLost.
    """
    for pause in PAUSES:
        try:
            return work()
        except ServerLost:
            time.sleep(pause)
    return work()
