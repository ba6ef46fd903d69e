"""The Library: opens a directory, joins catalog, descriptors and projections, and answers queries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from .catalog import Catalog, Image, Projection, Space, sqlite_url
from .descriptors.backbone import Backbone
from .errors import ImageNotFound, LibraryNotFound, ProjectionDamaged, UnreadableImage
from .files import Limits, read
from .fusion import Amounts, reciprocal_rank, relative_score
from .hits import Results
from .images import RGB, Decoded, decode, encode_webp
from .projections import generations, publisher
from .projections.snapshot import AnyProjection, Snapshots
from .projections.vectors import VectorProjection
from .projections.words import WordProjection
from .query import Picture, Query, StoredPicture
from .ranking import Ids, Ranking
from .search import EVERYTHING, Ranked, Vector, check_signals, hits, notes, probes, rank, unranked
from .settings import FILE_NAME, Settings
from .spaces import Description, Features, Spaces

CATALOG_FILE = "catalog.sqlite"
FUSED = "fused"


@dataclass(frozen=True, slots=True)
class Status:
    """What a library holds, and how its projections stand."""

    path: str
    images: int
    locations: int
    missing: int
    problems: int
    spaces: tuple[Space, ...]
    projections: tuple[Projection, ...]
    last_seq: int
    damages: tuple[str, ...]


class Library:
    """One collection of pictures. Open it with `Library.open`; a writer uses `Library.create`.

    Safe to search from many threads. Use it as a context manager, or call `close`.
    """

    def __init__(self, path: Path, catalog: Catalog, settings: Settings) -> None:
        self.path, self.catalog, self.settings = path, catalog, settings
        self._spaces = Spaces(catalog, path / "backbones", settings)

    @classmethod
    def open(cls, path: Path | str, settings: Settings | None = None) -> Library:
        """Open a library for reading; raises LibraryNotFound or SchemaOutOfDate. Nothing is repaired."""
        path = Path(path).absolute()
        settings = settings or Settings.resolve(path)
        if not cls.is_at(path, settings):
            raise LibraryNotFound(path)
        return cls(path, Catalog.open(settings.catalog_url or sqlite_url(path / CATALOG_FILE)), settings)

    @staticmethod
    def is_at(path: Path, settings: Settings) -> bool:
        """Whether there is a library; one whose catalog is on a server is taken to be there."""
        return bool(settings.catalog_url) or (path / CATALOG_FILE).is_file()

    @classmethod
    def create(cls, path: Path | str, settings: Settings | None = None) -> Library:
        """Open a library for writing, and make it where there is none; its schema becomes the newest.

        Only the holder of the writer's lock may call it.
        """
        path = Path(path).absolute()
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = settings or Settings.resolve(path)
        url = settings.catalog_url or sqlite_url(path / CATALOG_FILE)
        return cls(path, Catalog.create(url), settings)

    def close(self) -> None:
        """Give the database back."""
        self.catalog.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- what describes -------------------------------------------------------------------------

    def make_spaces(self, backbone: Backbone) -> None:
        """Give a new library its spaces: subject, by this backbone, and colour."""
        self._spaces.make(backbone)
        for derived in ("projections", "_snapshots", "_amounts"):
            self.__dict__.pop(derived, None)

    @property
    def spaces(self) -> tuple[Space, ...]:
        """The live spaces: what every image is described in."""
        return self._spaces.live

    def describe(self, pictures: Sequence[RGB]) -> list[Features]:
        """The features of each picture, by space id, as they are stored; zeros where there is none."""
        return self._spaces.describe(pictures)

    def describe_and_predict(self, pictures: Sequence[RGB]) -> list[Description]:
        """The same with the labels that are predicted for each picture, all in one pass."""
        return self._spaces.describe_and_predict(pictures)

    def warm_up(self) -> None:
        """Load what a query needs, so that the first one does not wait for it."""
        self.describe([np.zeros((64, 64, 3), np.uint8)])
        self._snapshots.current()

    @property
    def generations(self) -> Path:
        """Where the projections' generations lie."""
        return self.path / "projections"

    # -- what is searched -----------------------------------------------------------------------

    @cached_property
    def projections(self) -> tuple[AnyProjection, ...]:
        """Every projection of the library: the words, and one for each live space."""
        words = WordProjection(predicted=self.settings.predicted_labels)
        return (words, *(VectorProjection(space) for space in self.spaces))

    @property
    def signals(self) -> tuple[str, ...]:
        """The names of the rankings that a query can draw on."""
        return tuple(each.signal for each in self.projections)

    @cached_property
    def _snapshots(self) -> Snapshots:
        return Snapshots(self.catalog, self.projections, self.generations)

    def search(self, query: Query) -> Results:
        """The page of hits that the query asks for; the same query gives the same list, always.

        Raises InvalidQuery, ImageNotFound for a stored picture that is not there, UnreadableImage for a
        picture that cannot be decoded, and ProjectionDamaged when a projection cannot be trusted.
        """
        check_signals(query, self.signals)
        ranked = self._ranked(query, limit=self.settings.candidates)
        page = ranked.fused.ids[query.offset : query.offset + query.limit]
        found = hits(ranked, self._images(page.tolist()), self._amounts)
        return Results(tuple(found), len(ranked.fused), tuple(notes(query) + self._remarks(query)))

    def rankings(self, query: Query) -> dict[str, Ranking]:
        """Every signal's full ranking for a query with one part, and the fused one under "fused"."""
        ranked = self._ranked(query, limit=EVERYTHING)
        return {each.signal: each.ranking for each in ranked.rankings} | {FUSED: ranked.fused}

    def _ranked(self, query: Query, *, limit: int) -> Ranked:
        snapshot = self._snapshots.current()
        allowed = self._allowed(query)
        if not query.parts:
            return unranked(self._all_ids() if allowed is None else allowed)
        asked = probes(query, self.settings.weight, self._features_of)
        examples = [part.image_id for part in query.parts if isinstance(part, StoredPicture)]
        return rank(
            asked,
            snapshot.views,
            self._amounts,
            limit=limit,
            allowed=allowed,
            left_out=() if query.include_examples else examples,
        )

    @cached_property
    def _amounts(self) -> Amounts:
        if self.settings.fusion == "reciprocal-rank":
            return reciprocal_rank(self.settings.fusion_k)
        return relative_score(self._spaces.bandwidths)

    def _allowed(self, query: Query) -> Ids | None:
        if not query.filters:
            return None
        with self.catalog.reading() as reader:
            return reader.ids(query.filters)

    def _all_ids(self) -> Ids:
        with self.catalog.reading() as reader:
            return reader.ids()

    def _features_of(self, part: Picture | StoredPicture) -> Mapping[str, Vector]:
        if isinstance(part, StoredPicture):
            return self._stored_features(part.image_id)
        features = self.describe([self._decoded(part).pixels])[0]
        # Rounded as stored features are, so that a picture finds itself with the same scores.
        return {space.descriptor: features[space.id].astype(np.float32) for space in self.spaces}

    def _stored_features(self, image_id: int) -> dict[str, Vector]:
        found: dict[str, Vector] = {}
        with self.catalog.reading() as reader:
            for space in self.spaces:
                _, features = reader.features(space, [image_id])
                if not len(features):
                    raise ImageNotFound(image_id)
                found[space.descriptor] = features[0].astype(np.float32)
        return found

    def _decoded(self, part: Picture) -> Decoded:
        limits = limits_of(self.settings)
        if isinstance(part.source, bytes):
            return decode(part.source, name=part.name, limits=limits)
        return decode(read(part.source, limits), name=str(part.source), limits=limits)

    def _remarks(self, query: Query) -> list[str]:
        pictures = any(isinstance(part, Picture | StoredPicture) for part in query.parts)
        untrained = any(space.configuration.get("trained") is False for space in self.spaces)
        if pictures and untrained:
            return ["The backbone is untrained: “subject” compares textures and shapes, not what is shown."]
        return []

    # -- what is shown --------------------------------------------------------------------------

    def count(self) -> int:
        """How many images there are."""
        with self.catalog.reading() as reader:
            return reader.count_images()

    def image(self, image_id: int) -> Image:
        """One image with all that is known about it; raises ImageNotFound."""
        found = self._images([image_id])
        if image_id not in found:
            raise ImageNotFound(image_id)
        return found[image_id]

    def _images(self, ids: Sequence[int]) -> dict[int, Image]:
        """Images as they are shown: where the settings want no predicted labels, as if there were none."""
        with self.catalog.reading() as reader:
            images = reader.images(ids)
        if self.settings.predicted_labels:
            return images
        return {number: image.without_predictions() for number, image in images.items()}

    def thumbnail(self, image_id: int) -> bytes:
        """The stored small rendition (WebP, long side 320 pixels); raises ImageNotFound."""
        with self.catalog.reading() as reader:
            data = reader.thumbnail(image_id)
        if data is None:
            raise ImageNotFound(image_id)
        return data

    def preview(self, image_id: int) -> bytes:
        """A larger rendition (WebP, at working size), decoded anew and free of metadata.

        The thumbnail stands in where the original cannot be read now, or holds other content now.
        """
        image, limits = self.image(image_id), limits_of(self.settings)
        for place in image.locations:
            try:
                data = read(place.path, limits)
                if hashlib.sha256(data).hexdigest() == image.sha256:
                    decoded = decode(data, name=place.display, limits=limits)
                    return encode_webp(decoded.pixels, side=max(decoded.pixels.shape[:2]))
            except UnreadableImage:
                continue
        return self.thumbnail(image_id)

    def status(self) -> Status:
        """What the library holds; damaged projections are named, not repaired."""
        damages = tuple(str(damage) for damage in self.damages())
        with self.catalog.reading() as reader:
            return Status(
                path=str(self.path),
                images=reader.count_images(),
                locations=reader.count_locations(missing=False),
                missing=reader.count_locations(missing=True),
                problems=len(reader.problems()),
                spaces=tuple(reader.spaces()),
                projections=tuple(reader.projections()),
                last_seq=reader.last_seq(),
                damages=damages,
            )

    def strays(self) -> list[Path]:
        """Files among the generations that belong to no live one."""
        with self.catalog.reading() as reader:
            live = [pointer.generation for pointer in reader.projections()]
        return generations.strays(self.generations, live)

    def damages(self) -> list[ProjectionDamaged]:
        """Every projection that cannot be trusted, with its reason."""
        return publisher.damages(self.catalog, self.projections, self.generations)

    # -- what only the writer does --------------------------------------------------------------

    def publish(self, *, anew: bool = False) -> bool:
        """Bring the projections up to the newest change; `anew` builds them from the catalog alone."""
        return publisher.publish(self.catalog, self.projections, self.generations, anew=anew)

    def remember_catalog(self) -> None:
        """Put the catalog's address into the library's settings file, where it names none.

        Everyone who opens the library later finds it there; what else the file says stays.
        """
        path = self.path / FILE_NAME
        if not Settings.resolve(self.path, {}).catalog_url:
            others = path.read_text("utf-8") if path.exists() else ""
            line = f"catalog_url = {json.dumps(self.settings.catalog_url)}\n"
            generations.write_file(self.path, FILE_NAME, (line + others).encode())

    def tail_share(self) -> float:
        """Unpublished images as a share of the published ones."""
        return publisher.tail_share(self.catalog, self.projections)


def limits_of(settings: Settings) -> Limits:
    """The size limits that the settings name."""
    return Limits(int(settings.max_image_megabytes * 1e6), settings.max_image_megapixels)
