"""A process that changes a library of `tests.world` while a test reads it: python -m tests.changing FOLDER.

For each line on its standard input it adds, removes and changes images, and sometimes publishes; then it writes
a line. So a test decides between which of its own steps another process commits.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import update

from retrieval import Annotation, LibraryWriter, NewImage, write_library
from retrieval.catalog.schema import ImageRow

ADDED = 2  # images in one step
KEPT_IMAGE = 7  # is never changed or removed, so that a test can search by it
STEPS_TO_PUBLISH = 8


def change_library(library: LibraryWriter, step: int, random: np.random.Generator) -> None:
    """Add newer images with the words of older ones, remove one, and give another one a new date and tag."""
    with library.catalog.writing() as writer:
        ids = writer.find_ids()
        ids = ids[ids != KEPT_IMAGE]
        for number in range(ADDED):
            [image_id] = writer.add_images([_new_image(library, f"{step} {number}", random)])
            writer.add_location(b"/photos/new/%d.jpg" % image_id, image_id, mtime=0, size=1)
            writer.replace_annotations(
                image_id, "t", [Annotation("tag", tag, "t") for tag in ("odd", "even")]
            )
        changed, removed = random.choice(ids, 2, replace=False).tolist()
        writer.remove_images([removed])
        moved = update(ImageRow).where(ImageRow.id == changed).values(taken_at=_random_day(random))
        writer._connection.execute(moved)
        writer.replace_annotations(changed, "u", [Annotation("tag", f"seen {step}", "u")])
    if step % STEPS_TO_PUBLISH == 0:
        library.publish()


def _new_image(library: LibraryWriter, name: str, random: np.random.Generator) -> NewImage:
    features = {
        space.id: (row / np.linalg.norm(row)).astype(np.float16)
        for space in library.spaces
        for row in [1 + 0.5 * random.standard_normal(space.dimension)]
    }
    digest = hashlib.sha256(name.encode()).hexdigest()
    return NewImage(
        digest, 0, 8, 8, "jpeg", int(random.integers(1, 9)), _random_day(random), b"webp", features
    )


def _random_day(random: np.random.Generator) -> datetime:
    return datetime(2019, 1, 1) + timedelta(days=int(random.integers(1000)))


@contextmanager
def changing_process(folder: Path) -> Iterator[Callable[[], None]]:
    """Start the process; calling the value makes it take a step, and returns when that is committed."""
    command = [sys.executable, "-m", "tests.changing", str(folder)]
    root = Path(__file__).parents[1]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    ) as process:
        assert process.stdin
        assert process.stdout

        def take_step() -> None:
            print(file=process.stdin, flush=True)
            assert process.stdout.readline() == "done\n", process.poll()

        yield take_step
        process.stdin.close()
        assert process.wait(60) == 0


def main() -> None:
    random = np.random.default_rng(5)
    with write_library(Path(sys.argv[1])) as library:
        for step, _ in enumerate(sys.stdin, 1):
            change_library(library, step, random)
            sys.stdout.write("done\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
