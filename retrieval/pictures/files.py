"""Reads whole files that may be hostile: regular files of limited size that do not change meanwhile."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from ..errors import ImageTooLarge, UnreadableImage
from ..paths import display_path

_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_FAILURES: Final = {
    errno.ENOENT: ("vanished", "does not exist"),
    errno.ENOTDIR: ("vanished", "its folder does not exist"),
    errno.EACCES: ("permission-denied", "permission denied; make it readable for this user"),
    errno.EPERM: ("permission-denied", "permission denied; make it readable for this user"),
    errno.ELOOP: ("symlink-skipped", "a symbolic link, which is not followed; give the file itself"),
    errno.ENXIO: ("not-regular", "a socket or device, not a regular file"),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be, how long it may take to decode, and how it is decoded.

    A file with more than `max_bytes` or `max_megapixels` is refused before its pixels are decoded. Only
    decoder processes can keep to `seconds`. `scaling` is a policy of `scaling.scale_to_eight_bits`.
    `pages` is first or all: with all, every page of a TIFF is a picture. `background` is what shows through
    transparent pixels: white, or content, which is black for drawings that nobody would see on white.
    Pictures are reduced to `side` pixels on the short side: the working size of descriptors, unless said.
    """

    max_bytes: int = 1 << 30
    max_megapixels: float = 200.0
    seconds: float = 30.0
    scaling: str = "auto"
    pages: str = "first"
    background: str = "white"
    side: int = 512  # descriptors use 224 to 518, more would only cost memory


DEFAULT_LIMITS: Final = Limits()


def read_file(path: bytes | str | Path, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Read a whole regular file, never a symbolic link, pipe or device.

    A file that changes while it is read is read once more. Raises UnreadableImage with code not-regular,
    empty-file, too-many-bytes, permission-denied, vanished, symlink-skipped, changed-while-reading or
    unreadable.
    """
    name = display_path(os.fsencode(path))
    try:
        return _read_once(path, name, limits)
    except UnreadableImage as error:
        if error.code != "changed-while-reading":
            raise
        return _read_once(path, name, limits)


def open_file(path: bytes | str | Path) -> BinaryIO:
    """A regular file to be read piece by piece; raises as `read_file` does, except for its content."""
    name = display_path(os.fsencode(path))
    with _naming_failures(name):
        file = os.fdopen(os.open(path, _FLAGS), "rb")
    try:
        _check_regular(os.fstat(file.fileno()), name)
    except UnreadableImage:
        file.close()
        raise
    return file


def _read_once(path: bytes | str | Path, name: str, limits: Limits) -> bytes:
    with _naming_failures(name):
        descriptor = os.open(path, _FLAGS)
        try:
            return _read_regular(descriptor, name, limits)
        finally:
            os.close(descriptor)


@contextmanager
def _naming_failures(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        reason = f"cannot be read ({getattr(error, 'strerror', None) or error}); check the disk and the path"
        number = getattr(error, "errno", None)
        raise UnreadableImage(name, *_FAILURES.get(number or 0, ("unreadable", reason))) from error


def _check_regular(facts: os.stat_result, name: str) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise UnreadableImage(name, "not-regular", "not a regular file; give a picture file")


def _read_regular(descriptor: int, name: str, limits: Limits) -> bytes:
    before = os.fstat(descriptor)
    _check_regular(before, name)
    if before.st_size > limits.max_bytes:
        amount, limit = before.st_size / 1e6, limits.max_bytes / 1e6
        raise ImageTooLarge(name, amount=amount, limit=limit, unit="MB", setting="max_image_megabytes")
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        data = file.read(before.st_size + 1)
    after = os.fstat(descriptor)
    if (before.st_size, before.st_mtime_ns, len(data)) != (after.st_size, after.st_mtime_ns, after.st_size):
        raise UnreadableImage(
            name, "changed-while-reading", "changed while it was read; try again when it is complete"
        )
    if not data:
        raise UnreadableImage(name, "empty-file", "0 bytes; copy the file again from its source")
    return data
