"""What a process that answers many requests at once takes of the machine. The home of threadpoolctl."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from threadpoolctl import (  # type: ignore[import-untyped]
    ThreadpoolController,
    threadpool_limits,
)

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


class _BlasLimit:
    """How many threads need BLAS to be limited, and what gives it its threads back after the last of them."""

    def __init__(self) -> None:
        self._lock, self._users, self._limiter = threading.Lock(), 0, None

    def enter(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._limiter = _find_libraries().limit(limits=1, user_api="blas")

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if not self._users and self._limiter is not None:
                self._limiter.restore_original_limits()


_BLAS_LIMIT: Final = _BlasLimit()


@cache
def _find_libraries() -> Any:
    """The numerical libraries that are loaded; looking for them takes some milliseconds."""
    return ThreadpoolController()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """One thread for products of small matrices: on a busy machine, its threads wait for each other.

    The limit is that of the process; it ends with the last block that needs it.
    """
    _BLAS_LIMIT.enter()
    try:
        yield
    finally:
        _BLAS_LIMIT.leave()
