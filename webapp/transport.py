"""How answers travel: compressed where the client takes that, and never kept by a cache in between."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from flask import Flask, Response, request

MIN_SIZE: Final = 1000  # bytes; a smaller answer fits into one packet anyway
LEVEL: Final = 5  # of 9; a page takes a millisecond
GZIP: Final = 16  # as zlib names that format
COMPRESSIBLE: Final = frozenset(
    {
        "text/html",
        "text/css",
        "text/javascript",
        "image/svg+xml",
        "application/json",
        "application/problem+json",
    }
)
# Nothing is secret to whoever may ask, but what one library answers may not be shown for another one.
KEPT, NOT_KEPT = "private, no-cache", "no-store"


def prepare_answers(app: Flask) -> None:
    """Compress what is text, and say of every answer how long it may be kept."""

    @app.after_request
    def prepare_answer(response: Response) -> Response:
        response.headers.setdefault("Cache-Control", KEPT if response.status_code < 400 else NOT_KEPT)
        if response.mimetype in COMPRESSIBLE:
            response.vary.add("Accept-Encoding")
            if _may_compress(response):
                _compress(response)
        return response


def _may_compress(response: Response) -> bool:
    is_whole = response.status_code not in (204, 206, 304) and "Content-Encoding" not in response.headers
    is_download = response.headers.get("Content-Disposition", "").startswith(
        "attachment"
    )  # sent as it is made
    return is_whole and not is_download and request.method != "HEAD" and request.accept_encodings["gzip"] > 0


def _compress_pieces(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Each piece can be read as soon as it is there."""
    packer = zlib.compressobj(LEVEL, wbits=zlib.MAX_WBITS | GZIP)
    for piece in pieces:
        yield packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush()


def _compress(response: Response) -> None:
    if response.is_streamed and not response.direct_passthrough:
        response.response = _compress_pieces(response.iter_encoded())
        response.headers["Content-Encoding"] = "gzip"
        return
    response.direct_passthrough = False  # of a static file
    data = response.get_data()
    if len(data) < MIN_SIZE:
        return
    # The time is left out, so that the same page has the same bytes.
    response.set_data(gzip.compress(data, LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    etag, _ = response.get_etag()
    if etag:
        response.set_etag(etag, weak=True)
