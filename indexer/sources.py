"""Walks folders: which files may be pictures, and what was passed over and why."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from retrieval import Problem, display_path

from .errors import SourceUnreachable

ENDINGS = (
    b".jpg", b".jpeg", b".jpe", b".jfif", b".mpo", b".png", b".apng", b".webp", b".gif",
    b".bmp", b".dib", b".tif", b".tiff", b".ppm", b".pgm", b".pbm", b".pnm",
)  # fmt: skip

# Why one folder may be passed over; anything else, a disk that fails, stops the run.
UNLISTABLE = {
    errno.EACCES: "permission-denied",
    errno.EPERM: "permission-denied",
    errno.ENOENT: "vanished",
    errno.ENAMETOOLONG: "path-too-long",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A file that may be a picture. `mtime` is in nanoseconds, `size` in bytes."""

    path: bytes
    size: int
    mtime: int


@dataclass(frozen=True, slots=True)
class Walk:
    """What lies below the roots, by path: candidates, problems, and how many other files there are.

    `roots` are those asked for that lie in no other.
    `unseen` are folders that could not be listed: nothing is known about what they hold.
    `links` counts symbolic links, which are never followed, so that no loop can hold the walk.
    """

    roots: tuple[bytes, ...]
    found: tuple[Found, ...]
    problems: tuple[Problem, ...]
    unseen: tuple[bytes, ...]
    others: int
    links: int


@dataclass(slots=True)
class _Tally:
    found: list[Found] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unseen: list[bytes] = field(default_factory=list)
    others: int = 0
    links: int = 0


def walk(roots: Iterable[bytes]) -> Walk:
    """Walk absolute paths of folders and single files; hidden files and folders are passed over.

    Raises SourceUnreachable when a root itself cannot be read, or the file system fails midway.
    """
    tally = _Tally()
    outermost = _outermost(roots)
    for root in outermost:
        for entry in _root_entries(root, tally):
            _sort(entry, tally)
    found = {each.path: each for each in tally.found}
    return Walk(
        outermost,
        tuple(found[path] for path in sorted(found)),
        tuple(tally.problems),
        tuple(tally.unseen),
        tally.others,
        tally.links,
    )


def _outermost(roots: Iterable[bytes]) -> tuple[bytes, ...]:
    kept: list[bytes] = []
    for root in sorted(set(roots)):
        if not any(root.startswith(each.rstrip(b"/") + b"/") for each in kept):
            kept.append(root)
    return tuple(kept)


def reachable(root: bytes) -> os.stat_result:
    """What the file system says of a root; raises SourceUnreachable when it is not there."""
    try:
        return os.stat(root)  # noqa: PTH116 - Path cannot hold bytes
    except OSError as error:
        raise SourceUnreachable(display_path(root), error.strerror) from error


def _root_entries(root: bytes, tally: _Tally) -> Iterator[os.DirEntry[bytes] | Found]:
    facts = reachable(root)
    if not stat.S_ISDIR(facts.st_mode):
        yield Found(root, facts.st_size, facts.st_mtime_ns)
        return
    folders = [root]
    while folders:
        folder = folders.pop()
        entries = _listed(folder, tally, is_root=folder == root)
        folders += [each.path for each in entries if _is_folder(each)]
        yield from (each for each in entries if not _is_folder(each))


def _listed(folder: bytes, tally: _Tally, *, is_root: bool) -> list[os.DirEntry[bytes]]:
    try:
        with os.scandir(folder) as entries:
            return [each for each in entries if not each.name.startswith(b".")]
    except OSError as error:
        if is_root or error.errno not in UNLISTABLE:
            raise SourceUnreachable(display_path(folder), error.strerror) from error
        tally.unseen.append(folder)
        reason = f"the folder cannot be listed ({error.strerror}); nothing in it was looked at"
        tally.problems.append(Problem(folder, UNLISTABLE[error.errno], reason))
        return []


def _is_folder(entry: os.DirEntry[bytes]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _sort(entry: os.DirEntry[bytes] | Found, tally: _Tally) -> None:
    if isinstance(entry, Found):
        tally.found.append(entry)
    elif entry.is_symlink():
        tally.links += 1
    elif not entry.name.lower().endswith(ENDINGS):
        tally.others += 1
    else:
        try:
            facts = entry.stat(follow_symlinks=False)
        except OSError:
            return  # gone since the folder was listed
        tally.found.append(Found(entry.path, facts.st_size, facts.st_mtime_ns))
