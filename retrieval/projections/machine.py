"""What this machine offers: processors and memory, its own and that of its first GPU."""

from __future__ import annotations

import os
from ctypes import CDLL, byref, c_int, c_size_t
from functools import cache
from pathlib import Path
from typing import Final

from .search_method import Machine

_CGROUP_LIMIT: Final = Path("/sys/fs/cgroup/memory.max")
GPU_SHARE: Final = 0.8  # of a GPU's memory; the rest is for the backbone and for what FAISS computes with


def read_machine(device: str = "cpu") -> Machine:
    """The machine; `device` is the setting: with cpu, or where there is no GPU, its memory counts as none."""
    return Machine(count_cores(), _memory(), 0 if device == "cpu" else int(GPU_SHARE * gpu_memory()))


def count_cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory() -> int:
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(physical, int(_CGROUP_LIMIT.read_text()))
    except (OSError, ValueError):  # no limit, which is written "max"
        return physical


@cache
def gpu_memory() -> int:
    """Bytes of the first GPU; 0 without one. FAISS does not tell, its driver does."""
    try:
        driver = CDLL("libcuda.so.1")
    except OSError:
        return 0
    device, size = c_int(), c_size_t()
    failed = driver.cuInit(0) or driver.cuDeviceGet(byref(device), 0)
    return 0 if failed or driver.cuDeviceTotalMem_v2(byref(size), device) else size.value
