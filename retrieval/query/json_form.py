"""A query as JSON values and back: programs send it, answers and saved searches contain it.

    {"parts": [{"text": "golden retriever", "weight": 2}, {"file": "pool.jpg", "region": [0, 0.5, 1, 0.5]},
               {"image": 17, "weight": -1}, {"colours": [{"colour": "#ff0000", "share": 3}]},
               {"palette": {"url": "https://example.org/a.jpg"}}, {"concept": "harbours"},
               {"either": [{"parts": [{"text": "dog"}]}, {"filters": {"tags": ["cat"]}}]}],
     "filters": {"any": [{"tags": ["boat"]}, {"not": {"after": "2020-01-01"}}]},
     "options": {"narrow": true},
     "examples": {"good": [3], "bad": [4]}, "weights": {"colour": 0.3},
     "sort": "date", "limit": 40, "offset": 0, "include_examples": false}

Every key is optional. The keys of filters, options and examples are the fields of these values; filters
may also be a tree of objects with "all", "any" or "not". The place of "offset" can be taken by a "cursor".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

from ..errors import InvalidQuery
from .areas import DEFAULT_KILOMETRES, Circle, Near, Rectangle, Surroundings
from .conditions import MAX_DEPTH, AllOf, AnyOf, Condition, Filters, Not
from .sort import Sort, format_sort, parse_sort
from .suggestions import RESERVED, suggest_name
from .values import (
    REFERENCE_KINDS,
    Alternative,
    Colours,
    Concept,
    Either,
    Examples,
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
    read_former_grouping,
)

Json: TypeAlias = dict[str, Any]
Built = TypeVar("Built")
AnyValue = TypeVar("AnyValue", Filters, Options, Examples)
PART_KEYS: Final = ("text", "image", *REFERENCE_KINDS, "colours", "palette", "concept", "either")
PICTURE_KEYS: Final = ("image", *REFERENCE_KINDS)
TREE_KEYS: Final = ("all", "any", "not")  # of filters
QUERY_KEYS: Final = (
    "parts",
    "filters",
    "options",
    "examples",
    "weights",
    "sort",
    "limit",
    "offset",
    "cursor",
    "include_examples",
)


# -- a query to JSON ------------------------------------------------------------------------------


def query_to_json(query: Query) -> Json:
    """The query as JSON values, without defaults; `query_from_json` reads the same query from them.

    A path becomes a "file". Raises InvalidQuery for a picture that was given as bytes.
    """
    values: Json = {
        "parts": [_part_to_json(part) for part in query.parts],
        "filters": _condition_to_json(query.filters),
        "options": _fields_to_json(query.options),
        "examples": _fields_to_json(query.examples),
        "weights": dict(query.weights),
        "sort": format_sort(query.sort) if query.sort != Sort() else "",
        **{name: getattr(query, name) for name in ("limit", "offset", "cursor", "include_examples")},
    }
    # Empty values, False and 0 are defaults too.
    return {name: value for name, value in values.items() if value and value != getattr(Query(), name)}


def _fields_to_json(value: Filters | Options | Examples) -> Json:
    defaults = type(value)()
    values = {field.name: getattr(value, field.name) for field in fields(value)}
    return {
        name: _value_to_json(field_value)
        for name, field_value in values.items()
        if field_value != getattr(defaults, name)
    }


def _condition_to_json(condition: Condition) -> Json:
    if isinstance(condition, Filters):
        return _fields_to_json(condition)
    if isinstance(condition, Not):
        return {"not": _condition_to_json(condition.condition)}
    kind = "all" if isinstance(condition, AllOf) else "any"
    return {kind: [_condition_to_json(member) for member in condition.conditions]}


def _value_to_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(map(_value_to_json, value))
    if isinstance(value, Circle | Surroundings | Rectangle):
        return asdict(value)
    return value.isoformat() if isinstance(value, date) else value


def _part_to_json(part: Part) -> Json:
    if isinstance(part, Text):
        values: Json = {"text": part.text}
    elif isinstance(part, Either):
        values = {"either": [_alternative_to_json(alternative) for alternative in part.alternatives]}
    elif isinstance(part, Concept):
        values = {"concept": part.name}
    elif isinstance(part, Colours):
        values = {"colours": [_swatch_to_json(swatch) for swatch in part.swatches]}
    elif isinstance(part, Palette):
        values = {"palette": _picture_to_json(part.picture)}
    else:
        values = _picture_to_json(part)
    return values if part.weight == 1 else values | {"weight": part.weight}


def _alternative_to_json(alternative: Alternative) -> Json:
    parts = [_part_to_json(part) for part in alternative.parts]
    filters = _condition_to_json(alternative.filters)
    return ({"parts": parts} if parts else {}) | ({"filters": filters} if filters else {})


def _swatch_to_json(swatch: Swatch) -> Json:
    return {"colour": swatch.colour} | ({} if swatch.share == 1 else {"share": swatch.share})


def _picture_to_json(part: Picture | StoredPicture) -> Json:
    region = part.region
    region_json = {"region": [region.left, region.top, region.width, region.height]} if region else {}
    if isinstance(part, StoredPicture):
        return {"image": part.image_id} | region_json
    source = Reference("file", str(part.source)) if isinstance(part.source, Path) else part.source
    if isinstance(source, bytes):
        raise InvalidQuery(f"{part.name}: a picture given as bytes cannot be written as JSON")
    return {source.kind: source.value} | region_json


# -- JSON to a query ------------------------------------------------------------------------------


def query_from_json(value: object) -> Query:
    """The query that JSON values describe.

    Pictures given by "file", "url" and "upload" become a Reference (see `resolve_references`). Raises
    InvalidQuery for an unknown key, a value of a wrong type, and everything that the values themselves
    refuse; its message begins with the path of the wrong value.
    """
    values = _read_object(value, "", QUERY_KEYS)
    arguments: Json = {key: _QUERY_READERS[key](key_value, key) for key, key_value in values.items()}
    return Query(**arguments)


def _read_object(value: object, path: str, keys: tuple[str, ...]) -> Json:
    if not isinstance(value, dict):
        raise InvalidQuery(f"{path or 'query'}: an object is needed, as in {{}}")
    for key in value:
        if key not in keys:
            key_path = f"{path}.{key}".removeprefix(".")
            raise InvalidQuery(f"{key_path[:80]}: {_describe_unknown(key, keys)}")
    return value


def _describe_unknown(key: str, keys: tuple[str, ...]) -> str:
    """What is said of a key that there is not: what is near to it, and all that there are."""
    name = key.removeprefix("min_").removeprefix("max_")
    if name in RESERVED:
        return f"it is reserved: {RESERVED[name]}"
    nearest = suggest_name(key, keys)
    meant = f"; did you mean {nearest}?" if nearest else ""
    return f"no such key; there are {', '.join(keys)}{meant}"


def _read_list(value: object, path: str, read: Callable[[Any, str], Built]) -> tuple[Built, ...]:
    if not isinstance(value, list):
        raise InvalidQuery(f"{path}: a list is needed, as in []")
    return tuple(read(item, f"{path}[{index}]") for index, item in enumerate(value))


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


def _read_near(value: object, path: str) -> Near:
    is_place = isinstance(value, dict) and "place" in value
    keys = ("place", "kilometres") if is_place else ("latitude", "longitude", "kilometres")
    values = _read_object(value, path, keys)
    kilometres = _read_number(values.get("kilometres", DEFAULT_KILOMETRES), f"{path}.kilometres")
    if is_place:
        place = _read_text(values["place"], f"{path}.place")
        return _build_checked(path, lambda: Surroundings(place, kilometres))
    latitude, longitude = (_read_number(values.get(key), f"{path}.{key}") for key in keys[:2])
    return _build_checked(path, lambda: Circle(latitude, longitude, kilometres))


def _read_rectangle(value: object, path: str) -> Rectangle:
    keys = ("south", "west", "north", "east")
    values = _read_object(value, path, keys)
    south, west, north, east = (_read_number(values.get(key), f"{path}.{key}") for key in keys)
    return _build_checked(path, lambda: Rectangle(south, west, north, east))


# The reader of a field, by its type annotation.
_FIELD_READERS: Final[dict[str, Callable[[object, str], Any]]] = {
    "str": _read_text,
    "float": _read_number,
    "int": _read_integer,
    "bool": _read_bool,
    "date": _read_day,
    "tuple[str, ...]": _read_texts,
    "tuple[int, ...]": _read_ids,
    "tuple[Near, ...]": lambda value, path: _read_list(value, path, _read_near),
    "tuple[Rectangle, ...]": lambda value, path: _read_list(value, path, _read_rectangle),
}


def _build_checked(path: str, make: Callable[[], Built]) -> Built:
    try:
        return make()
    except InvalidQuery as error:
        raise InvalidQuery(f"{path}: {error}") from error


def _value_reader(kind: type[AnyValue]) -> Callable[[object, str], AnyValue]:
    """The reader of a value whose fields are the keys of an object."""
    readers = {field.name: _FIELD_READERS[str(field.type).removesuffix(" | None")] for field in fields(kind)}

    def read_value(value: object, path: str) -> AnyValue:
        values = _read_object(value, path, tuple(readers))
        arguments = {
            name: readers[name](field_value, f"{path}.{name}") for name, field_value in values.items()
        }
        return _build_checked(path, lambda: kind(**arguments))

    return read_value


def _read_sort(value: object, path: str) -> Sort:
    text = _read_text(value, path)
    return _build_checked(path, lambda: parse_sort(text))


_read_plain_options = _value_reader(Options)


def _read_options(value: object, path: str) -> Options:
    """The options; `collapse` is what `group` was called before."""
    if not (isinstance(value, dict) and "collapse" in value):
        return _read_plain_options(value, path)
    if "group" in value:
        raise InvalidQuery(f"{path}.collapse: is the former name of group; keep one of them")
    grouping = read_former_grouping(_read_text(value["collapse"], f"{path}.collapse"))
    others = {name: option for name, option in value.items() if name != "collapse"}
    return _read_plain_options(others | {"group": grouping}, path)


def _read_weights(value: object, path: str) -> dict[str, float]:
    if not isinstance(value, dict):
        raise InvalidQuery(f"{path}: an object is needed, as in {{}}")
    return {signal: _read_number(weight, f"{path}.{signal}"[:80]) for signal, weight in value.items()}


def _read_parts(value: object, path: str) -> tuple[Part, ...]:
    return _read_list(value, path, _read_part)


def _read_part(value: object, path: str) -> Part:
    kind, values = _split_kind(value, path, PART_KEYS)
    if "region" in values and kind not in PICTURE_KEYS:
        raise InvalidQuery(f"{path}.region: only a picture has a region; leave it out")
    weight = _read_number(values.get("weight", 1), f"{path}.weight")
    if kind in PICTURE_KEYS:
        return _read_picture(kind, values, path, weight)
    make, read = _PART_READERS[kind]
    content = read(values[kind], f"{path}.{kind}")
    return _build_checked(path, lambda: make(content, weight))


def _split_kind(value: object, path: str, kinds: tuple[str, ...]) -> tuple[str, Json]:
    """Which of the kinds an object has as a key, and its values."""
    other_keys = ("weight", "region") if kinds is PART_KEYS else ("region",)
    values = _read_object(value, path, (*kinds, *other_keys))
    present = [kind for kind in kinds if kind in values]
    if len(present) != 1:
        raise InvalidQuery(f"{path}: give exactly one of {', '.join(kinds)}")
    return present[0], values


def _read_picture(kind: str, values: Json, path: str, weight: float) -> Picture | StoredPicture:
    region = _read_region(values["region"], f"{path}.region") if "region" in values else None
    kind_path = f"{path}.{kind}"
    if kind == "image":
        image_id = _read_integer(values[kind], kind_path)
        return _build_checked(path, lambda: StoredPicture(image_id, weight, region))
    text = _read_text(values[kind], kind_path)
    return _build_checked(path, lambda: Picture(Reference(kind, text), weight, region=region))


def _read_region(value: object, path: str) -> Region:
    box = _read_list(value, path, _read_number)
    if len(box) != 4:
        raise InvalidQuery(f"{path}: {len(box)} numbers; give left, top, width and height")
    return _build_checked(path, lambda: Region(*box))


def _read_swatches(value: object, path: str) -> tuple[Swatch, ...]:
    return _read_list(value, path, _read_swatch)


def _read_swatch(value: object, path: str) -> Swatch:
    values = _read_object(value, path, ("colour", "share"))
    colour = _read_text(values.get("colour"), f"{path}.colour")
    share = _read_number(values.get("share", 1), f"{path}.share")
    return _build_checked(path, lambda: Swatch(colour, share))


def _read_palette(value: object, path: str) -> Picture | StoredPicture:
    kind, values = _split_kind(value, path, PICTURE_KEYS)
    return _read_picture(kind, values, path, 1.0)


_read_filters = _value_reader(Filters)


def _read_condition(value: object, path: str, depth: int = 0) -> Condition:
    """An object with one of TREE_KEYS is a tree; any other has the fields of Filters."""
    if not isinstance(value, dict) or not value.keys() & set(TREE_KEYS):
        return _read_filters(value, path)
    if len(value) > 1:
        raise InvalidQuery(f"{path}: an object with {' or '.join(TREE_KEYS)} has no other key")
    if depth > MAX_DEPTH:
        raise InvalidQuery(f"{path[:80]}: conditions are nested more than {MAX_DEPTH} deep")
    [(kind, content)] = value.items()
    read_member = partial(_read_condition, depth=depth + 1)
    if kind == "not":
        member = read_member(content, f"{path}.not")
        return _build_checked(path, lambda: Not(member))
    members = _read_list(content, f"{path}.{kind}", read_member)
    return _build_checked(path, lambda: (AllOf if kind == "all" else AnyOf)(members))


def _read_alternatives(value: object, path: str) -> tuple[Alternative, ...]:
    return _read_list(value, path, _read_alternative)


def _read_alternative(value: object, path: str) -> Alternative:
    values = _read_object(value, path, ("parts", "filters"))
    parts: Any = _read_parts(values.get("parts", []), f"{path}.parts")
    if any(isinstance(part, Either) for part in parts):
        raise InvalidQuery(f"{path}.parts: alternatives cannot hold alternatives; list them all in one")
    condition = _read_condition(values.get("filters", {}), f"{path}.filters")
    return _build_checked(path, lambda: Alternative(parts, condition))


# The parts that are not pictures: the class, and the reader of the content.
_PART_READERS: Final[dict[str, tuple[Callable[[Any, float], Part], Callable[[object, str], Any]]]] = {
    "text": (Text, _read_text),
    "concept": (Concept, _read_text),
    "colours": (Colours, _read_swatches),
    "palette": (Palette, _read_palette),
    "either": (Either, _read_alternatives),
}
_QUERY_READERS: Final[dict[str, Callable[[object, str], Any]]] = {
    "parts": _read_parts,
    "filters": _read_condition,
    "options": _read_options,
    "examples": _value_reader(Examples),
    "weights": _read_weights,
    "sort": _read_sort,
    "limit": _read_integer,
    "offset": _read_integer,
    "cursor": _read_text,
    "include_examples": _read_bool,
}
