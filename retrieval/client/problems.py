"""The problem of an answer becomes the error that the library itself would raise."""

from __future__ import annotations

import json
import re
from typing import Final

from .. import errors
from ..errors import FeatureDamaged, InvalidQuery, RequestRefused, RetrievalError, UnreadableImage

UNREADABLE: Final = (413, 415)  # the statuses of pictures; their codes say what is wrong with each
_SERVER_CODES: Final[dict[str, type[RetrievalError]]] = {"invalid-parameter": InvalidQuery}
_COLUMN: Final = re.compile(r"column (\d+): ")


def read_problem(status: int, body: bytes) -> RetrievalError:
    """The error that the problem details of an answer say; RequestRefused for what a library never raises."""
    try:
        problem = json.loads(body)
        code, detail = str(problem["code"]), str(problem["detail"])
    except (ValueError, TypeError, KeyError):
        return RequestRefused(f"the server answered with the status {status}", f"status-{status}")
    kind = _find_class(code)
    if kind is not None:
        return _make_error(kind, detail)
    if status in UNREADABLE and ": " in detail:
        return _make_unreadable(code, detail)
    return RequestRefused(detail, code)


def _find_class(code: str) -> type[RetrievalError] | None:
    """The class of errors with this code; the first one where subclasses share it."""
    if code in _SERVER_CODES:
        return _SERVER_CODES[code]
    classes = (kind for kind in vars(errors).values() if isinstance(kind, type))
    known = (kind for kind in classes if issubclass(kind, RetrievalError) and "code" in vars(kind))
    return next((kind for kind in known if kind.code == code and kind is not RetrievalError), None)


def _make_error(kind: type[RetrievalError], detail: str) -> RetrievalError:
    """An error with the sentence of the server, which its class would make of other arguments."""
    error = kind.__new__(kind)
    RetrievalError.__init__(error, detail)
    if isinstance(error, InvalidQuery):
        column = _COLUMN.match(detail)
        error.column, error.line = int(column[1]) if column else None, None
    elif isinstance(error, FeatureDamaged):
        error.images = ()
    return error


def _make_unreadable(code: str, detail: str) -> UnreadableImage:
    name, _, reason = detail.partition(": ")
    is_large = code in ("too-many-pixels", "too-many-bytes")
    error = errors.ImageTooLarge.__new__(errors.ImageTooLarge if is_large else UnreadableImage)
    UnreadableImage.__init__(error, name, code, reason)
    return error
