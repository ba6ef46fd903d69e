"""How many processors one computation takes. The home of threadpoolctl."""

from __future__ import annotations

import os
from typing import Final

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

# What libraries read that are loaded later, such as FAISS with its own OpenMP.
_VARIABLES: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def use_one_thread() -> None:
    """Have the numerical libraries of this process compute with one thread for each thread that asks.

    Where many requests compute at once, threads of one product of matrices wait for each other, and each
    waits for a processor: comparing the keypoints of a hundred pictures took ten times as long.
    """
    for variable in _VARIABLES:
        os.environ.setdefault(variable, "1")
    threadpool_limits(1, user_api="blas")
