"""The pixels of stored images: those of the original if it can be read, or else of the thumbnail."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress

from .catalog import Catalog, Image, Location
from .errors import ImageNotFound, OriginalMissing, UnreadableImage
from .pictures.files import Limits, read_file
from .pictures.images import RGB, decode_image
from .pictures.tiff_pages import extract_page, page_digest
from .query.values import Region


def read_original(image: Image, limits: Limits) -> RGB | None:
    """The original at working size; None if no location holds a readable file that is still the same."""
    for location, data in _unchanged_files(image, limits):
        with suppress(UnreadableImage):
            page = extract_page(data, location.page)
            return decode_image(page, name=location.display, limits=limits).pixels
    return None


def read_file_of(image: Image, limits: Limits) -> tuple[Location, bytes]:
    """A file of an image that is still the same, as it is. Raises OriginalMissing where there is none."""
    found = next(_unchanged_files(image, limits), None)
    if found is None:
        raise OriginalMissing(image.id)
    return found


def _unchanged_files(image: Image, limits: Limits) -> Iterator[tuple[Location, bytes]]:
    for location in image.locations:
        with suppress(UnreadableImage):
            data = read_file(location.path, limits)
            if page_digest(hashlib.sha256(data).hexdigest(), location.page) == location.sha256:
                yield location, data


def pixels_of(catalog: Catalog, image: Image, limits: Limits) -> RGB:
    """The original at working size, or else the thumbnail."""
    pixels = read_original(image, limits)
    if pixels is None:
        return decode_image(load_thumbnail(catalog, image.id), name=f"image {image.id}").pixels
    return pixels


def load_thumbnail(catalog: Catalog, image_id: int) -> bytes:
    """The stored thumbnail (WebP, long side 320 pixels); raises ImageNotFound."""
    with catalog.reading() as reader:
        data = reader.load_thumbnail(image_id)
    if data is None:
        raise ImageNotFound(image_id)
    return data


def cut_region(pixels: RGB, region: Region | None) -> RGB:
    """The pixels of a region, at least one; the whole picture without a region."""
    if region is None:
        return pixels
    height, width = pixels.shape[:2]
    top, left = min(int(region.top * height), height - 1), min(int(region.left * width), width - 1)
    bottom = max(top + 1, min(height, round((region.top + region.height) * height)))
    right = max(left + 1, min(width, round((region.left + region.width) * width)))
    return pixels[top:bottom, left:right]
