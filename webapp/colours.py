"""Colours to search by: the plain ones, each with the address of the search with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from retrieval import COLOUR_NAMES, Colours, Swatch, replace_part

from .changes import AskedSearch
from .locales import gettext, gettext_noop

MAX_SWATCHES: Final = 8  # of one part
PLAIN: Final = (
    gettext_noop("red"),
    gettext_noop("orange"),
    gettext_noop("yellow"),
    gettext_noop("lime"),
    gettext_noop("green"),
    gettext_noop("teal"),
    gettext_noop("blue"),
    gettext_noop("navy"),
    gettext_noop("purple"),
    gettext_noop("pink"),
    gettext_noop("brown"),
    gettext_noop("maroon"),
    gettext_noop("white"),
    gettext_noop("silver"),
    gettext_noop("grey"),
    gettext_noop("black"),
)


@dataclass(frozen=True, slots=True)
class ColourChoice:
    """A colour, and the address of the search for pictures with it as well."""

    name: str
    colour: str
    address: str


def list_colours(asked: AskedSearch) -> list[ColourChoice]:
    """The plain colours, in the order of the rainbow, and then those without one."""
    return [
        ColourChoice(gettext(name), COLOUR_NAMES[name], address_with_colour(asked, name)) for name in PLAIN
    ]


def address_with_colour(asked: AskedSearch, colour: str) -> str:
    """The search for a colour beside those that the line asks for; `colour` is a name or #rrggbb.

    Raises InvalidQuery for anything else.
    """
    swatch = Swatch(COLOUR_NAMES.get(colour, colour))
    for place, part in enumerate(asked.query.parts):
        if isinstance(part, Colours) and part.weight > 0 and len(part.swatches) < MAX_SWATCHES:
            joined = replace_part(asked.query, place, swatches=(*part.swatches, swatch))
            if address := joined and asked.changed_address(joined):
                return address
    return asked.address(q=f"{asked.parameters.q} colour:{colour}".strip())
