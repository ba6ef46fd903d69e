"""What Filters and facets promise, in plain Python over Image values: the ground truth for the SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from retrieval import Filters, Image

ALSO_CALLED = {"jpg": "jpeg", "tif": "tiff"}


def satisfies(image: Image, filters: Filters, troubled: Collection[bytes] = ()) -> bool:
    """Whether an image satisfies every condition; `troubled` are the paths that have a problem."""
    return all(
        (
            not filters.folders or lies_in(image, filters.folders),
            not lies_in(image, filters.without_folders),
            all(says(image, "tag", (tag,)) for tag in filters.tags),
            not says(image, "tag", filters.without_tags),
            not filters.labels or says(image, "label", filters.labels),
            not says(image, "label", filters.without_labels),
            not filters.shows or shows(image, filters.shows, filters.confidence),
            not filters.cameras or says(image, "camera", filters.cameras),
            not filters.formats or image.format.lower() in formats(filters),
            not filters.orientations or orientation(image) in filters.orientations,
            is_taken(image, filters),
            filters.added_after is None or image.added_at.date() >= filters.added_after,
            filters.added_before is None or image.added_at.date() < filters.added_before,
            *(is_sized(image, filters, name) for name in ("width", "height", "bytes")),
            filters.captioned in (None, is_captioned(image)),
            filters.problem in (None, any(place.path in troubled for place in image.locations)),
        )
    )


def lies_in(image: Image, folders: Iterable[str]) -> bool:
    return any(holds(folder, place.display) for folder in folders for place in image.locations)


def holds(folder: str, path: str) -> bool:
    """Whether whole components of the path, other than its last, are those of the folder."""
    asked = [each.casefold() for each in folder.strip("/").split("/")]
    components = [each.casefold() for each in path.strip("/").split("/")][:-1] or [""]
    starts = [0] if folder.startswith("/") else range(len(components))
    return asked == [""] or any(components[start : start + len(asked)] == asked for start in starts)


def says(image: Image, field: str, values: Iterable[str]) -> bool:
    given = {value.casefold() for value in image.values(field)}
    return any(value.casefold() in given for value in values)


def shows(image: Image, labels: Iterable[str], confidence: float = 0.5) -> bool:
    guessed = {
        name.casefold()
        for label in image.predicted
        if label.confidence >= confidence
        for name in (label.value, *label.names)
    }
    return says(image, "label", labels) or any(label.casefold() in guessed for label in labels)


def formats(filters: Filters) -> set[str]:
    return {ALSO_CALLED.get(each.lower(), each.lower()) for each in filters.formats}


def orientation(image: Image) -> str:
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
    return bool(image.values("title") or image.values("caption"))


def values_of(image: Image, facet: str, confidence: float = 0.5) -> set[str]:
    """Every value under which a facet counts an image, lower-cased; `shows` says what it may be counted as."""
    match facet:
        case "folder":
            return {place.display.split("/")[-2].casefold() for place in image.locations} - {""}
        case "tag" | "label" | "camera":
            return {value.casefold() for value in image.values(facet)}
        case "year":
            return {f"{image.taken_at.year:04}"} if image.taken_at else set()
        case "format":
            return {image.format.lower()}
        case "orientation":
            return {orientation(image)}
        case "captioned":
            return {"yes" if is_captioned(image) else "no"}
    sure = [label.names[0] for label in image.predicted if label.confidence >= confidence]
    return {name.casefold() for name in (*image.labels, *sure)}


def counted(images: Collection[Image], facet: str, confidence: float = 0.5) -> list[tuple[str, int]]:
    """Values and counts of a facet, all of them, in the order in which they are listed."""
    values = [values_of(image, facet, confidence) for image in images]
    counts = Counter(value for each in values for value in each)
    if facet == "shows":  # an image also counts for a name that is a synonym of its own label
        counts = Counter({name: sum(shows(each, [name], confidence) for each in images) for name in counts})
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))
