"""Keep rules: which one of several copies to keep. Pure; nothing is ever deleted by it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias, cast

from ..errors import InvalidQuery

RuleKind: TypeAlias = Literal["largest", "oldest", "newest", "folder"]
RULE_FORMS: Final = "largest, oldest, newest or folder:PATH"


@dataclass(frozen=True, slots=True)
class Copy:
    """One file that holds an image, with what tells it from other copies.

    `display` is the path as people read it; `width` and `height` are in pixels, `bytes` is the size of the
    file, and `mtime` when it was written, in nanoseconds. `taken_at` is what its bytes state, or else what is
    known of the image.
    """

    image_id: int
    path: bytes
    display: str
    sha256: str
    width: int
    height: int
    format: str
    bytes: int
    taken_at: datetime | None
    mtime: int

    @property
    def written_at(self) -> datetime:
        """`mtime` to the second, in UTC."""
        return datetime.fromtimestamp(self.mtime // 10**9, UTC)


@dataclass(frozen=True, slots=True)
class KeepRule:
    """Which copy to keep: that with the most pixels, the one taken first or last, or that in a folder."""

    kind: RuleKind = "largest"
    folder: str = ""

    def choose_copy(self, copies: Iterable[Copy]) -> Copy:
        """The copy to keep.

        Of equally good ones that with the most pixels, then bytes, then the one taken first, then by path.
        """
        return min(copies, key=self._order)

    def _order(self, copy: Copy) -> tuple[object, ...]:
        taken = copy.taken_at or datetime.max
        usual = (-copy.width * copy.height, -copy.bytes, taken, copy.path)
        if self.kind == "oldest":
            return (taken, copy.mtime, *usual)
        if self.kind == "newest":
            # Times are compared backwards; a copy without one comes last.
            return (copy.taken_at is None, datetime.max - taken, -copy.mtime, *usual)
        is_elsewhere = not copy.display.startswith(f"{self.folder.rstrip('/')}/")
        return (self.kind == "folder" and is_elsewhere, *usual)


def parse_keep_rule(text: str) -> KeepRule:
    """The rule that a text says: largest, oldest, newest or folder:PATH. Raises InvalidQuery."""
    kind, _, folder = text.partition(":")
    is_known = kind in ("largest", "oldest", "newest", "folder")
    if not is_known or (kind == "folder") != bool(folder):
        raise InvalidQuery(f"keep: “{text[:80]}” is no rule; give {RULE_FORMS}")
    return KeepRule(cast(RuleKind, kind), folder)


def format_keep_rule(rule: KeepRule) -> str:
    """The text that `parse_keep_rule` reads as this rule."""
    return f"folder:{rule.folder}" if rule.kind == "folder" else rule.kind


def list_differences(copies: Iterable[Copy]) -> frozenset[str]:
    """What tells these copies apart: of size, format, bytes, date and content what is not all equal."""
    compared: dict[str, set[object]] = {
        name: set() for name in ("size", "format", "bytes", "date", "content")
    }
    for copy in copies:
        compared["size"].add((copy.width, copy.height))
        compared["format"].add(copy.format)
        compared["bytes"].add(copy.bytes)
        compared["date"].add(copy.taken_at)
        compared["content"].add(copy.sha256)
    return frozenset(name for name, values in compared.items() if len(values) > 1)
