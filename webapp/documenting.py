"""How the OpenAPI document describes operations: parameters and bodies, from the models that check them.

flask-openapi3 documents and `requests.py` reads, since the former takes every form value for JSON: it would
turn q="old town" into q=old town.
"""

from __future__ import annotations

import json
from typing import Any, Final, TypeAlias

from pydantic import BaseModel

Json: TypeAlias = dict[str, Any]


def describe_parameters(model: type[BaseModel]) -> list[Json]:
    """The parameters of an address."""
    return [
        {"name": name, "in": "query", "description": value.get("description"), "schema": value}
        for name, value in _schema_of(model)["properties"].items()
    ]


def describe_path(name: str, schema: Json | None = None) -> Json:
    """A part of a path: the id of something, or what `schema` says."""
    schema = schema or {"type": "integer", "minimum": 1}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def describe_body(model: type[BaseModel], *parameters: Json, required: bool = True) -> Json:
    """A body in JSON, and the parameters beside it."""
    content = {"application/json": {"schema": _schema_of(model)}}
    body: Json = {"requestBody": {"required": required, "content": content}}
    return body | ({"parameters": list(parameters)} if parameters else {})


def _schema_of(model: type[BaseModel]) -> Json:
    """The schema of a model; the shapes in it are written where they are used.

    `x-ref` in it names a shape of the document, which pydantic does not know.
    """
    schema = model.model_json_schema()
    shapes = schema.pop("$defs", {})
    text = json.dumps(schema).replace('"x-ref"', '"$ref"')
    for name, shape in shapes.items():
        del shape["title"]  # where it stands several times, clients that are made of it call it by its fields
        text = text.replace(f'"$ref": "#/$defs/{name}"', json.dumps(shape)[1:-1])
    described: Json = json.loads(text)
    return described


IMAGE_ID: Final = describe_path("image_id")
NAME: Final = describe_path("name", {"type": "string", "minLength": 1})
NUMBER: Final = describe_path("number")


def name_operation(*, name: str, **_about: str) -> str:
    """The id of an operation: the name of its function, by which clients made of the document call it."""
    return name
