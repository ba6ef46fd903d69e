"""What a run has to do: how the files in the folders differ from those that the catalog knows. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from .sources import FoundFile

# What the catalog knows about a path: size in bytes, modification time in nanoseconds, whether it is missing.
Stamp: TypeAlias = tuple[int, int, bool]


@dataclass(frozen=True, slots=True)
class Plan:
    """Each path in one of six lists, in the order of paths.

    `new` and `changed` files are read, and so are `compared` ones: they look unchanged, but their contents
    are to be compared. `returned` files were missing and are back unchanged; `missing` ones are gone.
    A file that was moved is one missing and one new path, until it is read and its content recognised.
    """

    new: tuple[FoundFile, ...]
    changed: tuple[FoundFile, ...]
    compared: tuple[FoundFile, ...]
    returned: tuple[FoundFile, ...]
    unchanged: tuple[FoundFile, ...]
    missing: tuple[bytes, ...]

    @property
    def to_read(self) -> tuple[FoundFile, ...]:
        return tuple(sorted(self.new + self.changed + self.compared, key=lambda file: file.path))


def make_plan(
    files: Iterable[FoundFile],
    stamps: Mapping[bytes, Stamp],
    *,
    is_expected: Callable[[bytes], bool],
    compares: bool = False,
) -> Plan:
    """Compare files with what the catalog knows, by size and modification time.

    With `compares`, a file that has not changed by these is to be read all the same.
    Only paths for which `is_expected` is true can be missing: the walk looked at no others.
    """
    lists: dict[str, list[FoundFile]] = {name: [] for name in Plan.__slots__ if name != "missing"}
    present = {file.path: file for file in files}
    for path in sorted(present):
        name = _list_name(present[path], stamps.get(path))
        lists["compared" if compares and name in ("returned", "unchanged") else name].append(present[path])
    missing = sorted(
        path for path in stamps.keys() - present.keys() if not stamps[path][2] and is_expected(path)
    )
    return Plan(**{name: tuple(listing) for name, listing in lists.items()}, missing=tuple(missing))


def _list_name(file: FoundFile, stamp: Stamp | None) -> str:
    if stamp is None:
        return "new"
    size, mtime, is_missing = stamp
    if file.size != size or file.mtime != mtime:
        return "changed"
    return "returned" if is_missing else "unchanged"
