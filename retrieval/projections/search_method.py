"""How the rows of an index are searched: chosen by their number, their width and the machine. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

EXACT, LISTS = "exact", "lists"
# Bytes that one processor reads in about ten milliseconds. More of them share the same memory.
CORE_BYTES: Final = 128 << 20
MOST_CORES: Final = 4
ID_BYTES: Final = 8
CODE_EXTRA: Final = 24  # bytes of a code besides one bit for each number: two factors, an id, blocks not full
RESULTS: Final = 10  # of a query, among which recall is counted


@dataclass(frozen=True, slots=True)
class Machine:
    """What a choice depends on: processors, bytes of memory, and bytes that a GPU has for rows."""

    cores: int
    memory: int
    gpu_memory: int = 0


@dataclass(frozen=True, slots=True)
class SearchMethod:
    """EXACT compares all rows; LISTS compares codes of the nearest lists, and then the rows of the best."""

    name: str
    reason: str


UNASKED: Final = SearchMethod(EXACT, "searches do not ask it by default, since its weight is 0")


def choose_method(count: int, width: int, machine: Machine) -> SearchMethod:
    """The method for `count` rows of `width` numbers in float16.

    All rows are compared as long as the processors read them in about ten milliseconds and half of the memory
    holds them, or a GPU has room for them. Above that, codes of one bit for each number tell which rows are
    worth comparing, if a quarter of the memory holds the codes.
    """
    rows, codes = count * width * 2, count * (width // 8 + CODE_EXTRA)
    cores = min(machine.cores, MOST_CORES)
    size = f"{count:,} rows of {width} numbers are {_megabytes(rows)}"
    limit = min(exact_bytes(machine.cores), machine.memory // 2)
    if rows <= limit:
        return SearchMethod(EXACT, f"{size}; up to {_megabytes(limit)} all are compared ({_cores(cores)})")
    if rows <= machine.gpu_memory:
        return SearchMethod(EXACT, f"{size}; the GPU holds up to {_megabytes(machine.gpu_memory)}")
    if codes > machine.memory // 4:
        needed = f"their codes would take {_megabytes(codes)} of {_megabytes(machine.memory)} of memory"
        return SearchMethod(EXACT, f"{size}; {needed}")
    return SearchMethod(LISTS, f"{size}, more than {_megabytes(limit)} ({_cores(cores)})")


def exact_bytes(cores: int) -> int:
    """Bytes of rows that so many processors read in about ten milliseconds."""
    return min(cores, MOST_CORES) * CORE_BYTES


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"


def _cores(count: int) -> str:
    return "one processor" if count == 1 else f"{count} processors"


@dataclass(frozen=True, slots=True)
class Effort:
    """How much a search of lists does: the lists it reads, and the rows that it compares exactly.

    `recall`: the share of the RESULTS nearest images that it found for sampled rows.
    """

    lists: int
    rows: int
    recall: float


def choose_effort(curve: Sequence[Effort], target: float) -> Effort | None:
    """The least effort that reaches a recall: the fewest lists, then the fewest rows; None if none does."""
    enough = [effort for effort in curve if effort.recall >= target]
    return min(enough, key=lambda effort: (effort.lists, effort.rows), default=None)
