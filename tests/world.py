"""A library of sixty images with known features and facts, to compare searches with brute force."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from retrieval import Annotation, NewImage, fetch_backbone, write_library
from tests.reference import nearest_images

COUNT = 60
BOTH = {"subject": 1.0, "colour": 1.0}
Feature = npt.NDArray[np.float16]


@dataclass(frozen=True)
class World:
    """What the library holds."""

    path: Path
    features: dict[str, Feature]  # (image, dimension) by signal; image ids count from 1

    def cosines(self, signal: str, image_id: int) -> list[tuple[int, float]]:
        """The cosine of every image with this one, by brute force."""
        rows = self.features[signal]
        return nearest_images(rows[image_id - 1], np.arange(1, COUNT + 1), rows, limit=COUNT)


def image_tags(number: int) -> list[str]:
    return ["even" if number % 2 == 0 else "odd", *(["third"] if number % 3 == 0 else [])]


def image_label(number: int) -> str:
    return ("boat", "car", "dog", "tree")[number % 4]


def image_folder(number: int) -> str:
    return f"/photos/{2019 + number % 3}/trip"


def make_world(path: Path) -> World:
    """Make the library. Cosines lie between 0.5 and 1; the two signals are independent."""
    random = np.random.default_rng(11)
    with write_library(path) as library:
        library.make_spaces(fetch_backbone("test_resnet", "untrained"))
        features = {space.descriptor: _around_one(random, space.dimension) for space in library.spaces}
        with library.catalog.writing() as writer:
            for number in range(1, COUNT + 1):
                own = {space.id: features[space.descriptor][number - 1] for space in library.spaces}
                digest = hashlib.sha256(b"%d" % number).hexdigest()
                day = datetime(2020, 1 + number % 12, 5)
                new = NewImage(digest, 0, 8, 8, "jpeg", 1, day, b"webp", own)
                [image_id] = writer.add_images([new])
                assert image_id == number
                writer.add_location(f"{image_folder(number)}/{number}.jpg".encode(), number, mtime=0, size=1)
                facts = [Annotation("tag", tag, "t") for tag in image_tags(number)]
                writer.replace_annotations(
                    number, "t", [*facts, Annotation("label", image_label(number), "t")]
                )
        library.publish()
    return World(path, features)


def _around_one(random: np.random.Generator, dimension: int) -> Feature:
    directions = 1 + 0.7 * random.standard_normal((COUNT, dimension)) * random.uniform(0.2, 1, (COUNT, 1))
    return (directions / np.linalg.norm(directions, axis=1, keepdims=True)).astype(np.float16)
