"""What could not be indexed: counted by code, and read again."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import nullcontext

from retrieval import Library, LibraryWriter, Problem

from ..run.pipeline import reindex_files
from ..run.report import OnEvent, Report
from ..run.stop_signals import Shield


def chosen(library: Library, code: str | None) -> list[Problem]:
    """The problems with this code, or all, by path."""
    with library.catalog.reading() as reader:
        return [each for each in reader.problems() if code in (None, each.code)]


def by_code(problems: Iterable[Problem]) -> dict[str, int]:
    """How many problems have each code, the most frequent first."""
    return dict(sorted(Counter(each.code for each in problems).items(), key=lambda each: (-each[1], each[0])))


def in_words(counts: Mapping[str, int]) -> str:
    """`{"truncated": 2, "broken": 1}` to “2 truncated, 1 broken”."""
    return ", ".join(f"{count} {code}" for code, count in counts.items())


def retry(
    library: LibraryWriter, code: str | None, *, on_event: OnEvent, shield: Shield = nullcontext
) -> tuple[Report, int]:
    """Read again the files that are problems; the problems of files that are gone are forgotten.

    The report of the run, and how many problems are those of folders, which only `index` can look at again.
    """
    fates = {each.path: _mode(each.path) for each in chosen(library, code)}
    with library.catalog.writing() as writer:
        writer.forget_problems(path for path, mode in fates.items() if mode is None)
    files = [path for path, mode in fates.items() if mode is not None and stat.S_ISREG(mode)]
    report = reindex_files(library, files, captions={}, on_event=on_event, shield=shield)
    return report, sum(1 for mode in fates.values() if mode is not None and stat.S_ISDIR(mode))


def _mode(path: bytes) -> int | None:
    """What lies at a path; None where nothing does, and 0 where that cannot be told."""
    try:
        return os.stat(path, follow_symlinks=False).st_mode  # noqa: PTH116 - Path cannot hold bytes
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return 0
