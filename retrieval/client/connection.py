"""Requests to one server: a pool of connections, time limits, tries, and problems as errors."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar, final

import httpx2
from pydantic import BaseModel, ValidationError

from ..errors import RetrievalError, ServerUnreachable, StorageFailed
from .problems import read_problem

Content: TypeAlias = Mapping[str, Any]
AnyModel = TypeVar("AnyModel", bound=BaseModel)

FIRST_WAIT: Final = 0.2  # seconds before the second try; twice as long before each further one
LONGEST_WAIT: Final = 60.0  # seconds that a server may ask to wait; where it asks for more, that is an error
BUSY: Final = (429, 503)


@final
class Connection:
    """One server, with or without a key; safe to use from many threads."""

    def __init__(self, url: str, key: str | None, timeout: float, retries: int) -> None:
        if not re.match(r"https?://[^/\s]", url):
            raise ServerUnreachable(url, "no address of a server; write it as in http://127.0.0.1:8754")
        self.url, self._timeout, self._retries = url.rstrip("/"), timeout, retries
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._pool = httpx2.Client(base_url=f"{self.url}/", headers=headers, timeout=timeout)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def fetch(self, model: type[AnyModel], method: str, path: str, **content: Any) -> AnyModel:
        """The answer to a request that changes nothing, and is sent again where that may help."""
        return self._read(model, self.send(method, path, **content))

    def change(self, model: type[AnyModel], method: str, path: str, **content: Any) -> AnyModel:
        """The answer to a request that changes something, and so is sent only once."""
        return self._read(model, self.send(method, path, is_repeatable=False, **content))

    def send(
        self,
        method: str,
        path: str,
        *,
        is_repeatable: bool = True,
        make_content: Callable[[], Content] | None = None,
        **content: Any,
    ) -> bytes:
        """The body of an answer without errors.

        `make_content` gives what is sent for each try anew, such as a file from its start. A repeatable
        request is sent again where the connection is lost, and where the server says when to come again.
        Raises what the problem of the answer says, and ServerUnreachable.
        """
        tries = self._retries if is_repeatable else 0
        for number in range(tries + 1):
            outcome = self._try(method, path, make_content() if make_content else content)
            if isinstance(outcome, httpx2.Response) and outcome.is_success:
                return outcome.content
            wait = _find_wait(outcome)
            if wait is None or number == tries:
                raise self._make_error(outcome)
            time.sleep(max(wait, FIRST_WAIT * 2**number * random.uniform(0.5, 1)))
        raise AssertionError("the last try returns or raises")

    def download(self, path: str, target: Path) -> None:
        """Write the body of an answer to a file as it comes in; the file is there when it is whole.

        Raises as `send` does, and StorageFailed.
        """
        part = target.with_name(f"{target.name}.part")
        try:
            with self._pool.stream("GET", path) as answer:
                if not answer.is_success:
                    answer.read()
                    raise self._make_error(answer)
                with part.open("wb") as file:
                    file.writelines(answer.iter_bytes())
            part.replace(target)
        except httpx2.TransportError as error:
            raise self._make_error(error) from error
        except OSError as error:
            raise StorageFailed(target, error) from error
        finally:
            part.unlink(missing_ok=True)

    def _try(self, method: str, path: str, content: Content) -> httpx2.Response | httpx2.TransportError:
        try:
            return self._pool.request(method, path, **content)
        except httpx2.TransportError as error:
            return error

    def _make_error(self, outcome: httpx2.Response | httpx2.TransportError) -> RetrievalError:
        if isinstance(outcome, httpx2.Response):
            return read_problem(outcome.status_code, outcome.content)
        if isinstance(outcome, httpx2.TimeoutException):
            return ServerUnreachable(self.url, f"no answer within {self._timeout:g} seconds")
        return ServerUnreachable(self.url, str(outcome) or type(outcome).__name__)

    def _read(self, model: type[AnyModel], body: bytes) -> AnyModel:
        """What a newer server says besides is left out; what is missing is an error."""
        try:
            return model.model_validate_json(body, extra="ignore")
        except ValidationError as error:
            reason = f"its answer cannot be read ({error.errors()[0]['msg']}); is it an older Pictor?"
            raise ServerUnreachable(self.url, reason) from error


def _find_wait(outcome: httpx2.Response | httpx2.TransportError) -> float | None:
    """The least seconds to wait before another try; None where it would be of no use.

    A server that is slow is not asked for more, and what it cannot do now, such as read a damaged index, it
    cannot do soon either, unless it says when.
    """
    if isinstance(outcome, httpx2.TransportError):
        return None if isinstance(outcome, httpx2.TimeoutException) else 0.0
    asked = _read_wait(outcome.headers.get("Retry-After", "")) if outcome.status_code in BUSY else None
    return None if asked is None or asked > LONGEST_WAIT else asked


def _read_wait(text: str) -> float | None:
    """The seconds of a header, which has them or a date; None for anything else."""
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):  # TypeError: a time without a zone
        return None
