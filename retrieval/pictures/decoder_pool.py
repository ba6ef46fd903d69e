"""A pool of decoder processes, so that no file can take the program down that wants it decoded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import DecodingImpossible, UnreadableImage
from .decoder_process import DEFAULT_DECODER, DecoderProcess
from .files import Limits


class DecoderPool:
    """As many decoder processes as are in use at the same time. Threads may share a pool.

    `decoder` names the function that the processes decode with, as module:function; it is called like
    `images.decode_image`.
    """

    def __init__(self, limits: Limits, decoder: str = DEFAULT_DECODER) -> None:
        self._limits, self._decoder = limits, decoder
        self._idle: list[DecoderProcess] = []
        self._all: set[DecoderProcess] = set()
        self._lock = threading.Lock()
        self._is_closed = False

    def __enter__(self) -> DecoderPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every process, also those that are decoding."""
        with self._lock:
            self._is_closed = True
            for process in self._all:
                process.end_process()

    @contextmanager
    def borrow_process(self) -> Iterator[DecoderProcess]:
        """A process for this thread alone. It is used again later, unless it has ended or is worn out."""
        process = self._take_process()
        try:
            yield process
            process.close_file()
        except UnreadableImage:
            raise
        except BaseException:
            process.end_process()  # it may be in the middle of a file
            raise
        finally:
            self._return_process(process)

    def _take_process(self) -> DecoderProcess:
        with self._lock:
            if self._is_closed:
                raise DecodingImpossible("the pool of decoder processes is closed")
            while self._idle:
                process = self._idle.pop()
                if process.is_alive:
                    return process
                self._all.discard(process)  # when memory runs out, the kernel kills idle processes first
            process = DecoderProcess(self._limits, self._decoder)
            self._all.add(process)
            return process

    def _return_process(self, process: DecoderProcess) -> None:
        with self._lock:
            if process.is_worn_out:
                process.end_process()
                self._all.discard(process)
            else:
                self._idle.append(process)
