"""A decoder for decoder processes that does what a file tells it, and decodes all other files."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from retrieval import images

NAME = f"{__name__}:decode_or_misbehave"
MARK = b"do "
LEAKED: list[bytes] = []


def decode_or_misbehave(data: bytes, *, name: str, limits: object) -> images.DecodedImage:
    """Do what `do ACTION ARGUMENT` says. The camera of the picture is the process id, or the answer."""
    _, action, *argument = [*data.split(b" ", 2), b""] if data.startswith(MARK) else (b"", b"", b"")
    answer = _ACTIONS[action](os.fsdecode(argument[0])) if action else None
    pixels = data if not action else images.encode_png(images.np.zeros((4, 4, 3), images.np.uint8))
    decoded = images.decode_image(pixels, name=name)
    return replace(decoded, camera=answer or str(os.getpid()))


def kill_process(number: str) -> None:
    os.kill(os.getpid(), signal.Signals[number])


def sleep_seconds(seconds: str) -> None:
    time.sleep(float(seconds))


def spin_forever(path: str) -> None:
    Path(path).touch()
    while True:
        pass


def allocate_memory(size: str) -> None:
    bytearray(int(size))


def leak_memory(size: str) -> None:
    LEAKED.append(b"x" * int(size))


def send_nonsense(length: str) -> None:
    os.write(0, int(length).to_bytes(4, "big") + b"{]")
    time.sleep(60)


def print_complaint(words: str) -> None:
    os.write(1, words.encode())
    os.write(2, words.encode())


def write_file(path: str) -> str:
    try:
        with Path(path).open("wb", buffering=0) as file:
            return f"wrote {file.write(b'x')} byte"
    except OSError as error:
        return str(error.strerror)


def list_modules(_: str) -> str:
    return " ".join({module.partition(".")[0] for module in sys.modules})


def list_limits(_: str) -> str:
    return " ".join(
        str(resource.getrlimit(kind)[0]) for kind in (resource.RLIMIT_CORE, resource.RLIMIT_NOFILE)
    )


_ACTIONS = {
    b"kill": kill_process,
    b"sleep": sleep_seconds,
    b"spin": spin_forever,
    b"allocate": allocate_memory,
    b"leak": leak_memory,
    b"babble": send_nonsense,
    b"complain": print_complaint,
    b"write": write_file,
    b"modules": list_modules,
    b"limits": list_limits,
}
