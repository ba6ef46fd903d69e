"""Checks of the values of a query: each raises InvalidQuery with what is wrong, and what to write instead."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from typing import NoReturn

from ..errors import InvalidQuery
from .suggestions import suggest_format

MAX_TEXT_LENGTH = 1000  # characters; longer text is pasted by accident, and slow in the word index
MAX_VALUES = 100  # folders, tags or labels in one query
FORMATS = ("jpeg", "png", "gif", "webp", "bmp", "tiff", "ppm", "avif", "heif", "raw")
FORMAT_ENDINGS = {"jpg": "jpeg", "tif": "tiff"}  # endings of file names that are accepted as formats


def raise_type(subject: str, value: object, needed: str) -> NoReturn:
    """A fault of a program, not of a person who searches: a TypeError, and no InvalidQuery."""
    raise TypeError(f"{subject} is of the type {type(value).__name__}; it must be {needed}")


def raise_query_type(value: object) -> NoReturn:
    """The same for what is searched for."""
    raise TypeError(
        f"a query is a Query or a line of text, not of the type {type(value).__name__}; search for a "
        "picture with Query((Picture(path),)), for a stored one with Query((StoredPicture(17),))"
    )


def check_weight(weight: float) -> None:
    if not math.isfinite(weight) or weight == 0 or abs(weight) > 100:
        raise InvalidQuery(f"weight {weight}: choose a number from -100 to 100 that is not 0")


def check_days(prefix: str, after: date | None, before: date | None) -> None:
    if after and before and after >= before:
        raise InvalidQuery(f"{prefix}after {after} and {prefix}before {before} leave no day between them")


def check_range(name: str, least: float | None, most: float | None, *, is_whole: bool = True) -> None:
    for bound in (least, most):
        if bound is not None and not 0 <= bound < 2**63:
            raise InvalidQuery(f"{name} {bound}: choose a {'whole number' if is_whole else 'number'} from 0")
    if least is not None and most is not None and least > most:
        raise InvalidQuery(f"{name} from {least} to {most}: the first is larger than the second")


def check_choice(name: str, value: str | None, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        raise InvalidQuery(f"{name} {value[:40]}: choose from {', '.join(choices)}")


def check_recurrence(name: str, value: str, parse: Callable[[str], object]) -> None:
    try:
        parse(value)
    except ValueError as error:
        raise InvalidQuery(f"{name} {value[:40]}: {error}") from error


def check_format(name: str) -> None:
    if name.casefold() not in (*FORMATS, *FORMAT_ENDINGS):
        nearest = suggest_format(name, (*FORMATS, *FORMAT_ENDINGS))
        meant = f"did you mean {nearest}?" if nearest else f"choose from {', '.join(FORMATS)}"
        raise InvalidQuery(f"format {name[:40]}: no picture has it; {meant}")


def check_id(image_id: int) -> None:
    if not isinstance(image_id, int):
        raise_type("the id of an image", image_id, "an int")
    if not 0 < image_id < 2**63:
        raise InvalidQuery(f"image {image_id}: ids are positive whole numbers")


def check_values(name: str, values: tuple[str, ...]) -> None:
    if len(values) > MAX_VALUES:
        raise InvalidQuery(f"{len(values)} {name}; the limit is {MAX_VALUES}")
    for value in values:
        check_name(f"one of the {name}", value)


def check_name(subject: str, name: str) -> None:
    if not name.strip():
        raise InvalidQuery(f"{subject} is empty; give it a value or leave it out")
    check_text(subject, name)


def check_text(subject: str, text: str) -> None:
    if len(text) > MAX_TEXT_LENGTH:
        raise InvalidQuery(f"{subject} has {len(text)} characters; the limit is {MAX_TEXT_LENGTH}")
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidQuery(f"{subject} contains a zero byte or an invalid character; type it again")
