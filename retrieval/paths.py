"""Paths as bytes, as the file system has them, and as one line of text that can always be shown."""

from __future__ import annotations

import os
import unicodedata
from typing import TypeAlias

AnyPath: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def path_bytes(path: AnyPath) -> bytes:
    """An absolute path in bytes; symbolic links are kept as they are."""
    return os.path.abspath(os.fsencode(path))  # noqa: PTH100 - Path cannot hold bytes


def display_path(path: AnyPath) -> str:
    r"""A path as one line of text: bytes that are not UTF-8 and invisible characters are escaped.

    `b"a\xff.jpg"` gives `a\xff.jpg`; line ends, control characters and direction marks are escaped as well.
    """
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    if text.isascii() and text.isprintable():  # most paths are, and runs show very many
        return text
    return "".join(_escape_character(character) for character in text)


def _escape_character(character: str) -> str:
    # Joiners are kept: Persian words and emoji need them.
    is_invisible = (
        unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"} and character not in "\u200c\u200d"
    )
    return character.encode("unicode_escape").decode("ascii") if is_invisible else character
