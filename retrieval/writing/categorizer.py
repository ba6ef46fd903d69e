"""Predicts the categories of stored images again, from their features and labels; no picture is read.

Libraries that were made before there were categories get theirs so, and all libraries after the table of
categories has changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..catalog import CATEGORY, PREDICTED_SOURCE, Annotation, Image, WritableCatalog
from ..categories import MIN_CONFIDENCE, load_class_names
from ..spaces import Spaces

CHUNK = 1000  # images that are read, and written in one transaction
TOLERANCE = 0.02  # features are stored as float16, so that confidences come out a little different


def categorize_images(catalog: WritableCatalog, spaces: Spaces) -> int:
    """Bring the categories of all images up to date; the number of images that have other ones now.

    Images without a predicted label stay as they are: only labels tell how sure the classifier was. Raises
    BackboneUnavailable where the classifier cannot be loaded.
    """
    if not spaces.predicts:
        return 0
    with catalog.reading() as reader:
        ids = reader.find_ids().tolist()
    return sum(
        _categorize_chunk(catalog, spaces, ids[start : start + CHUNK]) for start in range(0, len(ids), CHUNK)
    )


def _categorize_chunk(catalog: WritableCatalog, spaces: Spaces, ids: Sequence[int]) -> int:
    known = set(load_class_names(spaces.label_set))
    with catalog.reading() as reader:
        stored = reader.load_images(ids, with_overruled=True)
        images = [image for image in stored.values() if _first_label(image) in known]
        features = reader.load_features(spaces.subject_space, [image.id for image in images])
    by_id = dict(zip(features[0].tolist(), features[1], strict=True))
    images = [image for image in images if image.id in by_id]
    found = spaces.predict_categories(
        [by_id[image.id] for image in images], [image.predicted_labels[0] for image in images]
    )
    changed = {
        image: categories
        for image, categories in zip(images, found, strict=True)
        if _differ(image, categories)
    }
    with catalog.writing() as writer:
        for image, categories in changed.items():
            writer.replace_annotations(image.id, PREDICTED_SOURCE, (*_other_predictions(image), *categories))
    return len(changed)


def _first_label(image: Image) -> str:
    return next((label.value for label in image.predicted_labels), "")


def _differ(image: Image, categories: Sequence[Annotation]) -> bool:
    before, after = _confidences(image.predicted_categories), _confidences(categories)
    return any(
        abs(before.get(value, MIN_CONFIDENCE) - after.get(value, MIN_CONFIDENCE)) > TOLERANCE
        for value in before.keys() | after.keys()
    )


def _confidences(categories: Sequence[Annotation]) -> Mapping[str, float]:
    return {category.value: category.confidence for category in categories}


def _other_predictions(image: Image) -> tuple[Annotation, ...]:
    return tuple(
        fact for fact in image.annotations if fact.source == PREDICTED_SOURCE and fact.field != CATEGORY
    )
