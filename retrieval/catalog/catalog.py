"""The Catalog: transactions on the truth, for readers and for the one writer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine

from ..errors import SchemaOutOfDate, StorageFailed
from . import engine, soundness
from .clock import Clock, utc
from .reader import Reader
from .writer import Writer


class Catalog:
    """The SQL database of one library. Open it with `Catalog.open`, or `Catalog.create` to write.

    `reading()` gives a Reader on one unchanging state; `writing()` a Writer whose facts are
    acknowledged together when the block ends, or not at all when it raises.
    """

    def __init__(self, sql: Engine, url: URL) -> None:
        self._engine = sql
        self._lock: Connection | None = None
        self._url = url
        self.clock: Clock = utc  # what facts are dated with
        self.place = url.render_as_string(hide_password=True)

    @classmethod
    def create(cls, url: str | URL) -> Catalog:
        """Open for writing; the schema is made, or brought up to date.

        Raises LibraryBusy where the database is a server and another writer is at work on it.
        """
        parts = engine.address(url)
        catalog = cls(engine.connect(parts, writable=True), parts)
        try:
            catalog._lock = engine.hold_lock(catalog._engine, catalog.place)
            engine.upgrade(catalog._engine, catalog.place)
        except BaseException:
            catalog.close()
            raise
        return catalog

    @classmethod
    def open(cls, url: str | URL) -> Catalog:
        """Open for reading; raises SchemaOutOfDate when the schema is not the one this code knows."""
        parts = engine.address(url)
        try:
            return cls._opened(parts, unchanging=False)
        except StorageFailed:
            if not engine.is_settled(parts):
                raise
            return cls._opened(parts, unchanging=True)

    @classmethod
    def _opened(cls, url: URL, *, unchanging: bool) -> Catalog:
        sql = engine.connect(url, writable=False, unchanging=unchanging)
        catalog = cls(sql, url)
        try:
            catalog._check_schema()
        except BaseException:
            catalog.close()
            raise
        return catalog

    def _check_schema(self) -> None:
        found, expected = engine.revision(self._engine, self.place), engine.newest_revision()
        if found != expected:
            raise SchemaOutOfDate(self.place, found, expected)

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Ask questions of one state of the catalog."""
        with engine.transaction(self._engine, self.place) as connection:
            yield Reader(connection)

    def holds(self, digest: str) -> bool:
        """Whether the content with this SHA-256 has been acknowledged."""
        with self.reading() as reader:
            return reader.holds(digest)

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Write facts and their changes; they are acknowledged when the block ends.

        Raises LibraryBusy where a server was lost meanwhile, and another writer took the lock.
        """
        with engine.transaction(self._engine, self.place, writes=True, on=self._locked()) as connection:
            writer = Writer(connection, self.clock)
            yield writer
            writer.record_changes()

    def _locked(self) -> Connection | None:
        """The connection that holds the lock, on which everything is written: while the one lives, so does
        the other. Where it was lost, the lock is taken anew.
        """
        if self._lock is not None and (self._lock.closed or self._lock.invalidated):
            self._lock.close()
            self._lock = engine.hold_lock(self._engine, self.place)
        return self._lock

    @property
    def is_file(self) -> bool:
        """Whether all of it is one file, and no server has it."""
        return self._engine.dialect.name == "sqlite"

    def remarks(self) -> tuple[str, ...]:
        """What somebody who looks after it may want to know, one line each."""
        return engine.remarks(self._url)

    def copy_to(self, target: Path) -> None:
        """Write one state of it to a new file, though others write meanwhile; only where it is a file."""
        soundness.copy_to(self._engine, self.place, target)

    def close(self) -> None:
        """Give every connection back, and the lock."""
        if self._lock is not None:
            engine.give_back(self._lock)
        self._engine.dispose()
