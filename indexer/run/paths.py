"""Paths as bytes: what lies below what, and names without their ending. Pure."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator


def is_below(path: bytes, folders: Iterable[bytes]) -> bool:
    """Whether a path is one of these, or lies in one of them."""
    return any(path == folder or path.startswith(folder.rstrip(b"/") + b"/") for folder in folders)


def relative_path(path: bytes, root: bytes) -> bytes:
    """A path below `root` without the root."""
    return path[len(root.rstrip(b"/")) + 1 :]


def path_and_parents(path: bytes) -> Iterator[bytes]:
    """A path and every folder above it."""
    while path:
        yield path
        path = path.rpartition(b"/")[0]


def path_spellings(path: bytes) -> tuple[bytes, ...]:
    """A path, and how else it may be written: each letter and its accent one character, or two."""
    text = os.fsdecode(path)
    if text.isascii():
        return (path,)
    forms = (os.fsencode(unicodedata.normalize(form, text)) for form in ("NFC", "NFD"))
    return tuple(dict.fromkeys((path, *forms)))


def path_stem(path: bytes) -> bytes:
    """A path without the ending of its file name; a dot in the name of a folder starts no ending."""
    return os.path.splitext(path)[0]  # noqa: PTH122 - Path cannot hold bytes
