"""What can be asked of the catalog within one transaction, and so from one state of the library."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Row, bindparam, func, select

from ..query.values import Examples, Filters
from ..ranking.narrowing import Labelled
from . import changes, saved, sidecars, soundness
from .facets import Facet, facets
from .features import stacked, stored, whole
from .filters import matching_ids
from .records import (
    PREDICTED_SOURCE,
    Annotation,
    Change,
    Features,
    FusionRecipe,
    Image,
    Location,
    Problem,
    Projection,
    Space,
    precedence,
)
from .schema import (
    AnnotationRow,
    FeatureRow,
    ImageRow,
    LocationRow,
    ProblemRow,
    ProjectionRow,
    SpaceRow,
    ThumbnailRow,
)

LARGEST_ID = 2**63 - 1  # a larger number is no id, and the database would not even take it
CHUNK = 500  # bound parameters in one statement; SQLite's own limit is far above, older ones allow 999

Value = TypeVar("Value")

LOCATION = (
    LocationRow.path,
    LocationRow.mtime,
    LocationRow.size,
    LocationRow.missing_since,
    LocationRow.page,
)
HELD = select(ImageRow.id).where(ImageRow.sha256 == bindparam("sha256"))  # asked for every file: made once


def chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """As many at a time as one statement may name."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


class Reader:
    """Questions to one transaction; `Catalog.reading` makes one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def last_seq(self) -> int:
        """The watermark of everything acknowledged so far."""
        return changes.last_seq(self._connection)

    def changes_since(self, seq: int) -> list[Change]:
        """The last change of every image that changed after `seq`."""
        return changes.since(self._connection, seq)

    def newest_image_at(self, seq: int) -> int:
        """The highest image id that had been given out at `seq`."""
        return changes.newest_image(self._connection, seq)

    def count_images(self) -> int:
        return self._connection.scalar(select(func.count()).select_from(ImageRow)) or 0

    def count_locations(self, *, missing: bool) -> int:
        gone = LocationRow.missing_since.is_not(None)
        query = select(func.count()).select_from(LocationRow).where(gone if missing else ~gone)
        return self._connection.scalar(query) or 0

    def ids(
        self,
        filters: Filters = Filters(),  # noqa: B008 - a frozen value
        *,
        predicted: bool = True,
    ) -> npt.NDArray[np.int64]:
        """The ids, in rising order, of the images that satisfy the filters, but for their concepts.

        Without `predicted`, predicted labels do not count for `shows`.
        """
        matching = matching_ids(filters, predicted=predicted)
        return np.fromiter(self._connection.scalars(matching), np.int64)

    def facets(
        self, ids: Iterable[int] | None = None, *, confidence: float = 0.5, predicted: bool = True
    ) -> dict[str, Facet]:
        """How many of these distinct images, or of all, have each value; see `retrieval.catalog.facets`."""
        return facets(self._connection, ids, confidence=confidence, predicted=predicted)

    def images(self, ids: Iterable[int]) -> dict[int, Image]:
        """The images with these ids, in the order asked for; unknown ids are left out."""
        wanted = [int(each) for each in ids if 0 < each <= LARGEST_ID]
        found: dict[int, Image] = {}
        for some in chunks(wanted):
            found |= self._images(some)
        return {each: found[each] for each in wanted if each in found}

    def _images(self, ids: Sequence[int]) -> dict[int, Image]:
        places, facts = self._locations(ids), self._annotations(ids)
        columns = [column for column in ImageRow.__table__.columns if column.name != "place"]
        rows = self._connection.execute(select(*columns).where(ImageRow.id.in_(ids)))
        return {
            row.id: Image(**row._mapping, locations=tuple(places[row.id]), annotations=tuple(facts[row.id]))
            for row in rows
        }

    def _locations(self, ids: Sequence[int]) -> dict[int, list[Location]]:
        query = select(LocationRow.image_id, *LOCATION).where(LocationRow.image_id.in_(ids))
        places: dict[int, list[Location]] = defaultdict(list)
        for row in self._connection.execute(query.order_by(LocationRow.path, LocationRow.page)):
            places[row.image_id].append(Location(*row[1:]))
        return places

    def _annotations(self, ids: Sequence[int]) -> dict[int, list[Annotation]]:
        facts: dict[int, list[Annotation]] = defaultdict(list)
        query = select(
            AnnotationRow.image_id,
            AnnotationRow.field,
            AnnotationRow.value,
            AnnotationRow.source,
            AnnotationRow.confidence,
        ).where(AnnotationRow.image_id.in_(ids))
        for image_id, field, value, source, sure in self._connection.execute(
            query.order_by(AnnotationRow.id)
        ):
            facts[image_id].append(Annotation(field, value, source, sure))
        for said in facts.values():
            said.sort(key=lambda fact: precedence(fact.source))
        return facts

    def thumbnail(self, image_id: int) -> bytes | None:
        """The stored small rendition (WebP), or None for an unknown image."""
        if not 0 < image_id <= LARGEST_ID:
            return None
        return self._connection.scalar(select(ThumbnailRow.data).where(ThumbnailRow.image_id == image_id))

    def ids_by_sha256(self, digests: Iterable[str]) -> dict[str, int]:
        """Which of these contents the library holds already."""
        wanted, found = list(digests), dict[str, int]()
        for some in chunks(wanted):
            query = select(ImageRow.sha256, ImageRow.id).where(ImageRow.sha256.in_(some))
            found.update((digest, image_id) for digest, image_id in self._connection.execute(query))
        return found

    def holds(self, sha256: str) -> bool:
        """Whether the library has the content with this SHA-256."""
        return self._connection.scalar(HELD, {"sha256": sha256}) is not None

    def hashes(self, ids: Sequence[int]) -> list[int]:
        """The perceptual hash of each of these images; 0 for one that is not there."""
        found: dict[int, int] = {}
        for some in chunks(ids):
            query = select(ImageRow.id, ImageRow.perceptual_hash)
            rows = self._connection.execute(query.where(ImageRow.id.in_(some)))
            found |= {row.id: row.perceptual_hash for row in rows}
        return [found.get(each, 0) for each in ids]

    def locations(self) -> dict[bytes, tuple[int, Location]]:
        """Every known path, with the image on its first page."""
        query = select(LocationRow.image_id, *LOCATION).where(LocationRow.page == 1)
        rows = self._connection.execute(query.order_by(LocationRow.path))
        return {row.path: (row.image_id, Location(*row[1:])) for row in rows}

    def stamps(self) -> dict[bytes, tuple[int, int, bool]]:
        """Size, modification time in nanoseconds, and whether it is missing, of every known path.

        A file whose first page is not known was not read to its end: its time is -1, and so it is changed.
        """
        gone = LocationRow.missing_since.is_not(None)
        query = select(LocationRow.path, LocationRow.size, LocationRow.mtime, gone)
        begun = self._connection.execute(query.where(LocationRow.page > 1)).all()
        whole = self._connection.execute(query.where(LocationRow.page == 1)).all()
        return {path: (size, -1, missing) for path, size, _, missing in begun} | {
            path: (size, mtime, missing) for path, size, mtime, missing in whole
        }

    def labels(self, field: str) -> dict[int, str]:
        """The first value that is given for one field, for every image that has one; none is predicted.

        The first is that of the source which comes first in PRECEDENCE, and of one source the oldest.
        """
        given = (AnnotationRow.field == field, AnnotationRow.source != PREDICTED_SOURCE)
        query = select(AnnotationRow.image_id, AnnotationRow.value, AnnotationRow.source).where(*given)
        rows = self._connection.execute(query.order_by(AnnotationRow.id.desc())).all()
        last_first = sorted(rows, key=lambda row: -precedence(row.source))
        return {row.image_id: row.value for row in last_first}

    def labelled(self) -> Labelled:
        """Every label of every image, given or predicted, for `retrieval.ranking.narrowing`."""
        said = select(AnnotationRow.image_id, AnnotationRow.folded, AnnotationRow.source == PREDICTED_SOURCE)
        found = self._connection.execute(said.where(AnnotationRow.field == "label")).all()
        images, labels = self.ids(), sorted({label for _, label, _ in found})
        codes = {label: code for code, label in enumerate(labels)}
        return Labelled(
            images,
            tuple(labels),
            np.searchsorted(images, np.array([image_id for image_id, _, _ in found], np.int64)),
            np.array([codes[label] for _, label, _ in found], np.int64),
            np.array([predicted for _, _, predicted in found], bool),
        )

    def spaces(self) -> list[Space]:
        """Every space, live or not, in the order in which they were made."""
        rows = self._connection.execute(select(SpaceRow.__table__).order_by(SpaceRow.id))
        return [_space(row) for row in rows]

    def features(
        self, space: Space, ids: Iterable[int] | None = None
    ) -> tuple[npt.NDArray[np.int64], Features]:
        """Image ids in rising order and their features; all that the space holds, or those of `ids`.

        Raises FeatureDamaged where one of them is not what was stored.
        """
        return stacked(whole(self._chosen(stored(space), ids), space), space.dimension)

    def features_between(self, space: Space, first: int, end: int) -> tuple[npt.NDArray[np.int64], Features]:
        """The same for all images with ids from `first` on and below `end`."""
        among = stored(space).where(FeatureRow.image_id >= first, FeatureRow.image_id < end)
        return stacked(whole(self._chosen(among), space), space.dimension)

    def described(self, space: Space) -> npt.NDArray[np.int64]:
        """The ids, in rising order, of the images that the space has a feature of."""
        query = select(FeatureRow.image_id).where(FeatureRow.space_id == space.id)
        return np.fromiter(self._connection.scalars(query.order_by(FeatureRow.image_id)), np.int64)

    def keypoints(self, space: Space, ids: Iterable[int]) -> dict[int, bytes]:
        """The stored keypoints of these images, by rising image id; b"" for a picture that has none.

        Images that the space does not hold are left out. `space` is one whose dimension is 0.
        Raises FeatureDamaged where some of them are not what was stored.
        """
        return dict(whole(self._chosen(stored(space), ids), space))

    def _chosen(self, query, ids: Iterable[int] | None = None) -> Iterator[tuple[int, bytes, int]]:  # type: ignore[no-untyped-def]
        if ids is None:
            yield from self._connection.execute(query)
            return
        wanted = sorted({int(each) for each in ids})
        for chunk in chunks(wanted):
            yield from self._connection.execute(query.where(FeatureRow.image_id.in_(chunk)))

    def count_features(self, space: Space) -> int:
        query = select(func.count()).select_from(FeatureRow).where(FeatureRow.space_id == space.id)
        return self._connection.scalar(query) or 0

    def projections(self) -> list[Projection]:
        """The pointers to the live generations."""
        columns = [column for column in ProjectionRow.__table__.columns if column.name != "id"]
        rows = self._connection.execute(select(*columns).order_by(ProjectionRow.id))
        return [Projection(**row._mapping) for row in rows]

    def problems(self) -> list[Problem]:
        """What could not be indexed, by path."""
        query = select(ProblemRow.path, ProblemRow.code, ProblemRow.reason, ProblemRow.tries)
        return [Problem(*row) for row in self._connection.execute(query.order_by(ProblemRow.path))]

    def sidecars(self) -> dict[tuple[bytes, int], tuple[int, int]]:
        """Size and modification time of every sidecar that was read, by its path and its image."""
        return sidecars.sidecars(self._connection)

    def faults(self) -> list[str]:
        """What is wrong with the database itself; see `retrieval.catalog.soundness`."""
        return soundness.faults(self._connection)

    def placeless(self) -> list[int]:
        """Ids of images that lie nowhere, not even at a path that is missing."""
        return soundness.placeless(self._connection)

    def undescribed(self, space: Space) -> list[int]:
        """Ids of images that a space has no feature of."""
        return soundness.undescribed(self._connection, space)

    def damaged_features(self, space: Space) -> list[int]:
        """Ids of images whose feature cannot be used; see `retrieval.catalog.soundness`."""
        return soundness.damaged_features(self._connection, space)

    def concepts(self) -> dict[str, Examples]:
        """The examples of every saved concept, by its name."""
        return saved.concepts(self._connection)

    def recipes(self) -> dict[str, FusionRecipe]:
        """Every saved recipe of the fusion, by its name."""
        return saved.recipes(self._connection)


def _space(row: Row[tuple[object, ...]]) -> Space:
    values = dict(row._mapping)
    values.pop("metric")
    return Space(**values)
