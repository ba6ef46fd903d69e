"""What counts in a search: the ways in which pictures are similar, and its words against its pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from flask import url_for

from retrieval import Part, Picture, Query, StoredPicture, Text

from .addresses import address_values
from .changes import FIRST_PAGE, AskedSearch
from .locales import gettext_noop
from .wording import WAYS

STEPS: Final = (0.0, 0.06, 0.25, 1.0, 2.0, 4.0)  # weights that a way can have on the page
UNSURE: Final = frozenset({"texture", "layout"})  # what is alike in these alone is below the relevance line
STEP_WORDS: Final = (
    gettext_noop("not at all"),
    gettext_noop("hardly"),
    gettext_noop("a little"),
    gettext_noop("normally"),
    gettext_noop("much"),
    gettext_noop("most"),
)
BALANCES: Final = {
    -2: gettext_noop("mostly the words"),
    -1: gettext_noop("more the words"),
    0: gettext_noop("both alike"),
    1: gettext_noop("more the look"),
    2: gettext_noop("mostly the look"),
}


@dataclass(frozen=True, slots=True)
class Way:
    """A way in which pictures are similar: its signal, the step of its weight, and the search by it alone."""

    signal: str
    title: str
    step: int
    alone: str | None


@dataclass(frozen=True, slots=True)
class Emphasis:
    """What counts in a search by a picture.

    `balance` is one of BALANCES, or None where there are no words beside the picture; `usual` the address of
    the search with the weights of the library, or None where it has these. `things` is the address of the
    things that its first whole picture shows.
    """

    ways: tuple[Way, ...]
    balance: int | None
    usual: str | None
    things: str | None = None


def show_emphasis(asked: AskedSearch) -> Emphasis | None:
    """What counts in a search; None for one without a picture."""
    if not any(map(_is_picture, asked.query.parts)):
        return None
    ways = tuple(_show_way(asked, signal) for signal in _list_ways(asked))
    usual = asked.changed_address(_from_start(asked.query, weights={})) if asked.query.weights else None
    return Emphasis(ways, _find_balance(asked.query), usual, _address_things(asked))


def _address_things(asked: AskedSearch) -> str | None:
    whole = (
        number for number, part in enumerate(asked.query.parts) if _is_picture(part) and not _has_region(part)
    )
    place = next(whole, None)
    if place is None:
        return None
    return url_for("changes.things", part=place, **address_values(asked.parameters, **FIRST_PAGE))


def _show_way(asked: AskedSearch, signal: str) -> Way:
    return Way(signal, WAYS[signal], _find_step(asked, signal), _address_alone(asked, signal))


def address_with_emphasis(asked: AskedSearch, steps: Mapping[str, int], balance: int | None) -> str | None:
    """The search in which the ways have these steps, and words and pictures this balance.

    A weight whose step stays is left as it is, and one that gets its usual step back is left to the library.
    """
    weights = dict(asked.query.weights)
    for signal, step in steps.items():
        if step == _find_step(asked, signal):
            continue
        if step == _step_of(_usual_weight(asked, signal)):
            weights.pop(signal, None)
        else:
            weights[signal] = STEPS[step]
    query = _from_start(asked.query, weights=weights)
    if balance is not None and balance != _find_balance(query):
        query = replace(query, parts=_balance_parts(query, balance))
    return asked.changed_address(query)


def _from_start(query: Query, **changes: object) -> Query:
    return replace(query, offset=0, cursor=None, **changes)  # type: ignore[arg-type]


def _list_ways(asked: AskedSearch) -> list[str]:
    return [signal for signal in WAYS if signal in asked.library.signal_names]


def _address_alone(asked: AskedSearch, signal: str) -> str | None:
    """The search by one way alone; by a look that is never sure, with the weaker matches."""
    others = {other: weight for other, weight in asked.query.weights.items() if other not in WAYS}
    alone = {other: float(other == signal) for other in _list_ways(asked)}
    changed = {way: weight for way, weight in alone.items() if weight != _usual_weight(asked, way)}
    options = replace(asked.query.options, weaker=True if signal in UNSURE else asked.query.options.weaker)
    return asked.changed_address(_from_start(asked.query, weights=others | changed, options=options))


def _usual_weight(asked: AskedSearch, signal: str) -> float:
    if signal == "part" and any(map(_has_region, asked.query.parts)):
        return 1.0  # whoever draws a box looks for it in parts
    return asked.library.settings.default_weight(signal)


def _find_step(asked: AskedSearch, signal: str) -> int:
    return _step_of(asked.query.weights.get(signal, _usual_weight(asked, signal)))


def _step_of(weight: float) -> int:
    """The step whose weight is nearest, by the ratio of both."""
    if weight == 0:
        return 0
    return min(range(1, len(STEPS)), key=lambda step: abs(math.log(weight / STEPS[step])))


def _has_region(part: Part) -> bool:
    return isinstance(part, Picture | StoredPicture) and part.region is not None


def _is_picture(part: Part) -> bool:
    return isinstance(part, Picture | StoredPicture) and part.weight > 0


def _is_text(part: Part) -> bool:
    return isinstance(part, Text) and part.weight > 0


def _find_balance(query: Query) -> int | None:
    words = max((part.weight for part in query.parts if _is_text(part)), default=None)
    looks = max((part.weight for part in query.parts if _is_picture(part)), default=None)
    if words is None or looks is None:
        return None
    return round(max(-2.0, min(2.0, math.log2(looks / words))))


def _balance_parts(query: Query, balance: int) -> tuple[Part, ...]:
    """The parts with the heavier side raised and the other one at its usual weight."""
    raised = {True: 2.0 ** max(0, -balance), False: 2.0 ** max(0, balance)}
    most = {
        is_text: max(part.weight for part in query.parts if _is_side(part, is_text=is_text))
        for is_text in (True, False)
    }
    return tuple(
        replace(part, weight=part.weight * raised[_is_text(part)] / most[_is_text(part)])
        if _is_text(part) or _is_picture(part)
        else part
        for part in query.parts
    )


def _is_side(part: Part, *, is_text: bool) -> bool:
    return _is_text(part) if is_text else _is_picture(part)
