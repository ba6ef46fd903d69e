"""What a run has to do: the difference between what lies in the folders and what the catalog knows. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from .sources import FoundFile

Stamp: TypeAlias = tuple[int, int, bool]  # a Known, or what is like it


class Known(NamedTuple):
    """What the catalog says about one path. `mtime` is in nanoseconds, `size` in bytes."""

    size: int
    mtime: int
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Each path in one of six lists, in the order of paths.

    `new` and `changed` must be read, and so must `compared`, which look as they did, but whose contents shall
    tell; `returned` were missing and are back unchanged; `missing` are gone.
    A file that was moved is one missing and one new path: its content tells, once it is read.
    """

    new: tuple[FoundFile, ...]
    changed: tuple[FoundFile, ...]
    compared: tuple[FoundFile, ...]
    returned: tuple[FoundFile, ...]
    unchanged: tuple[FoundFile, ...]
    missing: tuple[bytes, ...]

    @property
    def to_read(self) -> tuple[FoundFile, ...]:
        return tuple(sorted(self.new + self.changed + self.compared, key=lambda each: each.path))


def make_plan(
    found: Iterable[FoundFile],
    known: Mapping[bytes, Stamp],
    *,
    is_expected: Callable[[bytes], bool],
    compares: bool = False,
) -> Plan:
    """Compare by size and modification time; with `compares`, what is the same by these is to be read, too.

    Only paths that the walk `expects` can be missing: about all others nothing was learned.
    """
    lists: dict[str, list[FoundFile]] = {name: [] for name in Plan.__slots__ if name != "missing"}
    seen = {each.path: each for each in found}
    for path in sorted(seen):
        fate = _list_name(seen[path], known.get(path))
        lists["compared" if compares and fate in ("returned", "unchanged") else fate].append(seen[path])
    gone = sorted(path for path in known.keys() - seen.keys() if not known[path][2] and is_expected(path))
    return Plan(**{name: tuple(each) for name, each in lists.items()}, missing=tuple(gone))


def _list_name(found: FoundFile, known: Stamp | None) -> str:
    if known is None:
        return "new"
    size, mtime, missing = known
    if found.size != size or found.mtime != mtime:
        return "changed"
    return "returned" if missing else "unchanged"
