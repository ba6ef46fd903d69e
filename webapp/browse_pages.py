"""The pages that show the whole collection: ways in, folders, months, and what the pictures show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from flask import Blueprint, current_app, render_template, request, url_for
from pydantic import Field

from retrieval import (
    Filters,
    FolderNode,
    InvalidQuery,
    Month,
    Overview,
    ProjectionDamaged,
    Query,
    Way,
    answers,
)

from .errors import InvalidParameter
from .locales import gettext, month_name
from .parameters import NoParameters, PageSearchParameters
from .requests import read_parameters
from .services import current_services

START_LABELS, START_WORDS = 16, 10  # of the ways on the start page
MANY: Final = 0.6  # a label that a larger share of all pictures has leads nowhere

browse_pages = Blueprint("browse_pages", __name__, url_prefix="/browse")


class FolderParameters(answers.StrictModel):
    """Which folder to show."""

    at: str = Field(default="", max_length=4000, description="Below the folder that holds all pictures")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a page lists: its name, where it leads, how many pictures are there, and one of them."""

    name: str
    address: str
    count: int
    image_id: int


@dataclass(frozen=True, slots=True)
class StartWays:
    """The ways in that stand on the start page."""

    labels: tuple[Entry, ...]
    years: tuple[Entry, ...]
    places: tuple[Entry, ...]
    saved: tuple[tuple[str, str], ...]  # names and addresses
    examples: tuple[tuple[str, str], ...]  # lines and addresses


def list_ways(parameters: PageSearchParameters) -> StartWays | None:
    """The ways in, above the pictures of the start page alone; None while the indexes are damaged."""
    if parameters != PageSearchParameters(limit=parameters.limit):
        return None
    services = current_services()
    try:
        overview = services.library.make_overview()
    except ProjectionDamaged:
        return None
    images = services.library.count_images()
    labels = _differing(way for way in overview.labels if way.count <= MANY * images)
    names = () if current_app.config["PUBLIC"] else tuple(services.library.load_searches())
    return StartWays(
        labels=_list_entries(labels[:START_LABELS]),
        years=_list_entries(overview.years[:START_WORDS]),
        places=_list_entries(overview.places[:START_WORDS]),
        saved=tuple((name, search_address(Filters(saved=(name,)))) for name in names[:START_WORDS]),
        examples=tuple((line, url_for("pages.search", q=line)) for line in overview.examples),
    )


@browse_pages.get("/folders")
def folders() -> str:
    """One folder: those in it, with how many pictures lie in and below each."""
    at = read_parameters(FolderParameters, request.args).at.strip("/")
    overview = current_services().library.make_overview()
    known = overview.folders or {}
    key = f"{overview.top}{at.casefold()}/" if at else overview.top
    if key not in known:
        if at:
            raise InvalidParameter(f"at: “{at[:80]}” holds no picture; start at {url_for('.folders')}")
        return _render("folders.html", kind="folders", node=None, entries=(), crumbs=(), address="")
    node = known[key]
    return _render(
        "folders.html",
        kind="folders",
        node=node,
        entries=[_folder_entry(overview, known[inner]) for inner in node.inside],
        crumbs=_list_crumbs(overview, node),
        address=_folder_search(node),
    )


@browse_pages.get("/dates")
def dates() -> str:
    """The years and their months."""
    read_parameters(NoParameters, request.args)
    months = current_services().library.make_overview().months
    years = {
        year: [(month_name(month.month), _month_address(month), month) for month in group]
        for year, group in groupby(months, key=lambda month: month.year)
    }
    totals = {year: sum(month.count for _, _, month in listed) for year, listed in years.items()}
    addresses = {year: search_address(_between(year, 1, year + 1, 1)) for year in years}
    return _render("dates.html", kind="dates", years=years, totals=totals, addresses=addresses)


@browse_pages.get("/labels")
def labels() -> str:
    """What the pictures show."""
    read_parameters(NoParameters, request.args)
    overview = current_services().library.make_overview()
    sections = {
        gettext("What they show"): overview.labels,
        gettext("Tags"): overview.tags,
    }
    listed = {title: _list_entries(ways) for title, ways in sections.items() if ways}
    return _render("labels.html", kind="labels", sections=listed)


def _differing(ways: Iterable[Way]) -> list[Way]:
    """The ways without those whose picture stands for an earlier one: a mammal after an animal."""
    first: dict[int, Way] = {}
    for way in ways:
        first.setdefault(way.image_id, way)
    return list(first.values())


def _list_entries(ways: Iterable[Way]) -> tuple[Entry, ...]:
    return tuple(Entry(way.name, search_address(way.filters), way.count, way.image_id) for way in ways)


def search_address(filters: Filters) -> str:
    """The search for what satisfies a condition."""
    line = current_services().library.write_line(Query(filters=filters))
    return url_for("pages.search", q=line)


def _between(year: int, month: int, end_year: int, end_month: int) -> Filters:
    end = date(end_year, end_month, 1) if end_year <= date.max.year else None
    return Filters(after=date(year, month, 1), before=end)


def _month_address(month: Month) -> str:
    following = (month.year, month.month + 1) if month.month < 12 else (month.year + 1, 1)
    return search_address(_between(month.year, month.month, *following))


def _folder_entry(overview: Overview, node: FolderNode) -> Entry:
    """A folder leads to those in it, or where there are none, to its pictures."""
    address = url_for(".folders", at=_below_top(overview, node)) if node.inside else _folder_search(node)
    return Entry(node.name, address, node.count, node.image_id)


def _below_top(overview: Overview, node: FolderNode) -> str:
    """The path of a folder below the one that holds all; nothing above that is shown to anybody."""
    return node.path[len(overview.top) :].strip("/")


def _list_crumbs(overview: Overview, node: FolderNode) -> list[tuple[str, str]]:
    """The folders above a folder, each with its address."""
    names = _below_top(overview, node).split("/") if node.key != overview.top else []
    above = ["/".join(names[: depth + 1]) for depth in range(len(names) - 1)]
    first = [(gettext("All folders"), url_for(".folders"))] if names else []
    return first + [(path.rpartition("/")[2], url_for(".folders", at=path)) for path in above]


def _folder_search(node: FolderNode) -> str:
    """The search for the pictures in and below a folder, named as visitors may see it."""
    shown = current_services().show_folder(node.path).rstrip("/")
    try:
        return search_address(Filters(folders=(shown,))) if shown else url_for("pages.search")
    except InvalidQuery:  # no line can say such a name
        return url_for("pages.search")


def _render(template: str, **values: object) -> str:
    images = current_services().library.count_images()
    return render_template(template, parameters=PageSearchParameters(), image_count=images, **values)
