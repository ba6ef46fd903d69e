"""Steering: the examples of a search as its page shows them, and the addresses that change them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from flask import url_for

from retrieval import InvalidQuery, Library, Query, answers

from .addresses import address_values
from .locales import gettext, ngettext
from .parameters import AnySearch, SearchParameters
from .requests import build_query
from .services import current_services
from .wording import image_name

Verdict: TypeAlias = Literal["like", "unlike"]  # the parameters of good and of bad examples
VERDICTS: Final = ("like", "unlike")
_TERM: Final = re.compile(r"(?<!\S)(like|unlike):(\d{1,18})(?!\S)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ShownExample:
    """An example of a search; `without` is the address of the search without it."""

    id: int
    name: str
    thumbnail: str
    without: str


@dataclass(frozen=True, slots=True)
class ShownExamples:
    """The good and the bad examples of a search; `cleared` is the address without any."""

    good: tuple[ShownExample, ...]
    bad: tuple[ShownExample, ...]
    cleared: str

    def __bool__(self) -> bool:
        return bool(self.good or self.bad)


def move_examples(library: Library, parameters: AnySearch) -> AnySearch:
    """The same search with the examples that `q` says as parameters, so that the page shows them as pictures.

    Where they cannot be taken out of the line without changing the rest, everything stays as it is.
    """
    found = _TERM.findall(parameters.q)
    if not found:
        return parameters
    told = {
        verdict: tuple(int(digits) for key, digits in found if key.lower() == verdict) for verdict in VERDICTS
    }
    moved = {verdict: told[verdict] + getattr(parameters, verdict) for verdict in VERDICTS} | {
        "q": " ".join(_TERM.sub(" ", parameters.q).split())
    }
    first_page = parameters.model_copy(update={"offset": 0, "cursor": ""})
    asked = build_query(library, first_page)
    try:
        is_same = build_query(library, first_page.model_copy(update=moved)) == asked
    except InvalidQuery:
        is_same = False
    return parameters.model_copy(update=moved) if is_same else parameters


def address_with_example(parameters: SearchParameters, image_id: int, verdict: Verdict) -> str:
    """The address of the search with this image as an example; an opposite verdict on it is taken back."""
    examples = _without(parameters, image_id)
    return _address(parameters, **examples | {verdict: (*examples[verdict], image_id)})


def show_examples(parameters: SearchParameters) -> ShownExamples:
    """The examples of a search; raises ImageNotFound."""
    good = tuple(_show_example(parameters, image_id) for image_id in dict.fromkeys(parameters.like))
    bad = tuple(_show_example(parameters, image_id) for image_id in dict.fromkeys(parameters.unlike))
    return ShownExamples(good, bad, _address(parameters, like=(), unlike=()))


def step_name(parameters: SearchParameters, query: Query) -> str:
    """What a search is called in the trail of steps; empty where it asks for nothing."""
    count = len(parameters.image + parameters.picture)
    good, bad = len(query.examples.good), len(query.examples.bad)
    words = _name_terms(parameters.q)
    named = {
        words: bool(words),
        gettext("a picture"): count == 1,
        ngettext("%(num)s picture", "%(num)s pictures", count): count > 1,
        f"+{good}": bool(good),
        f"−{bad}": bool(bad),
    }
    return " ".join(name for name, is_said in named.items() if is_said)


def _name_terms(line: str) -> str:
    """A line as the trail says it: weights and picked pictures are long, and tell people little."""
    named = re.sub(r"among:\S+", gettext("picked pictures"), re.sub(r"weight\.\w+:\S+", "", line))
    return " ".join([*named.split(), *([gettext("weighted")] if "weight." in line else [])])


def _show_example(parameters: SearchParameters, image_id: int) -> ShownExample:
    summary = answers.present_summary(current_services().library.load_image(image_id))
    thumbnail = url_for("media.thumbnail", image_id=image_id)
    without = _address(parameters, **_without(parameters, image_id))
    return ShownExample(image_id, image_name(summary), thumbnail, without)


def _without(parameters: SearchParameters, image_id: int) -> dict[str, tuple[int, ...]]:
    return {
        verdict: tuple(other for other in getattr(parameters, verdict) if other != image_id)
        for verdict in VERDICTS
    }


def _address(parameters: SearchParameters, **changes: object) -> str:
    """The address of the first page of the search with these changes."""
    return url_for("pages.search", **address_values(parameters, offset=0, cursor="", **changes))
