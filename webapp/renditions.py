"""The sizes in which pictures are sent, and what browsers choose among them by."""

from __future__ import annotations

from typing import Final

from flask import url_for

from retrieval import Limits, answers

THUMBNAIL_SIDE: Final = 320  # pixels on the long side, as it is stored
PREVIEW_SIDE: Final = Limits().side  # pixels on the short side
LARGE_SIDE: Final = 1200  # on the short side: it fills a screen, and is made at once
LONGEST: Final = 4  # the long side is at most so many times the short one that was asked for
# Heights of rows by the style sheet, with what rows are stretched by in the mean.
_ROW, _NARROW_ROW = 230, 130


def rendition_width(image: answers.ImageSummary, side: int) -> int:
    """The width of a rendition with so many pixels on its short side; pictures are never enlarged."""
    short, long = sorted((image.width, image.height))
    return round(image.width * min(1.0, side / short, LONGEST * side / long))


def tile_sources(image: answers.ImageSummary) -> str:
    """The srcset of a tile; empty where the thumbnail has all that there is."""
    width, long = image.width, max(image.width, image.height)
    if image.missing or long <= THUMBNAIL_SIDE:
        return ""
    thumbnail = f"{image.thumbnail} {round(width * THUMBNAIL_SIDE / long)}w"
    preview = url_for("media.preview", image_id=image.id)
    return f"{thumbnail}, {preview} {rendition_width(image, PREVIEW_SIDE)}w"


def tile_sizes(shape: int, *, is_lazy: bool) -> str:
    """How wide a tile of this shape is about, for browsers that do not know before they lay out the page."""
    narrow, wide = (round(shape / 10 * row) for row in (_NARROW_ROW, _ROW))
    return f"{'auto, ' if is_lazy else ''}(max-width: 560px) {narrow}px, {wide}px"


def large_sources(image: answers.ImageSummary) -> str:
    """The srcset of a picture on its own page; empty where one rendition has all that there is."""
    preview, large = (rendition_width(image, side) for side in (PREVIEW_SIDE, LARGE_SIDE))
    if image.missing or preview == large:
        return ""
    sources = {"preview": preview, "large": large}
    return ", ".join(
        f"{url_for(f'media.{name}', image_id=image.id)} {width}w" for name, width in sources.items()
    )
