"""What a process that answers many requests at once takes of the machine. The home of threadpoolctl."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Final

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

# What libraries read that are loaded later, such as FAISS with its own OpenMP.
_VARIABLES: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_M_ARENA_MAX: Final = -8  # of <malloc.h>
_ARENAS: Final = 2


def use_one_thread() -> None:
    """Have the numerical libraries of this process compute with one thread for each thread that asks.

    Where many requests compute at once, threads of one product of matrices wait for each other, and each
    waits for a processor: comparing the keypoints of a hundred pictures took ten times as long.
    """
    for variable in _VARIABLES:
        os.environ.setdefault(variable, "1")
    threadpool_limits(1, user_api="blas")


def share_memory() -> None:
    """Have all threads take their memory from the same places, where the C library is glibc.

    It gives threads memory of their own, and what one has freed no other can use: a server of many threads
    took 100 MiB more, and went on growing.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)
