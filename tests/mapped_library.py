"""A library of pictures of a few kinds, by their features; large enough for a map."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from retrieval import PREDICTED_SOURCE, Annotation, fetch_backbone, images, write_library
from tests.databases import new_image
from tests.drawing import draw_scene

COUNT, CLUSTERS = 160, 4


def make_mapped_library(path: Path) -> Path:
    """Image n is of kind (n - 1) % CLUSTERS, which its features show.

    Two of three have a label that says so; what a classifier guessed all have.
    """
    random = np.random.default_rng(5)
    thumbnail = images.encode_webp(draw_scene(3), side=320)
    with write_library(path) as library:
        library.make_spaces(fetch_backbone("test_resnet", "untrained"))
        kinds = {space.id: random.standard_normal((CLUSTERS, space.dimension)) for space in library.spaces}
        with library.catalog.writing() as writer:
            for number in range(COUNT):
                features = {}
                for space in library.spaces:
                    row = kinds[space.id][number % CLUSTERS] + 0.4 * random.standard_normal(space.dimension)
                    features[space.id] = (row / max(np.linalg.norm(row), 1e-9)).astype(np.float16)
                new = replace(new_image(number + 1), features=features, thumbnail=thumbnail)
                [image_id] = writer.add_images([new])
                writer.add_location(f"/kinds/{image_id}.jpg".encode(), image_id, mtime=0, size=1)
                kind = number % CLUSTERS
                told = [Annotation("label", f"kind{kind}", "t")] if number % 3 else []
                writer.replace_annotations(image_id, "t", told)
                guessed = Annotation("label", f"guess{kind}", PREDICTED_SOURCE, 0.9)
                writer.replace_annotations(image_id, PREDICTED_SOURCE, [guessed])
        library.publish()
    return path
