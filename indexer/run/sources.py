"""Walks folders: which files may be pictures, which are sidecars, and what was left out and why."""

from __future__ import annotations

import errno
import os
import stat
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from retrieval import Problem, display_path

from ..errors import SourceUnreachable
from .paths import is_below, path_and_parents, path_stem, relative_path
from .patterns import EVERYTHING, Choice
from .sidecar_names import SIDECAR_ENDINGS, sidecar_stem, sidecar_stems

ENDINGS = (
    b".jpg", b".jpeg", b".jpe", b".jfif", b".mpo", b".png", b".apng", b".webp", b".gif",
    b".bmp", b".dib", b".tif", b".tiff", b".ppm", b".pgm", b".pbm", b".pnm", b".heic", b".heif", b".hif",
    b".avif", b".avifs", b".nef", b".nrw", b".cr2", b".cr3", b".arw", b".sr2", b".dng", b".orf", b".rw2",
    b".raf", b".pef",
)  # fmt: skip
ARCHIVES = (
    b".zip", b".tar", b".7z", b".rar", b".tgz", b".tbz2", b".txz", b".gz", b".bz2", b".xz", b".zst",
    b".cbz", b".cbr",
)  # fmt: skip

# Files that lie beside pictures everywhere, and that nobody takes for one: a report does not name them.
NO_PICTURES = (
    b".txt", b".json", b".xmp", b".csv", b".db", b".ini", b".md", b".htm", b".html", b".xml", b".log",
    b".lnk", b".url", b".tmp", b".dat", b".nfo", b".toml", b".yaml", b".yml", b".sqlite", b".thm",
)  # fmt: skip

# The film of a Live Photo or motion photo lies beside the still picture, under its name: IMG_1.HEIC and
# IMG_1.MOV, or IMG_1_HEVC.MOV by icloud_photos_downloader (issue 1065), or PXL_1.MP by Google's Takeout.
LIVE_FILMS = (b".mov", b".mp4", b".mp")
_LIVE_MARK = b"_hevc"

# Errors for which one folder is left out; any other, such as a failing disk, stops the run.
UNLISTABLE = {
    errno.EACCES: "permission-denied",
    errno.EPERM: "permission-denied",
    errno.ENOENT: "vanished",
    errno.ENAMETOOLONG: "path-too-long",
}


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that may be a picture, or a sidecar. `mtime` is in nanoseconds, `size` in bytes."""

    path: bytes
    size: int
    mtime: int


@dataclass(frozen=True, slots=True)
class Walk:
    """What lies below the roots, in the order of paths.

    `roots`: those that do not lie in another one. `choice`: which files were to be taken.
    `files`: those that may be pictures. `sidecars`: text, JSON and XMP files called like one of these.
    `unlisted`: folders that could not be listed; nothing is known about what is in them.
    `empty_roots`: roots with nothing in them, such as the mount point of a drive that is not mounted.
    `archives`: how many files may hold pictures that were not looked at. `excluded`: how many pictures the
    patterns left out. `system_folders`: how many folders of thumbnails and bins were left out.
    `other_files`: how many files are none of these. `other_kinds`: their endings, with how many there are,
    the most frequent first, without those of NO_PICTURES and the films of Live Photos. `symbolic_links`: how
    many there are; none is followed, so that a loop of them cannot hold up the walk.
    """

    roots: tuple[bytes, ...]
    files: tuple[FoundFile, ...]
    problems: tuple[Problem, ...]
    unlisted: tuple[bytes, ...]
    other_files: int
    symbolic_links: int
    sidecars: tuple[FoundFile, ...] = ()
    archives: int = 0
    excluded: int = 0
    empty_roots: tuple[bytes, ...] = ()
    system_folders: int = 0
    choice: Choice = EVERYTHING
    other_kinds: tuple[tuple[str, int], ...] = ()

    def is_expected(self, path: bytes) -> bool:
        """Whether the walk would have found a picture at this path; only a root may have another ending."""
        return self.is_covered(path) and (path.lower().endswith(ENDINGS) or path in self.roots)

    def is_covered(self, path: bytes) -> bool:
        """Whether the walk looked at this path: it is below a root, chosen, and in no unlisted folder."""
        return not is_below(path, self.unlisted) and any(
            path == root or self.choice.can_take(relative_path(path, root))
            for root in self.roots
            if is_below(path, [root])
        )

    def without_paths(self, paths: Iterable[bytes]) -> Walk:
        """The same walk, as if nothing were known about these files and folders."""
        ignored = frozenset(paths)
        if not ignored:
            return self
        return replace(
            self,
            files=_files_outside(self.files, ignored),
            sidecars=_files_outside(self.sidecars, ignored),
            unlisted=self.unlisted + tuple(sorted(ignored)),
        )


@dataclass(slots=True)
class _Tally:
    choice: Choice
    library_folder: bytes
    files: list[FoundFile] = field(default_factory=list)
    sidecars: list[FoundFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unlisted: list[bytes] = field(default_factory=list)
    other_files: int = 0
    archives: int = 0
    excluded: int = 0
    symbolic_links: int = 0
    system_folders: int = 0
    empty_roots: list[bytes] = field(default_factory=list)
    other_kinds: Counter[str] = field(default_factory=Counter)

    def add_other_file(self, name: bytes, picture_stems: Container[bytes]) -> None:
        """Count a file that is not read, and its kind if it may be a picture, or a film of its own."""
        self.other_files += 1
        dot = name.rfind(b".")
        ending = name[dot:] if dot > 0 else b""
        if ending and not name.endswith(NO_PICTURES) and not _is_live_film(name, picture_stems):
            self.other_kinds[display_path(ending)] += 1


def walk_folders(roots: Iterable[bytes], choice: Choice = EVERYTHING, library_folder: bytes = b"") -> Walk:
    """Walk folders and single files, given as absolute paths; a single file is always taken.

    The folder of the library itself is not entered, unless it is a root.
    Raises SourceUnreachable when a root cannot be read, or when the file system fails during the walk.
    """
    tally = _Tally(choice, library_folder)
    outermost = _outermost_roots(roots, choice)
    for root in outermost:
        status = stat_root(root)
        if stat.S_ISDIR(status.st_mode):
            _walk_folder(root, tally)
        else:
            tally.files.append(FoundFile(root, status.st_size, status.st_mtime_ns))
            tally.sidecars += _find_sidecars([root])
    return Walk(
        roots=outermost,
        files=_sort_by_path(tally.files),
        problems=tuple(tally.problems),
        unlisted=tuple(tally.unlisted),
        other_files=tally.other_files,
        symbolic_links=tally.symbolic_links,
        sidecars=_sort_by_path(tally.sidecars),
        archives=tally.archives,
        excluded=tally.excluded,
        empty_roots=tuple(tally.empty_roots),
        system_folders=tally.system_folders,
        choice=choice,
        other_kinds=tuple(sorted(tally.other_kinds.items(), key=lambda item: (-item[1], item[0]))),
    )


def find_files(paths: Iterable[bytes]) -> Walk:
    """A walk of these files only, and of their sidecars; paths where there is no file are left out."""
    present = _sort_by_path(file for path in paths for file in _find_regular_file(path))
    pictures = tuple(file for file in present if not file.path.lower().endswith(SIDECAR_ENDINGS))
    sidecars = _find_sidecars([picture.path for picture in pictures])
    return Walk((), pictures, (), (), 0, 0, _sort_by_path({*present, *sidecars} - {*pictures}))


def stat_root(root: bytes) -> os.stat_result:
    """The status of a root in the file system; raises SourceUnreachable when it is not there."""
    try:
        return os.stat(root)  # noqa: PTH116 - Path cannot hold bytes
    except OSError as error:
        raise SourceUnreachable(display_path(root), error.strerror) from error


def _outermost_roots(roots: Iterable[bytes], choice: Choice) -> tuple[bytes, ...]:
    """The roots without those that the walk of another root reaches."""
    outermost: list[bytes] = []
    for root in sorted(set(roots)):
        is_reached = any(
            is_below(root, [outer]) and choice.can_enter(relative_path(root, outer) + b"/")
            for outer in outermost
        )
        if not is_reached:
            outermost.append(root)
    return tuple(outermost)


def _files_outside(files: Iterable[FoundFile], ignored: frozenset[bytes]) -> tuple[FoundFile, ...]:
    return tuple(file for file in files if not ignored.intersection(path_and_parents(file.path)))


def _sort_by_path(files: Iterable[FoundFile]) -> tuple[FoundFile, ...]:
    return tuple(sorted(files, key=lambda file: file.path))


def _walk_folder(root: bytes, tally: _Tally) -> None:
    folders = [root]
    while folders:
        folder = folders.pop()
        entries = []
        for entry in _list_folder(folder, tally, is_root=folder == root):
            if entry.is_dir(follow_symlinks=False):
                if _can_enter(entry.path, root, tally):
                    folders.append(entry.path)
            elif entry.is_symlink():
                tally.symbolic_links += 1
            else:
                entries.append(entry)
        _sort_entries(entries, root, tally)


def _can_enter(folder: bytes, root: bytes, tally: _Tally) -> bool:
    if folder == tally.library_folder:
        return False
    if tally.choice.skips_system_folder(relative_path(folder, root) + b"/"):
        tally.system_folders += 1
        return False
    return tally.choice.is_plain or tally.choice.can_enter(relative_path(folder, root) + b"/")


def _list_folder(folder: bytes, tally: _Tally, *, is_root: bool) -> list[os.DirEntry[bytes]]:
    try:
        with os.scandir(folder) as listing:
            entries = list(listing)
    except OSError as error:
        if is_root or error.errno not in UNLISTABLE:
            raise SourceUnreachable(display_path(folder), error.strerror) from error
        tally.unlisted.append(folder)
        reason = f"the folder cannot be listed ({error.strerror}); nothing in it was indexed"
        tally.problems.append(Problem(folder, UNLISTABLE[error.errno], reason))
        return []
    if is_root and not entries:
        tally.empty_roots.append(folder)
    return [entry for entry in entries if tally.choice.hidden or not entry.name.startswith(b".")]


def _sort_entries(entries: Iterable[os.DirEntry[bytes]], root: bytes, tally: _Tally) -> None:
    """Add the files of one folder to the lists and counts they belong to."""
    picture_names, candidates, others = list[bytes](), list[os.DirEntry[bytes]](), list[bytes]()
    for entry in entries:
        name = entry.name.lower()
        if name.endswith(ENDINGS):
            if tally.choice.is_plain or tally.choice.can_take(relative_path(entry.path, root)):
                tally.files += _stat_entry(entry)
                picture_names.append(entry.name)
            else:
                tally.excluded += 1
        elif name.endswith(SIDECAR_ENDINGS):
            candidates.append(entry)
        elif name.endswith(ARCHIVES):
            tally.archives += 1
        else:
            others.append(name)
    picture_stems = {path_stem(name).lower() for name in picture_names}
    for name in others:
        tally.add_other_file(name, picture_stems)
    stems = {stem for name in picture_names for stem in sidecar_stems(name)} if candidates else set()
    for entry in candidates:
        if sidecar_stem(entry.name) in stems and tally.choice.can_enter(relative_path(entry.path, root)):
            tally.sidecars += _stat_entry(entry)
        else:
            tally.other_files += 1


def _is_live_film(name: bytes, picture_stems: Container[bytes]) -> bool:
    """Whether a file is the film that belongs to one of the pictures; all names are in small letters."""
    if not name.endswith(LIVE_FILMS):
        return False
    stem = path_stem(name)
    return any(still in picture_stems for still in (stem, stem.removesuffix(_LIVE_MARK), name))


def _stat_entry(entry: os.DirEntry[bytes]) -> tuple[FoundFile, ...]:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return ()  # gone since the folder was listed
    return (FoundFile(entry.path, status.st_size, status.st_mtime_ns),)


def _find_sidecars(pictures: Sequence[bytes]) -> Iterator[FoundFile]:
    """The sidecars of single files. Each folder is listed once, because endings come in any letter case."""
    stems: dict[bytes, set[bytes]] = {}
    for picture in pictures:
        stems.setdefault(picture.rpartition(b"/")[0] + b"/", set()).update(sidecar_stems(picture))
    for folder in stems:
        for name in _list_names(folder):
            path = folder + name
            is_sidecar = name.lower().endswith(SIDECAR_ENDINGS) and sidecar_stem(path) in stems[folder]
            if is_sidecar and path not in pictures:
                yield from _find_regular_file(path)


def _list_names(folder: bytes) -> list[bytes]:
    try:
        return os.listdir(folder)
    except OSError:
        return []  # gone meanwhile


def _find_regular_file(path: bytes) -> Iterator[FoundFile]:
    """The file at a path, if one is there."""
    try:
        status = os.stat(path, follow_symlinks=False)  # noqa: PTH116 - Path cannot hold bytes
    except OSError:
        return
    if stat.S_ISREG(status.st_mode):
        yield FoundFile(path, status.st_size, status.st_mtime_ns)
