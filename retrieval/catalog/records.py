"""The values that the catalog stores and returns: frozen, and free of SQL."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

from ..paths import display_path
from ..ranking.arrays import Float16Vector

PREDICTED_SOURCE = "predicted"  # the source of what a classifier predicts
LABEL, CATEGORY = "label", "category"  # fields of what a picture shows; categories are only predicted
PLACE = "place"  # the field of places: names and positions
PREDICTED_FIELDS = (LABEL, CATEGORY)  # what `shows` and words look for
SURE = 0.5  # least confidence of a predicted label or category that words find: more likely right than wrong
USER_SOURCE = "user"  # the source of what a person tells Pictor directly
TIME_FIELDS = TAKEN, MODIFIED = ("taken", "modified")  # the fields of the times that files state
NAME_SOURCE = "name"  # the source of the date in the name of a file
EMBEDDED_SOURCES = ("xmp", "iptc", "exif", "comment")  # what the bytes of a file state about its picture
FILE_SOURCES = (*EMBEDDED_SOURCES, NAME_SOURCE)  # the same, and what its name states
# Whose title is shown if several sources have one, and whose words come first: what a person told Pictor,
# then lists of captions, then sidecar files, then the picture's own file. Other sources come last.
PRECEDENCE = (USER_SOURCE, "captions", "sidecar", *FILE_SOURCES)


def source_rank(source: str) -> int:
    """The position of a source in PRECEDENCE."""
    return PRECEDENCE.index(source) if source in PRECEDENCE else len(PRECEDENCE)


@dataclass(frozen=True, slots=True)
class Annotation:
    """One fact about an image: a title, caption, tag, label, category, creator, person, place or camera;
    taken or modified, which are times; rating, lens, iso, aperture, exposure or focal.

    `source` names who stated or predicted it, `confidence` is from 0 to 1.
    """

    field: str
    value: str
    source: str
    confidence: float = 1.0

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of a predicted label or category: the usual one, then its synonyms."""
        return tuple(self.value.split(", "))


@dataclass(frozen=True, slots=True)
class Location:
    """A path that holds an image, and the page of that file, counted from 1.

    `mtime` (in nanoseconds) and `size` (in bytes) are those of the file; `sha256` is that of its content.
    `depth`: how many of its folders lie below the one that was given to be indexed.
    """

    path: bytes
    mtime: int
    size: int
    missing_since: datetime | None = None
    page: int = 1
    sha256: str = ""
    depth: int = 1

    @property
    def written_at(self) -> datetime:
        """`mtime` to the second, in UTC."""
        return datetime.fromtimestamp(self.mtime // 10**9, UTC)

    @property
    def display(self) -> str:
        return display_path(self.path)

    @property
    def display_with_page(self) -> str:
        """The path, and the page if it is not the first."""
        return self.display + (f", page {self.page}" if self.page > 1 else "")

    @property
    def folder_name(self) -> str:
        """The name of the folder that holds the file."""
        return display_path(self.path.split(b"/")[-2]) if b"/" in self.path else ""

    @property
    def folder_names(self) -> tuple[str, ...]:
        """The names of the folder that holds the file, and of those above it below what was indexed."""
        folders = self.path.split(b"/")[:-1]
        return tuple(map(display_path, reversed(folders[-self.depth :])))


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A sidecar file as it was read: its fields and values, size in bytes, and mtime in nanoseconds."""

    path: bytes
    size: int
    mtime: int
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a picture file, or of a page of it, by their SHA-256; `bytes` is the size of the file.

    `taken_at` and the facts (of EMBEDDED_SOURCES) are what the bytes state about their image.
    """

    sha256: str
    bytes: int
    format: str
    taken_at: datetime | None
    facts: tuple[Annotation, ...] = ()


@dataclass(frozen=True, slots=True)
class Image:
    """One picture, with its locations and the facts about it.

    `sha256`, `format` and `bytes` are those of its content; where it has several, of the one that was read
    first among those that lie somewhere. The annotations are in the order of PRECEDENCE, those of one source
    as they were stored.
    """

    id: int
    sha256: str
    perceptual_hash: int
    width: int
    height: int
    format: str
    bytes: int
    taken_at: datetime | None
    added_at: datetime
    locations: tuple[Location, ...]
    annotations: tuple[Annotation, ...]

    def __repr__(self) -> str:
        """In one short line: there may be hundreds of facts."""
        return f"<Image {self.id}: {self.display_with_page}, {self.width} × {self.height} {self.format}>"

    @property
    def is_missing(self) -> bool:
        """Whether none of its files was there when its folder was last indexed."""
        return all(location.missing_since is not None for location in self.locations)

    @property
    def taken_with_zone(self) -> datetime | None:
        """The same as `taken_at`, with the time zone if a fact states one with this time."""
        for fact in self.annotations:
            if fact.field in TIME_FIELDS:
                with suppress(ValueError):
                    moment = datetime.fromisoformat(fact.value)
                    if moment.tzinfo and moment.replace(tzinfo=None) == self.taken_at:
                        return moment
        return self.taken_at

    @property
    def path(self) -> str:
        """The path of `location` for display; control characters are escaped."""
        return self.location.display if self.location else ""

    @property
    def page(self) -> int:
        """The page of the file at `path` that holds the image."""
        return self.location.page if self.location else 1

    @property
    def display_with_page(self) -> str:
        """The path, and the page if it is not the first."""
        return self.location.display_with_page if self.location else ""

    @property
    def location(self) -> Location | None:
        """The first location that is not missing, or else the first; None for an image without any."""
        present = [location for location in self.locations if location.missing_since is None]
        return next(iter(present or self.locations), None)

    def field_values(self, field: str) -> tuple[str, ...]:
        """The stated values of a field, in the order of the annotations; predicted ones are left out.

        Of values that differ only in upper and lower case, or not at all, the first is returned.
        """
        stated = [
            fact.value for fact in self.annotations if fact.field == field and fact.source != PREDICTED_SOURCE
        ]
        first: dict[str, str] = {}
        for value in stated:
            first.setdefault(value.casefold(), value)
        return tuple(first.values())

    @property
    def title(self) -> str:
        return next(iter(self.field_values("title")), "")

    @property
    def caption(self) -> str:
        return next(iter(self.field_values("caption")), "")

    @property
    def tags(self) -> tuple[str, ...]:
        return self.field_values("tag")

    @property
    def labels(self) -> tuple[str, ...]:
        return self.field_values("label")

    @property
    def predicted_labels(self) -> tuple[Annotation, ...]:
        """The predicted labels, the most confident first."""
        return tuple(sorted(self._predicted_values(LABEL), key=lambda fact: -fact.confidence))

    @property
    def predicted_categories(self) -> tuple[Annotation, ...]:
        """The predicted categories: what the picture shows a kind of, the most specific first."""
        return self._predicted_values(CATEGORY)

    @property
    def predictions(self) -> tuple[Annotation, ...]:
        """Predicted labels and categories, so that the first is the best single answer.

        The SURE ones come first, from the most specific (a label) to the most general category; then the
        others, by confidence.
        """
        facts = (*self.predicted_labels, *self.predicted_categories)
        return tuple(sorted(facts, key=lambda fact: -min(fact.confidence, SURE)))

    def _predicted_values(self, field: str) -> tuple[Annotation, ...]:
        return tuple(
            fact for fact in self.annotations if (fact.field, fact.source) == (field, PREDICTED_SOURCE)
        )

    def label_definition(self, label: Annotation) -> str:
        """What a predicted label means, in a few words; empty if that is not known."""
        starts = f"{label.value}: "
        definitions = (
            fact.value.removeprefix(starts)
            for fact in self.annotations
            if (fact.field, fact.source) == ("definition", PREDICTED_SOURCE) and fact.value.startswith(starts)
        )
        return next(definitions, "")

    def without_predictions(self) -> Image:
        """The same image without predicted facts."""
        stated = tuple(fact for fact in self.annotations if fact.source != PREDICTED_SOURCE)
        return replace(self, annotations=stated)


@dataclass(frozen=True, slots=True)
class Space:
    """One versioned set of features; spaces with the same fingerprint hold comparable features.

    `dimension` is 0 for keypoints, whose number differs from picture to picture.
    """

    id: int
    fingerprint: str
    descriptor: str
    configuration: Mapping[str, Any]
    dimension: int
    state: str


@dataclass(frozen=True, slots=True)
class Facet:
    """Values, each with its number of images. `more` is how many further values are not listed."""

    counts: tuple[tuple[str, int], ...]
    more: int


@dataclass(frozen=True, slots=True)
class FusionRecipe:
    """A saved weighting of signals: the fusion, its k, a weight for each signal, and the measured gain."""

    name: str
    fusion: str
    k: float
    weights: Mapping[str, float]
    measured: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A search that somebody keeps by name: a line of the query language.

    `seen_image` is the highest id of an image at the last look, or when it was saved: later images have
    higher ids. `looked_at` is None until the first look. Times are in UTC, without a time zone.
    """

    name: str
    line: str
    created_at: datetime
    seen_image: int
    looked_at: datetime | None = None


SEARCH_SCOPE: Final = "search"
ORIGINALS_SCOPE: Final = "originals"
EDIT_SCOPE: Final = "edit"
INDEX_SCOPE: Final = "index"
STATUS_SCOPE: Final = "status"
METRICS_SCOPE: Final = "metrics"
BACKUP_SCOPE: Final = "backup"
SCOPES: Final = (  # what a key or a person may be allowed
    SEARCH_SCOPE,
    ORIGINALS_SCOPE,
    EDIT_SCOPE,
    INDEX_SCOPE,
    STATUS_SCOPE,
    METRICS_SCOPE,
    BACKUP_SCOPE,
)
# What may be allowed for a part of a library: the others change, measure or copy the whole.
RESTRICTED_SCOPES: Final = (SEARCH_SCOPE, ORIGINALS_SCOPE, STATUS_SCOPE)


@dataclass(frozen=True, slots=True)
class Restriction:
    """The part of a library that a key or a person sees: the images in a folder and below, or with a tag.

    `value`: an absolute path, or a tag.
    """

    kind: Literal["folder", "tag"]
    value: str

    @property
    def text(self) -> str:
        """As people read it."""
        return f"{self.kind} {self.value}"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Who may ask a server, and for what: some of SCOPES. `prefix` is the part of the key that is no secret.

    Times are in UTC, without a time zone; `last_used_at` may be an hour behind. `restriction`: what the key
    sees; None for the whole library.
    """

    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    restriction: Restriction | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Who may sign in to a server by name and password, and for what; otherwise as ApiKey."""

    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None = None
    restriction: Restriction | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """Who did what, and when (in UTC): `what` is a request or a command, `about` what it was about."""

    done_at: datetime
    who: str
    what: str
    about: str


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the change log: `put` when facts of an image were written, `remove` when it was removed.

    `said`: only what a person says of the image changed, and so none of its features.
    """

    seq: int
    image_id: int
    operation: str
    said: bool = False


@dataclass(frozen=True, slots=True)
class Projection:
    """The pointer to the live generation of one projection; `seq` is its watermark."""

    kind: str
    space_id: int | None
    seq: int
    generation: str
    bytes: int
    sha256: str
    library_versions: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A path that could not be indexed: why (`code` for programs, `reason` for people), and the tries."""

    path: bytes
    code: str
    reason: str
    tries: int = 1

    @property
    def display(self) -> str:
        return display_path(self.path)


@dataclass(frozen=True, slots=True, eq=False)
class NewImage:
    """A new picture for the catalog, with its features in every live space."""

    sha256: str
    perceptual_hash: int
    width: int
    height: int
    format: str
    bytes: int
    taken_at: datetime | None
    thumbnail: builtins.bytes  # WebP
    features: Mapping[int, Float16Vector] = field(default_factory=dict)  # by space id
    annotations: tuple[Annotation, ...] = ()  # from the file, and predicted by a network
    blobs: Mapping[int, builtins.bytes] = field(default_factory=dict)  # by space id, as stored
    pixel_digest: str = ""  # empty where only the bytes tell the image from others

    @property
    def content(self) -> Content:
        """The bytes that it was made of."""
        facts = tuple(fact for fact in self.annotations if fact.source in EMBEDDED_SOURCES)
        return Content(self.sha256, self.bytes, self.format, self.taken_at, facts)


WebhookEvent: TypeAlias = Literal["new-hits", "job-ended"]


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told of an event: new hits of the saved search `saved`, or that a job has ended.

    `secret` signs what it is told. New hits were told up to the image `told_image`. `failure` says why the
    last message did not arrive; it is empty where it did. Times are in UTC, without a time zone.
    """

    id: int
    url: str
    event: WebhookEvent
    saved: str
    secret: str
    created_at: datetime
    told_image: int
    told_at: datetime | None
    failure: str
