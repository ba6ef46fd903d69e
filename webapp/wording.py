"""What the pages call things: images, and the parts of a query."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import randbelow
from typing import Final

from retrieval import (
    LOOKS_LIKE,
    Colours,
    Concept,
    Either,
    Palette,
    Part,
    Remark,
    Sort,
    Text,
    answers,
    format_sort,
    list_single_parts,
)

from .locales import ENGLISH, current_language, format_amount, gettext, gettext_noop, ngettext
from .renditions import LARGE_SIDE

MAX_SEED: Final = 9999  # short ones are easier to hand on
BROWSER_FORMATS: Final = frozenset({"jpeg", "png", "gif", "webp", "bmp", "avif"})
_BANDS: Final = {
    "strong": gettext_noop("strong"),
    "likely": gettext_noop("likely"),
    "weak": gettext_noop("weak"),
    "chance": gettext_noop("chance"),
    LOOKS_LIKE: gettext_noop("looks like"),
}
_FIELDS: Final = {
    "predicted": gettext_noop("predicted label"),
    "name": gettext_noop("file name"),
    "folder": gettext_noop("folder"),
    "caption": gettext_noop("caption"),
    "title": gettext_noop("title"),
    "tag": gettext_noop("tag"),
    "label": gettext_noop("label"),
    "person": gettext_noop("person"),
    "place": gettext_noop("place"),
    "rating": gettext_noop("rating"),
}
# What tells copies apart.
_FACTS: Final = {
    "size": gettext_noop("size"),
    "format": gettext_noop("format"),
    "bytes": gettext_noop("bytes"),
    "date": gettext_noop("date"),
    "content": gettext_noop("content"),
}
WAYS: Final = {  # what pictures can be similar in, by signal
    "subject": gettext_noop("subject"),
    "colour": gettext_noop("colours"),
    "texture": gettext_noop("surfaces"),
    "layout": gettext_noop("arrangement"),
    "details": gettext_noop("details"),
    "part": gettext_noop("parts"),
}
_WORD_SIGNALS: Final = {  # what words can be searched in
    "words": gettext_noop("words"),
    "meaning": gettext_noop("meaning of words"),
}
_POSITION: Final = re.compile(r"-?[\d.]+, ?-?[\d.]+")
_SORT_LABELS: Final = {
    "date": gettext_noop("Newest first"),
    "date-up": gettext_noop("Oldest first"),
    "added": gettext_noop("Last added first"),
    "added-up": gettext_noop("First added first"),
    "name": gettext_noop("Name, A to Z"),
    "name-down": gettext_noop("Name, Z to A"),
    "size": gettext_noop("Largest file first"),
    "size-up": gettext_noop("Smallest file first"),
}


_OPTIONS: Final = {
    "weaker:yes": gettext_noop("weaker matches, too"),
    "weaker:no": gettext_noop("no weaker matches"),
    "group:day": gettext_noop("the best of each day"),
    "group:folder": gettext_noop("the best of each folder"),
    "group:shot": gettext_noop("the best of each shot"),
    "group:scene": gettext_noop("the best of each scene"),
    "group:copies": gettext_noop("one of each set of copies"),
    "group:none": gettext_noop("each for itself"),
    "include-examples:yes": gettext_noop("the pictures searched by, too"),
    "narrow:yes": gettext_noop("only what shows the same kind of thing"),
    "neighbours:no": gettext_noop("each picture compared alone"),
}
_WEIGHTS: Final = re.compile(r"(?:weight\.\w+:\S+ ?)+")


def option_words(option: str) -> str:
    """What an option of a line is called on its chip; the option itself where it has no other name."""
    if _WEIGHTS.fullmatch(option):
        weights = (term.removeprefix("weight.").split(":") for term in option.split())
        names = WAYS | _WORD_SIGNALS
        return ", ".join(
            _weight_words(gettext(names.get(signal, signal)), weight) for signal, weight in weights
        )
    if option.removeprefix("-").startswith("among:"):
        return gettext("picked pictures")
    if option.startswith("group-of:"):
        return gettext("one group")
    return gettext(_OPTIONS[option]) if option in _OPTIONS else option


def _weight_words(name: str, weight: str) -> str:
    return gettext("no %(name)s", name=name) if weight == "0" else f"{name} × {weight}"


def image_name(image: answers.ImageSummary) -> str:
    """The title of an image, or else its file's name."""
    return image.title or file_name(image)


def file_name(image: answers.ImageSummary) -> str:
    """The name of its file, or what stands for it where no file is known."""
    return image.path.rpartition("/")[2] or gettext("picture %(number)s", number=image.id)


def tile_shape(image: answers.ImageSummary) -> int:
    """Ten times its width over its height, from 6 to 26: the shapes that the style sheet has tiles for.

    A picture that is narrower or wider is cut at its ends; else at most a twentieth of a picture is.
    """
    return round(10 * min(max(image.width / image.height, 0.6), 2.6))


def alternative_text(image: answers.ImageSummary) -> str:
    """The text that stands for the picture: its caption, or else its name with tags and labels."""
    words = ", ".join([*image.tags, *image.labels])
    return image.caption or (f"{image_name(image)} ({words})" if words else image_name(image))


def is_position(value: str) -> bool:
    """Whether the place of an image is a latitude and a longitude, and no name."""
    return bool(_POSITION.fullmatch(value))


def rendition_name(image: answers.ImageSummary) -> str:
    """What the file of a large rendition is called."""
    return f"{file_name(image).rpartition('.')[0] or file_name(image)}.webp"


def rendition_words(image: answers.Image) -> str:
    """In what the shown picture differs from the file; empty where it does in nothing that can be seen."""
    if image.format in BROWSER_FORMATS:
        is_smaller = min(image.width, image.height) > LARGE_SIDE
        return (
            ngettext(
                "a smaller rendition, %(num)s pixel on the short side",
                "a smaller rendition, %(num)s pixels on the short side",
                LARGE_SIDE,
            )
            if is_smaller
            else ""
        )
    kind = {"raw": "raw", "heif": "HEIC"}.get(image.format, image.format.upper())
    return gettext("a rendition: browsers do not show %(kind)s files", kind=kind)


@dataclass(frozen=True, slots=True)
class ShownRemark:
    """What is said about an answer, and in which language."""

    text: str
    language: str


def show_remark(remark: str) -> ShownRemark:
    """A remark in the language of the page; one that cannot be translated stays English."""
    if isinstance(remark, Remark):
        return ShownRemark(gettext(remark.pattern, **remark.values), current_language())
    return ShownRemark(remark, ENGLISH)


def hit_remarks(hit: answers.Hit) -> str:
    """How far a hit stands out; empty where that is unknown.

    That a hit only looks like it is told by the heading above such hits.
    """
    return band_name(hit.band) if hit.band and hit.band != LOOKS_LIKE else ""


def band_name(band: str) -> str:
    """What a band is called on the page."""
    return gettext(_BANDS.get(band, band))


def field_name(field: str) -> str:
    """What a field of an image is called on the page."""
    return gettext(_FIELDS.get(field, field))


def fact_name(fact: str) -> str:
    """What is called on the page what tells copies apart."""
    return gettext(_FACTS.get(fact, fact))


def format_duration(seconds: float) -> str:
    """Such as 45 seconds, 12 minutes, 3.5 hours."""
    for unit, length, digits in (("hour", 3600, 1), ("minute", 60, 0)):
        if seconds >= 1.5 * length:
            return format_amount(seconds / length, unit, digits)
    return format_amount(max(1, round(seconds)), "second")


def group_words(group: answers.Group) -> str:
    """The day or the folder of a group, and how many pictures it has; only the number without a name."""
    count = ngettext("%(num)s picture", "%(num)s pictures", group.count)
    name = group.name.rstrip("/").rpartition("/")[2] or group.name
    return f"{name} · {count}" if name else count


def sort_choices(sort: Sort, *, is_ranked: bool) -> dict[str, str]:
    """The orders to choose from, each with what it is called; shuffling has a new seed for each page."""
    first = {"relevance": gettext("Best match first") if is_ranked else gettext("In the order of indexing")}
    seed = randbelow(MAX_SEED) + 1
    shuffled = {format_sort(sort): gettext("Shuffled")} if sort.seed is not None else {}
    again = {f"random:{seed}": gettext("Shuffled again") if shuffled else gettext("Shuffled")}
    named = {value: gettext(label) for value, label in _SORT_LABELS.items()}
    return first | named | shuffled | again


def part_names(parts: Sequence[Part]) -> list[str]:
    """A name for each part of a query: its words, or “picture” with a number where there are several."""
    names = [_part_name(part) for part in parts]
    numbered = [not isinstance(part, Text | Concept | Either) for part in parts]
    totals = Counter(name for name, is_numbered in zip(names, numbered, strict=True) if is_numbered)
    numbers = [Counter(names[: index + 1])[name] for index, name in enumerate(names)]
    return [
        f"{name} {number}" if is_numbered and totals[name] > 1 else name
        for name, is_numbered, number in zip(names, numbered, numbers, strict=True)
    ]


def _part_name(part: Part) -> str:
    if isinstance(part, Text):
        return part.text
    if isinstance(part, Concept):
        return part.name
    if isinstance(part, Either):
        names = dict.fromkeys(map(_part_name, list_single_parts(part)))
        return gettext(" or ").join(names) or gettext("a condition")
    if isinstance(part, Colours):
        return gettext("colours")
    return gettext("palette") if isinstance(part, Palette) else gettext("picture")
