"""What the OpenAPI document says beyond the models: where the server is, groups of operations, and examples.

A test sends every example to a server, in the order of the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

Json: TypeAlias = dict[str, Any]

# By the first word of a path below /api/v1: the group of its operations.
TAGS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("search", "facets", "completions", "line", "ids", "queries", "embed"), "Search"),
    **dict.fromkeys(("images",), "Images"),
    **dict.fromkeys(("saved", "concepts", "webhooks"), "Saved searches"),
    **dict.fromkeys(("edits", "duplicates", "verdicts"), "Edits and duplicates"),
    **dict.fromkeys(("status", "problems", "index", "jobs", "snapshot"), "The library"),
}
DESCRIPTIONS: Final[Mapping[str, str]] = {
    "Search": "Find pictures by words, by example, by colour, or by all of these",
    "Images": "What is known about images, and pictures of them",
    "Saved searches": "What is kept by name, and who is told of news",
    "Edits and duplicates": "What people say of images",
    "The library": "What it holds, runs that index it, and copies of it",
}


@dataclass(frozen=True, slots=True)
class Example:
    """An example of an operation: parts of its path, parameters of its address, and its body."""

    path: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Json | None = None


_BOAT: Final = {"parts": [{"text": "boat"}, {"image": 1, "weight": 0.5}], "limit": 10}
_IMAGE: Final = {"image_id": 1}
# By the id of an operation; those that are not here take nothing, or what only a server can tell.
EXAMPLES: Final[Mapping[str, Example]] = {
    "search": Example(query={"q": "boat after:2019", "limit": 10}),
    "search_by_body": Example(body=_BOAT),
    "search_batch": Example(body={"searches": [_BOAT, {"parts": [{"text": "forest"}], "limit": 3}]}),
    "facets": Example(query={"q": "boat"}),
    "facets_by_body": Example(body={"parts": [{"text": "boat"}]}),
    "completions": Example(query={"q": "boat tag:ha"}),
    "read_line": Example(query={"q": "boats last summer"}),
    "write_line": Example(body=_BOAT),
    "ids": Example(query={"q": "boat"}),
    "ids_by_body": Example(body={"parts": [{"text": "boat"}]}),
    "embed": Example(body={"image": 1, "space": "subject"}),
    "images": Example(query={"id": [1, 2]}),
    "image": Example(_IMAGE),
    "edit_image": Example(_IMAGE, body={"title": "Pier", "rating": 4, "tags": {"add": ["sea"]}}),
    "similar": Example(_IMAGE, {"limit": 5}),
    "explanation": Example(_IMAGE, {"q": "image:2 weaker:yes"}),
    "explanation_by_body": Example(
        _IMAGE, body={"parts": [{"image": 2}], "options": {"weaker": True}, "limit": 10}
    ),
    "suggestions": Example(_IMAGE),
    "vectors": Example(_IMAGE),
    "thumbnail": Example(_IMAGE),
    "rendition": Example(_IMAGE, {"size": "preview"}),
    "heatmap": Example(_IMAGE, {"q": "image:2 weaker:yes"}),
    "save_search": Example(body={"name": "boats", "line": "boat after:2019"}),
    "saved_search": Example({"name": "boats"}),
    "saved_hits": Example({"name": "boats"}, {"limit": 5}),
    "new_hits": Example({"name": "boats"}),
    "look": Example({"name": "boats"}, body={}),
    "add_webhook": Example(body={"url": "https://example.org/hook", "event": "new-hits", "saved": "boats"}),
    "change_search": Example({"name": "boats"}, body={"name": "harbours"}),
    "remove_search": Example({"name": "harbours"}),
    "save_concept": Example(body={"name": "dusk", "good": [1, 2], "bad": [3]}),
    "concept": Example({"name": "dusk"}),
    "rename_concept": Example({"name": "dusk"}, body={"name": "sunsets"}),
    "remove_concept": Example({"name": "sunsets"}),
    "edit_images": Example(body={"images": [1, 2], "tags": {"add": ["Oslo"]}}),
    "take_back_edit": Example({"number": 1}),
    "duplicates": Example(query={"tier": "picture", "keep": "largest"}),
    "state_verdict": Example(body={"kind": "same", "images": [1, 2]}),
    "withdraw_verdict": Example({"number": 1}),
    "remove_webhook": Example({"number": 1}),
}


def complete_document(document: Json, address: str) -> Json:
    """The document with the address of this server, groups of operations, and examples."""
    paths = {
        path: {method: _complete_operation(path, operation) for method, operation in operations.items()}
        for path, operations in document["paths"].items()
    }
    tags = [{"name": name, "description": text} for name, text in DESCRIPTIONS.items()]
    return document | {"servers": [{"url": address.rstrip("/")}], "tags": tags, "paths": paths}


def _complete_operation(path: str, operation: Json) -> Json:
    tagged = operation | {"tags": [TAGS[path.split("/")[3]]]}
    example = EXAMPLES.get(operation["operationId"])
    if example is None:
        return tagged
    values = {**example.path, **example.query}
    if "parameters" in operation:
        tagged["parameters"] = [
            parameter | ({"example": values[parameter["name"]]} if parameter["name"] in values else {})
            for parameter in operation["parameters"]
        ]
    if example.body is not None:
        content = operation["requestBody"]["content"]
        shown = content | {"application/json": content["application/json"] | {"example": example.body}}
        tagged["requestBody"] = operation["requestBody"] | {"content": shown}
    return tagged
