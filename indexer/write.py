"""Writes one batch: contents, places, facts and problems in one transaction, which acknowledges them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retrieval import Annotation, Library, NewImage, Problem

from .captions import SOURCE, Captions
from .decode import Outcome, Read

Features = Mapping[int, npt.NDArray[np.float16]]


@dataclass(frozen=True, slots=True)
class Written:
    """What one batch did: image ids by SHA-256 for every content in it, and the problems."""

    ids: Mapping[str, int]
    added: int
    placed: tuple[tuple[bytes, int], ...]
    problems: tuple[Problem, ...]


def write_batch(library: Library, batch: Sequence[Outcome], captions: Captions) -> Written:
    """Describe what is new and write everything; after it returns, no crash loses any of it."""
    fresh = list({each.sha256: each for each in batch if isinstance(each, Read) and each.decoded}.values())
    described = _described(library, fresh)
    problems = [each for each in batch if isinstance(each, Problem)]
    with library.catalog.writing() as writer:
        ids = writer.ids_by_sha256(each.sha256 for each in batch if isinstance(each, Read))
        new = [image for image in described if image.sha256 not in ids]
        added = dict(zip((image.sha256 for image in new), writer.add_images(new), strict=True))
        ids |= added
        facts: dict[int, list[Annotation]] = {image_id: [] for image_id in added.values()}
        placed: list[tuple[bytes, int]] = []
        for each in batch:
            if isinstance(each, Problem):
                continue
            if each.sha256 not in ids:
                problems.append(_featureless(each))
                continue
            found, image_id = each.found, ids[each.sha256]
            writer.place(found.path, image_id, mtime=found.mtime, size=found.size)
            placed.append((found.path, image_id))
            if image_id in facts:  # others have places, and so captions, that are not in this batch
                facts[image_id].extend(captions.get(found.path, ()))
        for image_id, annotations in facts.items():
            writer.annotate(image_id, SOURCE, annotations)
        for problem in problems:
            writer.report(problem)
    return Written(ids, len(new), tuple(placed), tuple(problems))


def _described(library: Library, fresh: Sequence[Read]) -> list[NewImage]:
    """The new contents that every space has a feature for."""
    if not fresh:
        return []
    features = library.describe([each.decoded.pixels for each in fresh if each.decoded])
    pairs = zip(fresh, features, strict=True)
    return [_new_image(each, rows) for each, rows in pairs if all(row.any() for row in rows.values())]


def _new_image(each: Read, features: Features) -> NewImage:
    decoded = each.decoded
    assert decoded is not None, "only decoded contents are described"
    return NewImage(
        sha256=each.sha256,
        perceptual_hash=each.perceptual_hash,
        width=decoded.width,
        height=decoded.height,
        format=decoded.format,
        bytes=each.size,
        taken_at=decoded.taken_at,
        thumbnail=each.thumbnail,
        features=features,
    )


def _featureless(each: Read) -> Problem:
    reason = "a descriptor found no direction in it (a feature of zeros); it cannot be compared"
    return Problem(each.found.path, "degenerate-feature", reason)
