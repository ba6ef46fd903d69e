"""Chips: what a search consists of, one thing each, with the addresses of the search without it, with its
opposite, and with another weight.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from retrieval import (
    Colours,
    ImageNotFound,
    InvalidQuery,
    Library,
    Palette,
    Part,
    Picture,
    Piece,
    Query,
    Reference,
    StoredPicture,
    Swatch,
    Text,
    answers,
    list_options,
    list_pieces,
    replace_part,
)

from .changes import AskedSearch, upload_token
from .locales import gettext, gettext_noop, ngettext
from .query_pictures import QueryPicture, find_asked_picture, find_picture
from .services import current_services
from .wording import image_name, option_words

WEIGHTS: Final = {
    0.5: gettext_noop("half"),
    1.0: gettext_noop("once"),
    2.0: gettext_noop("twice"),
    4.0: gettext_noop("four times"),
}


@dataclass(frozen=True, slots=True)
class WeightChoice:
    """How much a part may count, and the address of the search where it does."""

    words: str
    address: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """One part, condition or option of a search, or one that was put aside (`is_on` is false)."""

    term: str
    text: str
    without: str
    toggle: str
    part: int | None = None
    is_on: bool = True
    is_negative: bool = False
    weight: float = 1.0
    inverse: str | None = None
    weights: tuple[WeightChoice, ...] = ()
    picture: QueryPicture | None = None
    swatches: tuple[Swatch, ...] = ()

    @property
    def is_condition(self) -> bool:
        return self.part is None


def list_chips(asked: AskedSearch) -> list[Chip]:
    """The chips of a search, except what its sentence was read as, which is shown beside its words."""
    read = set(_list_read_terms(asked.query))
    pieces = [piece for piece in list_pieces(asked.query) if piece.text not in read]
    options = [piece for piece in list_options(asked.query) if piece.text not in read]
    if not (options or asked.parameters.off) and _says_itself(asked.query, pieces):
        return []
    return [
        *(_make_chip(asked, piece) for piece in pieces),
        *(_make_option_chip(asked, piece) for piece in options),
        *_list_put_aside(asked),
    ]


def _says_itself(query: Query, pieces: Sequence[Piece]) -> bool:
    """Whether there are only words to search for, which stand in the box: the usual search needs no chip."""
    if len(pieces) != 1 or pieces[0].is_negative or pieces[0].part is None:
        return False
    return isinstance(query.parts[pieces[0].part], Text)


def _list_read_terms(query: Query) -> Iterator[str]:
    if query.reading is None:
        return
    library = current_services().library
    for phrase in query.reading.understood:
        if phrase.term:
            query = library.read_line(phrase.term)
            yield from (piece.text for piece in (*list_pieces(query), *list_options(query)))


def _make_chip(asked: AskedSearch, piece: Piece) -> Chip:
    part = None if piece.part is None else asked.query.parts[piece.part]
    without = _address_without(asked, piece)
    set_aside = (*asked.parameters.off, piece.text)
    inverse = piece.inverse and asked.changed_address(piece.inverse, piece.text, _invert_text(piece))
    return Chip(
        piece.text,
        _describe_condition(piece) if part is None else _describe_part(part),
        without,
        _address_without(asked, piece, off=set_aside),
        part=piece.part,
        is_negative=piece.is_negative,
        weight=1.0 if part is None else abs(part.weight),
        inverse=inverse or None,
        weights=() if part is None else tuple(_list_weights(asked, piece, part)),
        picture=None if piece.part is None else find_asked_picture(asked, piece.part),
        swatches=part.swatches if isinstance(part, Colours) else (),
    )


def _describe_condition(piece: Piece) -> str:
    text = piece.text.removeprefix("-")
    if not text.startswith("among:"):
        return text
    count = len(current_services().library.find_picked(text.removeprefix("among:")))
    return ngettext("%(num)s picked picture", "%(num)s picked pictures", count)


def _make_option_chip(asked: AskedSearch, option: Piece) -> Chip:
    aside = _address_without(asked, option, off=(*asked.parameters.off, option.text))
    return Chip(option.text, option_words(option.text), _address_without(asked, option), aside)


def _invert_text(piece: Piece) -> str:
    return piece.text.removeprefix("-") if piece.is_negative else f"-{piece.text}"


def _address_without(asked: AskedSearch, piece: Piece, **changes: Any) -> str:
    """The search without a piece; where nothing that can be searched for is left, that for every image."""
    address = piece.without and asked.changed_address(piece.without, piece.text, **changes)
    return address or asked.address(q="", image=(), picture=(), **changes)


def _list_weights(asked: AskedSearch, piece: Piece, part: Part) -> Iterator[WeightChoice]:
    assert piece.part is not None
    sign = -1 if piece.is_negative else 1
    for weight, words in WEIGHTS.items():
        changed = replace_part(asked.query, piece.part, weight=sign * weight)
        address = changed and asked.changed_address(changed)
        if address:
            yield WeightChoice(gettext(words), address, abs(part.weight) == weight)


def _describe_part(part: Part) -> str:
    """What a part is called on its chip: its words, the name of its picture, or what a line says."""
    if isinstance(part, Text):
        return part.text
    if isinstance(part, Palette):
        return gettext("colours of %(picture)s", picture=_describe_part(part.picture))
    if isinstance(part, StoredPicture):
        return _name_stored(part.image_id)
    if isinstance(part, Picture):
        return _name_picture(part)
    if isinstance(part, Colours):
        return ", ".join(swatch.colour for swatch in part.swatches)
    [piece] = list_pieces(Query((replace(part, weight=1.0),)))
    return piece.text


def _name_stored(image_id: int) -> str:
    try:
        summary = answers.present_summary(current_services().library.load_image(image_id))
    except ImageNotFound:
        return gettext("picture %(number)s, which is not there", number=image_id)
    name = image_name(summary)
    return gettext("%(name)s (missing)", name=name) if summary.missing else name


def _name_picture(part: Picture) -> str:
    if token := upload_token(part):
        return current_services().pictures.find_name(token) or gettext("Uploaded picture")
    return part.source.value if isinstance(part.source, Reference) else part.name


def _list_put_aside(asked: AskedSearch) -> Iterator[Chip]:
    for place, line in enumerate(asked.parameters.off):
        others = (*asked.parameters.off[:place], *asked.parameters.off[place + 1 :])
        back = asked.address(q=f"{asked.parameters.q} {line}".strip(), off=others)
        part = _read_part(asked.library, line)
        yield Chip(
            line,
            option_words(line) if part is None else _describe_part(part),
            asked.address(off=others),
            back,
            is_on=False,
            is_negative=line.startswith("-"),
            picture=None if part is None else find_picture(part),
            swatches=part.swatches if isinstance(part, Colours) else (),
        )


def _read_part(library: Library, line: str) -> Part | None:
    """The one part that a line says, or None for a condition or for what says nothing any more."""
    try:
        parts = library.read_line(line).parts
    except InvalidQuery:
        return None
    return parts[0] if len(parts) == 1 else None
