"""Picked images: their ids as a text, with ranges of them, or the name of a list that a library keeps. Pure.

3,17,20..25    0123456789abcdef0123456789abcdef
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..errors import InvalidQuery

_SPAN: Final = r"[0-9]{1,18}(?:\.\.[0-9]{1,18})?"
_IDS: Final = re.compile(rf"{_SPAN}(?:,{_SPAN})*")
_LIST: Final = re.compile(r"[0-9a-f]{32}")


def check_picked(value: str) -> None:
    """Raise InvalidQuery for a text that picks no images."""
    if not (_LIST.fullmatch(value) or _IDS.fullmatch(value)):
        raise InvalidQuery(
            f"among {value[:40]}: write ids with commas between them, as in 3,17,20..25, or the name of a "
            "list that was kept"
        )


def is_list_name(value: str) -> bool:
    """Whether a text names a list, rather than ids."""
    return bool(_LIST.fullmatch(value))


def list_spans(value: str) -> Iterator[tuple[int, int]]:
    """The first and the last id of each span of a text of ids."""
    for span in value.split(","):
        first, _, last = span.partition("..")
        yield int(first), int(last or first)
