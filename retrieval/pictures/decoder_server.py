"""What runs inside a decoder process: it reads and decodes hostile files for the process that started it.

It imports numpy, Pillow and a few light modules of this package, so that it starts fast. It can be killed at
any time: it keeps nothing that is needed later. `decoder_protocol` defines what it receives and answers.
"""

from __future__ import annotations

import hashlib
import resource
import signal
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, TypeAlias

from ..errors import UnreadableImage
from . import decoder_protocol as protocol
from . import images, pixel_digests, tiff_pages
from .decoder_protocol import DecodedPage, OpenedFile
from .files import Limits, read_file
from .metadata import read_metadata

MAX_OPEN_FILES: Final = 32
MIN_MEMORY: Final = 3 << 29  # bytes: 1.5 GiB

Decode: TypeAlias = Callable[..., images.DecodedImage]  # called like images.decode_image


def serve() -> None:
    """Answer requests on standard input, which is a socket, until its other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one decides when it ends
    connection = Connection(0)
    with suppress(EOFError, ConnectionError):
        limits, decoder = protocol.unpack_start(connection.recv_bytes())
        decode = _import_decoder(decoder)
        _restrict_resources(limits)
        connection.send_bytes(protocol.READY)
        while True:
            _serve_file(connection, limits, decode)


def _import_decoder(decoder: str) -> Decode:
    module, _, name = decoder.partition(":")
    decode: Decode = getattr(import_module(module), name)
    return decode


def _restrict_resources(limits: Limits) -> None:
    """Limit what decoding may use. When memory runs out, the kernel shall kill this process first."""
    with suppress(OSError):  # only Linux has this file
        Path("/proc/self/oom_score_adj").write_text("1000")
    for kind, amount in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, MAX_OPEN_FILES),
        (resource.RLIMIT_AS, _address_space_size() + max_decoding_memory(limits)),
        (resource.RLIMIT_FSIZE, 0),
    ):
        hard_limit = resource.getrlimit(kind)[1]
        amount = amount if hard_limit == resource.RLIM_INFINITY else min(amount, hard_limit)
        resource.setrlimit(kind, (amount, amount))


def max_decoding_memory(limits: Limits) -> int:
    """Bytes that decoding the largest picture within the limits may take, its file included."""
    pixels = int(min(limits.max_megapixels, images.MAX_MEGAPIXELS) * 1e6)
    return max(MIN_MEMORY, limits.max_bytes + pixels * images.BYTES_PER_PIXEL)


def _address_space_size() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _serve_file(connection: Connection, limits: Limits, decode: Decode) -> None:
    """Read one file and send the pages that are asked for, until DONE or a refusal."""
    request = connection.recv_bytes()
    _limit_processor_time(limits.seconds)
    try:
        data = _read_request(request, limits)
        connection.send_bytes(protocol.pack_opened_file(_describe_file(data, limits)))
        while (request := connection.recv_bytes()) != protocol.DONE:
            _limit_processor_time(limits.seconds)
            page = tiff_pages.extract_page(data, protocol.unpack_page_number(request))
            # The name is empty because the process that asked knows it.
            decoded = _describe_page(decode(page, name="", limits=limits), page, limits)
            for message in protocol.pack_page(decoded):
                connection.send_bytes(message)
    except UnreadableImage as error:
        connection.send_bytes(protocol.pack_refusal(error.code, error.reason))
    except MemoryError:
        reason = "reading it takes more memory than is free"
        connection.send_bytes(protocol.pack_refusal("out-of-memory", reason))


def _read_request(request: bytes, limits: Limits) -> bytes:
    if request.startswith(protocol.CONTENT):
        return request.removeprefix(protocol.CONTENT)
    return read_file(request, limits)


def _describe_file(data: bytes, limits: Limits) -> OpenedFile:
    page_count = tiff_pages.count_pages(data) if limits.pages == "all" else 1
    return OpenedFile(hashlib.sha256(data).hexdigest(), len(data), page_count, images.count_pixels(data))


def _describe_page(image: images.DecodedImage, data: bytes, limits: Limits) -> DecodedPage:
    """Add what is made of the pixels and of the file's metadata. Nothing is sent before all of it is made."""
    return DecodedPage(
        image,
        images.perceptual_hash(image.pixels),
        images.encode_webp(image.pixels, side=pixel_digests.THUMBNAIL_SIDE),
        read_metadata(data),
        "" if _has_more(image, data, limits) else pixel_digests.digest_pixels(image),
    )


def _has_more(image: images.DecodedImage, data: bytes, limits: Limits) -> bool:
    """Whether the file has frames or pages that no picture is made of."""
    return image.has_more_frames or (limits.pages == "first" and tiff_pages.count_pages(data) > 1)


def _limit_processor_time(seconds: float) -> None:
    """Let the kernel kill this process when one file takes twice its time, even if its parent is gone."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft_limit = int(usage.ru_utime + usage.ru_stime + 2 * seconds) + 1
    hard_limit = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (soft_limit, hard_limit))
