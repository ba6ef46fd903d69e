"""Reads and decodes files in threads, a bounded number ahead, in order; one bad file stops nothing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from retrieval import Limits, Problem, UnreadableImage, display_path, images, read

from .ahead import ahead
from .sources import Found

THUMBNAIL_SIDE = 320  # pixels: a tile of the page at most, on a screen of ordinary density
LOOKAHEAD = 4  # files a thread; a decoded picture takes about 1 MB, so memory stays flat


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """A file's content: its hash, and the decoded picture unless the library knows the content already."""

    found: Found
    sha256: str
    size: int
    decoded: images.Decoded | None
    perceptual_hash: int = 0
    thumbnail: bytes = b""


Outcome: TypeAlias = Read | Problem


def decode_all(
    files: Iterable[Found], *, is_known: Callable[[str], bool], limits: Limits, threads: int
) -> Iterator[Outcome]:
    """Every file's picture or problem, in the order of the files; memory does not grow with their number."""
    threads = threads or os.cpu_count() or 1
    decode = partial(_decode, is_known=is_known, limits=limits)
    return ahead(decode, files, name="decode", threads=threads, count=threads * LOOKAHEAD)


def _decode(found: Found, is_known: Callable[[str], bool], limits: Limits) -> Outcome:
    try:
        data = read(found.path, limits)
        digest = hashlib.sha256(data).hexdigest()
        if is_known(digest):
            return Read(found, digest, len(data), None)
        decoded = images.decode(data, name=display_path(found.path), limits=limits)
    except UnreadableImage as error:
        return Problem(found.path, error.code, error.reason)
    return Read(
        found,
        digest,
        len(data),
        decoded,
        images.perceptual_hash(decoded.pixels),
        images.encode_webp(decoded.pixels, side=THUMBNAIL_SIDE),
    )
