"""Which files below a folder a run takes: patterns as in gitignore. Pure. The only home of pathspec."""

from __future__ import annotations

import os
import re
import warnings
from dataclasses import dataclass
from functools import lru_cache

from ..errors import InvalidPattern

# Folders that systems fill with thumbnails, removed files and copies, in small letters: Synology (DSM), QNAP
# (QTS), Windows, ext4, and the thumbnails and bins of desktops (freedesktop.org) and macOS.
SYSTEM_FOLDERS = frozenset({
    b"@eadir", b"#recycle", b"#snapshot", b"@recycle", b"@recently-snapshot", b".@__thumb", b"@__thumb",
    b"$recycle.bin", b"system volume information", b"lost+found", b".thumbnails", b".trashes",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """What a walk takes, by paths relative to its root; the path of a folder ends in a slash.

    Patterns follow the rules of gitignore, without regard to case: one without a slash before its end is
    compared with every name in the path, any other with the path from the root; a slash at the end stands for
    folders only. `*` and `?` match no slash, `/**/` matches any number of folders, `[a-z]` one character.
    A pattern that matches a folder matches everything in it. Unlike in a gitignore file, `#` and `!` at the
    start are ordinary characters, and so is a `[` that is not closed before the next slash.
    `exclude` wins over `include`, and unless `hidden` is set, no name may begin with a dot. Unless
    `system_folders` is set, no folder of SYSTEM_FOLDERS is entered.
    Raises InvalidPattern for a pattern that is empty or cannot be read.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    hidden: bool = False
    system_folders: bool = False

    def __post_init__(self) -> None:
        _compile_patterns(self.include + self.exclude)

    @property
    def is_plain(self) -> bool:
        """Whether there are no patterns, so that names alone decide."""
        return not (self.include or self.exclude)

    def can_enter(self, folder: bytes) -> bool:
        """Whether this folder, with a slash at its end, may hold files that are taken."""
        if (not self.hidden and _is_hidden(folder)) or self.skips_system_folder(folder):
            return False
        return not _has_match(self.exclude, folder)

    def skips_system_folder(self, path: bytes) -> bool:
        """Whether a path is left out because it lies in thumbnails or in a bin; a folder ends in a slash."""
        return not self.system_folders and any(
            name.lower() in SYSTEM_FOLDERS for name in path.split(b"/")[:-1]
        )

    def can_take(self, path: bytes) -> bool:
        """Whether a file is taken, whatever its ending."""
        return self.can_enter(path) and (not self.include or _has_match(self.include, path))


def _is_hidden(path: bytes) -> bool:
    return path.startswith(b".") or b"/." in path


def _has_match(patterns: tuple[str, ...], path: bytes) -> bool:
    if not patterns:
        return False
    text = os.fsdecode(path)
    return any(expression.search(text) for expression in _compile_patterns(patterns))


@lru_cache(maxsize=64)
def _compile_patterns(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(_compile_pattern(pattern) for pattern in patterns)


def _compile_pattern(pattern: str) -> re.Pattern[str]:
    expression = _translate_pattern(pattern)
    with warnings.catch_warnings():
        # A `[` inside brackets may get another meaning in a later Python.
        warnings.simplefilter("ignore", FutureWarning)
        try:
            return re.compile(expression, re.IGNORECASE | re.DOTALL)
        except re.error as error:
            raise InvalidPattern(pattern, str(error)) from error


def _translate_pattern(pattern: str) -> str:
    """The pattern in the syntax of `re`, to be searched for in a path."""
    # Loaded only where there are patterns: that takes a tenth of a second.
    from pathspec.patterns.gitignore import GitIgnorePatternError
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    expression: str | None
    line = f"\\{pattern}" if pattern.startswith(("#", "!")) else pattern
    try:
        expression, _ = GitIgnoreSpecPattern.pattern_to_regex(line)
        if expression is None:  # brackets that are not closed: git drops such a line
            expression, _ = GitIgnoreSpecPattern.pattern_to_regex(line.replace("[", r"\["))
    except GitIgnorePatternError as error:
        raise InvalidPattern(pattern, "a backslash needs a character after it") from error
    if expression is None or not pattern.strip("/"):
        raise InvalidPattern(pattern, "it names nothing")
    return expression.replace("[^", "[^/")  # pathspec lets [!a] match a slash; git does not


EVERYTHING = Choice()
