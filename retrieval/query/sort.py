"""The order in which hits are listed, other than by relevance; and how a line, JSON and an address say it.

date, added, name, size       in the usual direction of each
date-up, name-down            in the other one; asc and desc mean up and down
random:7                      shuffled; the number is the seed
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ..errors import InvalidQuery

RELEVANCE, DATE, ADDED, NAME, SIZE, RANDOM = ("relevance", "date", "added", "name", "size", "random")
USUAL_DIRECTIONS: Final = {DATE: "down", ADDED: "down", NAME: "up", SIZE: "down"}  # newest, A, largest first
MAX_SEED = 999_999_999
WAYS: Final = (
    "write relevance, date, added, name, size, each but the first also with -up or -down, or random:7"
)
# The same as a pattern for documents, which describe what is usual.
SORT_PATTERN: Final = "(relevance|(date|added|name|size)(-(up|down|asc|desc))?|random:[0-9]{1,9})"

_DIRECTIONS: Final = {"up": "up", "asc": "up", "down": "down", "desc": "down"}
_SORT: Final = re.compile(
    rf"({RELEVANCE})|({'|'.join(USUAL_DIRECTIONS)})(?:-({'|'.join(_DIRECTIONS)}))?|({RANDOM}):([0-9]{{1,18}})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sort:
    """How the hits above the relevance line are ordered; they are the same ones in every order.

    `by`: relevance; date, when the picture was taken; added, when it was indexed first; name, of its file;
    size, the bytes of its file; or random. `direction`: up is from the smallest, oldest or first letter; ""
    stands for the usual one, which is down for date, added and size. `seed`: of random alone, which needs it.
    Equal images are ordered by rising id in both directions, and images without a value come last in both.
    """

    by: str = RELEVANCE
    direction: str = ""
    seed: int | None = None

    def __post_init__(self) -> None:
        if self.by not in (RELEVANCE, RANDOM, *USUAL_DIRECTIONS):
            raise InvalidQuery(f"sort {str(self.by)[:40]}: {WAYS}")
        if self.direction not in ("", *(("up", "down") if self.by in USUAL_DIRECTIONS else ())):
            raise InvalidQuery(f"sort {self.by}-{str(self.direction)[:40]}: {WAYS}")
        if (self.seed is None) is (self.by == RANDOM):
            raise InvalidQuery(f"sort {self.by}: the seed belongs to random, which needs one, as in random:7")
        if self.seed is not None and not 0 <= self.seed <= MAX_SEED:
            raise InvalidQuery(f"sort random:{self.seed}: choose a seed from 0 to {MAX_SEED}")
        if not self.direction:  # so that both ways of saying the usual direction are equal
            object.__setattr__(self, "direction", USUAL_DIRECTIONS.get(self.by, ""))

    @property
    def is_falling(self) -> bool:
        """Whether the largest, newest or last comes first."""
        return self.direction == "down"


def parse_sort(text: str) -> Sort:
    """The order that a text means; raises InvalidQuery with what can be written."""
    match = _SORT.fullmatch(text)
    if match is None:
        raise InvalidQuery(f"sort {text[:40]}: {WAYS}")
    relevance, by, direction, random, seed = match.groups()
    if random:
        return Sort(RANDOM, seed=int(seed))
    return Sort((relevance or by).lower(), _DIRECTIONS[direction.lower()] if direction else "")


def format_sort(sort: Sort) -> str:
    """The shortest text that means this order."""
    if sort.by == RANDOM:
        return f"{RANDOM}:{sort.seed}"
    is_usual = sort.direction == USUAL_DIRECTIONS.get(sort.by, "")
    return sort.by if is_usual else f"{sort.by}-{sort.direction}"
