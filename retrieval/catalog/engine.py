"""Connections to the catalog: what must be set so that a commit is an acknowledgement, and the migrations."""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    column,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
    table,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError

import migrations

from ..errors import DurabilityTooLow, InvalidSetting, LibraryBusy, SchemaOutOfDate, ServerLost, StorageFailed
from . import log

CatalogAddress: TypeAlias = str | URL

BUSY_SECONDS = 5
VERSION_TABLE = "alembic_version"  # where Alembic keeps the revision
WRITER_LOCK = 0x706963746F72  # "pictor", as the number of a PostgreSQL advisory lock
LOCK_NOT_AVAILABLE = "55P03"  # what PostgreSQL calls it
LOCK_MILLISECONDS = 2000  # a server needs some time to see that who held a lock is gone
READS: Mapping[str, int | str] = {
    "busy_timeout": BUSY_SECONDS * 1000,
    "wal_autocheckpoint": 0,
    "cell_size_check": 1,  # a page is looked at before it is used
}
WRITES: Mapping[str, int | str] = {  # as SQLite says them back
    "busy_timeout": BUSY_SECONDS * 1000,
    "journal_mode": "wal",
    "synchronous": 2,  # FULL
    "foreign_keys": 1,
    "journal_size_limit": log.KEPT,
    "cell_size_check": 1,
}


def sqlite_url(path: Path) -> URL:
    """The address of a SQLite catalog in a file, whatever signs its path holds."""
    return URL.create("sqlite", database=str(path))


def address(url: CatalogAddress) -> URL:
    """The parts of an address; raises InvalidSetting where it names no database that can be used."""
    try:
        parts = make_url(url)
        parts.get_dialect().import_dbapi()
    except (ArgumentError, ImportError) as error:
        name = str(url).partition("@")[2] or str(url)  # what comes before may hold a password
        raise InvalidSetting(
            f"catalog_url {name}: names no database that can be used ({error}); write sqlite:///FILE, or "
            "postgresql+psycopg://HOST/NAME with the extra pictor[postgresql] installed"
        ) from error
    return parts


def connect(url: URL, *, writable: bool, unchanging: bool = False) -> Engine:
    """An engine whose transactions are durable when writable, and cannot write when not.

    `unchanging` promises that nobody writes meanwhile, and needs nothing but the file itself.

    SQLite: WAL with synchronous=FULL, which lost none of 200 commits at a power loss where
    synchronous=NORMAL lost all of them. Readers open the file read-only and never checkpoint: while they
    do, a commit could be lost (see `retrieval.catalog.log`). Connections raise DurabilityTooLow.
    """
    if url.get_backend_name() != "sqlite":
        return _for_one_process(_server_engine(url, writable=writable))
    engine = create_engine(_sqlite_address(url, writable=writable, unchanging=unchanging))
    pragmas, place = WRITES if writable else READS, str(_sqlite_path(url))
    event.listen(engine, "connect", lambda connection, _: prepare(connection, pragmas, place))
    event.listen(engine, "begin", _begin)
    return _for_one_process(engine)


def _for_one_process(engine: Engine) -> Engine:
    """A fork of this process neither uses nor closes the connections that it has: it makes its own."""
    known = weakref.ref(engine)

    def forget() -> None:
        if (copy := known()) is not None:
            copy.dispose(close=False)

    os.register_at_fork(after_in_child=forget)
    return engine


def _server_engine(url: URL, *, writable: bool) -> Engine:
    engine = create_engine(url, isolation_level="REPEATABLE READ", pool_pre_ping=True)
    if not writable:
        return engine.execution_options(postgresql_readonly=True)
    return engine


def _sqlite_address(url: URL, *, writable: bool, unchanging: bool) -> URL:
    if writable:
        return sqlite_url(_sqlite_path(url))
    mode = {"immutable": "1"} if unchanging else {"mode": "ro"}
    file = "file:" + quote(str(_sqlite_path(url)))
    return URL.create("sqlite", database=file, query={**mode, "uri": "true"})


def _sqlite_path(url: URL) -> Path:
    return Path(url.database or "").absolute()


def is_settled(url: URL) -> bool:
    """Whether a SQLite file alone holds the whole catalog: it was closed in order, and no log lies beside it.

    Even reading a write-ahead log needs a few kilobytes beside it; on a disk that is full or read-only
    a settled catalog can still be read as one that does not change.
    """
    if url.get_backend_name() != "sqlite":
        return False
    return not log.size(_sqlite_path(url))


def remarks(url: URL) -> tuple[str, ...]:
    """What there is to say about a catalog that is a file; see `retrieval.catalog.log`."""
    return log.remarks(_sqlite_path(url)) if url.get_backend_name() == "sqlite" else ()


def prepare(connection: sqlite3.Connection, pragmas: Mapping[str, int | str], place: str) -> None:
    """Set up a connection to SQLite; raises DurabilityTooLow where it says back anything else than was asked.

    A build without foreign keys and a file system without a write-ahead log refuse in silence.
    """
    connection.isolation_level = None  # the driver must not open transactions of its own
    for name, wanted in pragmas.items():
        connection.execute(f"PRAGMA {name}={wanted}")
        found = next(connection.execute(f"PRAGMA {name}"), ("nothing",))[0]
        if found != wanted:
            raise DurabilityTooLow(place, f"{name} is {found}, not {wanted}")


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later could fail midway; one that only reads must not wait.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def hold_lock(engine: Engine, place: str) -> Connection | None:
    """Keep the writers of other machines out until the connection is closed; SQLite needs no such lock.

    Raises LibraryBusy when another writer holds it for two seconds, DurabilityTooLow where commits do not
    wait for the server's disk, and ServerLost. The server gives the lock back when its holder dies.
    """
    if engine.dialect.name != "postgresql":
        return None
    try:
        connection = engine.connect()
    except DBAPIError as error:
        raise ServerLost(place, error.orig) from error
    connection.detach()  # so that closing it ends the session, and with it the lock
    try:
        _take_lock(connection, place)
    except DBAPIError as error:
        connection.close()
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise ServerLost(place, error.orig) from error
        raise LibraryBusy(place, "a writer of this catalog, perhaps on another machine") from error
    except BaseException:
        connection.close()
        raise
    return connection


def _take_lock(connection: Connection, place: str) -> None:
    if connection.scalar(text("SHOW synchronous_commit")) == "off":
        raise DurabilityTooLow(place, "synchronous_commit is off", DurabilityTooLow.SERVER)
    connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}"))
    connection.execute(select(func.pg_advisory_lock(WRITER_LOCK)))
    connection.commit()


def give_back(lock: Connection) -> None:
    """Give a lock back and end the session that held it, in this order: a server may take a while to see
    that a session has ended, and whoever comes next would find the lock held.
    """
    with suppress(SQLAlchemyError):  # where the session is lost, so is the lock
        lock.execute(select(func.pg_advisory_unlock(WRITER_LOCK)))
        lock.commit()
    lock.close()


@contextmanager
def transaction(
    engine: Engine, place: str, *, writes: bool = False, on: Connection | None = None
) -> Iterator[Connection]:
    """One transaction, on the connection that is given or on one of the pool.

    What the database refuses becomes LibraryBusy or StorageFailed, and ServerLost where it is gone.
    """
    options = engine.execution_options(writes=writes)
    try:
        with nullcontext(on) if on else options.connect() as connection, connection.begin():
            yield connection
    except DBAPIError as error:
        raise _refusal(engine, place, error) from error


def _refusal(engine: Engine, place: str, error: DBAPIError) -> LibraryBusy | StorageFailed:
    if isinstance(error, OperationalError) and "locked" in str(error.orig):
        return LibraryBusy(place, f"the database stayed locked for {BUSY_SECONDS} seconds")
    unreached = engine.dialect.name != "sqlite" and error.statement is None
    if error.connection_invalidated or unreached:
        return ServerLost(place, error.orig)
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # what lies above is the kind of it
    return StorageFailed(
        place, error.orig, StorageFailed.RESTORE if code == sqlite3.SQLITE_CORRUPT else StorageFailed.DISK
    )


def upgrade(engine: Engine, place: str) -> None:
    """Bring the schema to the newest revision, in one transaction.

    Raises SchemaOutOfDate for a catalog that a newer version made; it is left as it is.
    """
    found = revision(engine, place)
    if found == newest_revision():
        return
    if found is not None and found not in migrations.REVISIONS:
        raise SchemaOutOfDate(place, found, newest_revision())
    from alembic import command  # loaded where there is something to upgrade: it takes a tenth of a second

    with transaction(engine, place, writes=True) as connection:
        try:
            command.upgrade(_alembic(connection), "head")
        except OSError as error:  # its scripts are files, and read one by one
            raise StorageFailed(place, error) from error


def revision(engine: Engine, place: str) -> str | None:
    """The revision of the schema that the database has."""
    with transaction(engine, place) as connection:
        if not inspect(connection).has_table(VERSION_TABLE):
            return None
        found: str | None = connection.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))
        return found


def newest_revision() -> str:
    """The revision of the schema that this code was written for."""
    return migrations.REVISIONS[-1]


def _alembic(connection: Connection) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
