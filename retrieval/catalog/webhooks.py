"""Webhooks: addresses on the web that want to be told of what happens in the library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from .clock import utc_now
from .records import Webhook, WebhookEvent
from .schema import WebhookRow


def load_webhooks(connection: Connection) -> list[Webhook]:
    """Every webhook, the oldest first."""
    row = WebhookRow
    columns = (row.id, row.url, row.event, row.saved, row.secret, row.created_at)
    told = (row.told_image, row.told_at, row.failure)
    rows: Iterable[Any] = connection.execute(select(*columns, *told).order_by(row.id))
    return [Webhook(*found) for found in rows]


def insert_webhook(
    connection: Connection, url: str, event: WebhookEvent, saved: str, secret: str, told_image: int
) -> int:
    """Store a webhook; its number."""
    values = {"url": url, "event": event, "saved": saved, "secret": secret, "told_image": told_image}
    stored = insert(WebhookRow).values(**values, created_at=utc_now(), failure="")
    return connection.execute(stored.returning(WebhookRow.id)).scalar_one()


def update_webhook(connection: Connection, webhook: int, values: Mapping[str, Any]) -> None:
    """Replace columns of the webhook of this number."""
    connection.execute(update(WebhookRow).where(WebhookRow.id == webhook).values(dict(values)))


def rename_saved(connection: Connection, name: str, new_name: str) -> None:
    """Let the webhooks of a saved search follow its new name."""
    connection.execute(update(WebhookRow).where(WebhookRow.saved == name).values(saved=new_name))


def delete_webhook(connection: Connection, webhook: int) -> bool:
    """Delete a webhook; False if there is none of that number."""
    deletion = delete(WebhookRow).where(WebhookRow.id == webhook).returning(WebhookRow.id)
    return connection.scalar(deletion) is not None
