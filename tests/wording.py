"""Libraries that hold only words: adding, changing and searching them, for tests of the word index."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from retrieval import PREDICTED_SOURCE, Annotation, Library, LibraryWriter, NewImage, Query, Text
from tests.reference import pairs_of


def add_words(
    library: LibraryWriter,
    *,
    path: str = "/x/y.jpg",
    publish: bool = False,
    predicted: str = "",
    sure: float = 0.9,
    categories: Mapping[str, float] | None = None,
    **facts: str,
) -> int:
    """Add one image of which only words are known. Several values of a field are separated by semicolons.

    `predicted`: a predicted label, its synonyms separated by commas; `sure`: its confidence. `categories`:
    predicted ones with their confidences.
    """
    with library.catalog.writing() as writer:
        number = writer.last_seq() + 1
        digest = hashlib.sha256(f"{number} {path} {facts}".encode()).hexdigest()
        new = NewImage(
            digest,
            0,
            8,
            8,
            "jpeg",
            1,
            None,
            b"webp",
            annotations=predicted_annotations(predicted, sure, categories or {}),
        )
        [image_id] = writer.add_images([new])
        place = Path(path)
        # The same words for every image, in a path of its own.
        own = place.parents[1] / str(number) / place.parent.name / place.name
        writer.add_location(bytes(own), image_id, mtime=0, size=1)
        writer.replace_annotations(image_id, "test", stated_annotations(**facts))
    if publish:
        library.publish()
    return image_id


def predicted_annotations(words: str, sure: float, categories: Mapping[str, float]) -> tuple[Annotation, ...]:
    facts = (("label", words, sure), ("definition", f"{words}: something meant", sure))
    kinds = (("category", category, confidence) for category, confidence in categories.items())
    return tuple(
        Annotation(field, value, PREDICTED_SOURCE, confidence)
        for field, value, confidence in (*(facts if words else ()), *kinds)
    )


def stated_annotations(**facts: str) -> list[Annotation]:
    return [
        Annotation(field, value, "test") for field, values in facts.items() for value in values.split(";")
    ]


def replace_words(library: LibraryWriter, image_id: int, **facts: str) -> None:
    with library.catalog.writing() as writer:
        writer.replace_annotations(image_id, "test", stated_annotations(**facts))


def remove_images(library: LibraryWriter, *ids: int) -> None:
    with library.catalog.writing() as writer:
        writer.remove_images(ids)


def find_words(library: Library, text: str) -> list[int]:
    return [image_id for image_id, _ in rank_words(library, text)]


def rank_words(library: Library, text: str) -> list[tuple[int, float]]:
    """Every match with its score."""
    return pairs_of(library.rank_signals(Query((Text(text),)))["words"])
