"""Paths as the file system's own bytes, and as one line of text that can always be shown."""

from __future__ import annotations

import os
import unicodedata
from typing import TypeAlias

AnyPath: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def path_bytes(path: AnyPath) -> bytes:
    """An absolute path in bytes; symbolic links are kept as they are."""
    return os.path.abspath(os.fsencode(path))  # noqa: PTH100 - Path cannot hold bytes


def display_path(path: AnyPath) -> str:
    r"""Give a path that can be shown on one line anywhere: what is not UTF-8 or not visible is escaped.

    `b"a\xff.jpg"` gives `a\xff.jpg`; line ends, escape and text direction characters are escaped alike.
    """
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(_escape_character(sign) for sign in text)


def _escape_character(sign: str) -> str:
    # Joiners are kept: they belong to Persian words and to emoji.
    hidden = unicodedata.category(sign) in {"Cc", "Cf", "Zl", "Zp"} and sign not in "\u200c\u200d"
    return sign.encode("unicode_escape").decode("ascii") if hidden else sign
