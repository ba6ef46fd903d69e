"""Real databases for tests: SQLite files, and PostgreSQL in a temporary cluster on this machine.

Test folders that need them load this module as a plugin, so that one cluster serves the whole session.
PICTOR_TEST_POSTGRESQL names a server to use instead, as postgresql+psycopg://user@host/database;
databases are created on it and dropped.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import URL, NullPool, create_engine, make_url, text

from retrieval.catalog import NewImage, WritableCatalog, sqlite_url
from retrieval.catalog.schema import Base

SERVER_VARIABLE = "PICTOR_TEST_POSTGRESQL"
SERVER_USER = "postgres"  # Debian's account: the server refuses to run as root
# Autovacuum would change statistics, and with them plans, at any time.
SETTINGS = "-c listen_addresses='' -c fsync=off -c wal_level=minimal -c max_wal_senders=0 -c autovacuum=off"
# A connection that a failed test left open must not hold a lock that the next test needs.
DISCONNECT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
BACKENDS = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server on which databases can be made and dropped."""

    url: URL

    def create_database(self) -> str:
        name = f"pictor_test_{uuid4().hex}"
        execute_statements(self.url, f"CREATE DATABASE {name}")
        return self.url.set(database=name).render_as_string(hide_password=False)

    def drop_database(self, url: str) -> None:
        execute_statements(self.url, f"DROP DATABASE {make_url(url).database} WITH (FORCE)")


def execute_statements(url: URL | str, *statements: str) -> None:
    """Run statements, each committed at once, on a connection of their own."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))


@contextmanager
def run_cluster(binaries: Path) -> Iterator[URL]:
    """Run a server in a folder of its own, on a socket in that folder, until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="pictor-pg-"))  # pytest's own folders are closed to other users
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, SERVER_USER, SERVER_USER)
        encoding = ("--encoding=UTF8", "--locale=C", "--auth=trust", "--no-sync")
        _run_program(folder, binaries / "initdb", "-D", folder / "data", "-U", SERVER_USER, *encoding)
        control = (binaries / "pg_ctl", "-w", "-D", folder / "data")
        _run_program(folder, *control, "-l", folder / "log", "-o", f"-k {folder} {SETTINGS}", "start")
        try:
            query = {"host": str(folder)}
            yield URL.create("postgresql+psycopg", username=SERVER_USER, database=SERVER_USER, query=query)
        finally:
            _run_program(folder, *control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _run_program(folder: Path, *command: Path | str) -> None:
    account = SERVER_USER if os.geteuid() == 0 else None
    result = subprocess.run(command, cwd=folder, user=account, group=account, capture_output=True, text=True)
    assert result.returncode == 0, f"{command}: {result.stdout}{result.stderr}"


def find_binaries() -> Path:
    """The folder of the server's programs; skips the test, with the reason, where it cannot run."""
    on_path = shutil.which("initdb")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: folder.parent.name)
    if on_path is None and not found:
        pytest.skip(f"no PostgreSQL server is installed and {SERVER_VARIABLE} is not set")
    if os.geteuid() == 0 and SERVER_USER not in {account.pw_name for account in pwd.getpwall()}:
        pytest.skip(f"PostgreSQL does not run as root, and there is no user {SERVER_USER}")
    return Path(on_path).parent if on_path else found[-1]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """One server for all tests of the session."""
    pytest.importorskip("psycopg", reason="the extra postgresql is not installed")
    if given := os.environ.get(SERVER_VARIABLE):
        yield Server(make_url(given))
        return
    with run_cluster(find_binaries()) as url:
        yield Server(url)


@pytest.fixture(scope="session")
def postgresql_catalog(postgresql: Server) -> Iterator[str]:
    """The address of one catalog that all tests use in turn: creating a database for each takes too long."""
    url = postgresql.create_database()
    WritableCatalog.create(url).close()
    yield url
    postgresql.drop_database(url)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that holds an empty catalog, to copy."""
    path = tmp_path_factory.mktemp("template") / "catalog.sqlite"
    WritableCatalog.create(sqlite_url(path)).close()
    return path


@pytest.fixture(params=BACKENDS)
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    """The address of a database without tables: SQLite or PostgreSQL."""
    if request.param == "sqlite":
        yield make_url(sqlite_url(tmp_path / "empty.sqlite"))
        return
    server: Server = request.getfixturevalue("postgresql")
    url = server.create_database()
    yield make_url(url)
    server.drop_database(url)


@pytest.fixture(params=BACKENDS)
def catalog_url(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    """The address of an empty catalog: SQLite or PostgreSQL."""
    if request.param == "sqlite":
        source: Path = request.getfixturevalue("sqlite_template")
        return make_url(sqlite_url(Path(shutil.copy(source, tmp_path / "catalog.sqlite"))))
    url: str = request.getfixturevalue("postgresql_catalog")
    execute_statements(
        url, DISCONNECT, f"TRUNCATE {', '.join(Base.metadata.tables)} RESTART IDENTITY CASCADE"
    )
    return make_url(url)


def new_image(
    number: int, *, taken_at: datetime | None = None, features: dict[int, np.ndarray] | None = None
) -> NewImage:
    """An image whose content depends on `number` and differs from that of all other numbers."""
    return NewImage(
        sha256=sha256(b"%d" % number).hexdigest(),
        perceptual_hash=number - 2**63,
        width=640,
        height=480,
        format="JPEG",
        bytes=1000 + number,
        taken_at=taken_at,
        thumbnail=b"thumbnail %d" % number,
        features=features or {},
    )
