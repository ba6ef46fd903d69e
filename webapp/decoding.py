"""Pictures that visitors send are decoded in separate processes, so that no file takes the server down."""

from __future__ import annotations

import weakref
from threading import BoundedSemaphore
from typing import Final

from retrieval import DecoderPool, Limits, images

PROCESSES: Final = 2  # started when first needed, then kept; a third request waits


class Decoder:
    """Decodes bytes that may be anything; safe to use from many threads.

    Its processes end with it, or with the server.
    """

    def __init__(self, limits: Limits, decoder: str) -> None:
        """`decoder` is what the processes decode with, as `retrieval.DecoderPool` takes it."""
        self._processes = DecoderPool(limits, decoder)
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
