"""The files that are like the picture of a page: how much, and in what each differs from it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from retrieval import Copy, NearCopy, ProjectionDamaged, answers

from .locales import format_file_size, format_number
from .services import current_services

MOST_SHOWN = 24


@dataclass(frozen=True, slots=True)
class ShownCopy:
    """One file; `folder` is empty where it lies in that of the picture."""

    id: int
    tier: str
    name: str
    size: str
    bytes: str
    folder: str
    has_other_size: bool
    has_other_bytes: bool


def list_copies(image: answers.Image) -> list[ShownCopy]:
    """The copies of an image, the most alike first; none for strangers, nor while the indexes are damaged."""
    if current_app.config["PUBLIC"]:
        return []
    try:
        found = current_services().library.find_copies(image.id)
    except ProjectionDamaged:
        return []
    return [_show_copy(near, image) for near in found[:MOST_SHOWN]]


def _show_copy(near: NearCopy, image: answers.Image) -> ShownCopy:
    copy = near.copy
    folder, _, name = current_services().show_path(copy.display).rpartition("/")
    return ShownCopy(
        copy.image_id,
        near.tier,
        name,
        f"{format_number(copy.width)} × {format_number(copy.height)}",
        f"{format_file_size(copy.bytes)}, {copy.format.upper()}",
        "" if folder == image.path.rpartition("/")[0] else folder or "/",
        has_other_size=(copy.width, copy.height) != (image.width, image.height),
        has_other_bytes=_differs_in_bytes(copy, image),
    )


def _differs_in_bytes(copy: Copy, image: answers.Image) -> bool:
    return (copy.bytes, copy.format) != (image.bytes, image.format)
