"""A decoder for worker processes that does what a file asks for, and otherwise decodes it."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from retrieval import images

NAME = f"{__name__}:decode"
MARK = b"do "
LEAKED: list[bytes] = []


def decode(data: bytes, *, name: str, limits: object) -> images.DecodedImage:
    """`do THING ARGUMENT`; the camera of the picture says which process did it, or what was asked for."""
    _, thing, *rest = [*data.split(b" ", 2), b""] if data.startswith(MARK) else (b"", b"", b"")
    answer = _THINGS[thing](os.fsdecode(rest[0])) if thing else None
    pixels = data if not thing else images.encode_png(images.np.zeros((4, 4, 3), images.np.uint8))
    decoded = images.decode_image(pixels, name=name)
    return replace(decoded, camera=answer or str(os.getpid()))


def _kill(number: str) -> None:
    os.kill(os.getpid(), signal.Signals[number])


def _sleep(seconds: str) -> None:
    time.sleep(float(seconds))


def _spin(path: str) -> None:
    Path(path).touch()
    while True:
        pass


def _allocate(size: str) -> None:
    bytearray(int(size))


def _leak(size: str) -> None:
    LEAKED.append(b"x" * int(size))


def _babble(length: str) -> None:
    os.write(0, int(length).to_bytes(4, "big") + b"{]")
    time.sleep(60)


def _complain(words: str) -> None:
    os.write(1, words.encode())
    os.write(2, words.encode())


def _write(path: str) -> str:
    try:
        with Path(path).open("wb", buffering=0) as file:
            return f"wrote {file.write(b'x')} byte"
    except OSError as error:
        return str(error.strerror)


def _modules(_: str) -> str:
    return " ".join({each.partition(".")[0] for each in sys.modules})


def _limits(_: str) -> str:
    return " ".join(
        str(resource.getrlimit(each)[0]) for each in (resource.RLIMIT_CORE, resource.RLIMIT_NOFILE)
    )


_THINGS = {
    each.__name__.removeprefix("_").encode(): each
    for each in (_kill, _sleep, _spin, _allocate, _leak, _babble, _complain, _write, _modules, _limits)
}
