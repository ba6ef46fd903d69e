"""What a run has to do: the difference between what lies in the folders and what the catalog knows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .sources import Found


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalog says about one path."""

    size: int
    mtime: int
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Each path in one of five lists, in the order of paths.

    `new` and `changed` must be read; `returned` were missing and are back unchanged; `missing` are gone.
    A file that was moved is one missing and one new path: its content tells, once it is read.
    """

    new: tuple[Found, ...]
    changed: tuple[Found, ...]
    returned: tuple[Found, ...]
    unchanged: tuple[Found, ...]
    missing: tuple[bytes, ...]

    @property
    def to_read(self) -> tuple[Found, ...]:
        return tuple(sorted(self.new + self.changed, key=lambda each: each.path))


def diff(
    found: Iterable[Found],
    known: Mapping[bytes, Known],
    *,
    roots: Iterable[bytes],
    unseen: Iterable[bytes] = (),
) -> Plan:
    """Compare by size and modification time. Only paths below `roots`, and below no `unseen` folder,
    can be missing: about all others nothing was learned.
    """
    lists: dict[str, list[Found]] = {"new": [], "changed": [], "returned": [], "unchanged": []}
    seen = {each.path: each for each in found}
    for path in sorted(seen):
        lists[_fate(seen[path], known.get(path))].append(seen[path])
    inside, outside = list(roots), list(unseen)
    missing = tuple(
        path
        for path in sorted(known)
        if path not in seen and not known[path].missing and below(path, inside) and not below(path, outside)
    )
    return Plan(**{name: tuple(each) for name, each in lists.items()}, missing=missing)


def _fate(found: Found, known: Known | None) -> str:
    if known is None:
        return "new"
    if (found.size, found.mtime) != (known.size, known.mtime):
        return "changed"
    return "returned" if known.missing else "unchanged"


def below(path: bytes, folders: Iterable[bytes]) -> bool:
    """Whether a path is one of these, or lies in one of them."""
    return any(path == folder or path.startswith(folder.rstrip(b"/") + b"/") for folder in folders)
