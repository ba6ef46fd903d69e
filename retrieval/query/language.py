"""One line of text to a Query and back, in a grammar of our own, not that of the word index.

    harbour "old town" -night tag:boat -tag:private folder:"2019/summer" after:2020 before:2021-06
    2:"golden retriever" file:pool.jpg -fruit image:17@0,0.5,1,0.5 colour:navy@3,white weight.colour:0.3

All bare words and quoted phrases together are one text part, the first. Every term with a minus, a weight or
the key of a part is a part of its own, in the order of the line. KEYS has the keys that set fields of
Filters, Examples and Options; some of them exclude with `-` before them. Any other `name:` is refused, except
in quotation marks. The line does not say which page of the hits is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ..errors import InvalidQuery
from .keys import KEYS, Key, parse_integer, parse_number
from .suggestions import describe_unknown_key
from .terms import (
    NUMBER,
    PALETTE_PREFIX,
    PICTURE_KEYS,
    Term,
    format_number,
    format_term,
    format_weight,
    split_terms,
)
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

COLOUR_NAMES: Final = {
    "black": "#000000", "silver": "#c0c0c0", "grey": "#808080", "gray": "#808080", "white": "#ffffff",
    "maroon": "#800000", "red": "#ff0000", "purple": "#800080", "fuchsia": "#ff00ff", "green": "#008000",
    "lime": "#00ff00", "olive": "#808000", "yellow": "#ffff00", "navy": "#000080", "blue": "#0000ff",
    "teal": "#008080", "aqua": "#00ffff", "orange": "#ffa500", "brown": "#a52a2a", "pink": "#ffc0cb",
}  # fmt: skip
PART_KEYS: Final = ("text", *PICTURE_KEYS, "palette", "colour", "concept")
WEIGHT_PREFIX: Final = "weight."  # before the name of a signal

_SWATCH = re.compile(rf"([^@]*)(?:@({NUMBER}))?")


# -- a line to a query ----------------------------------------------------------------------------


def parse_query(line: str, *, parts: tuple[Part, ...] = (), limit: int = 40, offset: int = 0) -> Query:
    """Parse one line into a Query; `parts` are added after the parts of the line.

    Pictures of `file:`, `url:` and `upload:` become a Reference (see `resolve_references`). Raises
    InvalidQuery with the column, counted from 1, for an unknown key, a value that does not fit its key, an
    empty value or a missing quotation mark.
    """
    terms = [_check_key(term) for term in split_terms(line)]
    fields = _collect_fields(terms)
    return Query(
        (*_build_parts(terms), *parts),
        Filters(**fields[Filters]),
        weights=_read_weights(terms),
        options=Options(**fields[Options]),
        examples=Examples(**fields[Examples]),
        limit=limit,
        offset=offset,
        include_examples=fields[Query].get("include_examples", False),
    )


def _check_key(term: Term) -> Term:
    key = term.key
    if key is None or key in KEYS or key in _READERS or key.startswith(WEIGHT_PREFIX):
        return term
    if key == "palette":
        raise term.make_error("palette: takes a picture, as in palette:image:17 or palette:file:beach.jpg")
    names = (*KEYS, *PART_KEYS, f"{WEIGHT_PREFIX}SIGNAL")
    raise term.make_error(describe_unknown_key(key, term.value, names))


def _build_checked(term: Term, make: Callable[..., Any], *values: Any, **fields: Any) -> Any:
    """Call `make`, and add the column of the term to the error that it may raise."""
    try:
        return make(*values, **fields)
    except InvalidQuery as error:
        raise term.make_error(error) from error
    except ValueError as error:
        raise term.make_error(f"{term.key}:{term.value[:80]}: {error}") from error


def _build_parts(terms: Sequence[Term]) -> list[Part]:
    bare_words = " ".join(_format_words(term) for term in terms if term.is_bare)
    texts: list[Part] = [Text(bare_words)] if bare_words else []
    return texts + [
        _build_checked(term, _READERS[term.key], term)
        for term in terms
        if term.key in _READERS and not term.is_bare
    ]


def _format_words(term: Term) -> str:
    return f'"{term.value}"' if term.is_quoted else term.value


def _build_stored_picture(term: Term) -> StoredPicture:
    return StoredPicture(parse_integer(term.value), term.signed_weight, term.region)


def _build_picture(term: Term) -> Picture:
    kind = str(term.key).removeprefix(PALETTE_PREFIX)
    return Picture(Reference(kind, term.value), term.signed_weight, region=term.region)


def _build_palette(term: Term) -> Palette:
    build_picture = _PICTURE_READERS[str(term.key)]
    return Palette(replace(build_picture(term), weight=1.0), term.signed_weight)


def _build_colours(term: Term) -> Colours:
    return Colours(tuple(_parse_swatch(text) for text in term.value.split(",")), term.signed_weight)


def _parse_swatch(text: str) -> Swatch:
    match = _SWATCH.fullmatch(text)
    if match is None:
        raise ValueError("write the share of a colour after an @, as in #ff0000@3")
    colour = COLOUR_NAMES.get(match[1].lower(), match[1])
    if not colour.startswith("#"):
        raise ValueError(f"write a colour as #rrggbb, or as one of {', '.join(COLOUR_NAMES)}")
    return Swatch(colour, float(match[2] or 1))


_PICTURE_READERS: Final[dict[str, Callable[[Term], Picture | StoredPicture]]] = {
    start + key: _build_stored_picture if key == "image" else _build_picture
    for start in ("", PALETTE_PREFIX)
    for key in PICTURE_KEYS
}
_READERS: Final[dict[str | None, Callable[[Term], Part]]] = {
    None: lambda term: Text(_format_words(term), term.signed_weight),
    "text": lambda term: Text(term.value, term.signed_weight),
    "concept": lambda term: Concept(term.value, term.signed_weight),
    "colour": _build_colours,
    **{
        key: _build_palette if key.startswith(PALETTE_PREFIX) else read
        for key, read in _PICTURE_READERS.items()
    },
}


def _collect_fields(terms: Sequence[Term]) -> dict[type[Any], dict[str, Any]]:
    """The fields that the terms set, by the class that they belong to."""
    collected: dict[type[Any], dict[str, Any]] = {owner: {} for owner in (Filters, Examples, Options, Query)}
    for term in terms:
        if key := KEYS.get(term.key or ""):
            fields = collected[key.owner]
            for name, value in _read_fields(term, key).items():
                if name in fields and not key.is_list:
                    raise term.make_error(f"{term.key}: is given twice; keep one")
                fields[name] = (*fields.get(name, ()), value) if key.is_list else value
            _build_checked(term, key.owner, **fields)  # now, so that an error has the column of this term
    return collected


def _read_fields(term: Term, key: Key) -> dict[str, Any]:
    """The fields that one term sets, with their values."""
    if term.weight is not None:
        raise term.make_error(f"{term.key}: cannot have a weight; leave the number out")
    if term.is_negated and not key.negated_field:
        raise term.make_error(
            f"-{term.key}: cannot be excluded{'; ' + key.alternative if key.alternative else ''}"
        )
    value = _build_checked(term, key.kind.parse, term.value)
    names = (key.negated_field,) if term.is_negated else key.field_names
    return dict(zip(names, value if len(names) > 1 else (value,), strict=True))


def _read_weights(terms: Sequence[Term]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for term in terms:
        if term.key and term.key.startswith(WEIGHT_PREFIX):
            signal = term.key.removeprefix(WEIGHT_PREFIX)
            if term.is_negated or term.weight is not None or signal in weights:
                raise term.make_error(f"{term.key}: write it once, without a minus or a weight before it")
            weights[signal] = _build_checked(term, parse_number, term.value)
            _build_checked(term, Query, weights={signal: weights[signal]})
    return weights


# -- a query to a line ----------------------------------------------------------------------------


def format_query(query: Query) -> str:
    """The line that `parse_query` reads as this query; limit and offset are not in it.

    A path is written as `file:`. Raises InvalidQuery for a picture that was given as bytes.
    """
    values = (query.filters, query.examples, query.options, query)
    terms = [*_format_parts(query.parts), *(term for value in values for term in _format_fields(value))]
    weights = [
        format_term(WEIGHT_PREFIX + signal, format_number(weight)) for signal, weight in query.weights.items()
    ]
    return " ".join([*terms, *weights])


def _format_fields(value: Filters | Examples | Options | Query) -> Iterator[str]:
    for key, entry in KEYS.items():
        if isinstance(value, entry.owner):
            yield from _format_field(value, key, entry, entry.field_names)
            if entry.negated_field:
                yield from _format_field(value, f"-{key}", entry, (entry.negated_field,))


def _format_field(value: object, key: str, entry: Key, names: tuple[str, ...]) -> Iterator[str]:
    """Nothing for a default value, one term for each value of a list, or else one term."""
    defaults = entry.owner()
    values = [getattr(value, name) for name in names]
    if values != [getattr(defaults, name) for name in names]:
        term_values = values[0] if entry.is_list else [values[0] if len(values) == 1 else tuple(values)]
        yield from (format_term(key, entry.kind.format(term_value)) for term_value in term_values)


def _format_parts(parts: tuple[Part, ...]) -> Iterator[str]:
    for index, part in enumerate(parts):
        if isinstance(part, Text):
            yield _format_text(part, first=index == 0)
        elif isinstance(part, Concept):
            yield format_term("concept", part.name, part.weight)
        elif isinstance(part, Colours):
            yield format_term("colour", ",".join(map(_format_swatch, part.swatches)), part.weight)
        elif isinstance(part, Palette):
            yield _format_picture(part.picture, part.weight, PALETTE_PREFIX)
        else:
            yield _format_picture(part, part.weight)


def _format_text(part: Text, *, first: bool) -> str:
    """As bare words, as one word or phrase with its weight, or else with the key `text:`."""
    bare = part.text if first and part.weight == 1 else (format_weight(part.weight) or "1:") + part.text
    try:
        reads_alike = _build_parts([_check_key(term) for term in split_terms(bare)]) == [part]
    except InvalidQuery:
        reads_alike = False
    return bare if reads_alike else format_term("text", part.text, part.weight)


def _format_swatch(swatch: Swatch) -> str:
    return swatch.colour if swatch.share == 1 else f"{swatch.colour}@{format_number(swatch.share)}"


def _format_picture(part: Picture | StoredPicture, weight: float, start: str = "") -> str:
    if isinstance(part, StoredPicture):
        return format_term(f"{start}image", str(part.image_id), weight, part.region)
    source = Reference("file", str(part.source)) if isinstance(part.source, Path) else part.source
    if isinstance(source, bytes):
        raise InvalidQuery(f"{part.name}: a picture given as bytes cannot be written in a line")
    return format_term(start + source.kind, source.value, weight, part.region)
