"""Sends query pictures to a server, each only once, and puts their tokens in the place of the pictures."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, Final, TypeAlias, final

from pydantic import BaseModel

from ..pictures.files import open_file
from ..query.values import Palette, Picture, Query, Reference, SinglePart
from .connection import Connection

MOST_TOKENS: Final = 500  # a server keeps as many
UPLOAD: Final = "upload"
QUERIES: Final = "api/v1/queries"
Fingerprint: TypeAlias = tuple[object, ...]


class _Kept(BaseModel):
    """What a server says of a picture that it keeps for a while."""

    id: str


@final
class Uploads:
    """The pictures that were sent to one server, by what tells them apart."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tokens: OrderedDict[Fingerprint, str] = OrderedDict()
        self._lock = Lock()

    def send_pictures(self, query: Query) -> Query:
        """The query with a reference to each picture that was given as a file or as bytes.

        Raises UnreadableImage for a file that cannot be read here, and for a picture that cannot be decoded
        there.
        """
        return query.map_single_parts(self._send_part)

    def forget(self) -> None:
        """Send every picture again when it is needed next: the server does not keep them any more."""
        with self._lock:
            self._tokens.clear()

    def _send_part(self, part: SinglePart) -> SinglePart:
        if isinstance(part, Palette) and isinstance(part.picture, Picture):
            return replace(part, picture=self._send_picture(part.picture))
        return self._send_picture(part) if isinstance(part, Picture) else part

    def _send_picture(self, picture: Picture) -> Picture:
        source = picture.source
        if isinstance(source, Reference):
            return picture
        token = self._find_token(source)
        return replace(picture, source=Reference(UPLOAD, token))

    def _find_token(self, source: Path | bytes) -> str:
        key = _fingerprint(source)
        token = self._tokens.get(key) or self._send(source)
        with self._lock:
            self._tokens[key] = token
            self._tokens.move_to_end(key)
            if len(self._tokens) > MOST_TOKENS:
                self._tokens.popitem(last=False)
        return token

    def _send(self, source: Path | bytes) -> str:
        """A picture of a file is read while it is sent."""
        if isinstance(source, bytes):
            make_content = partial(_form, "picture", source)
            return self._connection.fetch(_Kept, "POST", QUERIES, make_content=make_content).id
        with open_file(source) as file:
            make_content = partial(_form, source.name, file)
            return self._connection.fetch(_Kept, "POST", QUERIES, make_content=make_content).id


def _form(name: str, content: bytes | BinaryIO) -> dict[str, Any]:
    if not isinstance(content, bytes):
        content.seek(0)  # an earlier try has read it
    return {"files": {"picture": (name, content)}}


def _fingerprint(source: Path | bytes) -> Fingerprint:
    """What is the same for the same picture: the digest of bytes; path, time and size of a file."""
    if isinstance(source, bytes):
        return (hashlib.sha256(source).digest(),)
    with open_file(source):
        facts = source.stat()
    return str(source.absolute()), facts.st_mtime_ns, facts.st_size
