"""The inside of a process that reads and decodes hostile files for another one, which can do without it.

It imports numpy, Pillow and the few light modules beside it, so that it starts fast; whoever starts it sees
to that (`decoder_pool`). The two talk over the socket that is its standard input, in messages of
`multiprocessing.connection`, of which none is ever unpickled. First comes JSON with the limits and the name
of the decoder, and is answered by `ready`; then for every file:

    a path, or a zero byte and the content itself
                          →  JSON: sha256, size and pages, or code and reason, which ends it
    `page` and a number, any number of times
                          →  JSON: what the picture is, or code and reason, which ends it;
                             then the thumbnail, and the pixels, row by row
    `done`, which ends it

It ends when the other side of the socket does.
"""

from __future__ import annotations

import hashlib
import json
import resource
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, TypeAlias

from ..errors import UnreadableImage
from . import images, tiff_pages
from .files import Limits, read_file
from .metadata import read_metadata

READY: Final = b"ready"
PAGE: Final = b"page "  # before a number
DONE: Final = b"done"
CONTENT: Final = b"\0"  # what no path begins with
THUMBNAIL_SIDE: Final = 320  # pixels: a tile of the page at most, on a screen of ordinary density
FILES: Final = 32  # that may be open at a time
LEAST_MEMORY: Final = 3 << 29  # bytes: 1.5 GiB

Decode: TypeAlias = Callable[..., images.DecodedImage]  # as images.decode_image


def serve() -> None:
    """Answer until the other side of the socket is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this process decides when it ends
    connection = Connection(0)
    with suppress(EOFError, ConnectionError):
        settings = json.loads(connection.recv_bytes())
        limits, decode = Limits(**settings["limits"]), _named(settings["decoder"])
        _confine(limits)
        connection.send_bytes(READY)
        while True:
            _answer(connection, limits, decode)


def _named(decoder: str) -> Decode:
    module, _, name = decoder.partition(":")
    found: Decode = getattr(import_module(module), name)
    return found


def _confine(limits: Limits) -> None:
    """Take away what decoding does not need; short of memory, the system shall end this process first."""
    with suppress(OSError):  # Linux alone has it
        Path("/proc/self/oom_score_adj").write_text("1000")
    for what, amount in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_AS, _address_space() + memory(limits)),
        (resource.RLIMIT_FSIZE, 0),
    ):
        most = resource.getrlimit(what)[1]
        amount = amount if most == resource.RLIM_INFINITY else min(amount, most)
        resource.setrlimit(what, (amount, amount))


def memory(limits: Limits) -> int:
    """Bytes that decoding the largest picture within the limits may take, its file included."""
    pixels = int(min(limits.max_megapixels, images.MAX_MEGAPIXELS) * 1e6)
    return max(LEAST_MEMORY, limits.max_bytes + pixels * images.BYTES_PER_PIXEL)


def _address_space() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _answer(connection: Connection, limits: Limits, decode: Decode) -> None:
    asked = connection.recv_bytes()
    _allow_seconds(limits.seconds)
    try:
        data = asked[1:] if asked.startswith(CONTENT) else read_file(asked, limits)
        count = tiff_pages.count_pages(data) if limits.pages == "all" else 1
        _say(connection, sha256=hashlib.sha256(data).hexdigest(), size=len(data), pages=count)
        while (wanted := connection.recv_bytes()) != DONE:
            _allow_seconds(limits.seconds)
            page = tiff_pages.extract_page(data, int(wanted.removeprefix(PAGE)))
            decoded = decode(page, name="", limits=limits)  # whoever asked knows what it is called
            _send(connection, decoded, page)
    except UnreadableImage as error:
        _say(connection, code=error.code, reason=error.reason)
    except MemoryError:
        _say(connection, code="out-of-memory", reason="reading it takes more memory than there is")


def _send(connection: Connection, decoded: images.DecodedImage, data: bytes) -> None:
    """Send a picture, with what is made of it and of its file, once all of that is made."""
    thumbnail = images.encode_webp(decoded.pixels, side=THUMBNAIL_SIDE)
    perceptual_hash = images.perceptual_hash(decoded.pixels)
    metadata = read_metadata(data).as_json()
    facts = {each.name: getattr(decoded, each.name) for each in fields(decoded) if each.name != "pixels"}
    shape = decoded.pixels.shape[:2]
    _say(connection, facts=facts, metadata=metadata, perceptual_hash=perceptual_hash, shape=shape)
    connection.send_bytes(thumbnail)
    connection.send_bytes(decoded.pixels.reshape(-1).data)


def _allow_seconds(seconds: float) -> None:
    """Let the kernel end this process when one file takes twice its time: nobody else may be there then."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + 2 * seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _say(connection: Connection, **what: Any) -> None:
    connection.send_bytes(json.dumps(what, default=str).encode())
