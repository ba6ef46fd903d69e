"""Passwords: stored as what Argon2id makes of them, which takes long to try. The only home of argon2."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from .errors import InvalidQuery

MIN_LENGTH: Final = 10  # characters
MAX_LENGTH: Final = 1000
_HASHER: Final = PasswordHasher()  # with the parameters of RFC 9106 for machines with little memory: 64 MiB
_AT_A_TIME: Final = BoundedSemaphore(2)  # so that many who try at once do not take all memory
# The hash of a password that nobody has: an unknown name takes as long as a known one.
_NOBODY: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$QWxsIG9mIHRoaXMgaXMgbm8gcGFzc3dvcmQgYXQgYWw"
)


def hash_password(password: str) -> str:
    """What is stored of a password, with a salt of its own. Raises InvalidQuery for one that is too short."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise InvalidQuery(
            f"the password has {len(password)} characters; it needs {MIN_LENGTH} to {MAX_LENGTH:,}"
        )
    return _HASHER.hash(password)


def is_password(password: str, stored: str | None) -> bool:
    """Whether a password is the one that was stored; False, after as long a time, where none was."""
    if len(password) > MAX_LENGTH:
        return False
    with _AT_A_TIME:
        try:
            return _HASHER.verify(stored or _NOBODY, password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False
