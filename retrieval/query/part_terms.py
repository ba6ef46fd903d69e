"""Parts from the terms and groups of a query line, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from ..errors import InvalidQuery
from .alternatives import Members, list_alternatives
from .condition_terms import build_all, format_condition, split_conditions
from .fields import build_checked
from .groups import Group, parse_groups
from .ranges import parse_integer
from .terms import (
    NUMBER,
    PALETTE_PREFIX,
    PICTURE_KEYS,
    Term,
    format_number,
    format_term,
    format_weight,
    has_partners,
)
from .values import (
    Alternative,
    Colours,
    Concept,
    Either,
    Palette,
    Part,
    Picture,
    Reference,
    SinglePart,
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
_SWATCH = re.compile(rf"([^@]*)(?:@({NUMBER}))?")


def build_parts(terms: Sequence[Term]) -> list[SinglePart]:
    """The parts of these terms: all bare words as one text, the first, and one part for each other term."""
    bare_words = " ".join(term.format_words() for term in terms if term.is_bare)
    texts: list[SinglePart] = [Text(bare_words)] if bare_words else []
    return texts + [
        build_checked(term, _READERS[term.key], term)
        for term in terms
        if term.key in _READERS and not term.is_bare
    ]


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
_READERS: Final[dict[str | None, Callable[[Term], SinglePart]]] = {
    None: lambda term: Text(term.format_words(), term.signed_weight),
    "text": lambda term: Text(term.value, term.signed_weight),
    "concept": lambda term: Concept(term.value, term.signed_weight),
    "colour": _build_colours,
    **{
        key: _build_palette if key.startswith(PALETTE_PREFIX) else read
        for key, read in _PICTURE_READERS.items()
    },
}


def is_part(term: Term) -> bool:
    """Whether a term is a part: words, or a key of PART_KEYS with its value."""
    return term.key in _READERS


def build_either(group: Group) -> Either:
    """The alternatives of a group. Raises InvalidQuery with its column."""
    alternatives = tuple(map(_build_alternative, list_alternatives(replace(group, weight=None))))
    weight = 1.0 if group.weight is None else group.weight
    try:
        return Either(alternatives, weight)
    except InvalidQuery as error:
        raise group.make_error(error) from error


def _build_alternative(members: Members) -> Alternative:
    conditions, others = split_conditions(members)
    terms = [member for member in others if isinstance(member, Term)]
    for term in terms:
        if not is_part(term):
            raise term.make_error(f"{term.key}: is about the whole search; write it outside the parentheses")
    try:
        return Alternative(tuple(build_parts(terms)), build_all(conditions))
    except InvalidQuery as error:
        raise members[0].make_error(error) from error


def format_parts(parts: tuple[Part, ...], *, bare: bool = True) -> Iterator[str]:
    """The terms and groups that are read as these parts; words are bare where they can be, and may.

    Raises InvalidQuery for a picture given as bytes.
    """
    for index, part in enumerate(parts):
        if isinstance(part, Either):
            alternatives = map(_format_alternative, part.alternatives)
            yield f"{format_weight(part.weight)}({' OR '.join(alternatives)})"
        elif isinstance(part, Text):
            yield _format_text(part, first=index == 0, bare=bare)
        elif isinstance(part, Concept):
            yield format_term("concept", part.name, part.weight)
        elif isinstance(part, Colours):
            yield format_term("colour", ",".join(map(_format_swatch, part.swatches)), part.weight)
        elif isinstance(part, Palette):
            yield _format_picture(part.picture, part.weight, PALETTE_PREFIX)
        else:
            yield _format_picture(part, part.weight)


def _format_alternative(alternative: Alternative) -> str:
    return " ".join([*format_parts(alternative.parts), *format_condition(alternative.filters)])


def _format_text(part: Text, *, first: bool, bare: bool) -> str:
    """As bare words, as one word or phrase with its weight, or else with the key `text:`."""
    words = part.text if first and part.weight == 1 else (format_weight(part.weight) or "1:") + part.text
    return words if bare and _reads_as(words, part) else format_term("text", part.text, part.weight)


def _reads_as(line: str, part: Text) -> bool:
    """Whether a line is read as this part alone, wherever it stands."""
    try:
        members = parse_groups(line).members
        terms = [member for member in members if isinstance(member, Term) and is_part(member)]
        return len(terms) == len(members) and build_parts(terms) == [part] and not has_partners(line)
    except InvalidQuery:
        return False


def _format_swatch(swatch: Swatch) -> str:
    return swatch.colour if swatch.share == 1 else f"{swatch.colour}@{format_number(swatch.share)}"


def _format_picture(part: Picture | StoredPicture, weight: float, start: str = "") -> str:
    if isinstance(part, StoredPicture):
        return format_term(f"{start}image", str(part.image_id), weight, part.region)
    source = Reference("file", str(part.source)) if isinstance(part.source, Path) else part.source
    if isinstance(source, bytes):
        raise InvalidQuery(f"{part.name}: a picture given as bytes cannot be written in a line")
    return format_term(start + source.kind, source.value, weight, part.region)
