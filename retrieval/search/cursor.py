"""Cursors: where to go on in a list that is kept, as a text that programs hand back; digests of queries."""

from __future__ import annotations

import hashlib
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass, replace
from typing import Final

from ..errors import InvalidCursor
from ..query.json_form import query_to_json
from ..query.values import Palette, Picture, Query, Reference, SinglePart

NAME_BYTES, POSITION_BYTES, CHECK_BYTES = 16, 4, 4  # together a multiple of 3: base64 needs no padding
TOKEN_LENGTH: Final = (NAME_BYTES + POSITION_BYTES + CHECK_BYTES) * 4 // 3
PERSON: Final = b"pictor cursor 1"  # digests of anything else differ from those here


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a kept list: the name of the list, and how many of its images come before the place."""

    name: str  # NAME_BYTES in hexadecimal digits
    position: int

    @property
    def token(self) -> str:
        """The cursor as a text of TOKEN_LENGTH letters, digits, dashes and underscores."""
        data = bytes.fromhex(self.name) + self.position.to_bytes(POSITION_BYTES)
        return urlsafe_b64encode(data + digest_bytes(data, CHECK_BYTES)).decode()

    @classmethod
    def parse_token(cls, token: str) -> Cursor:
        """Raises InvalidCursor for a text that is no cursor, or one in which a character was changed."""
        try:
            data = urlsafe_b64decode(token) if len(token) == TOKEN_LENGTH else b""
        except (Error, ValueError) as error:
            raise InvalidCursor(InvalidCursor.DAMAGED) from error
        cursor = cls(data[:NAME_BYTES].hex(), int.from_bytes(data[NAME_BYTES:-CHECK_BYTES]))
        if cursor.token != token:
            raise InvalidCursor(InvalidCursor.DAMAGED)
        return cursor


def digest_query(query: Query) -> bytes:
    """NAME_BYTES that are the same for two queries that ask for the same, whichever page of it.

    Of a picture that was given as bytes, the bytes count, and of one given by its path, those of the path.
    """
    values = query_to_json(replace(query.map_single_parts(_name_bytes), offset=0, limit=1, cursor=None))
    return digest_bytes(json.dumps(values, sort_keys=True).encode(), NAME_BYTES)


def _name_bytes(part: SinglePart) -> SinglePart:
    """The same part with the digest of its picture, if it holds the bytes of one or its path."""
    if isinstance(part, Palette) and isinstance(part.picture, Picture):
        return replace(part, picture=_name_picture(part.picture))
    return _name_picture(part) if isinstance(part, Picture) else part


def _name_picture(picture: Picture) -> Picture:
    if isinstance(picture.source, Reference):
        return picture
    # A path is named by its bytes: not every path can be said as text.
    kind, data = (
        ("upload", picture.source)
        if isinstance(picture.source, bytes)
        else ("file", os.fsencode(picture.source))
    )
    return replace(picture, source=Reference(kind, hashlib.sha256(data).hexdigest()))


def digest_bytes(data: bytes, size: int) -> bytes:
    """A digest of this many bytes. It tells damage, and no secret is in it."""
    return hashlib.blake2b(data, digest_size=size, person=PERSON).digest()
