"""Walks folders: which files may be pictures, what lies beside them, and what was passed over and why."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from retrieval import Problem, display_path

from ..errors import SourceUnreachable
from .patterns import EVERYTHING, Choice

ENDINGS = (
    b".jpg", b".jpeg", b".jpe", b".jfif", b".mpo", b".png", b".apng", b".webp", b".gif",
    b".bmp", b".dib", b".tif", b".tiff", b".ppm", b".pgm", b".pbm", b".pnm", b".heic", b".heif", b".hif",
    b".avif", b".avifs", b".nef", b".nrw", b".cr2", b".cr3", b".arw", b".sr2", b".dng", b".orf", b".rw2",
    b".raf", b".pef",
)  # fmt: skip
SIDECARS = (b".xmp", b".json", b".txt")
TAKEOUT_LENGTH = 46  # signs of a name, without the ending
_NUMBERED = re.compile(r"\(\d+\)(?=\.\w+$)")
ARCHIVES = (
    b".zip", b".tar", b".7z", b".rar", b".tgz", b".tbz2", b".txz", b".gz", b".bz2", b".xz", b".zst",
    b".cbz", b".cbr",
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

    `roots` are those asked for that lie in no other, `choice` says what was wanted of them.
    `unseen` are folders that could not be listed: nothing is known about what they hold.
    `sidecars` are text, JSON and XMP files beside a candidate of their name, with or without its ending.
    `archives` counts what may hold pictures that nobody looked at, `unwanted` what a pattern left out.
    `empty` are roots in which there is nothing at all, such as where a drive is mounted at other times.
    `links` counts symbolic links, which are never followed, so that no loop can hold the walk.
    """

    roots: tuple[bytes, ...]
    found: tuple[Found, ...]
    problems: tuple[Problem, ...]
    unseen: tuple[bytes, ...]
    others: int
    links: int
    sidecars: tuple[Found, ...] = ()
    archives: int = 0
    unwanted: int = 0
    empty: tuple[bytes, ...] = ()
    choice: Choice = EVERYTHING

    def expects(self, path: bytes) -> bool:
        """Whether a picture at this path would have been found; only as a root has it another ending."""
        return self.covers(path) and (path.lower().endswith(ENDINGS) or path in self.roots)

    def without(self, paths: Iterable[bytes]) -> Walk:
        """The same as if nothing were known of these files and folders."""
        left = frozenset(paths)
        if not left:
            return self
        found = tuple(each for each in self.found if not left.intersection(_ancestors(each.path)))
        sidecars = tuple(each for each in self.sidecars if not left.intersection(_ancestors(each.path)))
        return replace(self, found=found, sidecars=sidecars, unseen=self.unseen + tuple(sorted(left)))

    def covers(self, path: bytes) -> bool:
        """Whether this path was looked at: below a root, wanted, and in no unseen folder."""
        return not below(path, self.unseen) and any(
            path == root or self.choice.takes(_relative(path, root))
            for root in self.roots
            if below(path, [root])
        )


@dataclass(slots=True)
class _Tally:
    choice: Choice
    apart_from: bytes
    found: list[Found] = field(default_factory=list)
    sidecars: list[Found] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unseen: list[bytes] = field(default_factory=list)
    others: int = 0
    archives: int = 0
    unwanted: int = 0
    links: int = 0
    empty: list[bytes] = field(default_factory=list)


def walk(roots: Iterable[bytes], choice: Choice = EVERYTHING, apart_from: bytes = b"") -> Walk:
    """Walk absolute paths of folders and single files, taking what is chosen; a single file always is.

    The folder `apart_from`, the library itself, is never entered from above.
    Raises SourceUnreachable when a root itself cannot be read, or the file system fails midway.
    """
    tally = _Tally(choice, apart_from)
    outermost = _outermost(roots, choice)
    for root in outermost:
        if stat.S_ISDIR((facts := reachable(root)).st_mode):
            _walk_folder(root, tally)
        else:
            tally.found.append(Found(root, facts.st_size, facts.st_mtime_ns))
            tally.sidecars += _beside(root)
    return Walk(
        roots=outermost,
        found=_by_path(tally.found),
        problems=tuple(tally.problems),
        unseen=tuple(tally.unseen),
        others=tally.others,
        links=tally.links,
        sidecars=_by_path(tally.sidecars),
        archives=tally.archives,
        unwanted=tally.unwanted,
        empty=tuple(tally.empty),
        choice=choice,
    )


def files(paths: Iterable[bytes]) -> Walk:
    """These files alone, as far as they are there; nothing is learned about any other."""
    there = _by_path(each for path in paths for each in _regular(path))
    found = tuple(each for each in there if not each.path.lower().endswith(SIDECARS))
    beside = (each for file in found for each in _beside(file.path))
    return Walk((), found, (), (), 0, 0, _by_path({*there, *beside} - {*found}))


def below(path: bytes, folders: Iterable[bytes]) -> bool:
    """Whether a path is one of these, or lies in one of them."""
    return any(path == folder or path.startswith(folder.rstrip(b"/") + b"/") for folder in folders)


def reachable(root: bytes) -> os.stat_result:
    """What the file system says of a root; raises SourceUnreachable when it is not there."""
    try:
        return os.stat(root)  # noqa: PTH116 - Path cannot hold bytes
    except OSError as error:
        raise SourceUnreachable(display_path(root), error.strerror) from error


def _outermost(roots: Iterable[bytes], choice: Choice) -> tuple[bytes, ...]:
    """Without the roots that the walk of another one comes to."""
    kept: list[bytes] = []
    for root in sorted(set(roots)):
        if not any(below(root, [each]) and choice.enters(_relative(root, each) + b"/") for each in kept):
            kept.append(root)
    return tuple(kept)


def _relative(path: bytes, root: bytes) -> bytes:
    return path[len(root.rstrip(b"/")) + 1 :]


def _ancestors(path: bytes) -> Iterator[bytes]:
    """A path and every folder above it."""
    while path:
        yield path
        path = path.rpartition(b"/")[0]


def _by_path(files: Iterable[Found]) -> tuple[Found, ...]:
    return tuple(sorted(files, key=lambda each: each.path))


def _walk_folder(root: bytes, tally: _Tally) -> None:
    folders = [root]
    while folders:
        folder = folders.pop()
        files = []
        for entry in _listed(folder, tally, is_root=folder == root):
            if entry.is_dir(follow_symlinks=False):
                if _enters(entry.path, root, tally):
                    folders.append(entry.path)
            elif entry.is_symlink():
                tally.links += 1
            else:
                files.append(entry)
        _sort(files, root, tally)


def _enters(folder: bytes, root: bytes, tally: _Tally) -> bool:
    if folder == tally.apart_from:
        return False
    return tally.choice.is_plain or tally.choice.enters(_relative(folder, root) + b"/")


def _listed(folder: bytes, tally: _Tally, *, is_root: bool) -> list[os.DirEntry[bytes]]:
    try:
        with os.scandir(folder) as listing:
            entries = list(listing)
    except OSError as error:
        if is_root or error.errno not in UNLISTABLE:
            raise SourceUnreachable(display_path(folder), error.strerror) from error
        tally.unseen.append(folder)
        reason = f"the folder cannot be listed ({error.strerror}); nothing in it was looked at"
        tally.problems.append(Problem(folder, UNLISTABLE[error.errno], reason))
        return []
    if is_root and not entries:
        tally.empty.append(folder)
    return [each for each in entries if tally.choice.hidden or not each.name.startswith(b".")]


def _sort(files: Iterable[os.DirEntry[bytes]], root: bytes, tally: _Tally) -> None:
    """Share out the files of one folder."""
    pictures, beside = list[bytes](), list[os.DirEntry[bytes]]()
    for entry in files:
        name = entry.name.lower()
        if name.endswith(ENDINGS):
            if tally.choice.is_plain or tally.choice.takes(_relative(entry.path, root)):
                tally.found += _stated(entry)
                pictures.append(entry.name)
            else:
                tally.unwanted += 1
        elif name.endswith(SIDECARS):
            beside.append(entry)
        elif name.endswith(ARCHIVES):
            tally.archives += 1
        else:
            tally.others += 1
    named = {each for name in pictures for each in sidecar_names(name)} if beside else set()
    for entry in beside:
        if _stem(entry.name) in named and tally.choice.enters(_relative(entry.path, root)):
            tally.sidecars += _stated(entry)
        else:
            tally.others += 1


def sidecar_names(picture: bytes) -> tuple[bytes, ...]:
    """What files beside a picture may be called, without their endings: as the picture, with its own ending
    or without, or as Google's Takeout calls them.

    Takeout adds a word to the whole name, keeps 46 signs of that, and puts the number of a name that it has
    met before, as in boat(1).jpg, behind all: boat.jpg.supplemental-metadata(1).
    """
    folder, slash, name = picture.rpartition(b"/")
    text = os.fsdecode(name)
    number = _NUMBERED.search(text) if ")" in text else None
    plain = text[: number.start()] + text[number.end() :] if number else text
    wholes = (plain, plain + ".supplemental-metadata")
    cut = (os.fsencode(each[:TAKEOUT_LENGTH] + (number[0] if number else "")) for each in wholes)
    return picture, _stem(picture), *(folder + slash + each for each in cut)


def _stem(name: bytes) -> bytes:
    return name.rpartition(b".")[0]


def _stated(entry: os.DirEntry[bytes]) -> tuple[Found, ...]:
    try:
        facts = entry.stat(follow_symlinks=False)
    except OSError:
        return ()  # gone since the folder was listed
    return (Found(entry.path, facts.st_size, facts.st_mtime_ns),)


def _beside(picture: bytes) -> Iterator[Found]:
    """The sidecars of a single file; its folder, which may be large, is not listed for it."""
    for start in dict.fromkeys(sidecar_names(picture)):
        for ending in SIDECARS:
            if start + ending != picture:
                yield from _regular(start + ending)


def _regular(path: bytes) -> Iterator[Found]:
    """The file at a path, if one is there."""
    try:
        facts = os.stat(path, follow_symlinks=False)  # noqa: PTH116 - Path cannot hold bytes
    except OSError:
        return
    if stat.S_ISREG(facts.st_mode):
        yield Found(path, facts.st_size, facts.st_mtime_ns)
