"""The facets of an answer as the page lists them: values with counts, and the searches among these images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import url_for

from retrieval import Facet, InvalidQuery, Library, Query, format_query, narrow_query

from .addresses import PICTURE_ADDRESSES, address_values
from .locales import format_month, gettext, gettext_noop
from .parameters import SearchParameters

# In the order of the page.
TITLES: Final[Mapping[str, str]] = {
    "subfolder": gettext_noop("Folders"),
    "tag": gettext_noop("Tags"),
    "label": gettext_noop("Labels"),
    "shows": gettext_noop("Shows"),
    "year": gettext_noop("Years"),
    "month": gettext_noop("Months"),
    "person": gettext_noop("People"),
    "place": gettext_noop("Places"),
    "camera": gettext_noop("Cameras"),
    "format": gettext_noop("Formats"),
    "shape": gettext_noop("Shapes"),
}
_SHAPES: Final = {
    "portrait": gettext_noop("portrait"),
    "landscape": gettext_noop("landscape"),
    "square": gettext_noop("square"),
    "panorama": gettext_noop("panorama"),
}
SHOWN: Final = 8  # values that are listed at once; the others unfold


@dataclass(frozen=True, slots=True)
class FacetChoice:
    """A value as people read it, with its number of images; `address` is None where all images have it."""

    name: str
    count: int
    address: str | None


@dataclass(frozen=True, slots=True)
class FacetChoices:
    """The values of one facet: the first ones, the others, and how many more there are."""

    title: str
    first: Sequence[FacetChoice]
    others: Sequence[FacetChoice]
    more: int


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Finds the addresses of a search among the images with one value."""

    library: Library
    parameters: SearchParameters
    query: Query  # of the line alone

    @classmethod
    def of_line(cls, library: Library, parameters: SearchParameters) -> Narrowing:
        """For the search of these parameters."""
        return cls(library, parameters, library.read_line(parameters.q))

    def list_facets(self, facets: Mapping[str, Facet]) -> Iterator[FacetChoices]:
        """Those facets that tell the images of an answer apart, or that the query asks for."""
        total = sum(count for _, count in facets["captioned"].counts)
        for name, title in TITLES.items():
            if name == "month" and len(facets["year"].counts) != 1:
                continue
            choices = self._list_choices(name, facets[name])
            telling = [choice for choice in choices if choice.count < total or choice.address is None]
            if telling:
                yield FacetChoices(gettext(title), telling[:SHOWN], telling[SHOWN:], facets[name].more)

    def _list_choices(self, name: str, facet: Facet) -> list[FacetChoice]:
        """The values; the line is written anew where a condition cannot be written behind it."""
        is_path = name == "subfolder"
        values = [PICTURE_ADDRESSES.folder(value) if is_path else value for value, _ in facet.counts]
        is_added = bool(values) and self._can_add(name, values[0])
        return [
            FacetChoice(value_name(name, value), count, self._address(name, value, is_added=is_added))
            for value, (_, count) in zip(values, facet.counts, strict=True)
        ]

    def _can_add(self, name: str, value: str) -> bool:
        """Whether the line says the narrower query when a condition is written behind it."""
        try:
            read = self.library.read_line(self._added_line(name, value))
        except InvalidQuery:
            return False
        return read == narrow_query(self.query, name, value)

    def _added_line(self, name: str, value: str) -> str:
        return f"{self.parameters.q} {format_query(narrow_query(Query(), name, value))}".strip()

    def _address(self, name: str, value: str, *, is_added: bool) -> str | None:
        narrowed = narrow_query(self.query, name, value)
        if narrowed == self.query:
            return None
        line = self._added_line(name, value) if is_added else self.library.write_line(narrowed)
        return url_for("pages.search", **address_values(self.parameters, q=line, offset=0, cursor=""))


def value_name(facet: str, value: str) -> str:
    """What a value is called on the page."""
    if facet == "subfolder":
        return value.rstrip("/").rpartition("/")[2]
    if facet == "month":
        year, month = value.split("-")
        return format_month(int(year), int(month))
    if facet == "shape":
        return gettext(_SHAPES.get(value, value))
    return value.upper() if facet == "format" else value
