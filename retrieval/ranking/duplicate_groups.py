"""Groups of copies of which one may be enough, in tiers. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

from .keep_rules import Copy

Tier: TypeAlias = Literal["bytes", "picture", "scene", "confirmed"]
TIERS: Final = get_args(Tier)


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Copies of which one may be enough, by path, and the one that the rule would keep.

    `differences`: what tells them apart, of size, format, bytes, date and content.
    """

    images: tuple[int, ...]
    copies: tuple[Copy, ...]
    kept: Copy
    differences: frozenset[str]

    @property
    def spare(self) -> tuple[Copy, ...]:
        """The copies that the rule would not keep."""
        return tuple(copy for copy in self.copies if copy is not self.kept)

    @property
    def spare_bytes(self) -> int:
        """How many bytes these have."""
        return sum(copy.bytes for copy in self.spare)


@dataclass(frozen=True, slots=True)
class NearCopy:
    """A file that is like an image, and how much: the same bytes, the same picture, or the same scene."""

    tier: Tier
    copy: Copy


@dataclass(frozen=True, slots=True)
class Duplicates:
    """All groups of a tier, those with the most spare bytes first, then by their first image.

    `uncompared`: how many images are compared with others only at the end of the next indexing run.
    """

    groups: tuple[DuplicateGroup, ...]
    uncompared: int = field(default=0)

    @property
    def spare_files(self) -> int:
        return sum(len(group.spare) for group in self.groups)

    @property
    def spare_bytes(self) -> int:
        return sum(group.spare_bytes for group in self.groups)
