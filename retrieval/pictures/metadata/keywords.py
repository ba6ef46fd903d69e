"""Keywords that are paths through a tree: every level is a tag, and so is the path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

SEPARATOR: Final = "|"  # of Lightroom and others; it is no part of a word
PATH_SEPARATOR: Final = "/"  # of digiKam and Windows, and of the path as a tag
_INTERNAL: Final = "_digikam"  # how the names of digiKam's own tags begin
_MAX_LEVELS: Final = 32


def split_keyword(keyword: str, separator: str = SEPARATOR) -> Iterator[str]:
    """The levels of a keyword from the top, then the path if it has several.

    Places|France|Paris is Places, France, Paris and Places/France/Paris.
    """
    levels = [level.strip() for level in keyword.split(separator)[:_MAX_LEVELS]]
    levels = [level for level in levels if level and not level.lower().startswith(_INTERNAL)]
    yield from levels
    if len(levels) > 1:
        yield PATH_SEPARATOR.join(levels)
