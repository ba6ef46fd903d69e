"""The pixels of images that the library holds: the original's where it can be read, else the thumbnail's."""

from __future__ import annotations

import hashlib

from .catalog import Catalog, Image
from .errors import ImageNotFound, UnreadableImage
from .pictures.files import Limits, read_file
from .pictures.images import RGB, decode_image
from .pictures.tiff_pages import extract_page, page_digest
from .query.values import Region


def original(image: Image, limits: Limits) -> RGB | None:
    """The picture at working size, or None where no original can be read now, or holds other content now."""
    for place in image.locations:
        try:
            data = read_file(place.path, limits)
            if page_digest(hashlib.sha256(data).hexdigest(), place.page) == image.sha256:
                return decode_image(extract_page(data, place.page), name=place.display, limits=limits).pixels
        except UnreadableImage:
            continue
    return None


def pixels_of(catalog: Catalog, image: Image, limits: Limits) -> RGB:
    """The original at working size, or else the thumbnail."""
    pixels = original(image, limits)
    if pixels is None:
        return decode_image(thumbnail(catalog, image.id), name=f"image {image.id}").pixels
    return pixels


def thumbnail(catalog: Catalog, image_id: int) -> bytes:
    """The stored small rendition (WebP, long side 320 pixels); raises ImageNotFound."""
    with catalog.reading() as reader:
        data = reader.thumbnail(image_id)
    if data is None:
        raise ImageNotFound(image_id)
    return data


def cut(pixels: RGB, region: Region | None) -> RGB:
    """A region of a picture, at least one pixel of it; the whole without one."""
    if region is None:
        return pixels
    height, width = pixels.shape[:2]
    top, left = min(int(region.top * height), height - 1), min(int(region.left * width), width - 1)
    bottom = max(top + 1, min(height, round((region.top + region.height) * height)))
    right = max(left + 1, min(width, round((region.left + region.width) * width)))
    return pixels[top:bottom, left:right]
