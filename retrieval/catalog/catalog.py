"""The catalog of a library: transactions on the truth, for readers and for the one writer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self, final

from sqlalchemy import URL, Connection, Engine

from ..errors import SchemaOutOfDate, StorageFailed
from . import engine, soundness
from .clock import Clock, utc_now
from .edit_writer import EditWriter
from .reader import Reader
from .records import Restriction
from .saved_writer import SavedWriter
from .writer import Writer


class Catalog:
    """The SQL database of one library, open for reading; `reading()` gives a Reader on one fixed state."""

    def __init__(self, sql: Engine, url: URL) -> None:
        self._engine = sql
        self._url = url
        self.address = url.render_as_string(hide_password=True)

    @classmethod
    def open(cls, url: engine.CatalogAddress) -> Catalog:
        """Open for reading; raises SchemaOutOfDate when the schema is not the one this code knows."""
        parts = engine.parse_address(url)
        try:
            return _open_for_reading(parts, unchanging=False)
        except StorageFailed:
            if not engine.is_settled(parts):
                raise
            return _open_for_reading(parts, unchanging=True)

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Ask questions of one state of the catalog."""
        with engine.transaction(self._engine, self.address) as connection:
            yield Reader(connection)

    def restrict(self, restriction: Restriction) -> Catalog:
        """The same catalog, for reading, as if it held nothing but what the restriction lets see."""
        sql = engine.open_engine(self._url, writable=False, restriction=restriction)
        return Catalog(sql, self._url)

    def has_content(self, digest: str) -> bool:
        """Whether the content with this SHA-256 has been acknowledged."""
        with self.reading() as reader:
            return reader.has_content(digest)

    @property
    def is_file(self) -> bool:
        """Whether the catalog is one SQLite file, and not on a server."""
        return self._engine.dialect.name == "sqlite"

    def remarks(self) -> tuple[str, ...]:
        """What the person who looks after the catalog may want to know, one line each."""
        return engine.catalog_remarks(self._url)

    def copy_to(self, target: Path) -> None:
        """Write one state of the catalog to a new file, while others may write. Only for SQLite."""
        soundness.copy_catalog(self._engine, self.address, target)

    def close(self) -> None:
        """Give every connection back."""
        self._engine.dispose()


@final
class SavedCatalog(Catalog):
    """A catalog in which people may save things by name and say things of images, also while a writer adds
    images.

    It takes a turn (see `retrieval.catalog.turns`) for each transaction, and needs no other lock. It is a
    subclass of Catalog, because who saves reads as well.
    """

    @classmethod
    def open(cls, url: engine.CatalogAddress) -> SavedCatalog:
        """Open for saving; raises SchemaOutOfDate when the schema is not the one this code knows."""
        parts = engine.parse_address(url)
        catalog = cls(engine.open_engine(parts, writable=True), parts)
        try:
            _check_schema(catalog)
        except BaseException:
            catalog.close()
            raise
        return catalog

    @contextmanager
    def writing(self) -> Iterator[SavedWriter]:
        """Write what is saved by name; it is acknowledged when the block ends."""
        with engine.transaction(self._engine, self.address, writes=True) as connection:
            engine.take_server_turn(connection)
            yield SavedWriter(connection)

    @contextmanager
    def editing(self) -> Iterator[EditWriter]:
        """Write what a person says of images; it is acknowledged when the block ends."""
        with engine.transaction(self._engine, self.address, writes=True) as connection:
            engine.take_server_turn(connection)
            yield EditWriter(connection)


def _open_for_reading(url: URL, *, unchanging: bool) -> Catalog:
    catalog = Catalog(engine.open_engine(url, writable=False, unchanging=unchanging), url)
    try:
        _check_schema(catalog)
    except BaseException:
        catalog.close()
        raise
    return catalog


def _check_schema(catalog: Catalog) -> None:
    revision, expected = engine.schema_revision(catalog._engine, catalog.address), engine.newest_revision()
    if revision != expected:
        raise SchemaOutOfDate(catalog.address, revision, expected)


@final
class WritableCatalog(Catalog):
    """A catalog that is open for writing as well; only the holder of the writer's lock may make one.

    `writing()` gives a Writer. Its facts are acknowledged together when the block ends, or not at all when
    the block raises. It is a subclass of Catalog, though Catalog is not abstract,
    because a writer reads as well.
    """

    def __init__(self, sql: Engine, url: URL, check_lock: Callable[[], None]) -> None:
        super().__init__(sql, url)
        self._check_lock = check_lock
        self._lock: Connection | None = None  # a server's
        self.clock: Clock = utc_now  # what facts are dated with

    @classmethod
    def create(cls, url: engine.CatalogAddress, *, check_lock: Callable[[], None] = lambda: None) -> Self:
        """Open for writing; the schema is made, or brought up to date.

        `check_lock` is called before each transaction and raises when the writer's lock is not held any more.
        Raises LibraryBusy where the database is a server and another writer is at work on it.
        """
        parts = engine.parse_address(url)
        catalog = cls(engine.open_engine(parts, writable=True), parts, check_lock)
        try:
            catalog._lock = engine.take_server_lock(catalog._engine, catalog.address)
            engine.upgrade_schema(catalog._engine, catalog.address)
        except BaseException:
            catalog.close()
            raise
        return catalog

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Write facts and their changes; they are acknowledged when the block ends.

        Raises LibraryBusy where the connection to a server was lost and another writer took the lock.
        """
        self._check_lock()
        lock = self._renewed_lock()
        with engine.transaction(self._engine, self.address, writes=True, on=lock) as connection:
            engine.take_server_turn(connection)
            writer = Writer(connection, self.clock)
            yield writer
            writer.record_changes()

    def _renewed_lock(self) -> Connection | None:
        """The connection that holds a server's lock. Everything is written on it: while the connection lives,
        so does the lock. Where it was lost, the lock is taken again.
        """
        if self._lock is not None and (self._lock.closed or self._lock.invalidated):
            self._lock.close()
            self._lock = engine.take_server_lock(self._engine, self.address)
        return self._lock

    def close(self) -> None:
        """Give every connection back, and the lock of a server."""
        if self._lock is not None:
            engine.release_server_lock(self._lock)
        super().close()
