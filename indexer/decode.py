"""Reads and decodes files in processes, a bounded number ahead, in order; one bad file stops nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from retrieval import Limits, Metadata, Problem, UnreadableImage, images

from .ahead import ahead
from .sources import Found
from .workers import DECODER, Workers

LOOKAHEAD = 4  # files a worker; a decoded picture takes about 1 MB, so memory stays flat


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """A file's content: its hash, and unless the library knows it already, the decoded picture.

    `metadata` is what the file says about the picture, in words.
    """

    found: Found
    sha256: str
    size: int
    decoded: images.Decoded | None
    perceptual_hash: int = 0
    thumbnail: bytes = b""
    metadata: Metadata = field(default_factory=Metadata)


Outcome: TypeAlias = Read | Problem


def decode_all(
    files: Iterable[Found],
    *,
    is_known: Callable[[str], bool],
    limits: Limits,
    threads: int,
    decoder: str = DECODER,
) -> Iterator[Outcome]:
    """Every file's picture or problem, in the order of the files; memory does not grow with their number.

    `threads` workers decode, 0: one for each processor, never more of them than files. Whoever stops early
    ends them. `decoder` is what they decode with, as Workers takes it.
    Raises DecodingImpossible when no worker can be started.
    """
    threads = threads or os.cpu_count() or 1
    workers = Workers(limits, decoder)
    read = partial(_read, workers=workers, is_known=is_known)
    outcomes = ahead(read, files, name="decode", threads=threads, count=threads * LOOKAHEAD)
    # The workers end before `ahead` waits for its threads, which wait for the workers.
    with closing(outcomes), workers:
        for outcome in outcomes:  # noqa: UP028 - `yield from` would close the other way round
            yield outcome


def _read(found: Found, workers: Workers, is_known: Callable[[str], bool]) -> Outcome:
    try:
        with workers.one() as worker:
            digest, size = worker.open(found.path)
            if is_known(digest):
                worker.skip()
                return Read(found, digest, size, None)
            made = worker.decode()
    except UnreadableImage as error:
        return Problem(found.path, error.code, error.reason)
    return Read(found, digest, size, made.decoded, made.perceptual_hash, made.thumbnail, made.metadata)
