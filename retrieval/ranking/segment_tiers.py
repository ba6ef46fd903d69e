"""Which segments of a growing index are written again together, so that there are few and each costs little.

Segments stand in tiers by size; a tier holds those up to FACTOR times larger than the one below. When one
would hold FACTOR of them, they become one of the next (a log-structured merge tree: O'Neil et al., Acta
Informatica 1996). So each document is written again once a tier at most, and there are at most FACTOR
segments a tier. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

FACTOR: Final = 8  # segments of a tier that become one
SMALLEST: Final = 128  # documents up to which a segment is in the lowest tier
MOST_HIDDEN: Final = 0.25  # of a segment's documents; with more it is written again without them


def choose_merged(visible: Sequence[int], sizes: Sequence[int], added: int) -> set[int]:
    """The places of the segments to write again, together with so many added documents.

    `sizes`: how many documents each segment has; `visible`: those that are not hidden.
    """
    merged = {
        place
        for place, (seen, size) in enumerate(zip(visible, sizes, strict=True))
        if size - seen > MOST_HIDDEN * size
    }
    while True:
        total = added + sum(visible[place] for place in merged)
        small = {place for place, seen in enumerate(visible) if find_tier(seen) <= find_tier(total)} - merged
        if not total or len(small) < FACTOR - 1:
            return merged
        merged |= small


def find_tier(documents: int) -> int:
    """The tier of a segment with so many documents, counted from 0."""
    tier, most = 0, SMALLEST
    while documents > most:
        tier, most = tier + 1, most * FACTOR
    return tier
