"""Why an answer is empty: what would remain without each part or condition of its query."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, final

from ..query.pieces import Piece, list_pieces
from ..query.values import Query

MAX_PIECES: Final = 8  # that are looked at; a search for each answers in the time of a few


@final
@dataclass(frozen=True, slots=True)
class Remainder:
    """How many images a query finds without one of its pieces, or by this piece alone.

    `piece` is its number among `list_pieces` of the query.
    """

    piece: int
    total: int
    is_alone: bool

    def find_query(self, query: Query) -> tuple[str, Query]:
        """What the piece says, and the query that finds so many images."""
        piece = list_pieces(query)[self.piece]
        other = piece.alone if self.is_alone else piece.without
        assert other is not None
        return piece.text, other


def find_remainders(query: Query, count: Callable[[Query], int]) -> list[Remainder]:
    """What is left of a query that finds nothing, where it has several pieces.

    These are the pieces that empty it: without each of them something is found. Where there is no such piece,
    because several of them empty it, it is what each of them finds alone.
    """
    pieces = list_pieces(query)[:MAX_PIECES]
    if len(pieces) < 2:
        return []
    without = list(_count_each(pieces, count, is_alone=False))
    return [left for left in without if left.total] or list(_count_each(pieces, count, is_alone=True))


def _count_each(pieces: list[Piece], count: Callable[[Query], int], *, is_alone: bool) -> Iterator[Remainder]:
    for number, piece in enumerate(pieces):
        query = piece.alone if is_alone else piece.without
        if query is not None:
            yield Remainder(number, count(query), is_alone)
