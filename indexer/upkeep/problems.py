"""Files that could not be indexed: selected, counted by code, and read again."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import nullcontext

from retrieval import Library, LibraryWriter, Problem

from ..run.report import OnEvent, Report
from ..run.stop_signals import Shield

# Every code that a problem can have; docs/reference.md lists the same.
PROBLEM_CODES = (
    "empty-file", "truncated", "not-an-image", "broken", "too-many-pixels", "too-many-bytes",
    "too-many-pages", "too-much-metadata", "not-regular", "permission-denied", "symlink-skipped", "vanished",
    "path-too-long", "changed-while-reading", "unreadable", "no-preview", "timeout", "out-of-memory",
    "decoder-crashed", "degenerate-feature", "incomplete", "bad-sidecar",
)  # fmt: skip


def select_problems(library: Library, code: str | None) -> list[Problem]:
    """The problems with this code, or all problems if it is None, by path."""
    with library.catalog.reading() as reader:
        return [problem for problem in reader.load_problems() if code in (None, problem.code)]


def count_by_code(problems: Iterable[Problem]) -> dict[str, int]:
    """The number of problems with each code, the most frequent first."""
    return dict(
        sorted(
            Counter(problem.code for problem in problems).items(),
            key=lambda code_and_count: (-code_and_count[1], code_and_count[0]),
        )
    )


def format_counts(counts: Mapping[str, int]) -> str:
    """`{"truncated": 2, "broken": 1}` to “2 truncated, 1 broken”."""
    return ", ".join(f"{count} {code}" for code, count in counts.items())


def retry_problems(
    library: LibraryWriter, code: str | None, *, on_event: OnEvent, shield: Shield = nullcontext
) -> tuple[Report, int]:
    """Read the files of these problems again; problems of files that are gone are deleted.

    Returns the report of the run, and the number of problems with folders, which only `index` can read again.
    """
    modes = {problem.path: _file_mode(problem.path) for problem in select_problems(library, code)}
    with library.catalog.writing() as writer:
        writer.forget_problems(path for path, mode in modes.items() if mode is None)
    files = [path for path, mode in modes.items() if mode is not None and stat.S_ISREG(mode)]
    from ..run.pipeline import reindex_files  # every command reads this module, and few index

    report = reindex_files(library, files, captions={}, on_event=on_event, shield=shield)
    return report, sum(1 for mode in modes.values() if mode is not None and stat.S_ISDIR(mode))


def _file_mode(path: bytes) -> int | None:
    """The file mode of what is at a path; None if nothing is there, and 0 if that is unknown."""
    try:
        return os.stat(path, follow_symlinks=False).st_mode  # noqa: PTH116 - Path cannot hold bytes
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return 0
