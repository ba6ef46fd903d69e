"""What of a line stands in the search box, and what has chips alone: weights of signals and picked pictures.

Their terms are long and tell people little. The form sends them beside the words, as `also`.
"""

from __future__ import annotations

import re
from typing import Final

from retrieval import InvalidQuery

from .parameters import BoxParameters, PageSearchParameters
from .services import current_services

_SILENT: Final = re.compile(r"(?<!\S)(?:-?among|weight\.\w+):\S+(?!\S)")


def join_line(sent: BoxParameters) -> PageSearchParameters:
    """The search that the form means: the line of the box with what stands beside it."""
    values = sent.model_dump(exclude={"also"}, exclude_defaults=True)
    return PageSearchParameters(**values | {"q": f"{sent.q} {sent.also}".strip()})


def split_line(line: str) -> tuple[str, str]:
    """What of a line the box shows, and the rest; the box shows all where the two are not apart."""
    rest = " ".join(_SILENT.findall(line))
    if not rest:
        return line, ""
    shown = " ".join(_SILENT.sub(" ", line).split())
    return (shown, rest) if _are_apart(line, shown, rest) else (line, "")


def _are_apart(line: str, shown: str, rest: str) -> bool:
    """Whether the two say together what the line says, and neither needs the other, as behind OR."""
    read = current_services().library.read_line
    try:
        return read(line) == read(f"{shown} {rest}") == read(f"{rest} {shown}")
    except InvalidQuery:
        return False
