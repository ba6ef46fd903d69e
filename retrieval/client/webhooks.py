"""The addresses that a server tells of what happens."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class Webhook(BaseModel):
    """An address that is told of an event: new-hits of the saved search `saved`, or job-ended.

    `secret` signs the messages; it is known of a new one alone. `failure`: why the last message did not
    arrive. Times are in UTC.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    url: str
    event: str
    saved: str
    created_at: datetime
    told_at: datetime | None
    failure: str
    secret: str = ""


class Webhooks(BaseModel):
    """Every webhook, the oldest first."""

    webhooks: list[Webhook]
