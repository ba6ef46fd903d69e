"""Reads and decodes files in processes, a bounded number ahead, in order; one bad file stops nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias

from retrieval import (
    DEFAULT_DECODER,
    MAX_PAGES,
    DecoderPool,
    DecoderProcess,
    Limits,
    Metadata,
    OpenedFile,
    Problem,
    UnreadableImage,
    images,
    page_digest,
)

from .prefetch import prefetch_results
from .sources import FoundFile

LOOKAHEAD = 4  # files a worker; a decoded picture takes about 1 MB, so memory stays flat


@dataclass(frozen=True, slots=True, eq=False)
class FilePage:
    """The content of a file, or of one of its pages: its digest, and unless that is known, the picture.

    `metadata` is what the file says about the picture, in words. `page` counts from 1; `pages` is how many
    the file has.
    """

    file: FoundFile
    sha256: str
    size: int
    decoded: images.DecodedImage | None
    perceptual_hash: int = 0
    thumbnail: bytes = b""
    metadata: Metadata = field(default_factory=Metadata)
    page: int = 1
    pages: int = 1


@dataclass(frozen=True, slots=True)
class _MultiPageFile:
    """A file with several pages, which are yet to be read."""

    file: FoundFile


Outcome: TypeAlias = FilePage | Problem
IsKnown: TypeAlias = Callable[[str], bool]


def decode_files(
    files: Iterable[FoundFile],
    *,
    is_known: IsKnown,
    limits: Limits,
    threads: int,
    decoder: str = DEFAULT_DECODER,
) -> Iterator[Outcome]:
    """Every file's picture or problem, in the order of the files; memory does not grow with their number.

    Where all pages count, a file's further ones come before its first, so that the first stands for the
    whole file; one that cannot be read ends them, and is a problem after it.
    `threads` workers decode, 0: one for each processor, never more of them than files. Whoever stops early
    ends them. `decoder` is what they decode with, as DecoderPool takes it.
    Raises DecodingImpossible when no worker can be started.
    """
    threads = threads or os.cpu_count() or 1
    workers = DecoderPool(limits, decoder)
    read = partial(_read_file, workers=workers, is_known=is_known)
    outcomes = prefetch_results(read, files, name="decode", threads=threads, count=threads * LOOKAHEAD)
    # The workers end before `ahead` waits for its threads, which wait for the workers.
    with closing(outcomes), workers:
        for outcome in outcomes:
            if isinstance(
                outcome, _MultiPageFile
            ):  # one page after the other: their number shall cost no memory
                yield from _read_pages(outcome.file, workers, is_known)
            else:
                yield outcome


def _read_file(found: FoundFile, workers: DecoderPool, is_known: IsKnown) -> Outcome | _MultiPageFile:
    try:
        with workers.borrow_process() as worker:
            opened = worker.open_file(found.path)
            return (
                _MultiPageFile(found) if opened.pages > 1 else _read_page(found, worker, opened, 1, is_known)
            )
    except UnreadableImage as error:
        return Problem(found.path, error.code, error.reason)


def _read_pages(found: FoundFile, workers: DecoderPool, is_known: IsKnown) -> Iterator[Outcome]:
    """The pages from the second on, then the first, then what was wrong with one of them."""
    pages, problem = yield from _read_further_pages(found, workers, is_known)
    try:
        with workers.borrow_process() as worker:
            first = _read_page(found, worker, worker.open_file(found.path), 1, is_known)
    except UnreadableImage as error:
        yield Problem(found.path, error.code, error.reason)
        return
    yield replace(first, pages=pages)
    if problem:
        yield problem


def _read_further_pages(
    found: FoundFile, workers: DecoderPool, is_known: IsKnown
) -> Generator[Outcome, None, tuple[int, Problem | None]]:
    """The pages from the second on, and how many there are that can be read."""
    page = 1
    try:
        with workers.borrow_process() as worker:
            opened = worker.open_file(found.path)
            for page in range(2, min(opened.pages, MAX_PAGES) + 1):
                yield _read_page(found, worker, opened, page, is_known)
    except UnreadableImage as error:
        reason = f"page {page}: {error.reason}; those behind it are left out"
        return max(1, page - 1), Problem(found.path, error.code, reason)
    if opened.pages > MAX_PAGES:
        reason = f"more than {MAX_PAGES} pages; those behind are left out, split the file"
        return page, Problem(found.path, "too-many-pages", reason)
    return page, None


def _read_page(
    found: FoundFile, worker: DecoderProcess, opened: OpenedFile, page: int, is_known: IsKnown
) -> FilePage:
    """One page of a file that a worker has opened, decoded unless its content is known."""
    digest = page_digest(opened.sha256, page)
    if is_known(digest):
        return FilePage(found, digest, opened.size, None, page=page, pages=opened.pages)
    made = worker.decode_page(page)
    return FilePage(
        found,
        digest,
        opened.size,
        made.image,
        made.perceptual_hash,
        made.thumbnail,
        made.metadata,
        page,
        opened.pages,
    )
