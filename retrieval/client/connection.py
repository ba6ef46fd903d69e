"""Requests to one server: a pool of connections, time limits, tries, and problems as errors."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeAlias, TypeVar, final

import httpx2
from pydantic import BaseModel, ValidationError

from ..errors import ServerUnreachable
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
        if not url.startswith(("http://", "https://")):
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
            wait = FIRST_WAIT * 2**number * random.uniform(0.5, 1)
            try:
                answer = self._pool.request(method, path, **(make_content() if make_content else content))
            except httpx2.TimeoutException as error:
                raise ServerUnreachable(self.url, f"no answer within {self._timeout:g} seconds") from error
            except httpx2.TransportError as error:
                if number == tries:
                    raise ServerUnreachable(self.url, str(error) or type(error).__name__) from error
            else:
                asked = _asked_wait(answer)
                if answer.is_success:
                    return answer.content
                if number == tries or asked is None or asked > LONGEST_WAIT:
                    raise read_problem(answer.status_code, answer.content)
                wait = max(wait, asked)
            time.sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _read(self, model: type[AnyModel], body: bytes) -> AnyModel:
        """What a newer server says besides is left out; what is missing is an error."""
        try:
            return model.model_validate_json(body, extra="ignore")
        except ValidationError as error:
            reason = f"its answer cannot be read ({error.errors()[0]['msg']}); is it an older Pictor?"
            raise ServerUnreachable(self.url, reason) from error


def _asked_wait(answer: httpx2.Response) -> float | None:
    """The seconds after which a busy server wants to be asked again.

    None where it does not say so: what it cannot do now, such as read a damaged index, it cannot soon either.
    """
    asked = answer.headers.get("Retry-After", "")
    if answer.status_code not in BUSY or not asked:
        return None
    if asked.isdecimal():
        return float(asked)
    try:
        return max(0.0, (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):  # TypeError: a time without a zone
        return None
