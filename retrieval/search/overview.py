"""An overview of a collection: ways into it, its folders and its months, each with a picture for it.

It is made once for each publication: while a run adds images, it stays as it is until the run publishes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from threading import Lock
from typing import Final, Literal, TypeAlias, final

from ..catalog import Catalog, Facet
from ..catalog.reader import Reader
from ..query.conditions import Filters

NamedKind: TypeAlias = Literal["person", "place"]

MOST_WAYS: Final = 50  # of a kind
MOST_TRIED: Final = 6  # tags of which pairs are tried for an example


_CONDITIONS: Final[Mapping[NamedKind, Callable[[str], Filters]]] = {
    "person": lambda name: Filters(persons=(name,)),
    "place": lambda name: Filters(places=(name,)),
}


@dataclass(frozen=True, slots=True)
class Way:
    """A way in: its name, the condition, how many images satisfy it, and the one that stands for it."""

    name: str
    filters: Filters
    count: int
    image_id: int


@dataclass(frozen=True, slots=True)
class FolderNode:
    """A folder, with how many images lie in it and below it.

    `path` is spelled as on the disk, with a slash at both ends; `key` as the catalog compares it. `inside`:
    the keys of the folders in it, by name.
    """

    key: str
    path: str
    count: int
    image_id: int
    inside: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.path.rstrip("/").rpartition("/")[2] or "/"


@dataclass(frozen=True, slots=True)
class Month:
    """A month in which images were taken."""

    year: int
    month: int
    count: int
    image_id: int


@dataclass(frozen=True, slots=True)
class Overview:
    """`labels` are what images show, given or predicted. `folders` by key; `top`: the key of the folder that
    holds all others. `examples`: lines made of the library's own words, which find something.
    """

    years: tuple[Way, ...] = ()
    labels: tuple[Way, ...] = ()
    tags: tuple[Way, ...] = ()
    places: tuple[Way, ...] = ()
    persons: tuple[Way, ...] = ()
    months: tuple[Month, ...] = ()
    folders: Mapping[str, FolderNode] | None = None
    top: str = "/"
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WayPage:
    """A page of the people or of the places of a library, of `total`."""

    total: int
    ways: tuple[Way, ...]


def list_named(reader: Reader, kind: NamedKind, *, by_name: bool, limit: int, offset: int) -> WayPage:
    """A page of the people or places by what the catalog holds now: the most frequent first, or by name."""
    total, rows = reader.list_values(kind, by_name=by_name, limit=limit, offset=offset)
    condition = _CONDITIONS[kind]
    return WayPage(total, tuple(Way(name, condition(name), count, newest) for name, count, newest in rows))


@final
class Overviews:
    """Gives the overview of the newest publication; safe to ask from many threads."""

    def __init__(self, catalog: Catalog, *, predicted: bool) -> None:
        self._catalog, self._predicted = catalog, predicted
        self._making = Lock()
        self._kept: tuple[object, Overview] | None = None

    def newest_overview(self, publication: object) -> Overview:
        """The overview that belongs to a publication, which is made where it is not kept."""
        with self._making:
            if self._kept is None or self._kept[0] != publication:
                with self._catalog.reading() as reader:
                    self._kept = publication, make_overview(reader, predicted=self._predicted)
            return self._kept[1]


def make_overview(reader: Reader, *, predicted: bool) -> Overview:
    """Count what the library holds now, and choose pictures for it."""
    facets = reader.count_facets(predicted=predicted)

    def list_ways(facet: str, condition: Callable[[str], Filters]) -> tuple[Way, ...]:
        return tuple(_make_ways(reader, facets[facet], condition, predicted=predicted))

    labels = tuple(
        replace(way, image_id=reader.find_surest(way.filters.shows[0].casefold()) or way.image_id)
        for way in list_ways("shows", lambda name: Filters(shows=(name,)))
    )
    tags = list_ways("tag", lambda name: Filters(tags=(name,)))
    years = sorted(list_ways("year", _year_filters), key=lambda way: way.name, reverse=True)
    folders = _make_folders(reader.load_folder_images(), reader.load_folder_spelling())
    return Overview(
        years=tuple(years),
        labels=labels,
        tags=tags,
        places=list_ways("place", _CONDITIONS["place"]),
        persons=list_ways("person", _CONDITIONS["person"]),
        months=tuple(_make_month(*row) for row in reader.count_months()),
        folders=folders,
        top=_find_top(folders),
        examples=tuple(_choose_examples(reader, tags, labels, years, predicted=predicted)),
    )


def _make_ways(
    reader: Reader, facet: Facet, condition: Callable[[str], Filters], *, predicted: bool
) -> Iterable[Way]:
    for name, images in facet.counts[:MOST_WAYS]:
        filters = condition(name)
        newest = reader.find_newest(filters, predicted=predicted)
        if newest is not None:
            yield Way(name, filters, images, newest)


def _year_filters(name: str) -> Filters:
    year = int(name)
    return Filters(after=date(year, 1, 1), before=date(year + 1, 1, 1) if year < date.max.year else None)


def _make_month(name: str, images: int, newest: int) -> Month:
    return Month(int(name[:4]), int(name[5:7]), images, newest)


def _make_folders(held: Iterable[tuple[str, int]], spelled: Mapping[str, str]) -> dict[str, FolderNode]:
    """A node for each folder with pictures, and for those above them. An image counts once in each."""
    images: dict[str, set[int]] = defaultdict(set)
    inside: dict[str, set[str]] = defaultdict(set)
    for folder, image_id in held:
        images[folder].add(image_id)
    paths = {folder: f"{path.rpartition('/')[0]}/" for folder, path in spelled.items()}
    for folder in sorted(images, key=lambda key: -key.count("/")):
        while folder != "/":
            above = f"{folder.rstrip('/').rpartition('/')[0]}/"
            inside[above].add(folder)
            images[above] |= images[folder]
            paths.setdefault(above, f"{paths[folder].rstrip('/').rpartition('/')[0]}/")
            folder = above
    return {
        key: FolderNode(key, paths[key], len(ids), max(ids), tuple(sorted(inside[key])))
        for key, ids in images.items()
    }


def _find_top(folders: Mapping[str, FolderNode]) -> str:
    """The lowest folder that holds all images."""
    top = "/"
    while top in folders and len(folders[top].inside) == 1:
        [only] = folders[top].inside
        if folders[only].count < folders[top].count:
            break
        top = only
    return top


def _choose_examples(
    reader: Reader, tags: tuple[Way, ...], labels: tuple[Way, ...], years: list[Way], *, predicted: bool
) -> Iterable[str]:
    """A few lines of different kinds: a word, what is shown in a year, and one tag without another."""
    yield from [way.name for way in (*tags, *labels) if way.name.isalpha()][:1]
    shown = [way for way in labels if way.name.isalpha()]
    for label, year in zip(shown, years, strict=False):
        both = replace(year.filters, shows=label.filters.shows)
        if reader.find_newest(both, predicted=predicted) is not None:
            yield f"shows:{label.name} taken:{year.name}"
            break
    for one, other in pairwise(way.name for way in tags[:MOST_TRIED] if way.name.isalpha()):
        if reader.find_newest(Filters(tags=(one,), without_tags=(other,))) is not None:
            yield f"tag:{one} -tag:{other}"
            break
