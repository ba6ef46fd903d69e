"""Pictures that others send are decoded in processes apart, so that no file takes the server down."""

from __future__ import annotations

import weakref
from threading import BoundedSemaphore
from typing import Final

from retrieval import DecoderPool, Limits, images

PROCESSES: Final = 2  # kept warm once they were needed; who comes third waits


class Decoder:
    """Makes harmless pictures of bytes that may be anything; safe to use from many threads.

    Its processes end with it, or with the server.
    """

    def __init__(self, limits: Limits, decoder: str) -> None:
        """`decoder` is what the processes decode with, as `retrieval.DecoderPool` takes it."""
        self._workers = DecoderPool(limits, decoder)
        self._turns = BoundedSemaphore(PROCESSES)
        weakref.finalize(self, self._workers.close)

    def pixels(self, data: bytes, name: str) -> images.RGB:
        """The picture at working size.

        Raises UnreadableImage, whatever the bytes do to the process that decodes them, and DecodingImpossible
        where there can be none.
        """
        with self._turns, self._workers.one() as worker:
            worker.take(data, name)
            return worker.decode().decoded.pixels

    def harmless(self, data: bytes, name: str) -> bytes:
        """The same as a file that we wrote."""
        return images.encode_ppm(self.pixels(data, name))
