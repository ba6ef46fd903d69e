"""Filters and facets in plain Python, on Image values: the SQL must give the same results."""

from __future__ import annotations

import calendar
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from pathlib import PurePosixPath
from statistics import median

from retrieval import AllOf, Annotation, Circle, Filters, Image, Not, Rectangle, Surroundings
from retrieval.query.conditions import EXPOSURE, Condition, list_filters
from tests.rows import KINDS

Position = tuple[float, float]  # latitude and longitude
ALSO_CALLED = {"jpg": "jpeg", "tif": "tiff"}
MONTHS, WEEKDAYS = (
    [name.lower() for name in names] for names in (calendar.month_name[1:], calendar.day_name)
)
DAYS = [f"{date(2020, 1, 1) + timedelta(days=number):%m-%d}" for number in range(366)]


def satisfies_condition(
    image: Image,
    condition: Condition,
    troubled: Collection[bytes] = (),
    names: Mapping[str, Collection[str]] = {},
    middles: Mapping[str, Position | None] = {},
) -> bool:
    """Whether an image satisfies a tree of Filters; the other arguments are as for `satisfies_filters`."""
    if isinstance(condition, Filters):
        return satisfies_filters(image, condition, troubled, names, middles)
    every = [satisfies_condition(image, member, troubled, names, middles) for member in condition.conditions]
    if isinstance(condition, Not):
        return not every[0]
    return all(every) if isinstance(condition, AllOf) else any(every)


def satisfies_filters(
    image: Image,
    filters: Filters,
    troubled: Collection[bytes] = (),
    names: Mapping[str, Collection[str]] = {},
    middles: Mapping[str, Position | None] = {},
) -> bool:
    """Whether an image satisfies every condition. `troubled`: the paths that have a problem; `names`: by field,
    all cameras, lenses, creators, places and persons that the catalog knows; `middles`: those of places.
    """
    return all(
        (
            not filters.folders or lies_in_folders(image, filters.folders),
            not lies_in_folders(image, filters.without_folders),
            not filters.names or has_file_named(image, filters.names),
            not has_file_named(image, filters.without_names),
            all(has_annotation(image, "tag", (tag,)) for tag in filters.tags),
            not has_annotation(image, "tag", filters.without_tags),
            not filters.labels or has_annotation(image, "label", filters.labels),
            not has_annotation(image, "label", filters.without_labels),
            not filters.shows or shows_label(image, filters.shows, filters.confidence),
            *(
                not asked
                or is_named(
                    image, field, asked, place_names(names) if field == "place" else names.get(field, ())
                )
                for field, asked in (
                    ("camera", filters.cameras),
                    ("lens", filters.lenses),
                    ("creator", filters.creators),
                    ("place", filters.places),
                )
            ),
            *(is_named(image, "person", (name,), names.get("person", ())) for name in filters.persons),
            not filters.near or any(is_near(image, area, names, middles) for area in filters.near),
            not filters.within or any(lies_within(image, area) for area in filters.within),
            not filters.shapes or image_shape(image) in filters.shapes,
            is_on_page(image, filters),
            *(is_in_range(image, filters, field) for field in EXPOSURE),
            not any(has_stated(image, name) for name in filters.missing),
            not filters.formats or image.format.lower() in format_names(filters),
            not filters.orientations or image_orientation(image) in filters.orientations,
            is_taken(image, filters),
            recurs(image, filters),
            filters.added_after is None or image.added_at.date() >= filters.added_after,
            filters.added_before is None or image.added_at.date() < filters.added_before,
            *(is_sized(image, filters, name) for name in ("width", "height", "bytes")),
            filters.captioned in (None, is_captioned(image)),
            filters.problem in (None, any(place.path in troubled for place in image.locations)),
        )
    )


def lies_in_folders(image: Image, folders: Iterable[str]) -> bool:
    return any(holds_path(folder, place.display) for folder in folders for place in image.locations)


def holds_path(folder: str, path: str) -> bool:
    """Whether the path, without its file name, has all components of the folder in sequence.

    A folder with a leading slash must match from the beginning of the path.
    """
    asked = [component.casefold() for component in folder.strip("/").split("/")]
    components = [component.casefold() for component in path.strip("/").split("/")][:-1] or [""]
    if "*" in folder or "?" in folder:
        return fits_wildcards(asked, components, from_root=folder.startswith("/"))
    starts = [0] if folder.startswith("/") else range(len(components))
    return asked == [""] or any(components[start : start + len(asked)] == asked for start in starts)


def fits_wildcards(asked: list[str], components: list[str], *, from_root: bool) -> bool:
    """As `holds_path`; * stands for any characters, slashes as well, and ? for one."""
    spelled = {"*": ".*", "?": "."}
    pattern = "".join(spelled.get(letter, re.escape(letter)) for letter in f"/{'/'.join(asked)}/")
    path = f"/{'/'.join(components)}/" if components != [""] else "/"
    return bool((re.match if from_root else re.search)(pattern, path, re.DOTALL))


def has_file_named(image: Image, patterns: Iterable[str]) -> bool:
    """Whether a file of it has one of the names, with or without an ending."""
    spelled = {"*": ".*", "?": "."}
    return any(
        re.fullmatch(f"{wanted}(\\..*)?", place.display.rpartition("/")[2].lower(), re.DOTALL)
        for pattern in patterns
        for wanted in ["".join(spelled.get(letter, re.escape(letter)) for letter in pattern.lower())]
        for place in image.locations
    )


def has_annotation(image: Image, field: str, values: Iterable[str]) -> bool:
    given = {value.casefold() for value in image.field_values(field)}
    return any(value.casefold() in given for value in values)


def is_named(image: Image, field: str, asked: Iterable[str], known: Collection[str]) -> bool:
    """Whether a value has one of the names, or these words in it where no value is just the name."""
    names = {name.casefold() for name in known}
    values = [value for value in image.field_values(field) if not is_position(value)]
    return any(
        value == name.casefold() or (name.casefold() not in names and f" {name.casefold()} " in f" {value} ")
        for value in map(str.casefold, values)
        for name in asked
    )


def is_position(place: str) -> bool:
    return re.fullmatch(r"-?\d+\.\d+, -?\d+\.\d+", place) is not None


def positions_of(image: Image) -> list[Position]:
    places = [place.split(", ") for place in image.field_values("place") if is_position(place)]
    return [(float(north), float(east)) for north, east in places]


def is_near(
    image: Image,
    area: Circle | Surroundings,
    names: Mapping[str, Collection[str]],
    middles: Mapping[str, Position | None],
) -> bool:
    if isinstance(area, Surroundings):
        middle = middles[area.place]
        stated = is_named(image, "place", (area.place,), place_names(names))
        around = Circle(*middle, area.kilometres) if middle else None
        return stated or (around is not None and is_near(image, around, names, middles))
    centre = (area.latitude, area.longitude)
    return any(distance(position, centre) <= area.kilometres for position in positions_of(image))


def distance(one: Position, other: Position) -> float:
    """Kilometres along a sphere, by the cross and dot products of the directions."""
    (a, b, c), (x, y, z) = direction(one), direction(other)
    cross = (b * z - c * y, c * x - a * z, a * y - b * x)
    return 6371.0088 * math.atan2(math.hypot(*cross), a * x + b * y + c * z)


def direction(position: Position) -> tuple[float, float, float]:
    north, east = map(math.radians, position)
    return math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)


def place_names(names: Mapping[str, Collection[str]]) -> list[str]:
    return [name for name in names.get("place", ()) if not is_position(name)]


def find_middles(
    condition: Condition, images: Collection[Image], names: Mapping[str, Collection[str]]
) -> dict[str, Position | None] | None:
    """The middle of each place whose surroundings are asked for; None where nothing states one of them."""
    middles: dict[str, Position | None] = {}
    for area in (area for filters in list_filters(condition) for area in filters.near):
        if isinstance(area, Surroundings):
            stating = [
                image for image in images if is_named(image, "place", (area.place,), place_names(names))
            ]
            if not stating:
                return None
            x, y, z = (
                [direction(position)[axis] for image in stating for position in positions_of(image)]
                for axis in range(3)
            )
            middles[area.place] = middle_of(median(x), median(y), median(z)) if x else None
    return middles


def middle_of(x: float, y: float, z: float) -> Position:
    return math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))


def lies_within(image: Image, area: Rectangle) -> bool:
    return any(
        area.south <= north <= area.north and is_between(area, east) for north, east in positions_of(image)
    )


def is_between(area: Rectangle, east: float) -> bool:
    meridians = (east, -east) if abs(east) == 180 else (east,)
    if area.west <= area.east:
        return any(area.west <= meridian <= area.east for meridian in meridians)
    return any(meridian >= area.west or meridian <= area.east for meridian in meridians)


def image_shape(image: Image) -> str:
    short, long = sorted((image.width, image.height))
    if long >= 2 * short:
        return "panorama"
    return "square" if long <= Fraction(21, 20) * short else image_orientation(image)


def is_on_page(image: Image, filters: Filters) -> bool:
    least, most = filters.min_page, filters.max_page
    return (least is None and most is None) or any(
        (least is None or place.page >= least) and (most is None or place.page <= most)
        for place in image.locations
    )


def is_in_range(image: Image, filters: Filters, field: str) -> bool:
    least, most = getattr(filters, f"min_{field}"), getattr(filters, f"max_{field}")
    stated = [float(Fraction(value)) for value in image.field_values(field) if value[0].isdigit()]
    return (least is None and most is None) or any(
        (least is None or number >= least) and (most is None or number <= most) for number in stated
    )


def has_stated(image: Image, name: str) -> bool:
    match name:
        case "date":
            return image.taken_at is not None
        case "caption":
            return is_captioned(image)
    return bool(image.field_values(name))


def shows_label(image: Image, labels: Iterable[str], confidence: float = 0.5) -> bool:
    guessed = {
        name.casefold()
        for label in image.predictions
        if label.confidence >= confidence
        for name in (label.value, *label.label_names)
    }
    return has_annotation(image, "label", labels) or any(label.casefold() in guessed for label in labels)


def format_names(filters: Filters) -> set[str]:
    return {ALSO_CALLED.get(name.lower(), name.lower()) for name in filters.formats}


def recurs(image: Image, filters: Filters) -> bool:
    """Whether it was taken in one of the months, on one of the weekdays and of the days: walked day by day."""
    if image.taken_at is None:
        return not (filters.months or filters.weekdays or filters.days)
    month, weekday = MONTHS[image.taken_at.month - 1], WEEKDAYS[image.taken_at.weekday()]
    return all(
        not values or any(name in walk_range(value, names) for value in values)
        for values, names, name in (
            (filters.months, MONTHS, month),
            (filters.weekdays, WEEKDAYS, weekday),
            (filters.days, DAYS, f"{image.taken_at:%m-%d}"),
        )
    )


def walk_range(value: str, names: Sequence[str]) -> set[str]:
    """The names from the first one of a range to its last, over the end where the last comes before."""
    first, _, last = value.lower().partition("..")
    place, end = (find_place(text, names) for text in (first, last or first))
    walked = {names[place]}
    while place != end:
        place = (place + 1) % len(names)
        walked.add(names[place])
    return walked


def find_place(text: str, names: Sequence[str]) -> int:
    """Where the name stands: a month by its number, a day with or without zeros, others by their beginning."""
    if text.isdecimal():
        return int(text) - 1
    padded = "-".join(number.zfill(2) for number in text.split("-"))
    return next(place for place, name in enumerate(names) if name.startswith((padded, text)))


def image_orientation(image: Image) -> str:
    if image.width == image.height:
        return "square"
    return "landscape" if image.width > image.height else "portrait"


def is_taken(image: Image, filters: Filters) -> bool:
    if filters.after is None and filters.before is None:
        return True
    if image.taken_at is None:
        return False
    day = image.taken_at.date()
    return (filters.after or day) <= day and (filters.before is None or day < filters.before)


def is_sized(image: Image, filters: Filters, name: str) -> bool:
    size, least, most = getattr(image, name), getattr(filters, f"min_{name}"), getattr(filters, f"max_{name}")
    return (least is None or size >= least) and (most is None or size <= most)


def is_captioned(image: Image) -> bool:
    return bool(image.field_values("title") or image.field_values("caption"))


def values_of(image: Image, facet: str, confidence: float = 0.5) -> set[str]:
    """Every value under which a facet counts an image, in lower case."""
    match facet:
        case "folder":
            return {place.display.split("/")[-2].casefold() for place in image.locations} - {""}
        case "tag" | "label" | "camera" | "person":
            return {value.casefold() for value in image.field_values(facet)}
        case "place":
            names = {value.casefold() for value in image.field_values(facet)}
            return {name for name in names if not is_position(name)}
        case "year":
            return {f"{image.taken_at.year:04}"} if image.taken_at else set()
        case "month":
            return {f"{image.taken_at:%Y-%m}".zfill(7)} if image.taken_at else set()
        case "format":
            return {image.format.lower()}
        case "orientation":
            return {image_orientation(image)}
        case "shape":
            return {image_shape(image)}
        case "captioned":
            return {"yes" if is_captioned(image) else "no"}
    sure = [label.label_names[0] for label in image.predicted_labels if label.confidence >= confidence]
    return {name.casefold() for name in (*image.labels, *sure)}


def telling_categories(images: Collection[Image], confidence: float = 0.5) -> set[str]:
    """The first names of categories that say of some images what no label and no category before them says."""
    shown: dict[tuple[int, str], set[int]] = {}
    for image in images:
        stated = [(0, label.casefold()) for label in image.labels]
        labels = [(1, fact.value.casefold()) for fact in sure_facts(image.predicted_labels, confidence)]
        kinds = [(2, fact.value.casefold()) for fact in sure_facts(image.predicted_categories, confidence)]
        for key in (*stated, *labels, *kinds):
            shown.setdefault(key, set()).add(image.id)
    order = [(2, kind.casefold()) for kind in KINDS if (2, kind.casefold()) in shown]
    before = [ids for (field, _), ids in shown.items() if field < 2]
    telling = set()
    for key in order:
        if shown[key] not in before:
            telling.add(key[1].split(", ")[0])
        before.append(shown[key])
    return telling


def sure_facts(facts: Iterable[Annotation], confidence: float) -> list[Annotation]:
    return [fact for fact in facts if fact.confidence >= confidence]


def count_values(images: Collection[Image], facet: str, confidence: float = 0.5) -> list[tuple[str, int]]:
    """All values of a facet with their counts, in the order in which they are listed."""
    if facet == "subfolder":
        values = list_subfolders(images)
    else:
        values = [values_of(image, facet, confidence) for image in images]
    counts = Counter(value for values_of_image in values for value in values_of_image)
    if facet == "shows":  # an image also counts for a synonym of its label
        names = counts.keys() | telling_categories(images, confidence)
        counts = Counter(
            {name: sum(shows_label(image, [name], confidence) for image in images) for name in names}
        )
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def list_subfolders(images: Collection[Image]) -> list[set[str]]:
    """Of each image: those folders directly below the one that holds all files in which it lies."""
    parents = [
        [PurePosixPath(place.display.casefold()).parent.parts for place in image.locations]
        for image in images
    ]
    every = [parts for of_image in parents for parts in of_image]
    common = 1
    while every and all(len(parts) > common and parts[common] == every[0][common] for parts in every):
        common += 1
    return [
        {"/" + "/".join(parts[1 : common + 1]) for parts in of_image if len(parts) > common}
        for of_image in parents
    ]
