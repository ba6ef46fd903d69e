"""Features, keypoints, labels and pixels of the pictures in a query and of stored images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeGuard, final

import numpy as np

from ..catalog import PREDICTED_FIELDS, Annotation, Catalog, Space
from ..descriptors.details import find_fine_keypoints
from ..errors import ImageNotFound, InvalidQuery, RetrievalError
from ..originals import cut_region, pixels_of
from ..pictures.files import Limits, read_file
from ..pictures.images import decode_image
from ..query.values import Examples, Picture, Reference, Region, StoredPicture
from ..ranking.arrays import RGB, Float32Matrix, Float32Vector
from ..ranking.keypoints import Keypoints, decode_keypoints
from ..spaces import Spaces
from .kept_keypoints import KeptKeypoints

MIN_SIDE = 4  # pixels; no shape can be seen in fewer
MAX_PLAIN_RANGE = 8  # levels of 256


@dataclass(frozen=True, slots=True, eq=False)
class DescribedPicture:
    """The pixels of a picture of a query, or of its region, and its features by signal."""

    pixels: RGB
    features: Mapping[str, Float32Vector]


NONE_DESCRIBED: Final[Mapping[Picture, DescribedPicture]] = MappingProxyType({})
DESCRIBED_AT_ONCE: Final = 32  # pictures of one pass of the backbone


@final
class FeatureSource:
    """Loads what the catalog holds, and describes what it does not hold: pictures and regions of a query.

    `described`: pictures that `describe_pictures` described before. `keypoints`: what keeps those of stored
    images, where several searches ask for them.
    """

    def __init__(
        self,
        catalog: Catalog,
        spaces: Spaces,
        limits: Limits,
        described: Mapping[Picture, DescribedPicture] = NONE_DESCRIBED,
        keypoints: KeptKeypoints | None = None,
    ) -> None:
        self._catalog, self._spaces, self._limits = catalog, spaces, limits
        self._described, self._kept_keypoints = described, keypoints
        self.bare_pictures: dict[str, str] = {}  # that a search described: by name, why they are bare

    # -- the pictures of a query ----------------------------------------------------------------

    def load_pixels(self, picture: Picture | StoredPicture) -> RGB:
        """The pixels that a part of a query is about: those of its region, if it has one."""
        if isinstance(picture, StoredPicture):
            return cut_region(self._load_stored_pixels(picture.image_id), picture.region)
        if picture in self._described:
            return self._described[picture].pixels
        return cut_region(self._decode_picture(picture), picture.region)

    def load_picture_features(self, picture: Picture | StoredPicture) -> dict[str, Float32Vector]:
        """The feature of a part of a query in every space that has vectors, by signal."""
        spaces = self._spaces.vector_spaces
        if _is_stored_as_a_whole(picture):
            return {space.descriptor: self._load_rows(space, [picture.image_id])[0] for space in spaces}
        pixels = self.load_pixels(picture)
        if reason := describe_bareness(pixels):
            self.bare_pictures[_name_picture(picture)] = reason
        if isinstance(picture, Picture) and picture in self._described:
            return dict(self._described[picture].features)
        return self._describe_pixels([pixels])[0]

    def describe_pictures(self, pictures: Iterable[Picture]) -> dict[Picture, DescribedPicture]:
        """Those of these pictures that can be decoded, described in few passes of the backbone."""
        pixels: dict[Picture, RGB] = {}
        for picture in pictures:
            with suppress(RetrievalError, OSError):  # the search that asks for it tells why
                pixels[picture] = self.load_pixels(picture)
        features = self._describe_pixels(list(pixels.values()))
        return {
            picture: DescribedPicture(pixels[picture], found)
            for picture, found in zip(pixels, features, strict=True)
        }

    def _describe_pixels(self, pictures: Sequence[RGB]) -> list[dict[str, Float32Vector]]:
        """The features by signal, rounded as stored ones are, so that a picture finds itself with the same
        scores.
        """
        described = [
            features
            for start in range(0, len(pictures), DESCRIBED_AT_ONCE)
            for features in self._spaces.describe(pictures[start : start + DESCRIBED_AT_ONCE])
        ]
        spaces = self._spaces.vector_spaces
        return [
            {space.descriptor: features[space.id].astype(np.float32) for space in spaces}
            for features in described
        ]

    def load_predictions(self, picture: Picture | StoredPicture) -> dict[str, list[tuple[str, float]]]:
        """What is predicted for a part of a query, with confidences, by field: LABEL and CATEGORY."""
        facts = self._predicted_facts(picture)
        return {
            field: [(fact.value, fact.confidence) for fact in facts if fact.field == field]
            for field in PREDICTED_FIELDS
        }

    def _predicted_facts(self, picture: Picture | StoredPicture) -> tuple[Annotation, ...]:
        if _is_stored_as_a_whole(picture):
            with self._catalog.reading() as reader:
                images = reader.load_images([picture.image_id])
            return tuple(
                fact
                for image in images.values()
                for fact in (*image.predicted_labels, *image.predicted_categories)
            )
        [description] = self._spaces.describe_and_predict([self.load_pixels(picture)])
        return description.predicted

    def load_keypoints(self, picture: Picture | StoredPicture) -> Keypoints:
        """The keypoints of a part of a query."""
        if _is_stored_as_a_whole(picture) and self.has_details:
            return self.load_stored_keypoints([picture.image_id]).get(picture.image_id, decode_keypoints(b""))
        return decode_keypoints(self._spaces.find_keypoints(self.load_pixels(picture)))

    def load_query_keypoints(self, picture: Picture | StoredPicture) -> tuple[Keypoints, Keypoints]:
        """The keypoints of a part of a query, and its fine ones; stored images have no finer ones."""
        if _is_stored_as_a_whole(picture) or not self.has_details:
            stored = self.load_keypoints(picture)
            return stored, stored
        pixels = self.load_pixels(picture)
        return decode_keypoints(self._spaces.find_keypoints(pixels)), find_fine_keypoints(pixels)

    # -- stored images --------------------------------------------------------------------------

    @property
    def has_details(self) -> bool:
        """Whether the library keeps keypoints."""
        return self._spaces.keypoint_space is not None

    @property
    def has_parts(self) -> bool:
        """Whether the library keeps the windows of its images."""
        return self._spaces.part_space is not None

    def visible_frame(self, width: int, height: int) -> Region:
        """The part of a picture of this size that is described."""
        parts = self._spaces.parts
        return parts.preprocessing.visible_frame(width, height) if parts else Region(0, 0, 1, 1)

    def load_stored_keypoints(self, ids: Iterable[int]) -> dict[int, Keypoints]:
        """The stored keypoints of those of these images that have any, by image id."""
        if self._kept_keypoints is not None:
            return self._kept_keypoints.find_keypoints(ids, self._load_keypoints)
        return self._load_keypoints(ids)

    def _load_keypoints(self, ids: Iterable[int]) -> dict[int, Keypoints]:
        space = self._spaces.keypoint_space
        if space is None:
            return {}
        with self._catalog.reading() as reader:
            blobs = reader.load_blobs(space, ids)
        return {image_id: decode_keypoints(blob) for image_id, blob in blobs.items()}

    def load_stored_features(self, signal: str, ids: Sequence[int]) -> Float32Matrix:
        """The stored features of these images, in their order; raises ImageNotFound for one without."""
        return self._load_rows(self._find_space(signal), ids)

    def load_example_features(self, signal: str, ids: Sequence[int]) -> Float32Matrix:
        """The same, without the images that were removed after they became examples."""
        with self._catalog.reading() as reader:
            _, features = reader.load_features(self._find_space(signal), ids)
        return features.astype(np.float32)

    def load_concept(self, name: str) -> Examples:
        """The examples of a saved concept; raises InvalidQuery for a name that is not saved."""
        with self._catalog.reading() as reader:
            concepts = reader.load_concepts()
        if name not in concepts:
            hint = f"there are {', '.join(concepts)}" if concepts else "save one with `pictor concept`"
            raise InvalidQuery(f"concept {name}: there is none of that name; {hint}")
        return concepts[name]

    # -- how they are read ----------------------------------------------------------------------

    def _find_space(self, signal: str) -> Space:
        return next(space for space in self._spaces.vector_spaces if space.descriptor == signal)

    def _load_rows(self, space: Space, ids: Sequence[int]) -> Float32Matrix:
        with self._catalog.reading() as reader:
            stored_ids, features = reader.load_features(space, ids)
        rows = {image_id: row for row, image_id in enumerate(stored_ids.tolist())}
        missing = next((image_id for image_id in ids if image_id not in rows), None)
        if missing is not None:
            raise ImageNotFound(missing)
        return features[[rows[image_id] for image_id in ids]].astype(np.float32)

    def _decode_picture(self, picture: Picture) -> RGB:
        source = picture.source
        if isinstance(source, Reference):
            raise InvalidQuery(f"{source.kind} {source.value}: has not been fetched; send its bytes")
        if isinstance(source, bytes):
            return decode_image(source, name=picture.name, limits=self._limits).pixels
        return decode_image(read_file(source, self._limits), name=str(source), limits=self._limits).pixels

    def _load_stored_pixels(self, image_id: int) -> RGB:
        with self._catalog.reading() as reader:
            images = reader.load_images([image_id])
        if image_id not in images:
            raise ImageNotFound(image_id)
        return pixels_of(self._catalog, images[image_id], self._limits)


def _name_picture(picture: Picture | StoredPicture) -> str:
    if isinstance(picture, StoredPicture):
        return f"image {picture.image_id}"
    return str(picture.source) if isinstance(picture.source, Path) else picture.name


def describe_bareness(pixels: RGB) -> str:
    """Why a picture shows too little to be compared with others; empty for any other picture.

    JPEG gives a plain area a few shades, so MAX_PLAIN_RANGE of each colour channel counts as one colour.
    """
    height, width = pixels.shape[:2]
    if min(height, width) < MIN_SIDE:
        return f"it has only {width} × {height} pixels"
    if int(np.ptp(pixels, axis=(0, 1)).max()) <= MAX_PLAIN_RANGE:
        return "it has only one colour"
    return ""


def _is_stored_as_a_whole(picture: Picture | StoredPicture) -> TypeGuard[StoredPicture]:
    """Whether the catalog holds what the part is about: a region of an image is described anew."""
    return isinstance(picture, StoredPicture) and picture.region is None
