"""Small ext4 disks, each in a file and loop-mounted, whose power can be cut."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

MEGABYTES = 64


def make_disk(image: Path, *options: str) -> Path:
    """An empty disk in a file; `options` of mkfs.ext4."""
    image.write_bytes(b"")
    os.truncate(image, MEGABYTES << 20)
    subprocess.run(["mkfs.ext4", "-q", *options, image], check=True)
    return image


@contextmanager
def mount_disk(image: Path, options: str = "defaults") -> Iterator[Path]:
    """The folder where a disk is mounted; afterwards all is written to it, unless its power was cut."""
    folder = image.with_name(f"{image.name}-mounted")
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", f"loop,{options}", image, folder], check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@cache
def can_mount_disks() -> bool:
    """Whether this user may mount disks."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            with mount_disk(make_disk(Path(folder, "disk"))):
                return True
        except (OSError, subprocess.CalledProcessError):
            return False
