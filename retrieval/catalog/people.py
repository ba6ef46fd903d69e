"""People who may sign in, and the browsers in which somebody is signed in.

A browser holds 32 random bytes, of which the SHA-256 is stored, as of a key (see `retrieval.catalog.keys`).
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from .clock import utc_now
from .keys import find_valid_key, read_restriction, write_restriction
from .records import ApiKey, Person
from .schema import ApiKeyRow, PersonRow, SignInRow

TOKEN_BYTES: Final = 32


def load_people(connection: Connection) -> list[Person]:
    """Everybody who may sign in, the oldest first."""
    return [
        _make_person(row) for row in connection.execute(select(PersonRow.__table__).order_by(PersonRow.id))
    ]


def find_person(connection: Connection, name: str) -> tuple[Person, str] | None:
    """The person of this name, and the hash of the password."""
    row = connection.execute(select(PersonRow.__table__).where(PersonRow.name == name)).first()
    return None if row is None else (_make_person(row), row.password_hash)


def insert_person(connection: Connection, person: Person, password_hash: str) -> None:
    """Store somebody whose name must not be taken."""
    values = {"name": person.name, "password_hash": password_hash, "scopes": " ".join(person.scopes)}
    made = insert(PersonRow).values(**values, created_at=person.created_at)
    connection.execute(made.values(**write_restriction(person.restriction)))


def update_person(connection: Connection, name: str, **values: object) -> None:
    """Store other values of somebody."""
    connection.execute(update(PersonRow).where(PersonRow.name == name).values(**values))


def delete_person(connection: Connection, name: str) -> None:
    """Forget somebody, who is signed in nowhere any more."""
    end_sign_ins(connection, name)
    connection.execute(delete(PersonRow).where(PersonRow.name == name))


def begin_sign_in(connection: Connection, who: ApiKey | Person, ends_at: datetime) -> str:
    """Note a browser in which somebody is signed in from now on; the token that it holds. Ended ones go."""
    connection.execute(delete(SignInRow).where(SignInRow.ends_at < utc_now()))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    if isinstance(who, Person):
        mine: dict[str, Any] = {
            "person_id": select(PersonRow.id).where(PersonRow.name == who.name).scalar_subquery()
        }
    else:
        mine = {"key_id": select(ApiKeyRow.id).where(ApiKeyRow.prefix == who.prefix).scalar_subquery()}
    connection.execute(insert(SignInRow).values(sha256=_digest_token(token), ends_at=ends_at, **mine))
    return token


def find_signed_in(connection: Connection, token: str) -> ApiKey | Person | None:
    """Who is signed in by this token: a person, or who has a key that was not revoked."""
    mine = select(SignInRow.person_id, SignInRow.key_id).where(
        SignInRow.sha256 == _digest_token(token), SignInRow.ends_at >= utc_now()
    )
    found = connection.execute(mine).first()
    if found is None:
        return None
    if found.key_id is not None:
        return find_valid_key(connection, ApiKeyRow.id == found.key_id)
    row = connection.execute(select(PersonRow.__table__).where(PersonRow.id == found.person_id)).first()
    return None if row is None else _make_person(row)


def end_sign_in(connection: Connection, token: str) -> None:
    """Let a token mean nobody any more."""
    connection.execute(delete(SignInRow).where(SignInRow.sha256 == _digest_token(token)))


def end_sign_ins(connection: Connection, name: str) -> None:
    """Let no browser be one in which this person is signed in."""
    mine = select(PersonRow.id).where(PersonRow.name == name)
    connection.execute(delete(SignInRow).where(SignInRow.person_id.in_(mine)))


def _make_person(row: Row[*tuple[Any, ...]]) -> Person:
    times = (row.created_at, row.last_used_at)
    return Person(row.name, tuple(row.scopes.split()), *times, read_restriction(row))


def _digest_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
