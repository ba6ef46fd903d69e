"""What `pictor search --watch-new` does: it prints the new hits of a saved search after each indexing run."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from retrieval import Library, LibraryBusy, NewHits, StorageFailed, open_keeper

from ..run.following import follow_runs, read_log_state
from ..run.stop_signals import Stopped, handle_stop_signals
from .output import print_remark

PAGE = 200  # hits that are read and printed together


def watch_new_hits(library: Path, name: str, print_hits: Callable[[NewHits], None], *, once: bool) -> None:
    """Print what a saved search finds anew, and note it as seen; with `once` that is all.

    Otherwise the same follows after each indexing run, until a signal ends it. What was printed is noted
    afterwards: a process that is killed in between prints a hit twice rather than never.
    """
    with Library.open(library) as opened:
        seen = opened.load_search(name).seen_image
        if once:
            _print_news(opened, name, seen, print_hits)
            return
        try:
            with handle_stop_signals(lambda: None):
                print_remark(f"following the saved search {name}; Ctrl-C stops")
                for _ in follow_runs(partial(read_log_state, opened), time.sleep):
                    seen = _print_news(opened, name, seen, print_hits)
        except Stopped:
            print_remark("no longer following")


def _print_news(library: Library, name: str, seen: int, print_hits: Callable[[NewHits], None]) -> int:
    """Print all hits that are newer than the image `seen`; the newest image that was looked at."""
    newest = seen
    for page in _read_pages(library, name, seen):
        newest = page.newest
        print_hits(page)
    sys.stdout.flush()
    if newest > seen:
        _note_look(library, name, newest)
    return newest


def _read_pages(library: Library, name: str, seen: int) -> Iterator[NewHits]:
    """The new hits, page by page. Images that come between two pages are left to the next time."""
    line, offset, newest = library.load_search(name).line, 0, 0
    while True:
        page = library.find_new(library.read_line(line, limit=PAGE, offset=offset), seen, newest or None)
        newest, offset = page.newest, offset + PAGE
        yield page
        if offset >= page.total:
            return


def _note_look(library: Library, name: str, newest: int) -> None:
    try:
        with open_keeper(library) as keeper:
            keeper.note_look(name, newest)
    except (LibraryBusy, StorageFailed) as error:
        print_remark(f"{error}; the look could not be noted, and will be with the next one")
