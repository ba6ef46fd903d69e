"""Errors as answers: one table from error to HTTP status, one sentence for page and JSON."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from flask import Flask, Response, current_app, make_response, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from retrieval import (
    CursorExpired,
    DeadlinePassed,
    DecodingImpossible,
    DurabilityTooLow,
    EditUnknown,
    FeatureDamaged,
    ImageNotFound,
    ImageTooLarge,
    InvalidEdit,
    InvalidQuery,
    LibraryBusy,
    NameInUse,
    NameTaken,
    NameUnknown,
    NotEnoughMemory,
    OriginalMissing,
    PictureUnreachable,
    ProjectionDamaged,
    RetrievalError,
    SchemaOutOfDate,
    StorageFailed,
    UnreadableImage,
    VerdictNotFound,
    WebhookUnknown,
)

from .locales import gettext, gettext_noop


class InvalidParameter(InvalidQuery):
    """A parameter of the request is unknown, or its value is out of range; the message names it."""

    code = "invalid-parameter"


class PictureExpired(RetrievalError):
    """An uploaded query picture is no longer kept."""

    code = "picture-expired"

    def __init__(self) -> None:
        super().__init__(
            "This query picture is no longer here: uploaded pictures are kept for seven days after their "
            "last use. Choose the picture again."
        )


class TooManyFetches(RetrievalError):
    """Enough requests wait for pictures from the web."""

    code = "too-many-fetches"

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} pictures are being fetched from the web already; try again soon")


class ServerBusy(RetrievalError):
    """As many requests wait as may."""

    code = "server-busy"

    def __init__(self) -> None:
        super().__init__(
            "this server: as many requests wait for an answer as may (setting searches_waiting); try again "
            "in some seconds"
        )


class ForeignRequest(RetrievalError):
    """Another site sent this request through the visitor's browser."""

    code = "foreign-request"


class NotPublic(RetrievalError):
    """A public server shows strangers the pictures alone, and takes no changes from them."""

    code = "not-public"

    def __init__(self) -> None:
        super().__init__(
            "What is saved by name and said of images is for the owner of this library alone, as are "
            "duplicates; a public server neither shows nor changes them."
        )


class KeyMissing(RetrievalError):
    """The request has no key, or one that is not valid."""

    code = "key-missing"

    def __init__(self) -> None:
        super().__init__(
            "This server answers to keys alone. Send one as “Authorization: Bearer KEY”; the owner of the "
            "library makes keys with `pictor key create NAME`, and may have revoked this one."
        )


class ScopeMissing(RetrievalError):
    """The key does not allow this."""

    code = "scope-missing"

    def __init__(self, name: str, scopes: Iterable[str], scope: str) -> None:
        super().__init__(
            f"“{name}” may not do this: it needs the scope {scope}, and there is only "
            f"{', '.join(scopes)}. Ask the owner of the library."
        )


class TooManyTries(RetrievalError):
    """Too many wrong passwords or keys were tried."""

    code = "too-many-tries"

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"There were too many wrong tries to sign in; wait {seconds} seconds.")


class JobRunning(RetrievalError):
    """Another indexing run that this server started is at work."""

    code = "job-running"

    def __init__(self, job_id: str) -> None:
        super().__init__(
            f"The job {job_id} is at work on this library. Wait until it has ended, or stop it by DELETE "
            f"/api/v1/jobs/{job_id}."
        )


class JobUnknown(RetrievalError):
    """No job has this id."""

    code = "job-unknown"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no job {job_id[:80]}; GET /api/v1/jobs lists those that are remembered.")


class NotOffered(RetrievalError):
    """This server starts no commands."""

    code = "not-offered"

    def __init__(self) -> None:
        super().__init__(
            "This server starts no runs and makes no copies; one that `pictor serve` starts does."
        )


class SnapshotBusy(RetrievalError):
    """A copy of the library is being made or sent."""

    code = "snapshot-busy"

    def __init__(self) -> None:
        super().__init__("A copy of this library is being made or sent already; try again when it is done.")


class UnknownHost(RetrievalError):
    """The request is addressed to a name that this server does not answer to."""

    code = "unknown-host"


# The first class that fits decides, so subclasses stand before their bases.
STATUSES: Final[tuple[tuple[type[RetrievalError], int], ...]] = (
    (UnknownHost, 400),
    (ForeignRequest, 403),
    (NotPublic, 403),
    (KeyMissing, 401),
    (ScopeMissing, 403),
    (NameUnknown, 404),
    (VerdictNotFound, 404),
    (WebhookUnknown, 404),
    (NameTaken, 409),
    (NameInUse, 409),
    (JobRunning, 409),
    (JobUnknown, 404),
    (NotOffered, 501),
    (SnapshotBusy, 503),
    (InvalidEdit, 400),
    (EditUnknown, 404),
    (PictureExpired, 404),
    (CursorExpired, 410),
    (PictureUnreachable, 502),
    (TooManyFetches, 503),
    (ServerBusy, 503),
    (DeadlinePassed, 503),
    (TooManyTries, 429),
    (InvalidQuery, 400),
    (ImageNotFound, 404),
    (OriginalMissing, 404),
    (ImageTooLarge, 413),
    (UnreadableImage, 415),
    (DecodingImpossible, 503),
    (ProjectionDamaged, 503),
    (FeatureDamaged, 503),
    (DurabilityTooLow, 503),
    (SchemaOutOfDate, 503),
    (StorageFailed, 503),
    (LibraryBusy, 503),
    (NotEnoughMemory, 503),
    (RetrievalError, 500),
)
# Nothing is wrong then: the same request may be answered a little later.
PASSING: Final = (ServerBusy, DeadlinePassed, TooManyFetches, LibraryBusy)
RETRY_SECONDS: Final = 5
TOO_LARGE_CODES: Final = ("too-many-pixels", "too-many-bytes")
# Our sentences for errors that Werkzeug finds; for other statuses its own are shown.
_SENTENCES: Final = {
    404: "There is nothing at this address. Start again from the search page.",
    405: "This address does not take that kind of request.",
    413: "The upload is too large; the limit is {limit:.0f} MB. Make the picture smaller and try again.",
}
# The heading of the error page.
_HEADINGS: Final = {
    400: gettext_noop("This search does not work"),
    401: gettext_noop("This needs a key"),
    403: gettext_noop("This is not allowed"),
    404: gettext_noop("Not found"),
    409: gettext_noop("This name cannot be used"),
    410: gettext_noop("This list is no longer here"),
    413: gettext_noop("This picture is too large"),
    415: gettext_noop("This picture cannot be read"),
    429: gettext_noop("Wait a little"),
    502: gettext_noop("This picture cannot be fetched"),
    503: gettext_noop("The library cannot answer now"),
}


# As the OpenAPI document describes every error.
MAX_CHOICES: Final = 120  # characters of names that a page says at once
PROBLEM: Final = {
    "description": "What went wrong, in one sentence",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
}
_KEY: Final = "problems"
PROBLEM_PAGE: Final = "/docs/problems"  # says what each code means


def wants_page() -> bool:
    """Whether a browser asks: programs do not name HTML among what they accept."""
    return "text/html" in request.accept_mimetypes.values()


def http_status(error: RetrievalError) -> int:
    """The HTTP status of an error."""
    # Decoder processes report a picture that is too large by its code alone.
    kind = ImageTooLarge if error.code in TOO_LARGE_CODES else type(error)
    return http_status_of(kind)


def http_status_of(kind: type[RetrievalError]) -> int:
    """The HTTP status of a kind of errors."""
    return next(status for error_type, status in STATUSES if issubclass(kind, error_type))


def register_handlers(app: Flask, show_message: Callable[[str], str] = str) -> None:
    """Answer every error with a problem: JSON (RFC 9457) for programs, a page for people.

    `show_message` takes out of a message what visitors may not learn.
    """
    app.extensions[_KEY] = show_message
    app.logger.addFilter(_write_on_one_line)
    app.register_error_handler(RetrievalError, partial(_answer_known_error, show_message))
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(Exception, _answer_unknown_error)


def _write_on_one_line(record: logging.LogRecord) -> bool:
    """Escape what could begin another line of the log, or steer a terminal: visitors choose addresses."""
    message = record.getMessage()
    record.msg, record.args = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in message), ()
    return True


def _answer_known_error(show_message: Callable[[str], str], error: RetrievalError) -> Response:
    status = http_status(error)
    if status >= 500 and not isinstance(error, PASSING):
        current_app.logger.warning("%s: %s", type(error).__name__, error)
    answer = _problem_response(status, error.code, show_message(str(error)))
    if isinstance(error, PASSING):
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="Pictor"'
    if isinstance(error, TooManyTries):
        answer.headers["Retry-After"] = str(error.seconds)
        # As draft-ietf-httpapi-ratelimit-headers has it: none of the tries is left for so many seconds.
        answer.headers["RateLimit"] = f'"sign-in";r=0;t={error.seconds}'
    return answer


def _answer_http_error(error: HTTPException) -> Response:
    if error.response is not None or error.code is None or error.code < 400:
        return make_response(error.get_response())  # such as a redirect
    limit = current_app.config["MAX_CONTENT_LENGTH"] / 1e6
    sentence = _SENTENCES.get(error.code, error.description or "").format(limit=limit)
    answer = _problem_response(error.code, error.name.lower().replace(" ", "-"), sentence)
    for name, value in error.get_headers(request.environ):
        if name == "Allow":
            answer.headers[name] = value
    return answer


def _answer_unknown_error(error: Exception) -> Response:
    number = uuid.uuid4().hex[:12]
    current_app.logger.error("request %s failed: %s", number, request.path, exc_info=error)
    return _problem_response(
        500,
        "internal-error",
        f"Something went wrong on our side. The server's log has the details under request {number}.",
    )


def problem_values(error: RetrievalError) -> dict[str, object]:
    """An error as a problem within another answer."""
    show_message: Callable[[str], str] = current_app.extensions[_KEY]
    return _problem_values(http_status(error), error.code, show_message(str(error)))


def _problem_values(status: int, code: str, detail: str) -> dict[str, object]:
    return {
        "type": f"{PROBLEM_PAGE}#{code}",
        "title": HTTP_STATUS_CODES[status],
        "status": status,
        "detail": detail,
        "code": code,
    }


def _problem_response(status: int, code: str, detail: str) -> Response:
    problem = _problem_values(status, code, detail)
    if request.path.startswith(("/api/", "/media/")):
        return Response(json.dumps(problem), status, content_type="application/problem+json")
    heading = gettext(_HEADINGS.get(status, HTTP_STATUS_CODES[status]))
    words = " ".join(filter(None, map(request.args.get, ("q", "also"))))
    said, choices = _fold_choices(detail)
    page = render_template(
        "error.html", problem=problem, heading=heading, words=words, said=said, choices=choices
    )
    return Response(page, status, content_type="text/html; charset=utf-8")


def _fold_choices(detail: str) -> tuple[str, str]:
    """A message, and the names to choose from at its end, where they are too many to be read at once."""
    said, _, choices = detail.partition("; there are ")
    return (said, choices) if len(choices) > MAX_CHOICES else (detail, "")
