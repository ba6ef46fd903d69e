"""The HTTP interface for webhooks. A public server has none of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

from flask import Response, current_app, request
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field

from retrieval import Webhook, answers, open_keeper

from .documenting import NUMBER, describe_body, name_operation
from .errors import PROBLEM, InvalidParameter, NotPublic
from .parameters import NoParameters
from .requests import read_json_values, read_parameters
from .services import current_services
from .webhooks import Webhooks, make_secret

Json: TypeAlias = dict[str, Any]
EventName: TypeAlias = Literal["new-hits", "job-ended"]
MOST_WEBHOOKS: Final = 100

webhook_api = APIBlueprint(
    "webhook_api",
    __name__,
    url_prefix="/api/v1",
    abp_responses={status: dict(PROBLEM) for status in ("400", "403", "404", "4XX", "5XX")},
    operation_id_callback=name_operation,
)


class NewWebhook(answers.StrictModel):
    """Where to tell of what."""

    url: str = Field(min_length=1, max_length=2000, description="An http or https address on the public web")
    event: EventName = Field(description="New hits of a saved search, or that a job has ended")
    saved: str = Field(default="", max_length=80, description="For new-hits: the name of the saved search")


class ShownWebhook(answers.StrictModel):
    """A webhook, without its secret."""

    number: int
    url: str
    event: EventName
    saved: str
    created_at: datetime
    told_at: datetime | None = Field(description="When it was told something last")
    failure: str = Field(description="Why the last message did not arrive; empty where it did")


class MadeWebhook(ShownWebhook):
    """A new webhook; its secret is told this once alone."""

    secret: str = Field(description="Signs each message, as Standard Webhooks has it (HMAC-SHA256)")


class ShownWebhooks(answers.StrictModel):
    """Every webhook, the oldest first."""

    webhooks: list[ShownWebhook]


@webhook_api.before_request
def refuse_strangers() -> None:
    """Strangers neither see nor make webhooks."""
    if current_app.config["PUBLIC"]:
        raise NotPublic


# The names of these functions are in the document, as ids of operations.
@webhook_api.get("/webhooks", responses={200: ShownWebhooks})
def webhooks() -> Json:
    """The addresses that are told of what happens, and whether that works."""
    read_parameters(NoParameters, request.args)
    shown = [ShownWebhook(**_fields_of(webhook)) for webhook in _load_webhooks()]
    values: Json = answers.json_values(ShownWebhooks(webhooks=shown))
    return values


@webhook_api.post("/webhooks", responses={201: MadeWebhook}, openapi_extensions=describe_body(NewWebhook))
def add_webhook() -> Response:
    """Have an address told of what happens from now on."""
    read_parameters(NoParameters, request.args)
    asked = read_json_values(NewWebhook, request.get_data())
    _check_new(asked)
    secret = make_secret()
    with open_keeper(current_services().library) as keeper:
        number = keeper.add_webhook(asked.url, asked.event, asked.saved, secret)
    [made] = [webhook for webhook in _load_webhooks() if webhook.id == number]
    text = json.dumps(answers.json_values(MadeWebhook(**_fields_of(made), secret=secret)))
    headers = {"Location": "/api/v1/webhooks"}
    return Response(text, 201, headers, content_type="application/json")


@webhook_api.delete(
    "/webhooks/<id:number>", responses={204: None}, openapi_extensions={"parameters": [NUMBER]}
)
def remove_webhook() -> Response:
    """Tell an address nothing any more."""
    read_parameters(NoParameters, request.args)
    number: int = (request.view_args or {})["number"]
    with open_keeper(current_services().library) as keeper:
        keeper.remove_webhook(number)
    return Response(status=204)


def _check_new(asked: NewWebhook) -> None:
    sender: Webhooks = current_app.extensions["webhooks"]
    sender.check_address(asked.url)
    if (asked.event == "new-hits") != bool(asked.saved):
        raise InvalidParameter("saved: name the saved search for new-hits, and none for job-ended")
    if len(_load_webhooks()) >= MOST_WEBHOOKS:
        raise InvalidParameter(f"there are {MOST_WEBHOOKS} webhooks already; remove one first")


def _load_webhooks() -> list[Webhook]:
    with current_services().library.catalog.reading() as reader:
        return reader.load_webhooks()


def _fields_of(webhook: Webhook) -> Json:
    return {
        "number": webhook.id,
        "url": webhook.url,
        "event": webhook.event,
        "saved": webhook.saved,
        "created_at": webhook.created_at.replace(tzinfo=UTC),
        "told_at": webhook.told_at and webhook.told_at.replace(tzinfo=UTC),
        "failure": webhook.failure,
    }
