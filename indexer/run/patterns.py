"""Which files below a folder are wanted: patterns like those of gitignore. Pure."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from ..errors import InvalidPattern

PIECES = re.compile(r"\*\*/|\*\*|\*|\?|\[[!^]?\]?[^\]]*\]|\\.|.", re.DOTALL)
MEANING = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True, slots=True)
class Choice:
    """What a walk takes, by paths relative to its root, whose folders end in a slash.

    A pattern without a slash before its end is compared with every name on the way, one with such a slash
    with the path from the root; one that ends in a slash means folders alone. `*` and `?` stop at a slash,
    `**` does not, `[a-z]` is one character. The case of letters does not count. What a folder is, all that
    it holds is too. `exclude` outdoes `include`, and without `hidden` no name may begin with a dot.
    Raises InvalidPattern for a pattern that says nothing, or that cannot be read.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    hidden: bool = False

    def __post_init__(self) -> None:
        for pattern in self.include + self.exclude:
            _compiled((pattern,))

    @property
    def is_plain(self) -> bool:
        """Whether there are no patterns: then names alone decide."""
        return not (self.include or self.exclude)

    def enters(self, folder: bytes) -> bool:
        """Whether this folder, with a slash at its end, may hold anything that is wanted."""
        return (self.hidden or not _is_hidden(folder)) and not _matches(self.exclude, folder)

    def takes(self, path: bytes) -> bool:
        """Whether a file is wanted: a picture, or anything else that is counted."""
        return self.enters(path) and (not self.include or _matches(self.include, path))


EVERYTHING = Choice()


def _is_hidden(path: bytes) -> bool:
    return path.startswith(b".") or b"/." in path


def _matches(patterns: tuple[str, ...], path: bytes) -> bool:
    return bool(patterns) and _compiled(patterns).fullmatch(os.fsdecode(path)) is not None


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(_expression(each) for each in patterns), re.IGNORECASE | re.DOTALL)


def _expression(pattern: str) -> str:
    body = pattern.strip("/")
    start = "" if "/" in pattern.rstrip("/") else "(?:.*/)?"
    end = "/.*" if pattern.endswith("/") else "(?:/.*)?"
    expression = f"{start}{''.join(_translated(PIECES.findall(body)))}{end}"
    try:
        re.compile(expression)
    except re.error as error:
        raise InvalidPattern(pattern, str(error)) from error
    if not body:
        raise InvalidPattern(pattern, "it names nothing")
    return expression


def _translated(pieces: Iterable[str]) -> Iterator[str]:
    for piece in pieces:
        if piece.startswith("[") and len(piece) > 1:
            inside = piece[1:-1].replace("\\", "\\\\").replace("[", "\\[")
            yield f"[{'^/' + inside[1:] if inside[0] in '!^' else inside}]"
        else:
            yield MEANING.get(piece) or re.escape(piece.removeprefix("\\") or piece)
