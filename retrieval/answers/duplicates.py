"""The shapes of duplicates and verdicts, for programs: JSON, CSV and lists of paths."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeAlias

from pydantic import Field

from ..ranking import duplicate_groups as found
from ..ranking import keep_rules, verdicts
from .addresses import NO_SERVER, PictureAddresses
from .models import CameraTime, PictureAddress
from .query import ImageId, StrictModel

Tier: TypeAlias = found.Tier
VerdictKind: TypeAlias = verdicts.VerdictKind
COLUMNS = ("group", "keep", "id", "path", "width", "height", "format", "bytes", "taken_at", "sha256")


class Copy(StrictModel):
    """One file of a group."""

    id: int = Field(description="Of its image")
    path: str
    keep: bool = Field(description="Whether the rule would keep it; it keeps one of each group")
    width: int
    height: int
    format: str
    bytes: int
    taken_at: CameraTime | None
    written_at: datetime = Field(description="When the file was last changed, in UTC")
    sha256: str
    thumbnail: PictureAddress = Field(description="Address of a WebP picture of at most 320 pixels")


class DuplicateGroup(StrictModel):
    """Files of which one may be enough."""

    images: list[int] = Field(description="What a verdict about the group names")
    differences: list[str] = Field(description="What tells them apart: bytes, content, date, format, size")
    spare_bytes: int = Field(description="Of the files that the rule would not keep")
    copies: list[Copy]


class Duplicates(StrictModel):
    """One page of the groups of a tier; those with the most spare bytes come first."""

    tier: Tier
    keep: str = Field(description="The rule: which file of each group it would keep")
    total: int = Field(description="How many groups there are")
    spare_files: int = Field(description="Files of all groups that the rule would not keep")
    spare_bytes: int
    uncompared: int = Field(description="Images that are compared only when the next indexing run ends")
    groups: list[DuplicateGroup]
    next: str | None = Field(description="Address of the next page, for programs")


class Verdict(StrictModel):
    """What somebody said about images."""

    id: int
    kind: VerdictKind = Field(description="They are all one picture, or no two of them are")
    images: list[ImageId]


class Verdicts(StrictModel):
    """Every verdict, the newest first; where two contradict each other, the newer one counts."""

    verdicts: list[Verdict]


def present_duplicates(
    duplicates: found.Duplicates,
    tier: found.Tier,
    rule: keep_rules.KeepRule,
    addresses: PictureAddresses = NO_SERVER,
    *,
    limit: int | None = None,
    offset: int = 0,
    next_address: str | None = None,
) -> Duplicates:
    """`limit` groups from `offset` on."""
    end = None if limit is None else offset + limit
    groups = duplicates.groups[offset:end]
    return Duplicates(
        tier=tier,
        keep=keep_rules.format_keep_rule(rule),
        total=len(duplicates.groups),
        spare_files=duplicates.spare_files,
        spare_bytes=duplicates.spare_bytes,
        uncompared=duplicates.uncompared,
        groups=[_present_group(group, addresses) for group in groups],
        next=next_address,
    )


def _present_group(group: found.DuplicateGroup, addresses: PictureAddresses) -> DuplicateGroup:
    return DuplicateGroup(
        images=list(group.images),
        differences=sorted(group.differences),
        spare_bytes=group.spare_bytes,
        copies=[_present_copy(copy, copy is group.kept, addresses) for copy in group.copies],
    )


def _present_copy(copy: keep_rules.Copy, is_kept: bool, addresses: PictureAddresses) -> Copy:
    return Copy(
        id=copy.image_id,
        path=addresses.path(copy.display),
        keep=is_kept,
        width=copy.width,
        height=copy.height,
        format=copy.format,
        bytes=copy.bytes,
        taken_at=copy.taken_at,
        written_at=copy.written_at,
        sha256=copy.sha256,
        thumbnail=addresses.thumbnail(copy.image_id),
    )


def present_verdict(verdict: verdicts.Verdict) -> Verdict:
    """A verdict with its images."""
    return Verdict(id=verdict.id, kind=verdict.kind, images=list(verdict.images))


def csv_of_duplicates(duplicates: found.Duplicates) -> str:
    """A line of names, then one for each file of each group."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for number, group in enumerate(duplicates.groups, 1):
        rows.writerows(_csv_rows(number, group))
    return text.getvalue()


def _csv_rows(number: int, group: found.DuplicateGroup) -> Iterator[tuple[Any, ...]]:
    for copy in group.copies:
        keep = "yes" if copy is group.kept else "no"
        taken = copy.taken_at.isoformat() if copy.taken_at else ""
        size = copy.width, copy.height
        yield number, keep, copy.image_id, copy.display, *size, copy.format, copy.bytes, taken, copy.sha256


def paths_of_duplicates(duplicates: found.Duplicates, end: bytes = b"\n") -> bytes:
    """The files that the rule would not keep, each with `end` behind it; the bytes of the file system."""
    return b"".join(copy.path + end for group in duplicates.groups for copy in group.spare)
