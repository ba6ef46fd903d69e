"""The tables of the catalog, as typed declarative models; migrations/ makes the same tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# SQLite allows AUTOINCREMENT, which never uses an id twice, only for INTEGER keys.
BigKey = BigInteger().with_variant(Integer, "sqlite")

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


HAS_POSITION = text("latitude IS NOT NULL")


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class ImageRow(Base):
    __tablename__ = "image"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    sha256: Mapped[str] = mapped_column(Text, unique=True)
    perceptual_hash: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int] = mapped_column(index=True)
    height: Mapped[int] = mapped_column(index=True)
    format: Mapped[str] = mapped_column(Text)
    bytes: Mapped[int] = mapped_column(BigInteger, index=True)
    taken_at: Mapped[datetime | None] = mapped_column(DateTime, index=True)
    place: Mapped[str | None] = mapped_column(Text)
    added_at: Mapped[datetime] = mapped_column(DateTime, index=True)
    # Of the pixels; empty where only the bytes tell the image from others. Two images of a library that is
    # older than migration 0008 may have the same one.
    pixel_digest: Mapped[str] = mapped_column(Text, index=True, server_default=text("''"))


class ContentRow(Base):
    __tablename__ = "content"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    sha256: Mapped[str] = mapped_column(Text, unique=True)
    image_id: Mapped[int] = mapped_column(BigKey, ForeignKey("image.id", ondelete="CASCADE"), index=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
    format: Mapped[str] = mapped_column(Text)
    taken_at: Mapped[datetime | None] = mapped_column(DateTime)
    said: Mapped[list[list[str]]] = mapped_column(JSON)  # fields, values and sources


class LocationRow(Base):
    __tablename__ = "location"
    __table_args__ = (UniqueConstraint("path", "page"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    path: Mapped[bytes] = mapped_column(LargeBinary)
    display: Mapped[str] = mapped_column(Text)
    # The parent folder in lower case, with a slash at both ends: folder filters are compared with it.
    folder: Mapped[str] = mapped_column(Text, index=True)
    image_id: Mapped[int] = mapped_column(BigKey, ForeignKey("image.id", ondelete="CASCADE"), index=True)
    mtime: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    missing_since: Mapped[datetime | None] = mapped_column(DateTime)
    page: Mapped[int] = mapped_column(server_default="1", index=True)  # counted from 1
    content_id: Mapped[int] = mapped_column(BigKey, ForeignKey("content.id", ondelete="CASCADE"), index=True)
    # How many folders of the path lie below the outermost root that holds it: their names count as words.
    depth: Mapped[int] = mapped_column(server_default="1")


class RootRow(Base):
    __tablename__ = "root"

    path: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)


class AnnotationRow(Base):
    __tablename__ = "annotation"
    __table_args__ = (
        UniqueConstraint("image_id", "field", "value", "source"),
        CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence"),
        Index(None, "field", "folded"),
        # Few facts are positions.
        Index(None, "latitude", "longitude", sqlite_where=HAS_POSITION, postgresql_where=HAS_POSITION),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    image_id: Mapped[int] = mapped_column(BigKey, ForeignKey("image.id", ondelete="CASCADE"), index=True)
    field: Mapped[str] = mapped_column(Text)
    value: Mapped[str] = mapped_column(Text)
    # In lower case: filters are compared with it. Positions, of which there may be one for each image, have
    # "", so that the names of places are few.
    folded: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    confidence: Mapped[float] = mapped_column(Float)
    latitude: Mapped[float | None] = mapped_column(Float)  # of a place that is a position
    longitude: Mapped[float | None] = mapped_column(Float)


class OverruledRow(Base):
    """Facts that do not count any more, since a person overruled them; with the ids that they had."""

    __tablename__ = "overruled"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    image_id: Mapped[int] = mapped_column(BigKey, ForeignKey("image.id", ondelete="CASCADE"), index=True)
    field: Mapped[str] = mapped_column(Text)
    value: Mapped[str] = mapped_column(Text)
    folded: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    confidence: Mapped[float] = mapped_column(Float)
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)


class RejectionRow(Base):
    """What a person says is not so."""

    __tablename__ = "rejection"
    __table_args__ = (UniqueConstraint("image_id", "field", "value"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    image_id: Mapped[int] = mapped_column(BigKey, ForeignKey("image.id", ondelete="CASCADE"), index=True)
    field: Mapped[str] = mapped_column(Text)
    value: Mapped[str] = mapped_column(Text)  # empty for every value of the field


class EditRow(Base):
    __tablename__ = "edit"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    made_at: Mapped[datetime] = mapped_column(DateTime)
    said: Mapped[dict[str, list[list[str]]]] = mapped_column(JSON)  # pairs, as in Edit


class EditedImageRow(Base):
    __tablename__ = "edited_image"

    edit_id: Mapped[int] = mapped_column(BigKey, ForeignKey("edit.id", ondelete="CASCADE"), primary_key=True)
    image_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("image.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    # All that was said about the image: fields, values, and whether they are so.
    before: Mapped[list[list[Any]]] = mapped_column(JSON)
    after: Mapped[list[list[Any]]] = mapped_column(JSON)


class ThumbnailRow(Base):
    __tablename__ = "thumbnail"

    image_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("image.id", ondelete="CASCADE"), primary_key=True
    )
    data: Mapped[bytes] = mapped_column(LargeBinary)


class SpaceRow(Base):
    __tablename__ = "space"
    __table_args__ = (
        CheckConstraint("state IN ('building', 'live', 'retired')", name="state"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    fingerprint: Mapped[str] = mapped_column(Text, unique=True)
    descriptor: Mapped[str] = mapped_column(Text)
    configuration: Mapped[dict[str, Any]] = mapped_column(JSON)
    dimension: Mapped[int]
    metric: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)


class FeatureRow(Base):
    __tablename__ = "feature"

    space_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("space.id", ondelete="CASCADE"), primary_key=True
    )
    image_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("image.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    vector: Mapped[bytes] = mapped_column(LargeBinary)  # little-endian float16, or keypoints
    crc32: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))  # of `vector`


class ChangeRow(Base):
    __tablename__ = "change"
    __table_args__ = (
        CheckConstraint("operation IN ('put', 'remove')", name="operation"),
        {"sqlite_autoincrement": True},
    )

    seq: Mapped[int] = mapped_column(BigKey, primary_key=True)
    image_id: Mapped[int] = mapped_column(BigInteger)  # no foreign key: the line outlives the image
    operation: Mapped[str] = mapped_column(Text)
    # Whether only what a person says of the image changed: its pixels and features did not.
    said: Mapped[bool] = mapped_column(Boolean, server_default=false())


class ProjectionRow(Base):
    __tablename__ = "projection"
    __table_args__ = (
        UniqueConstraint("publication", "kind", "space_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    space_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("space.id", ondelete="CASCADE"))
    seq: Mapped[int] = mapped_column(BigInteger)
    generation: Mapped[str] = mapped_column(Text)
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(Text)
    library_versions: Mapped[str] = mapped_column(Text)
    publication: Mapped[str] = mapped_column(Text, server_default=text("''"))


class ProblemRow(Base):
    __tablename__ = "problem"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    path: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    code: Mapped[str] = mapped_column(Text, index=True)
    reason: Mapped[str] = mapped_column(Text)
    tries: Mapped[int]
    seen_at: Mapped[datetime] = mapped_column(DateTime)


class ApiKeyRow(Base):
    __tablename__ = "api_key"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(Text, unique=True)
    sha256: Mapped[str] = mapped_column(Text)  # of the key; the key itself is never stored
    scopes: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime)
    folder: Mapped[str | None] = mapped_column(Text)  # the key sees nothing but what lies in it
    tag: Mapped[str | None] = mapped_column(Text)


class PersonRow(Base):
    __tablename__ = "person"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    password_hash: Mapped[str] = mapped_column(Text)  # by Argon2, with its own salt
    scopes: Mapped[str] = mapped_column(Text)
    folder: Mapped[str | None] = mapped_column(Text)
    tag: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime)


class SignInRow(Base):
    """A browser in which somebody is signed in: a person, or who has a key."""

    __tablename__ = "sign_in"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    sha256: Mapped[str] = mapped_column(Text, unique=True)  # of what the browser's cookie holds
    person_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("person.id", ondelete="CASCADE"))
    key_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("api_key.id", ondelete="CASCADE"))
    ends_at: Mapped[datetime] = mapped_column(DateTime)


class DeedRow(Base):
    """Who did what, and when; the ids rise with the time."""

    __tablename__ = "deed"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    done_at: Mapped[datetime] = mapped_column(DateTime)
    who: Mapped[str] = mapped_column(Text)
    what: Mapped[str] = mapped_column(Text)
    about: Mapped[str] = mapped_column(Text)


class SavedSearchRow(Base):
    __tablename__ = "saved_search"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime)
    line: Mapped[str] = mapped_column(Text)
    seen_image: Mapped[int] = mapped_column(BigInteger)  # the newest image at the last look: ids only rise
    looked_at: Mapped[datetime | None] = mapped_column(DateTime)


class ConceptRow(Base):
    __tablename__ = "concept"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    good: Mapped[list[int]] = mapped_column(JSON)  # image ids; an image that was removed is ignored
    bad: Mapped[list[int]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(DateTime)


class WebhookRow(Base):
    __tablename__ = "webhook"
    __table_args__ = (
        CheckConstraint("event IN ('new-hits', 'job-ended')", name="event"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    event: Mapped[str] = mapped_column(Text)
    saved: Mapped[str] = mapped_column(Text)  # the name of a saved search, for new-hits
    secret: Mapped[str] = mapped_column(Text)  # signs what is sent, so it has to be known here
    created_at: Mapped[datetime] = mapped_column(DateTime)
    told_image: Mapped[int] = mapped_column(BigInteger)  # the newest image whose hits were told
    told_at: Mapped[datetime | None] = mapped_column(DateTime)
    failure: Mapped[str] = mapped_column(Text)  # of the last message; empty where it arrived


class VerdictRow(Base):
    __tablename__ = "verdict"
    __table_args__ = (
        CheckConstraint("kind IN ('same', 'different')", name="kind"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)  # the later of two that contradict counts
    kind: Mapped[str] = mapped_column(Text)
    images: Mapped[list[int]] = mapped_column(JSON)  # ids; an image that was removed is ignored
    stated_at: Mapped[datetime] = mapped_column(DateTime)


class SidecarRow(Base):
    __tablename__ = "sidecar"
    __table_args__ = (UniqueConstraint("path", "image_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    path: Mapped[bytes] = mapped_column(LargeBinary)
    image_id: Mapped[int] = mapped_column(BigKey, ForeignKey("image.id", ondelete="CASCADE"), index=True)
    mtime: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    said: Mapped[list[list[str]]] = mapped_column(JSON)  # fields and values


class RecipeRow(Base):
    __tablename__ = "recipe"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    fusion: Mapped[str] = mapped_column(Text)
    k: Mapped[float] = mapped_column(Float)
    weights: Mapped[dict[str, float]] = mapped_column(JSON)
    measured: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(DateTime)


class ClockRow(Base):
    __tablename__ = "clock"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # always 1: there is only one row
    said: Mapped[datetime] = mapped_column(DateTime)
