"""The protocol between a decoder process and the process that starts it: every message, packed and unpacked.

The two talk over a socket, in messages of `multiprocessing.connection`. No message is ever unpickled. The
decoder process gets a start message (the limits and the name of the decoder function) and answers READY.
Then it handles one file after the other:

    request                                        answer
    the path of a file, or CONTENT and its bytes   OpenedFile as JSON, or a refusal
    PAGE and a number; any number of times         DecodedPage in three messages, or a refusal
    DONE                                           none

DONE ends a file, and so does a refusal, which is JSON with `code` and `reason`. The decoder process exits
when the socket is closed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Final

import numpy as np

from ..errors import UnreadableImage
from . import images
from .files import Limits
from .metadata import Metadata

READY: Final = b"ready"
CONTENT: Final = b"\0"  # no path begins with this byte
DONE: Final = b"done"
_PAGE: Final = b"page "
MAX_MESSAGE_BYTES: Final = 16 << 20  # of an answer; the pixels have at most 3 MB


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """What is known about a file before it is decoded: SHA-256 (hexadecimal), size in bytes, page count.

    `pixels` is what the header of the first page says; 0 where it does not say it.
    """

    sha256: str
    size: int
    pages: int
    pixels: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class DecodedPage:
    """What a decoder process makes of a page: picture, perceptual hash, thumbnail (WebP) and metadata.

    `pixel_digest` is that of `pixel_digests.digest_pixels`. It is empty for a file with further frames or
    pages that are not decoded: one of them does not tell such files apart.
    """

    image: images.DecodedImage
    perceptual_hash: int
    thumbnail: bytes
    metadata: Metadata
    pixel_digest: str = ""


def pack_start(limits: Limits, decoder: str) -> bytes:
    return _pack_json(limits=asdict(limits), decoder=decoder)


def unpack_start(message: bytes) -> tuple[Limits, str]:
    values = json.loads(message)
    return Limits(**values["limits"]), values["decoder"]


def pack_page_number(page: int) -> bytes:
    return _PAGE + b"%d" % page


def unpack_page_number(message: bytes) -> int:
    return int(message.removeprefix(_PAGE))


def pack_refusal(code: str, reason: str) -> bytes:
    return _pack_json(code=code, reason=reason)


def pack_opened_file(file: OpenedFile) -> bytes:
    return _pack_json(**asdict(file))


def unpack_opened_file(message: bytes, name: str) -> OpenedFile:
    """Raises UnreadableImage, with that name for the file, when the message is a refusal."""
    answer = _unpack_answer(message, name)
    return OpenedFile(str(answer["sha256"]), int(answer["size"]), int(answer["pages"]), int(answer["pixels"]))


def pack_page(page: DecodedPage) -> tuple[bytes, bytes, memoryview]:
    """A description as JSON, the thumbnail, and the pixels row by row."""
    image = page.image
    facts = {field.name: getattr(image, field.name) for field in fields(image) if field.name != "pixels"}
    description = _pack_json(
        facts=facts,
        shape=image.pixels.shape[:2],
        perceptual_hash=page.perceptual_hash,
        pixel_digest=page.pixel_digest,
        metadata=page.metadata.as_json(),
    )
    return description, page.thumbnail, image.pixels.reshape(-1).data


def unpack_page(receive: Callable[[], bytes], name: str) -> DecodedPage:
    """Receives the three messages. Raises UnreadableImage, with that name, when the first is a refusal."""
    answer = _unpack_answer(receive(), name)
    thumbnail = receive()
    image = _unpack_image(answer, receive())
    return DecodedPage(
        image,
        int(answer["perceptual_hash"]),
        thumbnail,
        Metadata.from_json(answer["metadata"]),
        str(answer["pixel_digest"]),
    )


def _unpack_image(answer: Mapping[str, Any], pixels: bytes) -> images.DecodedImage:
    height, width = (int(side) for side in answer["shape"])
    facts = answer["facts"]
    return images.DecodedImage(
        np.frombuffer(pixels, np.uint8).reshape(height, width, 3).copy(),  # writeable
        int(facts["width"]),
        int(facts["height"]),
        str(facts["format"]),
        facts["taken_at"] and datetime.fromisoformat(facts["taken_at"]),
        str(facts["camera"]),
        str(facts["incomplete"]),
        bool(facts["has_more_frames"]),
    )


def _unpack_answer(message: bytes, name: str) -> Mapping[str, Any]:
    answer: Mapping[str, Any] = json.loads(message)
    if "code" in answer:
        raise UnreadableImage(name, str(answer["code"]), str(answer["reason"]))
    return answer


def _pack_json(**values: Any) -> bytes:
    return json.dumps(values, default=str).encode()
