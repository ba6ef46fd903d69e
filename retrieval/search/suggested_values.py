"""Values that may be so of an image: those of several of its neighbours, and what is surely predicted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ..catalog import LABEL, SURE, Image

NEIGHBOURS: Final = 20  # that are asked
FEWEST, LEAST_SHARE = 2, 0.25  # neighbours that have to have a value, and the share of all that are asked
MOST: Final = 8  # suggestions for one image
FROM_NEIGHBOURS, PREDICTED = "neighbours", "predicted"
_FIELDS: Final = ("tag", LABEL)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value that may be so, who says so (neighbours, or a classifier: predicted), and how surely (0 to 1):
    the share of the neighbours that have it, or the confidence.
    """

    field: str
    value: str
    origin: str
    confidence: float


def suggest_values(
    image: Image, neighbours: Sequence[Image], rejected: Collection[tuple[str, str]]
) -> tuple[Suggestion, ...]:
    """What may be so of an image and is neither stated nor rejected, the surest first.

    `rejected`: fields and values in lower case.
    """
    stated = {(field, value.casefold()) for field in _FIELDS for value in image.field_values(field)}
    found: dict[tuple[str, str], Suggestion] = {}
    for suggestion in (*_list_predicted(image), *_list_shared(neighbours)):
        key = suggestion.field, suggestion.value.casefold()
        if key not in stated and key not in rejected and (suggestion.field, "") not in rejected:
            found.setdefault(key, suggestion)
    return tuple(sorted(found.values(), key=lambda one: (-one.confidence, one.field, one.value))[:MOST])


def _list_predicted(image: Image) -> Iterator[Suggestion]:
    for fact in image.predictions:
        if fact.confidence >= SURE:
            yield Suggestion(LABEL, fact.label_names[0], PREDICTED, fact.confidence)


def _list_shared(neighbours: Sequence[Image]) -> Iterator[Suggestion]:
    for field in _FIELDS:
        for value, count in _count_values(neighbours, field):
            if count >= max(FEWEST, LEAST_SHARE * len(neighbours)):
                yield Suggestion(field, value, FROM_NEIGHBOURS, count / len(neighbours))


def _count_values(images: Iterable[Image], field: str) -> Iterator[tuple[str, int]]:
    spelled: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for image in images:
        for value in image.field_values(field):
            spelled.setdefault(value.casefold(), value)
            counts[value.casefold()] += 1
    yield from ((spelled[key], count) for key, count in counts.items())
