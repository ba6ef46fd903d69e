"""What can be written to the catalog: every fact with its line in the change log, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, or_, select, update

from ..paths import display_path
from ..query.values import Examples
from . import changes, clock, saved, sidecars
from .clock import Clock, utc
from .features import checksum, to_blob
from .filters import folder_key
from .reader import Reader, chunks
from .records import PREDICTED_SOURCE, Annotation, FusionRecipe, NewImage, Problem, Projection, Sidecar
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


class Writer(Reader):
    """Facts for one transaction; `Catalog.writing` makes one and commits it."""

    def __init__(self, connection: Connection, clock: Clock = utc) -> None:
        super().__init__(connection)
        self._clock = clock
        self._touched: dict[int, None] = {}  # in order, each once

    def record_changes(self) -> None:
        """Put the touched images into the change log; called once, before the commit."""
        changes.record(self._connection, "put", self._touched)

    def add_images(self, images: Sequence[NewImage]) -> list[int]:
        """Store new contents with features, thumbnails and annotations; their ids, in the same order."""
        if not images:
            return []
        ids = list(
            self._connection.scalars(
                insert(ImageRow).returning(ImageRow.id, sort_by_parameter_order=True),
                [_image_values(image, self._clock()) for image in images],
            )
        )
        self._describe(list(zip(ids, images, strict=True)))
        self._touch(ids)
        return ids

    def describe_again(self, image_id: int, image: NewImage) -> None:
        """Replace an image's thumbnail, the features that are given, and all that its file and a network say
        of it. What others say of it stays, and so does the rest of what is known about it.
        """
        spaces = [*image.features, *image.keypoints]
        sources = {PREDICTED_SOURCE, *(fact.source for fact in image.annotations)}
        for mine in (
            delete(ThumbnailRow).where(ThumbnailRow.image_id == image_id),
            delete(FeatureRow).where(FeatureRow.image_id == image_id, FeatureRow.space_id.in_(spaces)),
            delete(AnnotationRow).where(
                AnnotationRow.image_id == image_id, AnnotationRow.source.in_(sources)
            ),
        ):
            self._connection.execute(mine)
        self._describe([(image_id, image)])
        self._touch([image_id])

    def _describe(self, numbered: Sequence[tuple[int, NewImage]]) -> None:
        self._insert(ThumbnailRow, [{"image_id": each, "data": image.thumbnail} for each, image in numbered])
        self._insert(
            FeatureRow,
            [
                {"image_id": each, "space_id": space_id, "vector": blob, "crc32": checksum(blob)}
                for each, image in numbered
                for space_id, blob in _blobs(image)
            ],
        )
        self._insert(
            AnnotationRow,
            [
                _annotation_values(each, fact.source, fact)
                for each, image in numbered
                for fact in _once(image.annotations)
            ],
        )

    def place(self, path: bytes, image_id: int, *, mtime: int, size: int, page: int = 1) -> None:
        """Say that an image's content lies at this path now; the path leaves the image it had before.

        That image stays, even where it has no place left: a file that is still to be read may hold it.
        """
        here = (LocationRow.path == path, LocationRow.page == page)
        before = self._connection.scalar(select(LocationRow.image_id).where(*here))
        values = {"image_id": image_id, "mtime": mtime, "size": size, "missing_since": None}
        if before is None:
            self._insert(LocationRow, [values | _path_values(path) | {"page": page}])
        else:
            self._connection.execute(update(LocationRow).where(*here).values(values))
        if before != image_id:
            self._touch([image_id])
        if before is not None and before != image_id:
            self._touch([before])

    def follow_clock(self, most: timedelta) -> None:
        """Keep what the clock says, for the next call; where it was set, missing files keep their ages.

        Between two calls no more than `most` is taken to have passed. Call it before `mark_missing`.
        """
        clock.follow(self._connection, self._clock(), most)

    def forget_pages(self, paths: Sequence[bytes], after: int) -> None:
        """Say that files at these paths have no pages after that one; their images stay, as in `place`."""
        for some in chunks(paths):
            behind = delete(LocationRow).where(LocationRow.path.in_(some), LocationRow.page > after)
            self._touch(self._connection.scalars(behind.returning(LocationRow.image_id)))

    def mark_missing(self, paths: Iterable[bytes]) -> None:
        """Say that nothing lies at these paths any more; their images stay."""
        gone = update(LocationRow).values(missing_since=self._clock())
        for path in paths:
            self._connection.execute(
                gone.where(LocationRow.path == path, LocationRow.missing_since.is_(None))
            )

    def mark_present(self, path: bytes) -> None:
        """Say that a path that was missing is back, with the same content."""
        self._connection.execute(
            update(LocationRow).where(LocationRow.path == path).values(missing_since=None)
        )

    def forget_locations(self, paths: Iterable[bytes]) -> None:
        """Forget these paths, and the images that lie nowhere else."""
        images: list[int] = []
        for path in paths:
            leaving = delete(LocationRow).where(LocationRow.path == path).returning(LocationRow.image_id)
            images += self._connection.scalars(leaving)
        self._touch(images)
        self.forget_placeless()

    def remove_images(self, ids: Iterable[int]) -> None:
        """Forget these images with all that is known about them; unknown ids change nothing."""
        gone: list[int] = []
        for image_id in ids:
            leaving = delete(ImageRow).where(ImageRow.id == image_id).returning(ImageRow.id)
            gone += self._connection.scalars(leaving)
            self._touched.pop(image_id, None)
        changes.record(self._connection, "remove", gone)

    def forget_placeless(self) -> None:
        """Forget the images that lie nowhere any more: their last file was changed or forgotten."""
        nowhere = ~exists().where(LocationRow.image_id == ImageRow.id)
        self.remove_images(list(self._connection.scalars(select(ImageRow.id).where(nowhere))))

    def annotate(self, image_id: int, source: str, annotations: Sequence[Annotation]) -> bool:
        """Make these all that `source` says about an image; True when that changed anything.

        What other sources say stays: what a person said is never touched on behalf of a file.
        """
        mine = (AnnotationRow.image_id == image_id, AnnotationRow.source == source)
        columns = (AnnotationRow.field, AnnotationRow.value, AnnotationRow.confidence)
        before = self._connection.execute(select(*columns).where(*mine).order_by(AnnotationRow.id))
        facts = list({(fact.field, fact.value): fact for fact in annotations}.values())
        if [tuple(row) for row in before] == [(fact.field, fact.value, fact.confidence) for fact in facts]:
            return False
        self._connection.execute(delete(AnnotationRow).where(*mine))
        self._insert(AnnotationRow, [_annotation_values(image_id, source, fact) for fact in facts])
        self._touch([image_id])
        return True

    def annotate_beside(
        self, image_id: int, source: str, read: Sequence[Sidecar], gone: Iterable[bytes] = ()
    ) -> bool:
        """Keep what these sidecars say, forget those that are gone, and make what all of the image's
        sidecars say together what `source` says about it; True when that changed anything.

        When it was taken counts, as long as they say so, for an image that does not say that itself.
        """
        before = sidecars.taken(sidecars.said(self._connection, image_id, source))
        sidecars.keep(self._connection, image_id, read, gone)
        said = sidecars.said(self._connection, image_id, source)
        unsaid = or_(ImageRow.taken_at.is_(None), ImageRow.taken_at == before)
        if (now := sidecars.taken(said)) != before:
            mine = update(ImageRow).where(ImageRow.id == image_id, unsaid)
            self._connection.execute(mine.values(taken_at=now))
        return self.annotate(image_id, source, said)

    def add_space(
        self, fingerprint: str, descriptor: str, configuration: Mapping[str, Any], dimension: int
    ) -> int:
        """Make a live space, or find the one with this fingerprint; its id."""
        known = self._connection.scalar(select(SpaceRow.id).where(SpaceRow.fingerprint == fingerprint))
        if known is not None:
            return known
        values = {
            "fingerprint": fingerprint,
            "descriptor": descriptor,
            "configuration": dict(configuration),
            "dimension": dimension,
            "metric": "inner product",
            "state": "live",
        }
        return self._connection.execute(insert(SpaceRow).values(values).returning(SpaceRow.id)).scalar_one()

    def configure_space(self, space_id: int, fingerprint: str, configuration: Mapping[str, Any]) -> None:
        """Replace what a space says of itself; its features stay."""
        mine = update(SpaceRow).where(SpaceRow.id == space_id)
        self._connection.execute(mine.values(fingerprint=fingerprint, configuration=dict(configuration)))

    def point_to(self, projections: Sequence[Projection]) -> None:
        """Move the pointers to these generations, all at once."""
        self._connection.execute(delete(ProjectionRow))
        columns = [column.name for column in ProjectionRow.__table__.columns if column.name != "id"]
        self._insert(ProjectionRow, [{name: getattr(each, name) for name in columns} for each in projections])

    def report(self, problem: Problem) -> None:
        """Keep a problem by its path; a second report of it counts as another try."""
        mine = ProblemRow.path == problem.path
        tries = self._connection.scalar(select(ProblemRow.tries).where(mine)) or 0
        self._connection.execute(delete(ProblemRow).where(mine))
        values = {
            "path": problem.path,
            "code": problem.code,
            "reason": problem.reason,
            "tries": tries + 1,
            "seen_at": self._clock(),
        }
        self._insert(ProblemRow, [values])

    def forget_problems(self, paths: Iterable[bytes]) -> None:
        """These paths have no problem any more."""
        for some in chunks(list(paths)):
            self._connection.execute(delete(ProblemRow).where(ProblemRow.path.in_(some)))

    def keep_concept(self, name: str, examples: Examples) -> None:
        """Keep a set of examples by name; one of the same name is replaced."""
        saved.keep_concept(self._connection, name, examples)

    def forget_concept(self, name: str) -> bool:
        """Forget a concept; False when there is none of that name."""
        return saved.forget_concept(self._connection, name)

    def keep_recipe(self, recipe: FusionRecipe) -> None:
        """Keep a recipe of the fusion; one of the same name is replaced."""
        saved.keep_recipe(self._connection, recipe)

    def _touch(self, ids: Iterable[int]) -> None:
        self._touched.update(dict.fromkeys(ids))

    def _insert(self, table: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._connection.execute(insert(table), rows)


def _image_values(image: NewImage, added_at: datetime) -> dict[str, Any]:
    return {
        "sha256": image.sha256,
        "perceptual_hash": image.perceptual_hash,
        "width": image.width,
        "height": image.height,
        "format": image.format,
        "bytes": image.bytes,
        "taken_at": image.taken_at,
        "added_at": added_at,
    }


def _once(annotations: Iterable[Annotation]) -> list[Annotation]:
    """What a source says twice, once."""
    return list({(fact.source, fact.field, fact.value): fact for fact in annotations}.values())


def _blobs(image: NewImage) -> Iterator[tuple[int, bytes]]:
    for space_id, feature in image.features.items():
        yield space_id, to_blob(feature)
    yield from image.keypoints.items()


def _path_values(path: bytes) -> dict[str, Any]:
    display = display_path(path)
    return {"path": path, "display": display, "folder": folder_key(str(PurePosixPath(display).parent))}


def _annotation_values(image_id: int, source: str, fact: Annotation) -> dict[str, Any]:
    return {
        "image_id": image_id,
        "field": fact.field,
        "value": fact.value,
        "folded": fact.value.casefold(),
        "source": source,
        "confidence": fact.confidence,
    }
