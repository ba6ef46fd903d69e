"""Reads the catalog within one transaction, and so from one state of the library."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Connection, Row, Select, Text, bindparam, cast, func, select

from ..pictures.metadata import SIDECAR_SOURCE
from ..query.conditions import Filters
from ..query.values import Examples
from ..ranking.arrays import Float16Matrix, Int64Ids
from ..ranking.keep_rules import Copy
from ..ranking.narrowing import LabelTable
from ..ranking.shots import ShotFile
from ..ranking.verdicts import Verdict
from . import (
    changes,
    completions,
    copies,
    deeds,
    edits,
    keys,
    overview,
    people,
    roots,
    saved,
    sidecars,
    soundness,
    verdicts,
    webhooks,
)
from .facet_rows import FacetRows, load_facet_rows
from .facets import Counts, count_facets, spell_facets
from .features import select_features, stack_features, verify_blobs
from .filters import known_values, matching_ids, numbers_in_range, ranges_asked
from .overruling import load_statements
from .positions import find_near
from .records import (
    NAME_SOURCE,
    PREDICTED_FIELDS,
    PREDICTED_SOURCE,
    TAKEN,
    Annotation,
    ApiKey,
    Change,
    Deed,
    Facet,
    FusionRecipe,
    Image,
    Location,
    Person,
    Problem,
    Projection,
    Restriction,
    SavedSearch,
    Space,
    Webhook,
    source_rank,
)
from .schema import (
    AnnotationRow,
    ContentRow,
    FeatureRow,
    ImageRow,
    LocationRow,
    OverruledRow,
    ProblemRow,
    ProjectionRow,
    SpaceRow,
    ThumbnailRow,
)
from .sort_values import SortValues, load_sort_values
from .statements import KeptEdit, Statements
from .times import find_time

LARGEST_ID = 2**63 - 1  # a larger number cannot be an id, and the database would refuse it
MANY = 10_000  # ids, from which on it is quicker to read all rows than to ask for some
CHUNK = 500  # bound parameters in one statement; SQLite allows far more, old versions 999

Value = TypeVar("Value")

LOCATION_COLUMNS = (
    LocationRow.path,
    LocationRow.mtime,
    LocationRow.size,
    LocationRow.missing_since,
    LocationRow.page,
    ContentRow.sha256,
    LocationRow.depth,
)
CONTENT_QUERY = select(ContentRow.id).where(
    ContentRow.sha256 == bindparam("sha256")
)  # built once, because it is run for every file
NOT_OF_IMAGES = ("place", "pixel_digest")  # columns that records of images do not have


def split_into_chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Parts of at most CHUNK values: as many as one statement may name."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def _select_locations() -> Select[int, *tuple[Any, ...]]:
    """The image of each location, and the columns of the location."""
    content = ContentRow.id == LocationRow.content_id
    return select(LocationRow.image_id, *LOCATION_COLUMNS).join(ContentRow, content)


class Reader:
    """Reads within one transaction; `Catalog.reading` makes one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def last_seq(self) -> int:
        """The number of the newest change; 0 if there is none."""
        return changes.last_seq(self._connection)

    def count_changes(self, seq: int) -> int:
        """How many changes there were after `seq`, besides what people said."""
        return changes.count_changes(self._connection, seq)

    def count_changed(self, seq: int, last: int) -> int:
        """How many images with ids up to `last` changed after `seq`, in whatever way."""
        return changes.count_changed(self._connection, seq, last)

    def changes_since(self, seq: int) -> list[Change]:
        """The last change of every image that changed after `seq`."""
        return changes.changes_since(self._connection, seq)

    def newest_image_at(self, seq: int) -> int:
        """The highest image id that was in use at `seq`."""
        return changes.newest_image_at(self._connection, seq)

    def newest_image(self) -> int:
        """The highest id of an image; 0 where there is none. Ids only rise, and none is used twice."""
        return self._connection.scalar(select(func.max(ImageRow.id))) or 0

    def count_images(self) -> int:
        return self._connection.scalar(select(func.count()).select_from(ImageRow)) or 0

    def count_locations(self) -> tuple[int, int]:
        """How many locations are there, and how many are missing."""
        query = select(func.count(), func.count(LocationRow.missing_since)).select_from(LocationRow)
        every, missing = self._connection.execute(query).one()
        return every - missing, missing

    def find_ids(
        self,
        filters: Filters = Filters(),  # noqa: B008 - a frozen value
        *,
        predicted: bool = True,
    ) -> Int64Ids:
        """The ids, in rising order, of the images that satisfy the filters; concepts are not evaluated here.

        Without `predicted`, `shows` looks at stated labels only. Raises InvalidQuery for the surroundings of
        a place that no image states.
        """
        matching = matching_ids(filters, self._choose_numbers(filters), predicted=predicted)
        ids = np.sort(np.array(self._connection.scalars(matching).all(), np.int64))
        if not filters.near:
            return ids
        return np.intersect1d(ids, find_near(self._connection, filters.near), assume_unique=True)

    def _choose_numbers(self, filters: Filters) -> dict[str, list[str]]:
        """The stated numbers that lie in the ranges of the filters, by field: few, however many images."""
        return {
            field: numbers_in_range(self._connection.scalars(known_values(field)), bounds)
            for field, bounds in ranges_asked(filters).items()
        }

    def load_names(self, fields: Iterable[str]) -> dict[str, list[str]]:
        """The different values of each of these fields, folded."""
        return {field: list(self._connection.scalars(known_values(field))) for field in fields}

    def has_dates(self) -> bool:
        """Whether any image is known to have been taken at some time."""
        query = select(ImageRow.id).where(ImageRow.taken_at.is_not(None)).limit(1)
        return self._connection.scalar(query) is not None

    def count_facets(
        self, ids: Iterable[int] | None = None, *, confidence: float = 0.5, predicted: bool = True
    ) -> dict[str, Facet]:
        """How many of these distinct images, or of all, have each value; see `retrieval.catalog.facets`."""
        return count_facets(self._connection, ids, confidence=confidence, predicted=predicted)

    def load_facet_rows(self, ids: Sequence[int] | None = None) -> FacetRows:
        """The values of all images, or of at most MAX_NAMED; see `retrieval.catalog.facet_rows`."""
        return load_facet_rows(self._connection, ids)

    def spell_facets(self, counted: Mapping[str, tuple[Counts, int]]) -> dict[str, Facet]:
        """Facets with their values as they were first stored; see `retrieval.catalog.facets`."""
        return spell_facets(self._connection, counted)

    def load_sort_values(self, by: str, ids: Sequence[int] | None = None) -> SortValues:
        """What all images, or at most MAX_NAMED, are sorted by; see `retrieval.catalog.sort_values`."""
        return load_sort_values(self._connection, by, ids)

    def load_images(self, ids: Iterable[int], *, with_overruled: bool = False) -> dict[int, Image]:
        """The images with these ids, in the same order; unknown ids are left out.

        `with_overruled`: with the facts that a person overruled among their annotations.
        """
        possible_ids = [int(image_id) for image_id in ids if 0 < image_id <= LARGEST_ID]
        images: dict[int, Image] = {}
        for chunk in split_into_chunks(possible_ids):
            images |= self._load_chunk(chunk, with_overruled)
        return {image_id: images[image_id] for image_id in possible_ids if image_id in images}

    def _load_chunk(self, ids: Sequence[int], with_overruled: bool) -> dict[int, Image]:
        locations, facts = self._locations_by_image(ids), self._annotations_by_image(ids, with_overruled)
        columns = [column for column in ImageRow.__table__.columns if column.name not in NOT_OF_IMAGES]
        rows = self._connection.execute(select(*columns).where(ImageRow.id.in_(ids)))
        return {
            row.id: Image(
                **row._mapping, locations=tuple(locations[row.id]), annotations=tuple(facts[row.id])
            )
            for row in rows
        }

    def _locations_by_image(self, ids: Sequence[int]) -> dict[int, list[Location]]:
        query = _select_locations().where(LocationRow.image_id.in_(ids))
        locations: dict[int, list[Location]] = defaultdict(list)
        for row in self._connection.execute(query.order_by(LocationRow.path, LocationRow.page)):
            locations[row.image_id].append(Location(*row[1:]))
        return locations

    def _annotations_by_image(self, ids: Sequence[int], with_overruled: bool) -> dict[int, list[Annotation]]:
        facts: dict[int, list[Annotation]] = defaultdict(list)
        for image_id, _, *fact in sorted(self._fact_rows(ids, with_overruled)):
            facts[image_id].append(Annotation(*fact))
        for image_facts in facts.values():
            image_facts.sort(key=lambda fact: source_rank(fact.source))
        return facts

    def _fact_rows(self, ids: Sequence[int], with_overruled: bool) -> Iterator[tuple[Any, ...]]:
        """Image, id, field, value, source and confidence."""
        for row in (AnnotationRow, OverruledRow) if with_overruled else (AnnotationRow,):
            columns = (row.image_id, row.id, row.field, row.value, row.source, row.confidence)
            yield from map(tuple, self._connection.execute(select(*columns).where(row.image_id.in_(ids))))

    def load_thumbnail(self, image_id: int) -> bytes | None:
        """The stored small rendition (WebP), or None for an unknown image."""
        if not 0 < image_id <= LARGEST_ID:
            return None
        return self._connection.scalar(select(ThumbnailRow.data).where(ThumbnailRow.image_id == image_id))

    def ids_by_sha256(self, digests: Iterable[str]) -> dict[str, int]:
        """The image ids of those among these SHA-256 digests that the library has."""
        ids: dict[str, int] = {}
        for chunk in split_into_chunks(list(digests)):
            query = select(ContentRow.sha256, ContentRow.image_id).where(ContentRow.sha256.in_(chunk))
            ids.update((digest, image_id) for digest, image_id in self._connection.execute(query))
        return ids

    def ids_by_pixels(self, digests: Iterable[str]) -> dict[str, list[int]]:
        """The ids of the images with each of these digests of pixels, in rising order."""
        ids: dict[str, list[int]] = defaultdict(list)
        for chunk in split_into_chunks(list(digests)):
            query = select(ImageRow.pixel_digest, ImageRow.id).where(ImageRow.pixel_digest.in_(chunk))
            for digest, image_id in self._connection.execute(query.order_by(ImageRow.id)):
                ids[digest].append(image_id)
        return ids

    def images_at(self, paths: Iterable[bytes]) -> dict[tuple[bytes, int], int]:
        """The id of the image on every page of these files, by path and page."""
        images: dict[tuple[bytes, int], int] = {}
        for chunk in split_into_chunks(list(paths)):
            query = select(LocationRow.path, LocationRow.page, LocationRow.image_id)
            rows = self._connection.execute(query.where(LocationRow.path.in_(chunk)))
            images |= {(path, page): image_id for path, page, image_id in rows}
        return images

    def present_paths(self, ids: Iterable[int]) -> dict[int, list[bytes]]:
        """The paths of these images that are not missing."""
        paths: dict[int, list[bytes]] = defaultdict(list)
        for chunk in split_into_chunks(list(ids)):
            query = select(LocationRow.image_id, LocationRow.path).where(LocationRow.image_id.in_(chunk))
            for image_id, path in self._connection.execute(query.where(LocationRow.missing_since.is_(None))):
                paths[image_id].append(path)
        return paths

    def has_content(self, sha256: str) -> bool:
        """Whether the library has the content with this SHA-256."""
        return self._connection.scalar(CONTENT_QUERY, {"sha256": sha256}) is not None

    def perceptual_hashes(self, ids: Sequence[int]) -> list[int]:
        """The perceptual hash of each of these images; 0 for one that is not there."""
        hashes: dict[int, int] = {}
        for chunk in split_into_chunks(ids):
            query = select(ImageRow.id, ImageRow.perceptual_hash)
            rows = self._connection.execute(query.where(ImageRow.id.in_(chunk)))
            hashes |= {row.id: row.perceptual_hash for row in rows}
        return [hashes.get(image_id, 0) for image_id in ids]

    def load_shot_files(self, ids: Sequence[int]) -> list[tuple[int, ShotFile]]:
        """The files of these images, each with its image, and with the time that the file itself states.

        Further pages of files are left out: several pages are no single shot.
        """
        files: list[tuple[int, ShotFile]] = []
        for chunk in split_into_chunks(ids):
            times = self._embedded_times(chunk)
            query = select(LocationRow.image_id, LocationRow.display).where(LocationRow.page == 1)
            for image_id, path in self._connection.execute(query.where(LocationRow.image_id.in_(chunk))):
                folder, _, name = path.rpartition("/")
                files.append((image_id, ShotFile(folder, name, times.get(image_id))))
        return files

    def load_days(self, ids: Sequence[int]) -> dict[int, str]:
        """The days on which these images were taken, as 2020-06-17; those without a time are left out.

        Of many ids, days of other images may be there, too.
        """
        day = func.substr(cast(ImageRow.taken_at, Text), 1, 10)  # far quicker than a datetime for each
        query = select(ImageRow.id, day).where(ImageRow.taken_at.is_not(None))
        rows = self._rows_among(query, ImageRow.id, ids)
        return {row[0]: row[1] for row in rows}

    def load_folders(self, ids: Sequence[int]) -> dict[int, str]:
        """The folders of these images, for display: that of the location which `Image.location` chooses.

        Of many ids, folders of other images may be there, too.
        """
        folders: dict[int, str] = {}
        gone = LocationRow.missing_since.is_not(None)
        query = select(LocationRow.image_id, LocationRow.display)
        ordered = query.order_by(gone, LocationRow.path, LocationRow.page)
        for image_id, path in self._rows_among(ordered, LocationRow.image_id, ids):
            folders.setdefault(image_id, path.rpartition("/")[0] or "/")
        return folders

    def _rows_among(
        self, query: Select[*tuple[Any, ...]], column: Any, ids: Sequence[int]
    ) -> Iterator[Row[*tuple[Any, ...]]]:
        """The rows of a query whose column holds one of these ids; of more than MANY ids, all rows."""
        if len(ids) > MANY:
            yield from self._connection.execute(query)
            return
        for chunk in split_into_chunks(ids):
            yield from self._connection.execute(query.where(column.in_(chunk)))

    def _embedded_times(self, ids: Sequence[int]) -> dict[int, datetime]:
        columns = (AnnotationRow.image_id, AnnotationRow.field, AnnotationRow.value, AnnotationRow.source)
        is_stated = (AnnotationRow.field == TAKEN, AnnotationRow.source.not_in((SIDECAR_SOURCE, NAME_SOURCE)))
        rows = self._connection.execute(
            select(*columns).where(AnnotationRow.image_id.in_(ids), *is_stated).order_by(AnnotationRow.id)
        )
        facts: dict[int, list[Annotation]] = defaultdict(list)
        for image_id, field, value, source in rows:
            facts[image_id].append(Annotation(field, value, source))
        times = {image_id: find_time(stated) for image_id, stated in facts.items()}
        return {image_id: time for image_id, time in times.items() if time is not None}

    def load_roots(self) -> list[bytes]:
        """The folders that were given to be indexed, by path."""
        return roots.load_roots(self._connection)

    def load_keys(self) -> list[ApiKey]:
        """Every API key that was made, the oldest first; revoked ones too."""
        return keys.load_keys(self._connection)

    def load_people(self) -> list[Person]:
        """Everybody who may sign in, the oldest first."""
        return people.load_people(self._connection)

    def find_person(self, name: str) -> tuple[Person, str] | None:
        """The person of this name, and the hash of the password."""
        return people.find_person(self._connection, name)

    def find_signed_in(self, token: str) -> ApiKey | Person | None:
        """Who is signed in by this token; see `retrieval.catalog.people`."""
        return people.find_signed_in(self._connection, token)

    def load_deeds(self, most: int) -> list[Deed]:
        """The latest deeds, the newest first."""
        return deeds.load_deeds(self._connection, most)

    def load_restrictions(self) -> list[Restriction]:
        """What those who may ask a server are restricted to, each once."""
        return keys.load_restrictions(self._connection)

    def find_key(self, key: str) -> ApiKey | None:
        """The API key that is written so; None for a wrong one, and for one that was revoked."""
        return keys.find_key(self._connection, key)

    def load_locations(self) -> dict[bytes, tuple[int, Location]]:
        """Every known path, with the image on its first page."""
        query = _select_locations().where(LocationRow.page == 1)
        rows = self._connection.execute(query.order_by(LocationRow.path))
        return {row.path: (row.image_id, Location(*row[1:])) for row in rows}

    def load_missing(self, most: int) -> list[tuple[int, Location]]:
        """Files that are gone, with the image on their first page: at most so many, the latest gone first."""
        query = _select_locations().where(LocationRow.page == 1, LocationRow.missing_since.is_not(None))
        rows = self._connection.execute(
            query.order_by(LocationRow.missing_since.desc(), LocationRow.path).limit(most)
        )
        return [(row.image_id, Location(*row[1:])) for row in rows]

    def file_stamps(self) -> dict[bytes, tuple[int, int, bool]]:
        """Size in bytes, modification time in nanoseconds and whether the file is missing, by known path.

        If the first page of a file is not known, the file was not read to its end. Its time is then -1, so
        that it counts as changed.
        """
        gone = LocationRow.missing_since.is_not(None)
        query = select(LocationRow.path, LocationRow.size, LocationRow.mtime, gone)
        begun = self._connection.execute(query.where(LocationRow.page > 1)).all()
        complete = self._connection.execute(query.where(LocationRow.page == 1)).all()
        return {path: (size, -1, missing) for path, size, _, missing in begun} | {
            path: (size, mtime, missing) for path, size, mtime, missing in complete
        }

    def first_values(self, field: str) -> dict[int, str]:
        """The first stated value of a field, by image; predicted values are left out.

        The first value is that of the source which comes first in PRECEDENCE, and within a source the oldest.
        """
        is_stated = (AnnotationRow.field == field, AnnotationRow.source != PREDICTED_SOURCE)
        query = select(AnnotationRow.image_id, AnnotationRow.value, AnnotationRow.source).where(*is_stated)
        rows = self._connection.execute(query.order_by(AnnotationRow.id.desc())).all()
        last_first = sorted(rows, key=lambda row: -source_rank(row.source))
        return {row.image_id: row.value for row in last_first}

    def ids_with(self, fields: Iterable[str]) -> list[int]:
        """The images of which somebody states one of these fields, by rising id; no predicted facts."""
        stated = (
            select(AnnotationRow.image_id)
            .distinct()
            .where(AnnotationRow.field.in_(list(fields)), AnnotationRow.source != PREDICTED_SOURCE)
        )
        return list(self._connection.scalars(stated.order_by(AnnotationRow.image_id)))

    def load_labels(self) -> LabelTable:
        """Every label and category of every image, stated or predicted, for `retrieval.ranking.narrowing`."""
        query = select(AnnotationRow.image_id, AnnotationRow.folded, AnnotationRow.source == PREDICTED_SOURCE)
        rows = self._connection.execute(query.where(AnnotationRow.field.in_(PREDICTED_FIELDS))).all()
        images, labels = self.find_ids(), sorted({label for _, label, _ in rows})
        codes = {label: code for code, label in enumerate(labels)}
        return LabelTable(
            images,
            tuple(labels),
            np.searchsorted(images, np.array([image_id for image_id, _, _ in rows], np.int64)),
            np.array([codes[label] for _, label, _ in rows], np.int64),
            np.array([predicted for _, _, predicted in rows], bool),
        )

    def load_spaces(self) -> list[Space]:
        """Every space, live or not, in the order in which they were made."""
        rows = self._connection.execute(select(SpaceRow.__table__).order_by(SpaceRow.id))
        return [_space_from_row(row) for row in rows]

    def load_features(self, space: Space, ids: Iterable[int] | None = None) -> tuple[Int64Ids, Float16Matrix]:
        """Image ids in rising order and their features: all that the space holds, or those of `ids`.

        Raises FeatureDamaged if some of them are damaged.
        """
        return stack_features(
            verify_blobs(self._select_rows(select_features(space), ids), space), space.dimension
        )

    def load_features_between(self, space: Space, first: int, end: int) -> tuple[Int64Ids, Float16Matrix]:
        """The same for all image ids from `first` on and below `end`."""
        among = select_features(space).where(FeatureRow.image_id >= first, FeatureRow.image_id < end)
        return stack_features(verify_blobs(self._select_rows(among), space), space.dimension)

    def described_ids(self, space: Space) -> Int64Ids:
        """The ids, in rising order, of the images that have a feature in the space."""
        query = select(FeatureRow.image_id).where(FeatureRow.space_id == space.id)
        return np.array(self._connection.scalars(query.order_by(FeatureRow.image_id)).all(), np.int64)

    def load_blobs(self, space: Space, ids: Iterable[int]) -> dict[int, bytes]:
        """What is stored of these images in a space of dimension 0, by rising image id.

        These are keypoints, or codes of windows; b"" for a picture that has none. Images that are not
        described in it are left out.

        Raises FeatureDamaged if some of them are damaged.
        """
        return dict(verify_blobs(self._select_rows(select_features(space), ids), space))

    def load_blobs_between(self, space: Space, first: int, end: int) -> dict[int, bytes]:
        """The same for all image ids from `first` on and below `end`."""
        among = select_features(space).where(FeatureRow.image_id >= first, FeatureRow.image_id < end)
        return dict(verify_blobs(self._select_rows(among), space))

    def _select_rows(self, query, ids: Iterable[int] | None = None) -> Iterator[tuple[int, bytes, int]]:  # type: ignore[no-untyped-def]
        if ids is None:
            yield from self._connection.execute(query)
            return
        for chunk in split_into_chunks(sorted({int(image_id) for image_id in ids})):
            yield from self._connection.execute(query.where(FeatureRow.image_id.in_(chunk)))

    def count_features(self, space: Space) -> int:
        query = select(func.count()).select_from(FeatureRow).where(FeatureRow.space_id == space.id)
        return self._connection.scalar(query) or 0

    def load_publications(self) -> dict[str, list[Projection]]:
        """The pointers of every publication, by its name; a library's folder knows which is its own."""
        columns = [ProjectionRow.__table__.columns[field.name] for field in fields(Projection)]
        query = select(ProjectionRow.publication, *columns).order_by(ProjectionRow.id)
        publications: dict[str, list[Projection]] = {}
        for name, *pointer in self._connection.execute(query):
            publications.setdefault(name, []).append(Projection(*pointer))
        return publications

    def load_problems(self) -> list[Problem]:
        """Files that could not be indexed, or only in part, by path."""
        query = select(ProblemRow.path, ProblemRow.code, ProblemRow.reason, ProblemRow.tries)
        return [Problem(*row) for row in self._connection.execute(query.order_by(ProblemRow.path))]

    def count_problems(self) -> int:
        """How many files could not be indexed, or only in part."""
        return self._connection.scalar(select(func.count()).select_from(ProblemRow)) or 0

    def digests_with_problem(self, code: str) -> frozenset[str]:
        """The SHA-256 of the contents that lie at a path with this problem."""
        query = (
            select(ContentRow.sha256)
            .join(LocationRow, LocationRow.content_id == ContentRow.id)
            .join(ProblemRow, ProblemRow.path == LocationRow.path)
        )
        return frozenset(self._connection.scalars(query.where(ProblemRow.code == code)))

    def sidecar_stamps(self) -> dict[tuple[bytes, int], tuple[int, int]]:
        """Size and modification time of every sidecar that was read, by its path and its image."""
        return sidecars.sidecar_stamps(self._connection)

    def find_faults(self) -> list[str]:
        """Damage to the database itself; see `retrieval.catalog.soundness`."""
        return soundness.find_faults(self._connection)

    def find_unlocated(self) -> list[int]:
        """Ids of images without any location, not even a missing one."""
        return soundness.find_unlocated(self._connection)

    def find_undescribed(self, space: Space) -> list[int]:
        """Ids of images without a feature in a space."""
        return soundness.find_undescribed(self._connection, space)

    def find_damaged_features(self, space: Space) -> list[int]:
        """Ids of images whose feature is damaged; see `retrieval.catalog.soundness`."""
        return soundness.find_damaged_features(self._connection, space)

    def list_folders(self) -> list[str]:
        """The folders that hold pictures, in lower case, with a slash at both ends."""
        return list(self._connection.scalars(select(LocationRow.folder).distinct()))

    def count_values(self, field: str, start: str, most: int) -> list[tuple[str, int]]:
        """The stated values of a field that begin so, with their numbers of images."""
        return completions.count_values(self._connection, field, start, most)

    def count_predicted(self, start: str, most: int) -> list[tuple[str, int]]:
        """Predicted labels and categories that begin so, with how many images probably show them."""
        return completions.count_predicted(self._connection, start, most)

    def count_years(self) -> list[tuple[str, int]]:
        """The years in which images were taken, the newest first, with their numbers of images."""
        return completions.count_years(self._connection)

    def count_formats(self) -> list[tuple[str, int]]:
        """The formats of images, with their numbers of images."""
        return completions.count_formats(self._connection)

    def count_folders(self) -> list[tuple[str, int]]:
        """The folders that hold pictures, as `list_folders` gives them, with their numbers of images."""
        return completions.count_folders(self._connection)

    def load_edits(self, image_id: int | None = None) -> list[KeptEdit]:
        """The edits that can be taken back, or those of one image, the latest first."""
        return edits.load_edits(self._connection, image_id)

    def find_spoken_of(self) -> list[int]:
        """The ids, in rising order, of the images of which a person says anything."""
        return edits.find_spoken_of(self._connection)

    def load_statements(self, ids: Sequence[int]) -> dict[int, Statements]:
        """What a person says of each of these images; see `retrieval.catalog.statements`."""
        said: dict[int, Statements] = {}
        for chunk in split_into_chunks(ids):
            said |= load_statements(self._connection, chunk)
        return said

    def load_searches(self) -> dict[str, SavedSearch]:
        """Every saved search, by its name."""
        return saved.load_searches(self._connection)

    def load_concepts(self) -> dict[str, Examples]:
        """The examples of every saved concept, by its name."""
        return saved.load_concepts(self._connection)

    def load_webhooks(self) -> list[Webhook]:
        """Every webhook, the oldest first."""
        return webhooks.load_webhooks(self._connection)

    def load_verdicts(self) -> list[Verdict]:
        """Every verdict about which images are one picture, the oldest first."""
        return verdicts.load_verdicts(self._connection)

    def find_same_bytes(self) -> list[int]:
        """The images of which several files hold the same bytes, by rising id."""
        return copies.find_same_bytes(self._connection)

    def find_same_pixels(self) -> list[int]:
        """The images of which files hold different bytes, by rising id."""
        return copies.find_same_pixels(self._connection)

    def load_copies(self, ids: Sequence[int]) -> dict[int, list[Copy]]:
        """The files of these images that are there, by path; of many ids, those of other images, too."""
        copies_by_image: dict[int, list[Copy]] = defaultdict(list)
        query = copies.select_copies()
        for row in self._rows_among(query, LocationRow.image_id, ids):
            copies_by_image[row.image_id].append(copies.copy_from_row(row))
        return copies_by_image

    def load_folder_images(self) -> list[tuple[str, int]]:
        """Each folder that holds pictures, as the catalog stores it, with each image in it."""
        return overview.load_folder_images(self._connection)

    def load_folder_spelling(self) -> dict[str, str]:
        """By folder, as the catalog stores it: the path of a file in it, spelled as on the disk."""
        return overview.load_folder_spelling(self._connection)

    def count_months(self) -> list[tuple[str, int, int]]:
        """The months in which images were taken, the newest first: how many, and the newest image."""
        return overview.count_months(self._connection)

    def list_values(
        self, field: str, *, by_name: bool, limit: int, offset: int
    ) -> tuple[int, list[tuple[str, int, int]]]:
        """How many values of a field are stated, and a page of them; see `retrieval.catalog.overview`."""
        return overview.list_values(self._connection, field, by_name=by_name, limit=limit, offset=offset)

    def find_surest(self, label: str) -> int | None:
        """The image that shows a label or category, folded, most surely."""
        return overview.find_surest(self._connection, label)

    def find_newest(self, filters: Filters, *, predicted: bool = True) -> int | None:
        """The newest of the images that satisfy the filters, which name no areas; None for none."""
        matching = matching_ids(filters, self._choose_numbers(filters), predicted=predicted)
        newest: int | None = self._connection.scalar(select(func.max(matching.subquery().c[0])))
        return newest

    def load_recipes(self) -> dict[str, FusionRecipe]:
        """Every saved recipe of the fusion, by its name."""
        return saved.load_recipes(self._connection)


def _space_from_row(row: Row[tuple[object, ...]]) -> Space:
    values = dict(row._mapping)
    values.pop("metric")
    return Space(**values)
