"""Publishing many times takes little more disk space than publishing once; PICTOR_PUBLISHES=1000 sets how many."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np

from benchmarks.crash import make_space
from indexer.upkeep.opening import open_existing
from retrieval import Annotation, LibraryWriter, NewImage, find_strays

PUBLISHES = int(os.environ.get("PICTOR_PUBLISHES", "60"))
FIRST = 200  # images, so that the size of the folder itself hardly matters


def add_images(library: LibraryWriter, count: int) -> list[int]:
    """Images with colours and a caption, in one transaction."""
    [space] = library.spaces
    with library.catalog.writing() as writer:
        first = writer.last_seq()
        ids = writer.add_images(
            [new_image(space.id, space.dimension, first + number) for number in range(count)]
        )
        for image_id in ids:
            writer.add_location(b"/harbour/%d.jpg" % image_id, image_id, mtime=0, size=1)
            words = f"a quiet harbour at noon, seen from boat{image_id}"
            writer.replace_annotations(image_id, "test", [Annotation("caption", words, "test")])
    return ids


def new_image(space: int, dimension: int, number: int) -> NewImage:
    row = np.random.default_rng(number).standard_normal(dimension)
    feature = (row / np.linalg.norm(row)).astype(np.float16)
    digest = hashlib.sha256(b"%d" % number).hexdigest()
    return NewImage(digest, 0, 8, 8, "jpeg", 1, None, b"", {space: feature})


def disk_usage(folder: Path) -> int:
    """Bytes on the disk; files that generations share count once."""
    found = {path.stat().st_ino: path.stat() for path in folder.rglob("*")}
    return sum(status.st_blocks * 512 for status in found.values())


def test_publishing_what_comes_and_goes_leaves_nothing_and_takes_little_room(tmp_path: Path) -> None:
    """In the first half images are only added; then as many are removed as added, so the size stays the same."""
    with open_existing(make_space(tmp_path / "library")) as library:
        ids = add_images(library, FIRST)
        library.publish()
        for goes in (False, True):
            taken = []
            for _ in range(PUBLISHES // 2):
                ids += add_images(library, 1)
                if goes:
                    with library.catalog.writing() as writer:
                        writer.remove_images([ids.pop(0)])
                assert library.publish()
                assert find_strays(library) == []
                taken.append(disk_usage(library.generations_folder))
            library.publish(anew=True)
            assert max(taken) < 2.2 * disk_usage(library.generations_folder)
