"""Why a hit was found, as its page shows it: shares in one bar, marked words, heat maps, points in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import floor
from typing import Final

from flask import url_for

from retrieval import Part, Picture, StoredPicture, answers

from .boxes import PLACES
from .changes import upload_token
from .locales import format_share, gettext, gettext_noop
from .wording import field_name

# What the signals are called on the page; the engine's own titles are for programs.
_SIGNALS: Final = {
    "words": gettext_noop("words"),
    "subject": gettext_noop("what is shown"),
    "colour": gettext_noop("colours"),
    "texture": gettext_noop("surfaces"),
    "layout": gettext_noop("arrangement"),
    "meaning": gettext_noop("meaning of words"),
    "details": gettext_noop("the same picture"),
    "part": gettext_noop("parts"),
}
_PLACE: Final = re.compile(r"([a-z ]+), (\d+) % of the match")  # as the engine says where a match lies
_PLACES: Final = {name.removesuffix(" middle"): name for name in PLACES.values()}  # by the engine's name
TONES: Final = 6  # colours of the shares in the style sheet


@dataclass(frozen=True, slots=True)
class Share:
    """What one signal gave for one part: with where its stretch of the bar begins, in percent."""

    title: str
    part: str
    rank: int
    percent: int
    start: float
    width: float
    tone: int


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A text of an image in pieces, each with whether the query has its words; what was `typed` for them."""

    field: str
    pieces: tuple[tuple[str, bool], ...]
    typed: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a heat map, as shares of the picture; `heat` is from 0 to 1."""

    left: float
    top: float
    width: float
    height: float
    heat: float


@dataclass(frozen=True, slots=True)
class Compared:
    """A picture that is searched by and the hit: where they agree. `query` may have no address."""

    name: str
    query: str | None
    image: str
    query_cells: tuple[Cell, ...] = ()
    image_cells: tuple[Cell, ...] = ()
    summary: str = ""
    cosine: float | None = None
    points: tuple[tuple[float, ...], ...] = ()
    relations: tuple[answers.Relation, ...] = ()

    @property
    def sentences(self) -> list[str]:
        """What the hit is to the picture, for each place at which they agree."""
        return [describe_relation(relation) for relation in self.relations]


# What a hit is to the picture that was searched by.
_RELATIONS: Final = {
    "same picture": gettext_noop("It is the same picture (%(query)s of it, %(image)s of the hit)."),
    "crop of": gettext_noop("The hit is a crop of the picture and shows %(query)s of it."),
    "contained in": gettext_noop("The hit is contained in the picture and fills %(query)s of it."),
    "contains": gettext_noop("The hit contains the picture, which fills %(image)s of it."),
    "shares a part with": gettext_noop("They share a part: %(query)s of the picture, %(image)s of the hit."),
}


def describe_relation(relation: answers.Relation) -> str:
    """What a hit is to the picture that was searched by, with the shares of the areas."""
    shares = format_share(relation.of_query), format_share(relation.of_image)
    return gettext(_RELATIONS[relation.name], query=shares[0], image=shares[1])


def list_shares(hit: answers.Hit, part_names: Sequence[str]) -> list[Share]:
    """The contributions to the score of a hit; those that speak for it fill the bar together."""
    gains = sum(max(contribution.share, 0.0) for contribution in hit.contributions) or 1.0
    percents = round_percents([100 * contribution.share for contribution in hit.contributions])
    start, shares = 0.0, []
    for number, contribution in enumerate(hit.contributions):
        width = 100 * max(contribution.share, 0.0) / gains
        has_part = len(part_names) > 1 and contribution.part >= 0
        shares.append(
            Share(
                title=gettext(_SIGNALS.get(contribution.signal, contribution.signal)),
                part=part_names[contribution.part] if has_part else "",
                rank=contribution.rank,
                percent=percents[number],
                start=start,
                width=width,
                tone=number % TONES,
            )
        )
        start += width
    return shares


def round_percents(percents: Sequence[float]) -> list[int]:
    """Whole numbers that add up to what these do, rounded; what was cut off most is rounded up."""
    whole = [floor(percent) for percent in percents]
    by_loss = sorted(range(len(whole)), key=lambda number: whole[number] - percents[number])
    for number in by_loss[: round(sum(percents)) - sum(whole)]:
        whole[number] += 1
    return whole


def mark_words(matches: Iterable[answers.WordMatch]) -> Iterator[MarkedText]:
    """Each text with words of the query once, and in it every stretch that holds some."""
    for (field, value), of_text in groupby(matches, lambda match: (match.field, match.value)):
        found = list(of_text)
        typed = ", ".join(dict.fromkeys(match.typed for match in found if match.typed))
        spans = [(match.start, match.end) for match in found]
        yield MarkedText(field_name(field), tuple(_cut_pieces(value, spans)), typed)


def _cut_pieces(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[str, bool]]:
    place = 0
    for start, end in sorted(spans):
        if start >= place:  # not inside another one
            yield text[place:start], False
            yield text[start:end], True
            place = end
    yield text[place:], False


def compare_pictures(
    explanation: answers.Explanation, parts: Sequence[Part], part_names: Sequence[str]
) -> list[Compared]:
    """For every picture of the query: the heat maps of it and of the hit, and the points in common."""
    heats = {heat.part: heat for heat in explanation.heat}
    shared: dict[int, list[answers.Points]] = {}
    for match in explanation.points:
        shared.setdefault(match.part, []).append(match)
    image = url_for("media.preview", image_id=explanation.hit.id)
    return [
        _compare_picture(
            part_names[number],
            _picture_address(parts[number]),
            image,
            heats.get(number),
            shared.get(number, ()),
        )
        for number in sorted(heats.keys() | shared.keys())
    ]


def _compare_picture(
    name: str, query: str | None, image: str, heat: answers.Heat | None, shared: Sequence[answers.Points]
) -> Compared:
    found = tuple(tuple(point) for match in shared for point in match.points)
    relations = tuple(match.relation for match in shared)
    if heat is None:
        return Compared(name, query, image, points=found, relations=relations)
    return Compared(
        name,
        query,
        image,
        tuple(_list_cells(heat.query)),
        tuple(_list_cells(heat.image)),
        _describe_place(heat.image.summary),
        heat.cosine,
        found,
        relations,
    )


def _describe_place(summary: str) -> str:
    """Where most of a match lies, in the language of the page."""
    said = _PLACE.fullmatch(summary)
    if said is None or said[1] not in _PLACES:
        return summary
    share = format_share(int(said[2]) / 100)
    return gettext("%(place)s, %(share)s of the match", place=gettext(_PLACES[said[1]]), share=share)


def _picture_address(part: Part) -> str | None:
    """Where a picture that is searched by can be seen; None for a box of one, and without an address."""
    if isinstance(part, StoredPicture) and part.region is None:
        return url_for("media.preview", image_id=part.image_id)
    if isinstance(part, Picture) and part.region is None and (token := upload_token(part)):
        return url_for("media.query_picture", token=token)
    return None


def _list_cells(heat: answers.HeatMap) -> Iterator[Cell]:
    """The cells that speak for the match, the hottest with the heat 1."""
    hottest = max((max(row) for row in heat.cells), default=0.0)
    left, top, width, height = heat.frame
    down, across = height / len(heat.cells), width / len(heat.cells[0])
    for row, values in enumerate(heat.cells):
        for column, value in enumerate(values):
            if value > 0:
                yield Cell(left + column * across, top + row * down, across, down, round(value / hottest, 2))
