"""Connections to the catalog, set up so that a commit survives a power loss, and the migrations."""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Text,
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
from .records import Restriction
from .restrictions import hide_tables
from .turns import LONGEST_WAIT, write_turn

CatalogAddress: TypeAlias = str | URL

BUSY_SECONDS = 5
PAGE_BYTES = 16384  # of a new SQLite file: features of usual lengths would leave half of smaller pages empty
VERSION_TABLE = "alembic_version"  # the table in which Alembic keeps the revision
WRITER_LOCK = 0x706963746F72  # "pictor", as the number of a PostgreSQL advisory lock
LOCK_NOT_AVAILABLE = "55P03"  # the SQLSTATE of a lock that is taken
LOCK_MILLISECONDS = 2000  # a server needs some time to notice that the holder of a lock is gone
READER_PRAGMAS: Mapping[str, int | str] = {
    "busy_timeout": BUSY_SECONDS * 1000,
    "wal_autocheckpoint": 0,
    "cell_size_check": 1,  # a page is checked before it is used
}
WRITER_PRAGMAS: Mapping[str, int | str] = {  # as SQLite reports them
    "busy_timeout": BUSY_SECONDS * 1000,
    "journal_mode": "wal",
    "synchronous": 2,  # FULL
    "foreign_keys": 1,
    "wal_autocheckpoint": 256,  # pages: four mebibytes of new catalogs, one of older ones with smaller pages
    "journal_size_limit": log.KEPT_LOG_BYTES,
    "cell_size_check": 1,
}


def sqlite_url(path: Path) -> URL:
    """The address of a SQLite catalog in a file; the path may hold any characters."""
    return URL.create("sqlite", database=str(path))


def parse_address(url: CatalogAddress) -> URL:
    """The parts of an address; raises InvalidSetting if it names no database that can be used."""
    try:
        parts = make_url(url)
        parts.get_dialect().import_dbapi()
    except (ArgumentError, ImportError) as error:
        name = str(url).partition("@")[2] or str(url)  # the part before it may hold a password
        raise InvalidSetting(
            f"catalog_url {name}: names no database that can be used ({error}); write sqlite:///FILE, or "
            "postgresql+psycopg://HOST/NAME with the extra pictor[postgresql] installed"
        ) from error
    return parts


def open_engine(
    url: URL, *, writable: bool, unchanging: bool = False, restriction: Restriction | None = None
) -> Engine:
    """An engine for durable transactions if `writable`, and otherwise for reading only.

    `unchanging` promises that nobody writes in the meantime; SQLite then needs only the file itself. Who
    reads under a restriction sees nothing else (see `retrieval.catalog.restrictions`).

    SQLite uses a write-ahead log with synchronous=FULL. In a test of power losses this lost none of 200
    commits, where synchronous=NORMAL lost all of them. Readers open the file read-only and never checkpoint,
    because a checkpoint by a reader could lose a commit (see `retrieval.catalog.log`). Making a connection
    raises DurabilityTooLow if these settings cannot be had.
    """
    if url.get_backend_name() != "sqlite":
        return _bind_to_process(_restrict(_server_engine(url, writable=writable), restriction))
    engine = create_engine(_sqlite_address(url, writable=writable, unchanging=unchanging))
    pragmas, address = WRITER_PRAGMAS if writable else READER_PRAGMAS, str(_sqlite_path(url))
    event.listen(engine, "connect", lambda connection, _: prepare_connection(connection, pragmas, address))
    event.listen(engine, "begin", _begin_transaction)
    return _bind_to_process(_restrict(engine, restriction))


def _restrict(engine: Engine, restriction: Restriction | None) -> Engine:
    if restriction is not None:
        backend = engine.dialect.name
        event.listen(
            engine.pool, "connect", lambda connection, _: hide_tables(connection, restriction, backend)
        )
    return engine


def _bind_to_process(engine: Engine) -> Engine:
    """Make a fork of this process open its own connections, and leave the inherited ones alone."""
    known = weakref.ref(engine)

    def drop_connections() -> None:
        if (copy := known()) is not None:
            copy.dispose(close=False)

    os.register_at_fork(after_in_child=drop_connections)
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
    """Whether a SQLite file alone holds the whole catalog: it was closed properly and has no log beside it.

    Even to read a write-ahead log, SQLite writes a few kilobytes beside it. On a disk that is full or
    read-only, a settled catalog can still be read as one that does not change.
    """
    if url.get_backend_name() != "sqlite":
        return False
    return not log.log_size(_sqlite_path(url))


def catalog_remarks(url: URL) -> tuple[str, ...]:
    """Remarks on a catalog that is a file; see `retrieval.catalog.log`."""
    return log.log_remarks(_sqlite_path(url)) if url.get_backend_name() == "sqlite" else ()


def prepare_connection(
    connection: sqlite3.Connection, pragmas: Mapping[str, int | str], address: str
) -> None:
    """Set up a connection to SQLite; raises DurabilityTooLow if SQLite does not accept one of the settings.

    SQLite refuses silently: a build without foreign keys, or a file system without a write-ahead log. So each
    setting is read back.
    """
    connection.isolation_level = None  # the driver must not open transactions of its own
    connection.execute(f"PRAGMA page_size={PAGE_BYTES}")  # changes nothing but an empty file
    for name, setting in pragmas.items():
        connection.execute(f"PRAGMA {name}={setting}")
        actual = next(connection.execute(f"PRAGMA {name}"), ("nothing",))[0]
        if actual != setting:
            raise DurabilityTooLow(address, f"{name} is {actual}, not {setting}")


def _begin_transaction(connection: Connection) -> None:
    # A writer takes the lock at once: if it read first and wrote later, it could fail midway. A reader must
    # not wait for that lock.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def take_server_lock(engine: Engine, address: str) -> Connection | None:
    """Lock a catalog on a server, so that writers on other machines are refused; None for SQLite.

    The lock lasts until the connection is closed, and the server frees it when its holder dies. Raises
    LibraryBusy when another writer holds it for longer than LOCK_MILLISECONDS, DurabilityTooLow if commits do
    not wait for the server's disk, and ServerLost.
    """
    if engine.dialect.name != "postgresql":
        return None
    try:
        connection = engine.connect()
    except DBAPIError as error:
        raise ServerLost(address, error.orig) from error
    connection.detach()  # closing it then ends the session, and with it the lock
    try:
        _take_lock(connection, address)
    except DBAPIError as error:
        connection.close()
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise ServerLost(address, error.orig) from error
        raise LibraryBusy(address, "a writer of this catalog, perhaps on another machine") from error
    except BaseException:
        connection.close()
        raise
    return connection


def _take_lock(connection: Connection, address: str) -> None:
    if connection.scalar(text("SHOW synchronous_commit")) == "off":
        raise DurabilityTooLow(address, "synchronous_commit is off", DurabilityTooLow.SERVER)
    connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}"))
    connection.execute(select(func.pg_advisory_lock(WRITER_LOCK)))
    connection.commit()


def take_server_turn(connection: Connection) -> None:
    """Wait until no other transaction writes to a catalog on a server; see `retrieval.catalog.turns`.

    It has to be the first statement of its transaction: locking a table, unlike a query, does not yet fix
    which state of the database the transaction sees, so it sees what was committed while it waited.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{LONGEST_WAIT:g}s'"))
        connection.execute(text("LOCK TABLE change IN EXCLUSIVE MODE"))  # which readers do not notice


def release_server_lock(lock: Connection) -> None:
    """Free a server's lock, then end the session that held it.

    In this order, because a server may take a while to notice that a session has ended, and the next writer
    would find the lock still held.
    """
    with suppress(SQLAlchemyError):  # if the session is lost, so is the lock
        lock.execute(select(func.pg_advisory_unlock(WRITER_LOCK)))
        lock.commit()
    lock.close()


@contextmanager
def transaction(
    engine: Engine, address: str, *, writes: bool = False, on: Connection | None = None
) -> Iterator[Connection]:
    """One transaction, on the connection `on` or on one from the pool.

    An error of the database becomes LibraryBusy or StorageFailed, or ServerLost if the server is gone.
    """
    options = engine.execution_options(writes=writes)
    try:
        with (
            _take_turn(engine) if writes else nullcontext(),
            nullcontext(on) if on else options.connect() as connection,
            connection.begin(),
        ):
            yield connection
    except DBAPIError as error:
        raise _translate_error(engine, address, error) from error
    except UnicodeDecodeError as error:  # SQLite's own message about a damaged schema quotes it as it is
        raise StorageFailed(address, error) from error


def _take_turn(engine: Engine) -> AbstractContextManager[None]:
    """The turn to write to a SQLite file; for a server, see `take_server_turn`."""
    return write_turn(_sqlite_path(engine.url)) if engine.dialect.name == "sqlite" else nullcontext()


def _translate_error(engine: Engine, address: str, error: DBAPIError) -> LibraryBusy | StorageFailed:
    if isinstance(error, OperationalError) and "locked" in str(error.orig):
        return LibraryBusy(address, f"the database stayed locked for {BUSY_SECONDS} seconds")
    if getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
        return LibraryBusy(address, f"one transaction has taken more than {LONGEST_WAIT:g} seconds")
    unreached = engine.dialect.name != "sqlite" and error.statement is None
    if error.connection_invalidated or unreached:
        return ServerLost(address, error.orig)
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # the higher bits name the subtype
    return StorageFailed(
        address, error.orig, StorageFailed.RESTORE if code == sqlite3.SQLITE_CORRUPT else StorageFailed.DISK
    )


def upgrade_schema(engine: Engine, address: str) -> None:
    """Bring the schema to the newest revision, in one transaction.

    Raises SchemaOutOfDate for a catalog that a newer version made; the catalog is not changed.
    """
    revision = schema_revision(engine, address)
    if revision == newest_revision():
        return
    if revision is not None and revision not in migrations.REVISIONS:
        raise SchemaOutOfDate(address, revision, newest_revision())
    from alembic import command  # loaded only when needed: it takes a tenth of a second

    with transaction(engine, address, writes=True) as connection:
        try:
            command.upgrade(_alembic_config(connection), "head")
        except OSError as error:  # Alembic reads its scripts as files, one by one
            raise StorageFailed(address, error) from error


def schema_revision(engine: Engine, address: str) -> str | None:
    """The revision of the schema that the database has."""
    with transaction(engine, address) as connection:
        if not inspect(connection).has_table(VERSION_TABLE):
            return None
        version = select(column("version_num", Text)).select_from(table(VERSION_TABLE))
        return connection.scalar(version)


def newest_revision() -> str:
    """The revision of the schema that this code was written for."""
    return migrations.REVISIONS[-1]


def _alembic_config(connection: Connection) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
