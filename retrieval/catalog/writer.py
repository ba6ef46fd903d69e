"""Writes facts to the catalog, and a line in the change log for each changed image, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, or_, select, update
from sqlalchemy.orm import aliased

from ..paths import display_path
from . import changes, clock, contents, overruling, roots, sidecars, times
from .annotations import annotation_values, delete_annotations, load_source
from .clock import Clock, utc_now
from .features import compute_checksum, to_blob
from .filters import folder_key
from .reader import split_into_chunks
from .records import (
    EMBEDDED_SOURCES,
    FILE_SOURCES,
    PREDICTED_SOURCE,
    Annotation,
    Content,
    NewImage,
    Problem,
    Projection,
    Sidecar,
)
from .saved_writer import SavedWriter
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


class Writer(SavedWriter):
    """Writes within one transaction; `WritableCatalog.writing` makes one and commits it."""

    def __init__(self, connection: Connection, clock: Clock = utc_now) -> None:
        super().__init__(connection)
        self._clock = clock
        self._changed: dict[int, None] = {}  # changed images, in order; a dict because each counts once
        self._restated: set[int] = set()  # images of which a content came, changed or went
        self._restated_facts: set[int] = set()  # images with facts that a person may have overruled

    def record_changes(self) -> None:
        """Write the changed images into the change log; called once, before the commit.

        Before that, images whose contents changed get the facts that are in their files now, without those
        that a person overruled.
        """
        for image_id in sorted(self._restated):
            self._follow_contents(image_id)
        overruling.overrule_facts(self._connection, sorted(self._restated_facts))
        changes.record_changes(self._connection, "put", self._changed)

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
        numbered = list(zip(ids, images, strict=True))
        contents.insert_contents(
            self._connection, [(image_id, image.content) for image_id, image in numbered]
        )
        self._insert_descriptions(numbered)
        self._mark_changed(ids)
        return ids

    def put_content(self, image_id: int, content: Content) -> None:
        """Store that an image has this content, whose pixels are its own, or what the content states now.

        The facts of the image are those of all its contents that lie somewhere.
        """
        if contents.put_content(self._connection, image_id, content):
            self._restated.add(image_id)

    def identify_pixels(self, image_id: int, pixel_digest: str) -> None:
        """Store the digest of an image's pixels, which an older version did not; "" changes nothing."""
        if not pixel_digest:
            return
        mine = update(ImageRow).where(ImageRow.id == image_id)
        self._connection.execute(mine.values(pixel_digest=pixel_digest))

    def _follow_contents(self, image_id: int) -> None:
        """Replace what an image's files state by what its contents state now."""
        located = contents.load_contents(self._connection, image_id)
        if not located:
            return  # the image is gone
        facts = [fact for content in located for fact in content.facts]
        for source in EMBEDDED_SOURCES:
            self.replace_annotations(image_id, source, [fact for fact in facts if fact.source == source])
        noted = next((content.taken_at for content in located if content.taken_at), None)
        first = located[0]
        values = {
            "sha256": first.sha256,
            "bytes": first.bytes,
            "format": first.format,
            "taken_at": self._stated_time(image_id) or noted,
        }
        self._connection.execute(update(ImageRow).where(ImageRow.id == image_id).values(values))
        self._mark_changed([image_id])

    def describe_again(self, image_id: int, image: NewImage) -> None:
        """Replace an image's thumbnail, the features in `image`, and facts from its file and from networks.

        `image` may show it turned: its size and the digests of its pixels are replaced, too. Facts from
        other sources stay, and so does everything else that is known about the image.
        """
        spaces = [*image.features, *image.blobs]
        sources = {PREDICTED_SOURCE, *FILE_SOURCES, *(fact.source for fact in image.annotations)}
        for mine in (
            delete(ThumbnailRow).where(ThumbnailRow.image_id == image_id),
            delete(FeatureRow).where(FeatureRow.image_id == image_id, FeatureRow.space_id.in_(spaces)),
        ):
            self._connection.execute(mine)
        delete_annotations(self._connection, image_id, sources)
        self._restated_facts.add(image_id)
        self._insert_descriptions([(image_id, image)])
        contents.put_content(self._connection, image_id, image.content)
        values = {
            "taken_at": self._stated_time(image_id) or image.taken_at,
            "width": image.width,
            "height": image.height,
            "perceptual_hash": image.perceptual_hash,
            "pixel_digest": image.pixel_digest,
        }
        self._connection.execute(update(ImageRow).where(ImageRow.id == image_id).values(values))
        self._restated.add(image_id)
        self._mark_changed([image_id])

    def _insert_descriptions(self, numbered: Sequence[tuple[int, NewImage]]) -> None:
        self._insert_rows(
            ThumbnailRow, [{"image_id": image_id, "data": image.thumbnail} for image_id, image in numbered]
        )
        self._insert_rows(
            FeatureRow,
            [
                {"image_id": image_id, "space_id": space_id, "vector": blob, "crc32": compute_checksum(blob)}
                for image_id, image in numbered
                for space_id, blob in _feature_blobs(image)
            ],
        )
        self._insert_rows(
            AnnotationRow,
            [
                annotation_values(image_id, fact.source, fact)
                for image_id, image in numbered
                for fact in _without_duplicates(image.annotations)
            ],
        )

    @cached_property
    def _roots(self) -> list[bytes]:
        return self.load_roots()

    def add_roots(self, folders: Sequence[bytes]) -> None:
        """Store that these folders were given to be indexed, none of which is stored already."""
        self._mark_changed(roots.add_roots(self._connection, folders))
        self._roots = self.load_roots()

    def add_location(
        self, path: bytes, image_id: int, *, mtime: int, size: int, page: int = 1, sha256: str | None = None
    ) -> None:
        """Store that a path holds an image now, and which content of it, or else its oldest one.

        The path no longer belongs to its earlier image, which stays even without any location: a file that is
        read later may hold it. The same goes for its earlier content.
        """
        here = (LocationRow.path == path, LocationRow.page == page)
        before = self._connection.scalar(select(LocationRow.image_id).where(*here))
        values = {
            "image_id": image_id,
            "content_id": contents.find_key(self._connection, image_id, sha256),
            "mtime": mtime,
            "size": size,
            "missing_since": None,
        }
        if before is None:
            values |= {"page": page, "depth": roots.count_folders(path, self._roots)}
            self._insert_rows(LocationRow, [values | _path_values(path)])
        else:
            self._connection.execute(update(LocationRow).where(*here).values(values))
        if before != image_id:
            self._mark_changed([image_id])
        if before is not None and before != image_id:
            self._mark_changed([before])

    def follow_clock(self, most: timedelta) -> None:
        """Store the time of the clock for the next call. If the clock was changed, files stay missing for as
        long as they were.

        At most `most` is assumed to have passed between two calls. Call it before `mark_missing`.
        """
        clock.follow_clock(self._connection, self._clock(), most)

    def forget_pages(self, paths: Sequence[bytes], after: int) -> None:
        """Forget the pages of these files after page `after`; their images stay, as in `add_location`."""
        for chunk in split_into_chunks(paths):
            behind = delete(LocationRow).where(LocationRow.path.in_(chunk), LocationRow.page > after)
            self._mark_changed(self._connection.scalars(behind.returning(LocationRow.image_id)))

    def mark_missing(self, paths: Iterable[bytes]) -> None:
        """Store that these paths hold nothing any more; their images stay."""
        gone = update(LocationRow).values(missing_since=self._clock())
        for path in paths:
            self._connection.execute(
                gone.where(LocationRow.path == path, LocationRow.missing_since.is_(None))
            )

    def mark_present(self, path: bytes) -> None:
        """Store that a missing path is back with the same content."""
        self._connection.execute(
            update(LocationRow).where(LocationRow.path == path).values(missing_since=None)
        )

    def forget_locations(self, paths: Iterable[bytes]) -> None:
        """Forget these paths, and the images that have no other location."""
        self._delete_locations(paths)
        self.forget_unlocated()

    def forget_moved(self) -> None:
        """Forget the missing files whose pictures all lie elsewhere: they were moved, or were copies."""
        elsewhere = aliased(LocationRow)
        lies_elsewhere = exists().where(
            elsewhere.image_id == LocationRow.image_id, elsewhere.missing_since.is_(None)
        )
        missing = select(LocationRow.path, lies_elsewhere).where(LocationRow.missing_since.is_not(None))
        rows = self._connection.execute(missing).all()
        needed = {path for path, is_elsewhere in rows if not is_elsewhere}
        self._delete_locations({path for path, _ in rows} - needed)

    def _delete_locations(self, paths: Iterable[bytes]) -> None:
        images: list[int] = []
        for path in paths:
            leaving = delete(LocationRow).where(LocationRow.path == path).returning(LocationRow.image_id)
            images += self._connection.scalars(leaving)
        self._mark_changed(images)

    def remove_images(self, ids: Iterable[int]) -> None:
        """Delete these images with everything that is known about them; unknown ids change nothing."""
        gone: list[int] = []
        for image_id in ids:
            leaving = delete(ImageRow).where(ImageRow.id == image_id).returning(ImageRow.id)
            gone += self._connection.scalars(leaving)
            self._changed.pop(image_id, None)
            self._restated.discard(image_id)
            self._restated_facts.discard(image_id)
        changes.record_changes(self._connection, "remove", gone)

    def forget_unlocated(self) -> None:
        """Delete the contents without any location, and the images that have no other content: their last
        file was changed or forgotten.
        """
        kept, unlocated = contents.forget_unlocated(self._connection)
        self._restated.update(kept)
        self.remove_images(unlocated)

    def replace_annotations(self, image_id: int, source: str, annotations: Sequence[Annotation]) -> bool:
        """Replace the facts that `source` states about an image; True if that changed anything.

        Facts from other sources stay: what a person stated is never changed because of a file. Facts that a
        person overruled do not count until that is taken back.
        """
        before = load_source(self._connection, image_id, source)
        facts = list({(fact.field, fact.value): fact for fact in annotations}.values())
        if before == [(fact.field, fact.value, fact.confidence) for fact in facts]:
            return False
        delete_annotations(self._connection, image_id, {source})
        self._restated_facts.add(image_id)
        self._insert_rows(AnnotationRow, [annotation_values(image_id, source, fact) for fact in facts])
        self._mark_changed([image_id])
        return True

    def replace_sidecars(
        self, image_id: int, source: str, read: Sequence[Sidecar], gone: Iterable[bytes] = ()
    ) -> bool:
        """Store these sidecars of an image, forget those that are gone, and replace the facts of `source` by
        those of all its sidecars; True if that changed anything.

        The time that the sidecars state is used for an image whose file states none.
        """
        before = self._stated_time(image_id)
        sidecars.replace_sidecars(self._connection, image_id, read, gone)
        facts = sidecars.load_annotations(self._connection, image_id, source)
        is_changed = self.replace_annotations(image_id, source, facts)
        self._follow_time(image_id, before)
        return is_changed

    def state_name_time(self, image_id: int, annotation: Annotation) -> None:
        """Store the time in the new name of an image's file, unless the image has a better one."""
        facts = times.load_times(self._connection, image_id)
        before = times.find_time(facts)
        stored = self._connection.scalar(select(ImageRow.taken_at).where(ImageRow.id == image_id))
        if stored == before and all(fact.source == annotation.source for fact in facts):
            self.replace_annotations(image_id, annotation.source, [annotation])
            self._follow_time(image_id, before)

    def _stated_time(self, image_id: int) -> datetime | None:
        return times.find_time(times.load_times(self._connection, image_id))

    def _follow_time(self, image_id: int, before: datetime | None) -> None:
        """Store the time that an image's annotations state now, unless it has a time that none of them stated
        before: an older version of Pictor kept the time in the file only there.
        """
        now = self._stated_time(image_id)
        if now != before:
            is_stated = or_(ImageRow.taken_at.is_(None), ImageRow.taken_at == before)
            mine = update(ImageRow).where(ImageRow.id == image_id, is_stated)
            self._connection.execute(mine.values(taken_at=now))

    def add_space(
        self, fingerprint: str, descriptor: str, configuration: Mapping[str, Any], dimension: int
    ) -> int:
        """Add a live space, or find the one with this fingerprint; returns its id."""
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
        """Replace the fingerprint and the configuration of a space; its features stay."""
        mine = update(SpaceRow).where(SpaceRow.id == space_id)
        self._connection.execute(mine.values(fingerprint=fingerprint, configuration=dict(configuration)))

    def add_publication(self, name: str, projections: Sequence[Projection]) -> None:
        """Store the pointers of a publication."""
        self._insert_rows(
            ProjectionRow, [{"publication": name} | asdict(projection) for projection in projections]
        )

    def delete_publications(self, names: Iterable[str]) -> None:
        """Delete the pointers of these publications; unknown names are ignored."""
        self._connection.execute(delete(ProjectionRow).where(ProjectionRow.publication.in_(list(names))))

    def report_problem(self, problem: Problem) -> None:
        """Store a problem by its path; reporting it again counts as another try."""
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
        self._insert_rows(ProblemRow, [values])

    def forget_problems(self, paths: Iterable[bytes]) -> None:
        """Delete the problems of these paths."""
        for chunk in split_into_chunks(list(paths)):
            self._connection.execute(delete(ProblemRow).where(ProblemRow.path.in_(chunk)))

    def _mark_changed(self, ids: Iterable[int]) -> None:
        self._changed.update(dict.fromkeys(ids))

    def _insert_rows(self, table: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._connection.execute(insert(table), rows)


def _image_values(image: NewImage, added_at: datetime) -> dict[str, Any]:
    return {
        "sha256": image.sha256,
        "pixel_digest": image.pixel_digest,
        "perceptual_hash": image.perceptual_hash,
        "width": image.width,
        "height": image.height,
        "format": image.format,
        "bytes": image.bytes,
        "taken_at": times.find_time(image.annotations) or image.taken_at,
        "added_at": added_at,
    }


def _without_duplicates(annotations: Iterable[Annotation]) -> list[Annotation]:
    """The annotations without repetitions within a source."""
    return list({(fact.source, fact.field, fact.value): fact for fact in annotations}.values())


def _feature_blobs(image: NewImage) -> Iterator[tuple[int, bytes]]:
    for space_id, feature in image.features.items():
        yield space_id, to_blob(feature)
    yield from image.blobs.items()


def _path_values(path: bytes) -> dict[str, Any]:
    display = display_path(path)
    return {"path": path, "display": display, "folder": folder_key(str(PurePosixPath(display).parent))}
