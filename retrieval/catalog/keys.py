"""API keys: who may ask a server, and for what. Of a key only its name, prefix and SHA-256 are stored.

A key is `pictor_`, a prefix by which it is found, `_`, and a secret of 32 random bytes. So long a secret
cannot be guessed, nor found from its SHA-256, which therefore needs no salt and no slow hash.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from .clock import utc_now
from .records import ApiKey, Restriction
from .schema import ApiKeyRow, PersonRow

PREFIX_BYTES: Final = 4
SECRET_BYTES: Final = 32
_KEY: Final = re.compile(r"pictor_([0-9a-f]{8})_[A-Za-z0-9_-]{43}")
_COLUMNS: Final = (
    ApiKeyRow.name,
    ApiKeyRow.prefix,
    ApiKeyRow.scopes,
    ApiKeyRow.created_at,
    ApiKeyRow.last_used_at,
    ApiKeyRow.revoked_at,
    ApiKeyRow.folder,
    ApiKeyRow.tag,
)


def load_keys(connection: Connection) -> list[ApiKey]:
    """Every key that was made, the oldest first; revoked ones too."""
    rows = connection.execute(select(*_COLUMNS).order_by(ApiKeyRow.id))
    return list(map(_make_key, rows))


def find_key(connection: Connection, key: str) -> ApiKey | None:
    """The key that is written so, unless it was revoked."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    mine = select(ApiKeyRow.sha256, *_COLUMNS).where(ApiKeyRow.prefix == match[1])
    row = connection.execute(mine.where(ApiKeyRow.revoked_at.is_(None))).first()
    if row is None or not hmac.compare_digest(row.sha256, _digest_key(key)):
        return None
    return _make_key(row)


def find_valid_key(connection: Connection, condition: ColumnElement[bool]) -> ApiKey | None:
    """The key of which this is so, unless it was revoked."""
    row = connection.execute(select(*_COLUMNS).where(condition, ApiKeyRow.revoked_at.is_(None))).first()
    return None if row is None else _make_key(row)


def create_key(
    connection: Connection, name: str, scopes: Sequence[str], restriction: Restriction | None = None
) -> str:
    """Store a new key, and return it; it cannot be read again."""
    prefix = secrets.token_hex(PREFIX_BYTES)
    key = f"pictor_{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    values = {"name": name, "prefix": prefix, "sha256": _digest_key(key), "scopes": " ".join(scopes)}
    made = insert(ApiKeyRow).values(**values, created_at=utc_now())
    connection.execute(made.values(**write_restriction(restriction)))
    return key


def update_key(connection: Connection, prefix: str, **times: datetime) -> None:
    """Store when a key was used last, or revoked."""
    connection.execute(update(ApiKeyRow).where(ApiKeyRow.prefix == prefix).values(**times))


def _make_key(row: Row[*tuple[Any, ...]]) -> ApiKey:
    times = (row.created_at, row.last_used_at, row.revoked_at)
    return ApiKey(row.name, row.prefix, tuple(row.scopes.split()), *times, read_restriction(row))


def load_restrictions(connection: Connection) -> list[Restriction]:
    """What valid keys and people are restricted to, each once, in the order of the text."""
    of_keys = select(ApiKeyRow.folder, ApiKeyRow.tag).where(ApiKeyRow.revoked_at.is_(None))
    rows = connection.execute(of_keys.union(select(PersonRow.folder, PersonRow.tag)))
    found = {read_restriction(row) for row in rows} - {None}
    return sorted((one for one in found if one), key=lambda restriction: restriction.text)


def write_restriction(restriction: Restriction | None) -> dict[str, str | None]:
    """The columns that store a restriction."""
    return {} if restriction is None else {restriction.kind: restriction.value}


def read_restriction(row: Any) -> Restriction | None:
    """The restriction in the columns of a row."""
    if row.folder is not None:
        return Restriction("folder", row.folder)
    return None if row.tag is None else Restriction("tag", row.tag)


def _digest_key(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
