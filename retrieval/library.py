"""The Library: opens a directory, joins catalog, descriptors and projections, and answers queries."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from .catalog import Catalog, Facet, Image, Projection, Space, sqlite_url
from .descriptors import text_tower
from .descriptors.backbone import Backbone
from .durable import write_file
from .errors import ImageNotFound, InvalidSetting, LibraryNotFound, ProjectionDamaged
from .originals import original, thumbnail
from .pictures.files import Limits
from .pictures.images import RGB, encode_webp
from .projections import generations, publisher
from .projections.bridge import BridgeProjection, BridgeView
from .projections.neighbours import NeighbourProjection
from .projections.snapshot import AnyProjection, Snapshot, Snapshots
from .projections.vectors import Vector, VectorProjection
from .projections.words import WordProjection
from .query.values import Picture, Query, StoredPicture, Text
from .ranking import caption_bridge
from .ranking.fusion import amounts_of
from .ranking.ranking import Ids, Ranking, Scores
from .ranking.tokens import terms
from .search.backgrounds import Backgrounds
from .search.explain import Explainer, Explanation
from .search.flow import NEIGHBOURS, SCALES, Search, check_signals, hits, notes
from .search.gather import EVERYTHING
from .search.hits import Results
from .search.probes import DETAILS, MEANING, SUBJECT, Probe, Questions
from .settings import FILE_NAME, Settings
from .spaces import Description, Features, Spaces

CATALOG_FILE = "catalog.sqlite"
FUSED = "fused"


@dataclass(frozen=True, slots=True)
class Status:
    """What a library holds, and how its projections stand.

    `meaning` says how texts find pictures without words, or why they do not; `remarks` what is good to know
    of the catalog, and no damage.
    """

    path: str
    images: int
    locations: int
    missing: int
    problems: int
    spaces: tuple[Space, ...]
    projections: tuple[Projection, ...]
    last_seq: int
    damages: tuple[str, ...]
    meaning: str = ""
    remarks: tuple[str, ...] = ()


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

    def make_spaces(self, backbone: Backbone, reference: Sequence[RGB] = ()) -> None:
        """Give a new library its spaces: those that draw on this backbone, colour, and details.

        `reference`: pictures that have nothing to do with any collection, which tell what unrelated pictures
        score by a backbone that nothing is known of.
        """
        self._spaces.make(backbone, reference)
        self._forget()

    def note_scaling(self) -> None:
        """Note the setting `scaling` as what pictures are described under, where that is still open.

        It is open as long as there are no pictures, and in libraries that were made before it was noted.
        """
        if self._spaces.scaling != self.settings.scaling and not (self._spaces.scaling and self.count()):
            self._spaces.note_scaling(self.settings.scaling)
            self._forget()

    def _forget(self) -> None:
        for derived in ("projections", "_snapshots"):
            self.__dict__.pop(derived, None)

    def put_back(self, weights: bytes) -> None:
        """Keep weights that the library was made with again, where its copy is gone or damaged."""
        self._spaces.put_back(weights)

    def check_scaling(self) -> None:
        """Raise InvalidSetting where the setting `scaling` is another than pictures were described under."""
        known, wanted = self._spaces.scaling, self.settings.scaling
        if known not in (None, wanted):
            raise InvalidSetting(
                f"scaling = {wanted!r}: the pictures of {self.path} were described under {known!r}, and do "
                f"not compare with others; set it back to {known!r}, or index into another --library"
            )

    @property
    def limits(self) -> Limits:
        """What the settings allow files and their decoding; raises what `check_scaling` does."""
        self.check_scaling()
        return limits_from_settings(self.settings)

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
        spaces, device = self._spaces.indexed, self.settings.device
        subjects = [space for space in spaces if space.descriptor == SUBJECT]
        return (
            words,
            *(VectorProjection(space, device) for space in spaces),
            *(NeighbourProjection(space, device) for space in subjects),
            *(BridgeProjection(space) for space in subjects if self._spaces.tower is None),
        )

    @property
    def signals(self) -> tuple[str, ...]:
        """The names of the rankings that a query can draw on."""
        names = [each.signal for each in self.projections if each.signal != NEIGHBOURS]
        names += [MEANING] if self._spaces.tower else []
        return (*names, DETAILS) if self._spaces.details else tuple(names)

    @cached_property
    def _snapshots(self) -> Snapshots:
        return Snapshots(self.catalog, self.projections, self.generations)

    def snapshot(self) -> Snapshot:
        """The newest state of all projections; raises ProjectionDamaged when one cannot be trusted."""
        return self._snapshots.current()

    def search(self, query: Query) -> Results:
        """The page of hits that the query asks for; the same query gives the same list, always.

        Raises InvalidQuery, ImageNotFound for a stored picture that is not there, UnreadableImage for a
        picture that cannot be decoded, and ProjectionDamaged when a projection cannot be trusted.
        """
        check_signals(query, self.signals)
        search = self._searching(query)
        answer = search.answer()
        page = answer.ids[query.offset : query.offset + query.limit].tolist()
        found = hits(answer, self._load_images(page), search.amounts, offset=query.offset)
        remarks = (*notes(query), *self._remarks(query))
        return Results(tuple(found), len(answer.ids), remarks, answer.folded)

    def rankings(self, query: Query) -> dict[str, Ranking]:
        """Every signal's full ranking for a query with one part, and the fused one under "fused".

        Signals that count nothing are ranked as well. Where the options put neighbourhoods in the place of
        plain subjects, these are ranked too, but take no part in the fusion.
        """
        search = self._searching(query)
        probes, allowed = search.probes(search.weight), search.allowed()
        ranked = search.ranked(probes, allowed, limit=EVERYTHING)
        found = {each.scale or each.signal: each.ranking for each in ranked.rankings}
        plain = [replace(each, view="", scale="") for each in probes if each.view == NEIGHBOURS]
        beside = search.ranked(plain, allowed, limit=EVERYTHING)
        return {each.signal: each.ranking for each in beside.rankings} | found | {FUSED: ranked.fused}

    def amounts(self, query: Query, ids: Ids, *, fusion: str, k: float) -> dict[str, Scores]:
        """What every signal that a query asks gives to each of these images at weight 1, by signal.

        `fusion` and `k` are those of the settings `fusion` and `fusion_k`. Signals without rankings of their
        own, such as `details`, are not among them.
        """
        settings = replace(self.settings, fusion=fusion, fusion_k=k)
        search = self._searching(query, settings)
        ranked = search.ranked(search.probes(_alike), search.allowed(), limit=EVERYTHING)
        return {each.signal: amounts_of(each, ids, search.amounts) for each in ranked.rankings}

    def explain(self, query: Query, image_id: int) -> Explanation:
        """Why an image is where it is in the answer to a query, on whatever page.

        Raises ImageNotFound for an image that the answer does not list, and what `search` raises.
        """
        search = self._searching(query)
        answer = search.answer()
        places = np.flatnonzero(answer.ids == image_id)
        if not len(places):
            raise ImageNotFound(image_id)
        [hit] = hits(answer, self._load_images([image_id]), search.amounts, offset=int(places[0]))
        return Explainer(query, search.questions, self._spaces).explain(hit)

    def count_facets(self, query: Query) -> dict[str, Facet]:
        """How many of all images that a query lists, on every page, have each value; by facet."""
        answer = self._searching(query).answer()
        everything = not (query.parts or query.examples or query.filters)
        with self.catalog.reading() as reader:
            return reader.facets(
                None if everything else answer.ids.tolist(),
                confidence=query.filters.confidence,
                predicted=self.settings.predicted_labels,
            )

    def _searching(self, query: Query, settings: Settings | None = None) -> Search:
        snapshot = self._snapshots.current()
        meaning = self._meaning(snapshot)
        return Search(
            query,
            catalog=self.catalog,
            snapshot=snapshot,
            backgrounds=self._backgrounds,
            questions=Questions(self.catalog, self._spaces, self.limits, meaning),
            scales={**SCALES, **self._spaces.bandwidths},
            meant=text_tower.closeness if self._spaces.tower else caption_bridge.closeness,
            settings=settings or self.settings,
        )

    def _meaning(self, snapshot: Snapshot) -> Callable[[str], Vector | None]:
        """Texts as vectors of the subject space: by the text tower that belongs to it, or by the bridge."""
        tower, view = self._spaces.tower, snapshot.views.get(MEANING)
        if tower is not None:
            return _nothing if tower.reason else tower.vector
        return (lambda text: view.question(terms(text))) if isinstance(view, BridgeView) else _nothing

    @cached_property
    def _backgrounds(self) -> Backgrounds:
        return Backgrounds(self.catalog, self._spaces)

    def _remarks(self, query: Query) -> list[str]:
        pictures = any(isinstance(part, Picture | StoredPicture) for part in query.parts)
        untrained = any(space.configuration.get("trained") is False for space in self.spaces)
        if pictures and untrained:
            return ["The backbone is untrained: “subject” compares textures and shapes, not what is shown."]
        texts = any(isinstance(part, Text) for part in query.parts)
        tower = self._spaces.tower
        return [tower.reason] if texts and tower and tower.reason else []

    # -- what is shown --------------------------------------------------------------------------

    def count(self) -> int:
        """How many images there are."""
        with self.catalog.reading() as reader:
            return reader.count_images()

    def image(self, image_id: int) -> Image:
        """One image with all that is known about it; raises ImageNotFound."""
        found = self._load_images([image_id])
        if image_id not in found:
            raise ImageNotFound(image_id)
        return found[image_id]

    def _load_images(self, ids: Sequence[int]) -> dict[int, Image]:
        """Images as they are shown: where the settings want no predicted labels, as if there were none."""
        with self.catalog.reading() as reader:
            images = reader.images(ids)
        if self.settings.predicted_labels:
            return images
        return {number: image.without_predictions() for number, image in images.items()}

    def thumbnail(self, image_id: int) -> bytes:
        """The stored small rendition (WebP, long side 320 pixels); raises ImageNotFound."""
        return thumbnail(self.catalog, image_id)

    def preview(self, image_id: int) -> bytes:
        """A larger rendition (WebP, at working size), decoded anew and free of metadata.

        The thumbnail stands in where the original cannot be read now, or holds other content now.
        """
        pixels = original(self.image(image_id), self.limits)
        if pixels is None:
            return self.thumbnail(image_id)
        return encode_webp(pixels, side=max(pixels.shape[:2]))

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
                meaning="" if damages else self._meaning_in_words(),
                remarks=self.catalog.remarks(),
            )

    def _meaning_in_words(self) -> str:
        if self._spaces.tower is not None:
            return self._spaces.tower.reason or "by the text tower of the backbone"
        view = self.snapshot().views.get(MEANING)
        learned = view.bridge if isinstance(view, BridgeView) else None
        if learned is None or learned.reason:
            return f"off: {learned.reason if learned else 'no subject'}"
        return f"by the caption bridge, {len(learned.rows)} words"

    def strays(self) -> list[Path]:
        """Files among the generations that belong to no live one."""
        with self.catalog.reading() as reader:
            live = [pointer.generation for pointer in reader.projections()]
        return generations.strays(self.generations, live)

    def mismatches(self) -> dict[str, list[int]]:
        """Ids of images that the vectors of a space hold and the catalog does not, or the reverse, by space.

        Somebody changed the catalog behind the change log's back then. Nothing while another process
        writes; raises ProjectionDamaged.
        """
        snapshot, found = self.snapshot(), dict[str, list[int]]()
        with self.catalog.reading() as reader:
            if reader.last_seq() != snapshot.seq:
                return {}
            for space in self._spaces.indexed:
                anything = np.zeros(space.dimension, np.float32)
                held = snapshot.views[space.descriptor].search(anything, limit=EVERYTHING, allowed=None).ids
                found[space.descriptor] = np.setxor1d(held, reader.described(space)).tolist()
        return {name: ids for name, ids in found.items() if ids}

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
            write_file(self.path, FILE_NAME, (line + others).encode())

    def tail_share(self) -> float:
        """Unpublished images as a share of the published ones."""
        return publisher.tail_share(self.catalog, self.projections)


def _alike(_: Probe) -> float:
    """Every signal counts the same."""
    return 1.0


def _nothing(_: str) -> None:
    """No text tower and no bridge: texts mean nothing but their words."""


def limits_from_settings(settings: Settings) -> Limits:
    """The limits that the settings name, and how they scale deep values."""
    size = int(settings.max_image_megabytes * 1e6)
    seconds = settings.decode_seconds
    return Limits(size, settings.max_image_megapixels, seconds, settings.scaling, settings.pages)
