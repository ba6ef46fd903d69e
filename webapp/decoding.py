"""Pictures that visitors send are decoded in separate processes, so that no file takes the server down."""

from __future__ import annotations

import time
import weakref
from collections.abc import Sequence
from threading import BoundedSemaphore
from typing import Final

from retrieval import DecoderPool, ImageTooLarge, Limits, UnreadableImage, images

PROCESSES: Final = 2  # started when first needed, then kept; a third request waits


class Decoder:
    """Decodes bytes that may be anything; safe to use from many threads.

    Its processes end with it, or with the server.
    """

    def __init__(self, limits: Limits, decoder: str) -> None:
        """`decoder` is what the processes decode with, as `retrieval.DecoderPool` takes it."""
        self._limits, self._processes = limits, DecoderPool(limits, decoder)
        self._free_processes = BoundedSemaphore(PROCESSES)
        weakref.finalize(self, self._processes.close)

    def decode_pixels(self, data: bytes, name: str) -> images.RGB:
        """The picture at working size.

        Raises UnreadableImage, whatever the bytes do to the process that decodes them, and DecodingImpossible
        where no such process can be started.
        """
        with self._free_processes, self._processes.borrow_process() as process:
            process.open_content(data, name)
            return process.decode_page().image.pixels

    def reencode_picture(self, data: bytes, name: str) -> bytes:
        """The picture at working size, as a file that this server wrote; raises as `decode_pixels`."""
        return images.encode_ppm(self.decode_pixels(data, name))

    def reencode_pictures(self, files: Sequence[bytes], name: str) -> list[bytes]:
        """The same for all pictures of one request, which together may cost no more than one alone.

        They are measured first: raises ImageTooLarge if together they have more pixels than one picture may
        have, before any is decoded. Raises UnreadableImage, too, if together they take too long.
        """
        if len(files) > 1:
            self._check_pixels(files, name)
        deadline, pictures = time.monotonic() + self._limits.seconds, []
        for data in files:
            if time.monotonic() > deadline:
                raise UnreadableImage(
                    name,
                    "timeout",
                    f"{len(files)} pictures are not decoded within {self._limits.seconds:g} seconds (setting "
                    "decode_seconds); send fewer or smaller ones",
                )
            pictures.append(self.reencode_picture(data, name))
        return pictures

    def _check_pixels(self, files: Sequence[bytes], name: str) -> None:
        megapixels = sum(self._count_pixels(data, name) for data in files) / 1e6
        if megapixels > self._limits.max_megapixels:
            raise ImageTooLarge(
                f"{len(files)} pictures together",
                amount=megapixels,
                limit=self._limits.max_megapixels,
                unit="megapixels",
                setting="max_image_megapixels",
            )

    def _count_pixels(self, data: bytes, name: str) -> int:
        with self._free_processes, self._processes.borrow_process() as process:
            return process.open_content(data, name).pixels
