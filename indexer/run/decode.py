"""Reads and decodes files in processes, in order and a bounded number ahead; a bad file stops nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from retrieval import (
    DEFAULT_DECODER,
    MAX_PAGES,
    DecodedPage,
    DecoderPool,
    DecoderProcess,
    Limits,
    OpenedFile,
    Problem,
    UnreadableImage,
    page_digest,
)

from .prefetch import prefetch_results
from .sources import FoundFile

LOOKAHEAD = 4  # files for each thread; a decoded picture takes about 1 MB, so memory use stays small


@dataclass(frozen=True, slots=True, eq=False)
class FilePage:
    """One page of a file, or a file that has only one: the SHA-256 of its content, and the decoded picture.

    `decoded` is None where the library has the content already. `size` is that of the file in bytes.
    """

    file: FoundFile
    sha256: str
    size: int
    decoded: DecodedPage | None
    page_number: int = 1  # from 1
    page_count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is the page that stands for the whole file."""
        return self.page_number == 1


@dataclass(frozen=True, slots=True)
class _MultiPageFile:
    """A file with several pages, which are still to be read."""

    file: FoundFile


Outcome: TypeAlias = FilePage | Problem
IsKnown: TypeAlias = Callable[[str], bool]  # by SHA-256


def decode_files(
    files: Iterable[FoundFile],
    *,
    is_known: IsKnown,
    limits: Limits,
    threads: int,
    decoder: str = DEFAULT_DECODER,
) -> Iterator[Outcome]:
    """The picture or the problem of every file, in their order; memory use does not grow with their number.

    Of a file whose pages are all wanted, the first page comes after the others, so that it stands for the
    whole file. A page that cannot be read ends the file; its problem comes after the first page.
    `threads` is the number of decoder processes, 0 one for each processor; there are never more than files.
    Closing the iterator ends them. `decoder` is a name that DecoderPool takes.
    Raises DecodingImpossible when no process can be started.
    """
    threads = threads or os.cpu_count() or 1
    pool = DecoderPool(limits, decoder)
    read = partial(_read_file, pool=pool, is_known=is_known)
    outcomes = prefetch_results(read, files, name="decode", threads=threads, count=threads * LOOKAHEAD)
    # The pool is closed first: `outcomes` waits for its threads, and these wait for the processes.
    with closing(outcomes), pool:
        for outcome in outcomes:
            if isinstance(outcome, _MultiPageFile):  # page by page, so that many pages need no more memory
                yield from _read_pages(outcome.file, pool, is_known)
            else:
                yield outcome


def _read_file(file: FoundFile, pool: DecoderPool, is_known: IsKnown) -> Outcome | _MultiPageFile:
    try:
        with pool.borrow_process() as process:
            opened = process.open_file(file.path)
            return (
                _MultiPageFile(file) if opened.pages > 1 else _read_page(file, process, opened, 1, is_known)
            )
    except UnreadableImage as error:
        return Problem(file.path, error.code, error.reason)


def _read_pages(file: FoundFile, pool: DecoderPool, is_known: IsKnown) -> Iterator[Outcome]:
    """The pages from the second on, then the first, then the problem of one of them."""
    page_count, problem = yield from _read_further_pages(file, pool, is_known)
    try:
        with pool.borrow_process() as process:
            first = _read_page(file, process, process.open_file(file.path), 1, is_known)
    except UnreadableImage as error:
        yield Problem(file.path, error.code, error.reason)
        return
    yield replace(first, page_count=page_count)
    if problem:
        yield problem


def _read_further_pages(
    file: FoundFile, pool: DecoderPool, is_known: IsKnown
) -> Generator[Outcome, None, tuple[int, Problem | None]]:
    """Yield the pages from the second on; return how many pages can be read, the first included."""
    number = 1
    try:
        with pool.borrow_process() as process:
            opened = process.open_file(file.path)
            for number in range(2, min(opened.pages, MAX_PAGES) + 1):
                yield _read_page(file, process, opened, number, is_known)
    except UnreadableImage as error:
        reason = f"page {number}: {error.reason}; the pages after it are left out"
        return max(1, number - 1), Problem(file.path, error.code, reason)
    if opened.pages > MAX_PAGES:
        reason = f"more than {MAX_PAGES} pages; the others are left out, split the file"
        return number, Problem(file.path, "too-many-pages", reason)
    return number, None


def _read_page(
    file: FoundFile, process: DecoderProcess, opened: OpenedFile, number: int, is_known: IsKnown
) -> FilePage:
    """One page of a file that a process has opened, decoded unless its content is known."""
    digest = page_digest(opened.sha256, number)
    decoded = None if is_known(digest) else process.decode_page(number)
    return FilePage(file, digest, opened.size, decoded, number, opened.pages)
