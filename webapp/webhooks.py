"""Tells addresses on the web what happened: signed, tried again where they do not answer, a few at a time.

Signatures are those of Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over id, time and body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import secrets
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Lock, Thread, Timer
from typing import Any, Final, TypeAlias, final

from retrieval import (
    Library,
    RetrievalError,
    Settings,
    UrlFetcher,
    UrlPoster,
    Webhook,
    open_keeper,
)

from .jobs import JobState

Json: TypeAlias = dict[str, Any]
THREADS: Final = 2
PAUSES: Final = (5.0, 30.0, 120.0, 600.0, 3600.0)  # seconds before another try
MOST_PENDING: Final = 1000
LOOK_EVERY: Final = 15.0  # seconds between two looks at whether the library has changed
MOST_IDS: Final = 100  # of new hits that are told
SECRET_PREFIX: Final = "whsec_"
_LOG: Final = logging.getLogger(__name__)


def find_poster(settings: Settings) -> UrlPoster:
    """What sends messages: to the public Internet alone, unless the owner allows more."""
    if settings.webhook_addresses == "public":
        return UrlPoster()
    every_port = tuple(range(1, 1 << 16))
    return UrlPoster(UrlFetcher(0, is_allowed=lambda _: True, ports=every_port, seconds=10))


def make_secret() -> str:
    """A new secret that signs what one webhook is told."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature of a message."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


@dataclass(frozen=True, slots=True)
class Message:
    """What one webhook is told; `told_image`: the newest image that its saved search was looked at with."""

    webhook: Webhook
    id: str
    body: bytes
    told_image: int | None = None


@final
class Webhooks:
    """Delivers the messages of one library; safe to use from many threads. `start` lets it look for news.

    Messages that are still to be delivered are forgotten with the server; new hits are told by the next one.
    """

    def __init__(self, library: Library, post: UrlPoster, pauses: Sequence[float] = PAUSES) -> None:
        self._library, self._post, self._pauses = library, post, tuple(pauses)
        self._pool = ThreadPoolExecutor(THREADS, "webhook")
        self._lock, self._pending = Lock(), 0
        self._telling: set[int] = set()  # webhooks of saved searches with a message on its way
        self._stopped = Event()

    def start(self) -> None:
        """Look for new hits now and then, in a thread of its own."""
        Thread(target=self._look_again, daemon=True, name="webhooks").start()

    def check_address(self, url: str) -> None:
        """Raise InvalidQuery for an address that nothing would ever be sent to."""
        self._post.check_url(url)

    def tell_end(self, state: JobState) -> None:
        """Tell that a job has ended."""
        facts = {"id": state.job.id, "state": state.state, "folders": list(state.job.folders)}
        for webhook in self._load_webhooks():
            if webhook.event == "job-ended":
                self._send(_make_message(webhook, facts))

    def look(self) -> None:
        """Tell the new hits of saved searches that were not told yet."""
        for webhook in self._load_webhooks():
            if webhook.event == "new-hits" and webhook.id not in self._telling:
                with suppress(RetrievalError):  # a search that cannot be answered has no hits
                    self._tell_hits(webhook)

    def _look_again(self) -> None:
        seen = -1
        while not self._stopped.wait(LOOK_EVERY):
            try:
                with self._library.catalog.reading() as reader:
                    seq = reader.last_seq()
                if seq != seen:
                    self.look()
                    seen = seq
            except RetrievalError as error:
                _LOG.warning("webhooks: %s", error)

    def _load_webhooks(self) -> list[Webhook]:
        with self._library.catalog.reading() as reader:
            return reader.load_webhooks()

    def _tell_hits(self, webhook: Webhook) -> None:
        line = self._library.load_search(webhook.saved).line
        news = self._library.find_new(self._library.read_line(line, limit=MOST_IDS), webhook.told_image)
        if not news.total:
            return
        facts = {"saved": webhook.saved, "total": news.total, "newest": news.newest}
        facts["images"] = [hit.id for hit in news.hits]
        self._telling.add(webhook.id)
        self._send(_make_message(webhook, facts, news.newest))

    def _send(self, message: Message) -> None:
        with self._lock:
            if self._pending >= MOST_PENDING:
                _LOG.warning("webhook %d: too much is to be told; this is left out", message.webhook.id)
                return
            self._pending += 1
        self._pool.submit(self._try_to_send, message, 0)

    def _try_to_send(self, message: Message, tries: int) -> None:
        failure = self._post_message(message)
        if failure and tries < len(self._pauses):
            timer = Timer(self._pauses[tries], self._pool.submit, [self._try_to_send, message, tries + 1])
            timer.daemon = True
            timer.start()
            return
        with self._lock:
            self._pending -= 1
        with suppress(RetrievalError), open_keeper(self._library) as keeper:
            keeper.note_told(message.webhook.id, None if failure else message.told_image, failure)
        self._telling.discard(message.webhook.id)

    def _post_message(self, message: Message) -> str:
        """Send a message; why it did not arrive, or nothing."""
        now = int(time.time())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": str(now),
            "webhook-signature": sign(message.webhook.secret, message.id, now, message.body),
        }
        try:
            status = self._post(message.webhook.url, message.body, headers)
        except RetrievalError as error:
            return str(error)
        return "" if 200 <= status < 300 else f"the server answers {status}"


def _make_message(webhook: Webhook, facts: Json, told_image: int | None = None) -> Message:
    happened = {"type": webhook.event, "timestamp": datetime.now(UTC).isoformat(), "data": facts}
    return Message(webhook, f"msg_{secrets.token_hex(12)}", json.dumps(happened).encode(), told_image)
