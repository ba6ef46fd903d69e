"""The HTTP interface for duplicates and verdicts. A public server has none of it."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from flask import Response, current_app, request, url_for
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field

from retrieval import Verdict, VerdictNotFound, answers, open_keeper, parse_keep_rule

from .addresses import PICTURE_ADDRESSES, address_values
from .documenting import NUMBER, describe_body, describe_parameters, name_operation
from .errors import PROBLEM, NotPublic
from .parameters import NoParameters, OffsetParameters
from .requests import read_json_values, read_parameters
from .services import current_services

Json: TypeAlias = dict[str, Any]

duplicate_api = APIBlueprint(
    "duplicate_api",
    __name__,
    url_prefix="/api/v1",
    abp_responses={status: dict(PROBLEM) for status in ("400", "403", "404", "4XX", "5XX")},
    operation_id_callback=name_operation,
)


class DuplicateParameters(OffsetParameters):
    """Which groups to list."""

    tier: answers.Tier = Field(default="picture", description="How much alike")
    keep: str = Field(
        default="largest",
        max_length=2000,
        description="Which file of each group to keep: largest, oldest, newest or folder:PATH",
    )


class NewVerdict(answers.StrictModel):
    """What somebody says about images."""

    kind: answers.VerdictKind = Field(description="They are all one picture, or no two of them are")
    images: tuple[answers.ImageId, ...] = Field(
        description="Their ids, 500 at most; one alone with `different`: its files shall be several"
    )


_PARAMETERS = {"parameters": describe_parameters(DuplicateParameters)}


@duplicate_api.before_request
def refuse_strangers() -> None:
    """Strangers neither see which files the owner of a library has twice, nor state anything."""
    if current_app.config["PUBLIC"]:
        raise NotPublic()


# The names of these functions are in the document, as ids of operations.
@duplicate_api.get("/duplicates", responses={200: answers.Duplicates}, openapi_extensions=_PARAMETERS)
def duplicates() -> Json:
    """Groups of files of which one may be enough; nothing is ever deleted."""
    asked = read_parameters(DuplicateParameters, request.args)
    rule = parse_keep_rule(asked.keep)
    found = current_services().library.find_duplicates(asked.tier, rule)
    last = asked.offset + asked.limit
    following = url_for("duplicate_api.duplicates", **address_values(asked, offset=last))
    presented = answers.present_duplicates(
        found,
        asked.tier,
        rule,
        PICTURE_ADDRESSES,
        limit=asked.limit,
        offset=asked.offset,
        next_address=following if last < len(found.groups) else None,
    )
    values: Json = answers.json_values(presented)
    return values


@duplicate_api.get("/verdicts", responses={200: answers.Verdicts})
def verdicts() -> Json:
    """What was said about which images are one picture, the newest first."""
    read_parameters(NoParameters, request.args)
    stated = current_services().library.load_verdicts()[::-1]
    shown = [answers.present_verdict(verdict) for verdict in stated]
    values: Json = answers.json_values(answers.Verdicts(verdicts=shown))
    return values


@duplicate_api.post(
    "/verdicts", responses={201: answers.Verdict}, openapi_extensions=describe_body(NewVerdict)
)
def state_verdict() -> Response:
    """Note that images are all one picture, or that no two of them are."""
    read_parameters(NoParameters, request.args)
    body = read_json_values(NewVerdict, request.get_data())
    with open_keeper(current_services().library) as keeper:
        number = keeper.state_verdict(body.kind, body.images)
    stated = Verdict(number, body.kind, tuple(sorted(set(body.images))))
    text = json.dumps(answers.json_values(answers.present_verdict(stated)))
    headers = {"Location": f"/api/v1/verdicts/{number}"}
    return Response(text, 201, headers, content_type="application/json")


@duplicate_api.delete(
    "/verdicts/<id:number>", responses={204: None}, openapi_extensions={"parameters": [NUMBER]}
)
def withdraw_verdict() -> Response:
    """Take a verdict back; those that it contradicted count again."""
    read_parameters(NoParameters, request.args)
    number: int = (request.view_args or {})["number"]
    if number > answers.MAX_ID:
        raise VerdictNotFound(number)
    with open_keeper(current_services().library) as keeper:
        keeper.withdraw_verdict(number)
    return Response(status=204)
