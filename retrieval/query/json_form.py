"""A query as JSON values and back: what programs send, and what answers and saved searches hold.

    {"parts": [{"text": "golden retriever", "weight": 2}, {"file": "pool.jpg", "region": [0, 0.5, 1, 0.5]},
               {"image": 17, "weight": -1}, {"colours": [{"colour": "#ff0000", "share": 3}]},
               {"palette": {"url": "https://example.org/a.jpg"}}, {"concept": "harbours"}],
     "filters": {"tags": ["boat"], "after": "2020-01-01"}, "options": {"narrow": true},
     "examples": {"good": [3], "bad": [4]}, "weights": {"colour": 0.3},
     "limit": 40, "offset": 0, "include_examples": false}

Everything may be left out; the fields of filters, options and examples are those of the values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

from ..errors import InvalidQuery
from .values import (
    REFERENCE_KINDS,
    Colours,
    Concept,
    Examples,
    Filters,
    Options,
    Palette,
    Part,
    Picture,
    Query,
    Reference,
    Region,
    StoredPicture,
    Swatch,
    Text,
)

Json: TypeAlias = dict[str, Any]
Built = TypeVar("Built")
AnyValue = TypeVar("AnyValue", Filters, Options, Examples)
PART_KEYS: Final = ("text", "image", *REFERENCE_KINDS, "colours", "palette", "concept")
PICTURE_KEYS: Final = ("image", *REFERENCE_KINDS)
QUERY_KEYS: Final = (
    "parts",
    "filters",
    "options",
    "examples",
    "weights",
    "limit",
    "offset",
    "include_examples",
)


# -- a query to JSON ------------------------------------------------------------------------------


def query_to_json(query: Query) -> Json:
    """The query as JSON values, defaults left out; `query_from_json` reads it as the same query.

    A path becomes a "file". Raises InvalidQuery for a picture that was given as bytes.
    """
    said: Json = {
        "parts": [_part_to_json(part) for part in query.parts],
        "filters": _fields_to_json(query.filters),
        "options": _fields_to_json(query.options),
        "examples": _fields_to_json(query.examples),
        "weights": dict(query.weights),
        **{name: getattr(query, name) for name in ("limit", "offset", "include_examples")},
    }
    # Whatever is empty, no or nought is a default.
    return {name: value for name, value in said.items() if value and value != getattr(Query(), name)}


def _fields_to_json(value: Filters | Options | Examples) -> Json:
    usual = type(value)()
    given = {each.name: getattr(value, each.name) for each in fields(value)}
    return {name: _value_to_json(each) for name, each in given.items() if each != getattr(usual, name)}


def _value_to_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, date) else value


def _part_to_json(part: Part) -> Json:
    if isinstance(part, Text):
        said: Json = {"text": part.text}
    elif isinstance(part, Concept):
        said = {"concept": part.name}
    elif isinstance(part, Colours):
        said = {"colours": [_swatch_to_json(each) for each in part.swatches]}
    elif isinstance(part, Palette):
        said = {"palette": _picture_to_json(part.picture)}
    else:
        said = _picture_to_json(part)
    return said if part.weight == 1 else said | {"weight": part.weight}


def _swatch_to_json(swatch: Swatch) -> Json:
    return {"colour": swatch.colour} | ({} if swatch.share == 1 else {"share": swatch.share})


def _picture_to_json(part: Picture | StoredPicture) -> Json:
    box = part.region
    region = {"region": [box.left, box.top, box.width, box.height]} if box else {}
    if isinstance(part, StoredPicture):
        return {"image": part.image_id} | region
    source = Reference("file", str(part.source)) if isinstance(part.source, Path) else part.source
    if isinstance(source, bytes):
        raise InvalidQuery(f"{part.name}: a picture that was sent along cannot be written as JSON")
    return {source.kind: source.value} | region


# -- JSON to a query ------------------------------------------------------------------------------


def query_from_json(value: object) -> Query:
    """The query that JSON values say; every message begins with the path of what is wrong.

    Pictures given by "file", "url" and "upload" become a Reference (see `resolved`). Raises InvalidQuery
    for an unknown key, a value of another type, and what the values themselves refuse.
    """
    said = _read_object(value, "", QUERY_KEYS)
    given: Json = {name: _QUERY_READERS[name](each, name) for name, each in said.items()}
    return Query(**given)


def _read_object(value: object, path: str, known: tuple[str, ...]) -> Json:
    if not isinstance(value, dict):
        raise InvalidQuery(f"{path or 'query'}: an object is needed, as in {{}}")
    for key in value:
        if key not in known:
            place = f"{path}.{key}".removeprefix(".")
            raise InvalidQuery(f"{place[:80]}: no such key; there are {', '.join(known)}")
    return value


def _read_list(value: object, path: str, read: Callable[[Any, str], Built]) -> tuple[Built, ...]:
    if not isinstance(value, list):
        raise InvalidQuery(f"{path}: a list is needed, as in []")
    return tuple(read(each, f"{path}[{place}]") for place, each in enumerate(value))


def _read_text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise InvalidQuery(f"{path}: a text is needed")
    return value


def _read_bool(value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidQuery(f"{path}: true or false is needed")
    return value


def _read_integer(value: object, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**63:
        raise InvalidQuery(f"{path}: a whole number is needed")
    return value


def _read_number(value: object, path: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63:
        return float(value)
    raise InvalidQuery(f"{path}: a number is needed")


def _read_day(value: object, path: str) -> date:
    try:
        return date.fromisoformat(_read_text(value, path))
    except ValueError as error:
        raise InvalidQuery(f"{path}: a day is needed, as in 2020-06-17") from error


def _read_texts(value: object, path: str) -> tuple[str, ...]:
    return _read_list(value, path, _read_text)


def _read_ids(value: object, path: str) -> tuple[int, ...]:
    return _read_list(value, path, _read_integer)


# How a field is read, by its type as it stands in the value.
_FIELD_READERS: Final[dict[str, Callable[[object, str], Any]]] = {
    "str": _read_text,
    "float": _read_number,
    "int": _read_integer,
    "bool": _read_bool,
    "date": _read_day,
    "tuple[str, ...]": _read_texts,
    "tuple[int, ...]": _read_ids,
}


def _build_checked(path: str, make: Callable[[], Built]) -> Built:
    try:
        return make()
    except InvalidQuery as error:
        raise InvalidQuery(f"{path}: {error}") from error


def _value_reader(kind: type[AnyValue]) -> Callable[[object, str], AnyValue]:
    """What reads one of the values whose fields are the keys."""
    kinds = {each.name: _FIELD_READERS[str(each.type).removesuffix(" | None")] for each in fields(kind)}

    def read(value: object, path: str) -> AnyValue:
        said = _read_object(value, path, tuple(kinds))
        given = {name: kinds[name](each, f"{path}.{name}") for name, each in said.items()}
        return _build_checked(path, lambda: kind(**given))

    return read


def _read_weights(value: object, path: str) -> dict[str, float]:
    if not isinstance(value, dict):
        raise InvalidQuery(f"{path}: an object is needed, as in {{}}")
    return {signal: _read_number(each, f"{path}.{signal}"[:80]) for signal, each in value.items()}


def _read_parts(value: object, path: str) -> tuple[Part, ...]:
    return _read_list(value, path, _read_part)


def _read_part(value: object, path: str) -> Part:
    kind, said = _split_kind(value, path, PART_KEYS)
    if "region" in said and kind not in PICTURE_KEYS:
        raise InvalidQuery(f"{path}.region: only a picture has one")
    weight = _read_number(said.get("weight", 1), f"{path}.weight")
    if kind in PICTURE_KEYS:
        return _read_picture(kind, said, path, weight)
    make, read = _PART_READERS[kind]
    content = read(said[kind], f"{path}.{kind}")
    return _build_checked(path, lambda: make(content, weight))


def _split_kind(value: object, path: str, kinds: tuple[str, ...]) -> tuple[str, Json]:
    more = ("weight", "region") if kinds is PART_KEYS else ("region",)
    said = _read_object(value, path, (*kinds, *more))
    found = [each for each in kinds if each in said]
    if len(found) != 1:
        raise InvalidQuery(f"{path}: give exactly one of {', '.join(kinds)}")
    return found[0], said


def _read_picture(kind: str, said: Json, path: str, weight: float) -> Picture | StoredPicture:
    region = _read_region(said["region"], f"{path}.region") if "region" in said else None
    place = f"{path}.{kind}"
    if kind == "image":
        image_id = _read_integer(said[kind], place)
        return _build_checked(path, lambda: StoredPicture(image_id, weight, region))
    text = _read_text(said[kind], place)
    return _build_checked(path, lambda: Picture(Reference(kind, text), weight, region=region))


def _read_region(value: object, path: str) -> Region:
    box = _read_list(value, path, _read_number)
    if len(box) != 4:
        raise InvalidQuery(f"{path}: {len(box)} numbers; give left, top, width and height")
    return _build_checked(path, lambda: Region(*box))


def _read_swatches(value: object, path: str) -> tuple[Swatch, ...]:
    return _read_list(value, path, _read_swatch)


def _read_swatch(value: object, path: str) -> Swatch:
    said = _read_object(value, path, ("colour", "share"))
    colour = _read_text(said.get("colour"), f"{path}.colour")
    share = _read_number(said.get("share", 1), f"{path}.share")
    return _build_checked(path, lambda: Swatch(colour, share))


def _read_palette(value: object, path: str) -> Picture | StoredPicture:
    kind, said = _split_kind(value, path, PICTURE_KEYS)
    return _read_picture(kind, said, path, 1.0)


# The parts that are no pictures: what makes each, and what reads its content.
_PART_READERS: Final[dict[str, tuple[Callable[[Any, float], Part], Callable[[object, str], Any]]]] = {
    "text": (Text, _read_text),
    "concept": (Concept, _read_text),
    "colours": (Colours, _read_swatches),
    "palette": (Palette, _read_palette),
}
_QUERY_READERS: Final[dict[str, Callable[[object, str], Any]]] = {
    "parts": _read_parts,
    "filters": _value_reader(Filters),
    "options": _value_reader(Options),
    "examples": _value_reader(Examples),
    "weights": _read_weights,
    "limit": _read_integer,
    "offset": _read_integer,
    "include_examples": _read_bool,
}
