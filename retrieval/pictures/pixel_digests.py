"""Digests of pixels: by these a picture is recognised whose file was rewritten, as when a keyword is added.

The pixels are those that descriptors see: upright, in sRGB, at working size. So nothing is decoded for a
digest alone, and a file that is compressed again without loss keeps its digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from .decoder_protocol import DecodedPage
from .images import RGB, DecodedImage, encode_webp

THUMBNAIL_SIDE = 320  # pixels: the largest tile of the page, on a screen of ordinary density


def digest_pixels(image: DecodedImage) -> str:
    """SHA-256 (hexadecimal) of the size of the original, the shape of the pixels, and the pixels row by row.

    The preview in a camera's raw file has another digest than the same JPEG as a file of its own.
    """
    kind = "raw" if image.format == "raw" else "picture"
    header = f"{kind} {image.width} {image.height} {image.pixels.shape}\n"
    digest = hashlib.sha256(header.encode())
    digest.update(np.ascontiguousarray(image.pixels).data)
    return digest.hexdigest()


def digest_thumbnail(width: int, height: int, thumbnail: bytes) -> str:
    """What migration 0008 gave the images of older libraries, of which it had only the thumbnail."""
    return "thumbnail " + hashlib.sha256(f"{width} {height}\n".encode() + thumbnail).hexdigest()


def find_digests(page: DecodedPage) -> tuple[str, ...]:
    """The digests that the catalog may have for the pixels of a page; none where only its bytes tell it."""
    if not page.pixel_digest:
        return ()
    image = page.image
    return page.pixel_digest, digest_thumbnail(image.width, image.height, page.thumbnail)


def find_turned_digests(page: DecodedPage) -> tuple[str, ...]:
    """The same for the page turned and mirrored in the seven other ways that EXIF knows."""
    if not page.pixel_digest:
        return ()
    return tuple(digest for image in _turn(page.image) for digest in _digest_both(image))


def _digest_both(image: DecodedImage) -> tuple[str, str]:
    thumbnail = encode_webp(image.pixels, side=THUMBNAIL_SIDE)
    return digest_pixels(image), digest_thumbnail(image.width, image.height, thumbnail)


def _turn(image: DecodedImage) -> Iterator[DecodedImage]:
    for quarters in range(4):
        for is_mirrored in (False, True):
            if quarters or is_mirrored:
                pixels: RGB = np.rot90(image.pixels[:, ::-1] if is_mirrored else image.pixels, quarters)
                size = (image.height, image.width) if quarters % 2 else (image.width, image.height)
                yield replace(image, pixels=np.ascontiguousarray(pixels), width=size[0], height=size[1])
