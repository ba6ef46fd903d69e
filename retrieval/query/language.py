"""One line of text to a Query and back: our grammar, never the word index's.

    harbour "old town" -night tag:boat -tag:private folder:"2019/summer" after:2020 before:2021-06
    2:"golden retriever" file:pool.jpg -fruit image:17@0,0.5,1,0.5 colour:navy@3,white weight.colour:0.3

Bare words and quoted phrases together are one text part, the first; every term with a minus, a weight
or a key of a part is a part of its own, in the order of the line. KEYS holds the keys that fill fields of
Filters, Examples and Options; with `-` before them, those that can exclude do. Any other `name:` is
refused; quotation marks make a colon ordinary. Which page of the hits is shown is no part of the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ..errors import InvalidQuery
from .keys import KEYS, Key, real, whole
from .terms import NUMBER, PALETTE, PICTURES, Term, number, prefix, terms, written
from .values import (
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
    StoredPicture,
    Swatch,
    Text,
)

COLOURS: Final = {
    "black": "#000000", "silver": "#c0c0c0", "grey": "#808080", "gray": "#808080", "white": "#ffffff",
    "maroon": "#800000", "red": "#ff0000", "purple": "#800080", "fuchsia": "#ff00ff", "green": "#008000",
    "lime": "#00ff00", "olive": "#808000", "yellow": "#ffff00", "navy": "#000080", "blue": "#0000ff",
    "teal": "#008080", "aqua": "#00ffff", "orange": "#ffa500", "brown": "#a52a2a", "pink": "#ffc0cb",
}  # fmt: skip
PARTS: Final = ("text", *PICTURES, "palette", "colour", "concept")
WEIGHT: Final = "weight."  # and the name of a signal

_SWATCH = re.compile(rf"([^@]*)(?:@({NUMBER}))?")


# -- a line to a query ----------------------------------------------------------------------------


def parse_query(line: str, *, parts: tuple[Part, ...] = (), limit: int = 40, offset: int = 0) -> Query:
    """Read one line into a Query; `parts` (pictures, say) are put after the line's own parts.

    Pictures of `file:`, `url:` and `upload:` become a Reference (see `resolved`). Raises InvalidQuery with
    the column, counted from 1, for an unknown key, a value that does not fit it, an empty value or a
    quotation mark that is never closed.
    """
    read = [_known(term) for term in terms(line)]
    stated = _stated(read)
    return Query(
        (*_parts(read), *parts),
        Filters(**stated[Filters]),
        weights=_weights(read),
        options=Options(**stated[Options]),
        examples=Examples(**stated[Examples]),
        limit=limit,
        offset=offset,
        include_examples=stated[Query].get("include_examples", False),
    )


def _known(term: Term) -> Term:
    key = term.key
    if key is None or key in KEYS or key in _READERS or key.startswith(WEIGHT):
        return term
    if key == "palette":
        raise term.refused("palette: takes a picture, as in palette:image:17 or palette:file:beach.jpg")
    names = ", ".join((*KEYS, *PARTS, f"{WEIGHT}SIGNAL"))
    raise term.refused(f"{key}: is not a key; there are {names} (or quote it)")


def _checked(term: Term, make: Callable[..., Any], *values: Any, **fields: Any) -> Any:
    """What `make` makes of these; what it refuses is said with the term's column."""
    try:
        return make(*values, **fields)
    except InvalidQuery as error:
        raise term.refused(error) from error
    except ValueError as error:
        raise term.refused(f"{term.key}:{term.value[:80]}: {error}") from error


def _parts(read: Sequence[Term]) -> list[Part]:
    bare = " ".join(_words(term) for term in read if term.is_bare)
    texts: list[Part] = [Text(bare)] if bare else []
    return texts + [
        _checked(term, _READERS[term.key], term) for term in read if term.key in _READERS and not term.is_bare
    ]


def _words(term: Term) -> str:
    return f'"{term.value}"' if term.quoted else term.value


def _stored(term: Term) -> StoredPicture:
    return StoredPicture(whole(term.value), term.signed_weight, term.region)


def _referred(term: Term) -> Picture:
    kind = str(term.key).removeprefix(PALETTE)
    return Picture(Reference(kind, term.value), term.signed_weight, region=term.region)


def _palette(term: Term) -> Palette:
    read = _PICTURES[str(term.key)]
    return Palette(replace(read(term), weight=1.0), term.signed_weight)


def _colours(term: Term) -> Colours:
    return Colours(tuple(_swatch(each) for each in term.value.split(",")), term.signed_weight)


def _swatch(text: str) -> Swatch:
    match = _SWATCH.fullmatch(text)
    if match is None:
        raise ValueError("write a colour's share after an @, as in #ff0000@3")
    colour = COLOURS.get(match[1].lower(), match[1])
    if not colour.startswith("#"):
        raise ValueError(f"write a colour as #rrggbb, or as one of {', '.join(COLOURS)}")
    return Swatch(colour, float(match[2] or 1))


_PICTURES: Final[dict[str, Callable[[Term], Picture | StoredPicture]]] = {
    start + key: _stored if key == "image" else _referred for start in ("", PALETTE) for key in PICTURES
}
_READERS: Final[dict[str | None, Callable[[Term], Part]]] = {
    None: lambda term: Text(_words(term), term.signed_weight),
    "text": lambda term: Text(term.value, term.signed_weight),
    "concept": lambda term: Concept(term.value, term.signed_weight),
    "colour": _colours,
    **{key: _palette if key.startswith(PALETTE) else read for key, read in _PICTURES.items()},
}


def _stated(read: Sequence[Term]) -> dict[type[Any], dict[str, Any]]:
    """The fields that the terms fill, by the value that they belong to."""
    stated: dict[type[Any], dict[str, Any]] = {owner: {} for owner in (Filters, Examples, Options, Query)}
    for term in read:
        if key := KEYS.get(term.key or ""):
            given = stated[key.owner]
            for name, value in _fields(term, key).items():
                if name in given and not key.several:
                    raise term.refused(f"{term.key}: is given twice; keep one")
                given[name] = (*given.get(name, ()), value) if key.several else value
            _checked(term, key.owner, **given)  # at once, so that a refusal has its column
    return stated


def _fields(term: Term, key: Key) -> dict[str, Any]:
    """What one term says."""
    if term.weight is not None:
        raise term.refused(f"{term.key}: takes no weight")
    if term.minus and not key.without:
        raise term.refused(f"-{term.key}: cannot be excluded{'; ' + key.instead if key.instead else ''}")
    value = _checked(term, key.kind.read, term.value)
    names = (key.without,) if term.minus else key.names
    return dict(zip(names, value if len(names) > 1 else (value,), strict=True))


def _weights(read: Sequence[Term]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for term in read:
        if term.key and term.key.startswith(WEIGHT):
            signal = term.key.removeprefix(WEIGHT)
            if term.minus or term.weight is not None or signal in weights:
                raise term.refused(f"{term.key}: takes neither minus nor weight, and is given once")
            weights[signal] = _checked(term, real, term.value)
            _checked(term, Query, weights={signal: weights[signal]})
    return weights


# -- a query to a line ----------------------------------------------------------------------------


def format_query(query: Query) -> str:
    """The line that `parse_query` reads as this query; its limit and offset are not in it.

    A path is written as `file:`. Raises InvalidQuery for a picture that was given as bytes.
    """
    values = (query.filters, query.examples, query.options, query)
    said = [*_parts_written(query.parts), *(each for value in values for each in _fields_written(value))]
    weights = [written(WEIGHT + signal, number(weight)) for signal, weight in query.weights.items()]
    return " ".join([*said, *weights])


def _fields_written(value: Filters | Examples | Options | Query) -> Iterator[str]:
    for key, entry in KEYS.items():
        if isinstance(value, entry.owner):
            yield from _field_written(value, key, entry, entry.names)
            if entry.without:
                yield from _field_written(value, f"-{key}", entry, (entry.without,))


def _field_written(value: object, key: str, entry: Key, names: tuple[str, ...]) -> Iterator[str]:
    """Nothing for a field that stands at its default, a term for each of several values, or one term."""
    given, usual = ([getattr(each, name) for name in names] for each in (value, entry.owner()))
    if given != usual:
        each_value = given[0] if entry.several else [given[0] if len(given) == 1 else tuple(given)]
        yield from (written(key, entry.kind.write(each)) for each in each_value)


def _parts_written(parts: tuple[Part, ...]) -> Iterator[str]:
    for place, part in enumerate(parts):
        if isinstance(part, Text):
            yield _text_written(part, first=place == 0)
        elif isinstance(part, Concept):
            yield written("concept", part.name, part.weight)
        elif isinstance(part, Colours):
            yield written("colour", ",".join(map(_swatch_written, part.swatches)), part.weight)
        elif isinstance(part, Palette):
            yield _picture_written(part.of, part.weight, PALETTE)
        else:
            yield _picture_written(part, part.weight)


def _text_written(part: Text, *, first: bool) -> str:
    """As bare words, as one word or phrase with its weight, or else after `text:`."""
    bare = part.text if first and part.weight == 1 else (prefix(part.weight) or "1:") + part.text
    try:
        alike = _parts([_known(term) for term in terms(bare)]) == [part]
    except InvalidQuery:
        alike = False
    return bare if alike else written("text", part.text, part.weight)


def _swatch_written(swatch: Swatch) -> str:
    return swatch.colour if swatch.share == 1 else f"{swatch.colour}@{number(swatch.share)}"


def _picture_written(part: Picture | StoredPicture, weight: float, start: str = "") -> str:
    if isinstance(part, StoredPicture):
        return written(f"{start}image", str(part.image_id), weight, part.region)
    source = Reference("file", str(part.source)) if isinstance(part.source, Path) else part.source
    if isinstance(source, bytes):
        raise InvalidQuery(f"{part.name}: a picture that was sent along cannot be written in a line")
    return written(start + source.kind, source.value, weight, part.region)
