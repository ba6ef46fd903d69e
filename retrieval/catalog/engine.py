"""Connections to the catalog: what must be set so that a commit is an acknowledgement, and the migrations."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

import migrations

from ..errors import LibraryBusy, StorageFailed

BUSY_SECONDS = 5
WRITER_LOCK = 0x706963746F72  # "pictor", as the number of a PostgreSQL advisory lock
PRAGMAS = ("foreign_keys=ON", "synchronous=FULL", f"busy_timeout={BUSY_SECONDS * 1000}")


def sqlite_url(path: Path) -> str:
    """The address of a SQLite catalog in a file."""
    return f"sqlite:///{path}"


def connect(url: str, *, writable: bool) -> Engine:
    """An engine whose transactions are durable when writable, and cannot write when not.

    SQLite: WAL with synchronous=FULL, which lost none of 200 commits at a power loss where
    synchronous=NORMAL lost all of them. Readers open the file read-only and never checkpoint.
    """
    if make_url(url).get_backend_name() != "sqlite":
        return _server_engine(url, writable=writable)
    engine = create_engine(_sqlite_address(url, writable=writable))
    event.listen(engine, "connect", _prepare_writer if writable else _prepare_reader)
    event.listen(engine, "begin", _begin_write if writable else _begin_read)
    return engine


def _server_engine(url: str, *, writable: bool) -> Engine:
    engine = create_engine(url, isolation_level="REPEATABLE READ", pool_pre_ping=True)
    if not writable:
        return engine.execution_options(postgresql_readonly=True)
    return engine


def _sqlite_address(url: str, *, writable: bool) -> str:
    path = Path(make_url(url).database or "").absolute()
    if writable:
        return f"sqlite:///{path}"
    # A write-ahead log needs a writable folder even to be read; on a read-only disk nothing can change.
    mode = "mode=ro" if os.access(path.parent, os.W_OK) else "immutable=1"
    quoted = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return f"sqlite:///file:{quoted}?{mode}&uri=true"


def _prepare_writer(connection: Any, _: ConnectionPoolEntry) -> None:
    _prepare_reader(connection, _)
    connection.execute("PRAGMA journal_mode=WAL")


def _prepare_reader(connection: Any, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver must not open transactions of its own
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_write(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_read(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def hold_lock(engine: Engine, place: str) -> Connection | None:
    """Keep the writers of other machines out until the connection is closed; SQLite needs no such lock.

    Raises LibraryBusy when another writer holds it. The server gives it back when its holder dies.
    """
    if engine.dialect.name != "postgresql":
        return None
    connection = engine.connect()
    connection.detach()  # so that closing it ends the session, and with it the lock
    taken = connection.scalar(select(func.pg_try_advisory_lock(WRITER_LOCK)))
    connection.commit()
    if not taken:
        connection.close()
        raise LibraryBusy(place, "a writer of this catalog, perhaps on another machine")
    return connection


@contextmanager
def transaction(engine: Engine, place: str) -> Iterator[Connection]:
    """One transaction; what the database refuses becomes LibraryBusy or StorageFailed."""
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        if isinstance(error, OperationalError) and "locked" in str(error.orig):
            raise LibraryBusy(place, f"the database stayed locked for {BUSY_SECONDS} seconds") from error
        raise StorageFailed(place, error.orig) from error


def upgrade(engine: Engine, place: str) -> None:
    """Bring the schema to the newest revision, in one transaction."""
    with transaction(engine, place) as connection:
        command.upgrade(_alembic(connection), "head")


def revision(engine: Engine, place: str) -> str | None:
    """The revision of the schema that the database has."""
    with transaction(engine, place) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    """The revision of the schema that this code was written for."""
    return ScriptDirectory(str(Path(migrations.__file__).parent)).get_current_head()


def _alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
