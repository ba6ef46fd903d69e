"""What the pages call things: images, and the parts of a query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from retrieval import Colours, Concept, Either, Palette, Part, Text, answers, list_single_parts


def image_name(image: answers.ImageSummary) -> str:
    """The title of an image, or else its file's name."""
    return image.title or image.path.rpartition("/")[2] or f"image {image.id}"


def alternative_text(image: answers.ImageSummary) -> str:
    """The text that stands for the picture: its caption, or else its name with tags and labels."""
    words = ", ".join([*image.tags, *image.labels])
    return image.caption or (f"{image_name(image)} ({words})" if words else image_name(image))


def hit_remarks(hit: answers.Hit) -> str:
    """How far a hit stands out, and how many images were collapsed into it; empty where neither is known."""
    count = len(hit.copies)
    copies = f"+{count} {'copy' if count == 1 else 'copies'}" if count else ""
    return ", ".join(text for text in (hit.band, copies) if text)


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
        return " or ".join(dict.fromkeys(map(_part_name, list_single_parts(part)))) or "a condition"
    return "colours" if isinstance(part, Colours) else "palette" if isinstance(part, Palette) else "picture"
