"""What the parts of a query ask: every part becomes probes, one for each signal that it speaks to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..catalog import Catalog, Space
from ..descriptors.palette import colours_vector, palette_vector
from ..errors import ImageNotFound, InvalidQuery
from ..originals import cut, pixels_of
from ..pictures.files import Limits, read_file
from ..pictures.images import RGB, decode_image
from ..query.values import (
    Colours,
    Concept,
    Examples,
    Palette,
    Part,
    Picture,
    Query,
    Reference,
    StoredPicture,
    Text,
)
from ..ranking.feedback import BAD, moved
from ..ranking.keypoints import Keypoints, from_blob
from ..ranking.tokens import terms
from ..signals import COLOUR, EXAMPLES, MEANING, PALETTE, SUBJECT, SWATCHES, WORDS
from ..spaces import Spaces

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """One question to one projection: what one part of the query asks of one signal.

    `view` names the projection that answers, `scale` what its scores are measured against; the signal's own
    where they are empty. `picture`: whether it asks with the feature of a picture, not with a made vector.
    """

    part: int
    signal: str
    weight: float
    query: Any
    view: str = ""
    scale: str = ""
    picture: bool = False

    @property
    def excludes(self) -> bool:
        """Words that are not wanted take their images out; unwanted pictures only push theirs down."""
        return self.signal == WORDS and self.weight < 0


class Questions:
    """Asks for one library; `meaning` gives the vector of a text in the subject space, or None."""

    def __init__(
        self,
        catalog: Catalog,
        spaces: Spaces,
        limits: Limits,
        meaning: Callable[[str], Vector | None],
    ) -> None:
        self._catalog, self._spaces, self._limits, self._meaning = catalog, spaces, limits, meaning

    def probes(self, query: Query) -> list[Probe]:
        """The questions that a query asks of every signal, each with its part's weight.

        Raises ImageNotFound, UnreadableImage, and InvalidQuery for a concept that there is none of.
        """
        asked = [
            replace(each, part=number, weight=part.weight)
            for number, part in enumerate(query.parts)
            for each in self._probes(part)
        ]
        return self._taught(asked, query.examples, len(query.parts))

    def picture(self, part: Picture | StoredPicture) -> RGB:
        """The pixels that a picture part is about: its region's where it has one."""
        if isinstance(part, StoredPicture):
            return cut(self._stored_pixels(part.image_id), part.region)
        return cut(self._decoded(part), part.region)

    @property
    def details(self) -> Space | None:
        """The space of keypoints, if the library has one."""
        return self._spaces.details

    def keypoints(self, part: Picture | StoredPicture) -> Keypoints:
        """The keypoints of what a picture part is about."""
        if isinstance(part, StoredPicture) and part.region is None and self.details:
            with self._catalog.reading() as reader:
                blobs = reader.keypoints(self.details, [part.image_id])
            return from_blob(blobs.get(part.image_id, b""))
        return from_blob(self._spaces.keypoints(self.picture(part)))

    def labels(self, part: Picture | StoredPicture) -> list[tuple[str, float]]:
        """The labels that are predicted for a picture part, with their confidence."""
        if isinstance(part, StoredPicture) and part.region is None:
            with self._catalog.reading() as reader:
                found = reader.images([part.image_id])
            return [(each.value, each.confidence) for image in found.values() for each in image.predicted]
        [described] = self._spaces.describe_and_predict([self.picture(part)])
        return [(each.value, each.confidence) for each in described.predicted if each.field == "label"]

    def stored(self, signal: str, ids: Sequence[int]) -> Vector:
        """The stored features of these images, in their order; raises ImageNotFound for one that has none."""
        return self._stored(self._space(signal), ids)

    def _space(self, signal: str) -> Space:
        return next(space for space in self._spaces.indexed if space.descriptor == signal)

    def _probes(self, part: Part) -> Iterator[Probe]:
        """What one part asks, as if it were the first and its signals all counted the same."""
        if isinstance(part, Text):
            yield from self._of_text(part.text)
        elif isinstance(part, Colours):
            yield Probe(0, COLOUR, 1, colours_vector(part.swatches), scale=SWATCHES)
        elif isinstance(part, Palette):
            yield Probe(0, COLOUR, 1, palette_vector(self._features(part.picture)[COLOUR]), scale=PALETTE)
        elif isinstance(part, Concept):
            yield Probe(0, SUBJECT, 1, self.direction(self.concept(part.name)), scale=EXAMPLES)
        else:
            for signal, vector in self._features(part).items():
                yield Probe(0, signal, 1, vector, picture=True)

    def _of_text(self, text: str) -> Iterator[Probe]:
        yield Probe(0, WORDS, 1, terms(text))
        vector = self._meaning(text)
        if vector is not None:
            yield Probe(0, MEANING, 1, vector, view=SUBJECT)

    def _features(self, part: Picture | StoredPicture) -> dict[str, Vector]:
        if isinstance(part, StoredPicture) and part.region is None:
            return {
                space.descriptor: self._stored(space, [part.image_id])[0] for space in self._spaces.indexed
            }
        features = self._spaces.describe([self.picture(part)])[0]
        # Rounded as stored features are, so that a picture finds itself with the same scores.
        return {space.descriptor: features[space.id].astype(np.float32) for space in self._spaces.indexed}

    def _stored(self, space: Space, ids: Sequence[int]) -> Vector:
        """The stored features of these images, in their order; raises ImageNotFound for the first without."""
        with self._catalog.reading() as reader:
            found, features = reader.features(space, ids)
        places = {image_id: place for place, image_id in enumerate(found.tolist())}
        missing = next((each for each in ids if each not in places), None)
        if missing is not None:
            raise ImageNotFound(missing)
        return features[[places[each] for each in ids]].astype(np.float32)

    def _decoded(self, part: Picture) -> RGB:
        if isinstance(part.source, Reference):
            raise InvalidQuery(
                f"{part.source.kind} {part.source.value}: has not been fetched; send its bytes"
            )
        if isinstance(part.source, bytes):
            return decode_image(part.source, name=part.name, limits=self._limits).pixels
        return decode_image(
            read_file(part.source, self._limits), name=str(part.source), limits=self._limits
        ).pixels

    def _stored_pixels(self, image_id: int) -> RGB:
        with self._catalog.reading() as reader:
            found = reader.images([image_id])
        if image_id not in found:
            raise ImageNotFound(image_id)
        return pixels_of(self._catalog, found[image_id], self._limits)

    # -- examples -------------------------------------------------------------------------------

    def _taught(self, asked: list[Probe], examples: Examples, part: int) -> list[Probe]:
        """The probes with the examples in them: wanted subjects move; without any, the examples are asked."""
        if not examples:
            return asked
        good, bad = self._examples(examples.good), self._examples(examples.bad)
        wanted = [each for each in asked if each.signal == SUBJECT and each.weight > 0]
        if wanted:
            return [
                replace(each, query=moved(each.query, good, bad), picture=False) if each in wanted else each
                for each in asked
            ]
        sign, vector = (1, moved(None, good, bad)) if len(good) else (-BAD, moved(None, bad, good))
        return [*asked, Probe(part, SUBJECT, sign, vector, scale=EXAMPLES)]

    def direction(self, examples: Examples) -> Vector:
        """What examples have in common, in the subject space; those that are gone are passed over."""
        return moved(None, self._examples(examples.good), self._examples(examples.bad))

    def _examples(self, ids: Sequence[int]) -> Vector:
        """The subjects of examples; those that were removed meanwhile are passed over."""
        with self._catalog.reading() as reader:
            _, features = reader.features(self._space(SUBJECT), ids)
        return features.astype(np.float32)

    def concept(self, name: str) -> Examples:
        """The examples of a saved concept; raises InvalidQuery where there is none of that name."""
        with self._catalog.reading() as reader:
            known = reader.concepts()
        if name not in known:
            raise InvalidQuery(f"concept {name}: there is none of that name; {_known(known)}")
        return known[name]


def _known(concepts: Mapping[str, Examples]) -> str:
    return f"there are {', '.join(concepts)}" if concepts else "save one with `pictor concept`"
