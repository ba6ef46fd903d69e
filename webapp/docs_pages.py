"""The pages about the interface for programs: its operations, to be tried out, and what problems mean."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from flask import Blueprint, render_template, request

from retrieval import RetrievalError, UnreadableImage

from .api import openapi
from .errors import STATUSES, InvalidParameter, http_status_of
from .examples import DESCRIPTIONS, EXAMPLES, Example
from .parameters import NoParameters, SearchParameters
from .repairs import REPAIRS
from .requests import read_parameters

Json: TypeAlias = dict[str, Any]
METHODS: Final = ("get", "post", "put", "patch", "delete")
# Problems that the web framework finds, by their codes.
_OF_HTTP: Final = {
    "not-found": (404, "There is nothing at this address."),
    "method-not-allowed": (405, "This address does not take that kind of request."),
    "request-entity-too-large": (413, "The body is larger than this server takes."),
    "internal-error": (500, "Something went wrong in the server; its log says more under the number told."),
}

docs_pages = Blueprint("docs_pages", __name__, url_prefix="/docs")


@dataclass(frozen=True, slots=True)
class ShownOperation:
    """An operation as its page shows it. `address`: of its example, where it can be asked for by a link."""

    id: str
    method: str
    path: str
    summary: str
    parameters: list[Json]
    values: dict[str, str]  # of the example, by parameter
    body: str  # of the example; empty for none
    media: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A kind of problem: its code, its status, and what it means."""

    code: str
    status: int
    meaning: str


@docs_pages.get("/api")
def interface() -> str:
    """Every operation, with its parameters and an example that can be sent."""
    read_parameters(NoParameters, request.args)
    groups: dict[str, list[ShownOperation]] = {name: [] for name in DESCRIPTIONS}
    for path, operations in openapi()["paths"].items():
        for method in filter(operations.__contains__, METHODS):
            shown = _show_operation(path, method, operations[method])
            groups[operations[method]["tags"][0]].append(shown)
    return render_template(
        "docs.html", groups=groups, descriptions=DESCRIPTIONS, parameters=SearchParameters()
    )


@docs_pages.get("/problems")
def problem_types() -> str:
    """What the code of each problem means; the type of a problem is an address on this page."""
    read_parameters(NoParameters, request.args)
    return render_template("problem_types.html", types=list_problem_types(), parameters=SearchParameters())


def list_problem_types() -> list[ProblemType]:
    """Every kind of problem, by its code."""
    kinds: list[type[RetrievalError]] = [*(kind for kind, _ in STATUSES), InvalidParameter]
    found = {
        kind.code: ProblemType(kind.code, http_status_of(kind), (kind.__doc__ or "").split("\n")[0])
        for kind in kinds
    }
    unreadable = {
        code: ProblemType(code, http_status_of(UnreadableImage), "A picture cannot be read. " + sentences[0])
        for code, sentences in REPAIRS.items()
    }
    of_http = {code: ProblemType(code, *facts) for code, facts in _OF_HTTP.items()}
    return sorted((unreadable | found | of_http).values(), key=lambda shown: shown.code)


def _show_operation(path: str, method: str, operation: Json) -> ShownOperation:
    example = EXAMPLES.get(operation["operationId"], Example())
    values = {name: _write_value(value) for name, value in {**example.path, **example.query}.items()}
    return ShownOperation(
        id=operation["operationId"],
        method=method,
        path=path,
        summary=operation.get("summary", ""),
        parameters=operation.get("parameters", []),
        values=values,
        body="" if example.body is None else json.dumps(example.body, indent=2),
        media=tuple(operation.get("requestBody", {}).get("content", ())),
    )


def _write_value(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
