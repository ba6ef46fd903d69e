"""What a person says of an image, how an edit changes it, and what it overrules. Pure.

A statement says that a value of a field is so, or that it is not; of each value one thing is said, or
nothing. Values are compared in lower case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from .folding import fold_text
from .records import CATEGORY, LABEL, PREDICTED_SOURCE, USER_SOURCE

SINGLE: Final = (
    "title",
    "caption",
    "rating",
)  # fields of which an image has one value, once a person states it
EDITABLE: Final = (*SINGLE, "tag", LABEL, "person")
ANY: Final = ""  # the value that stands for every value of a field
DEFINITION: Final = "definition"  # the field of what a predicted label means: its name, a colon, a sentence

Pair: TypeAlias = tuple[str, str]  # a field and a value


@dataclass(frozen=True, slots=True)
class Statement:
    """That a value of a field is so, or that it is not.

    That ANY is not so means: of this field nothing is so but what a person states.
    """

    field: str
    value: str
    is_so: bool = True

    @property
    def key(self) -> Pair:
        """What it is about: two statements about the same contradict or repeat each other."""
        return self.field, fold_text(self.value)


Statements: TypeAlias = tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be said of images from now on, as pairs of a field and a value.

    `remove` says that a value is not so, and with the value "" that no value is but those of `add` and of
    later edits. `unsay` takes back what was said about a value, and with "" all that was said about the
    field: what files state counts again.
    Where a value stands in several, the last of `unsay`, `remove` and `add` counts.
    """

    add: tuple[Pair, ...] = ()
    remove: tuple[Pair, ...] = ()
    unsay: tuple[Pair, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.add or self.remove or self.unsay)

    @property
    def text(self) -> str:
        """What it says, in one line for people."""
        added = (f"{field} {value}" for field, value in self.add)
        removed = (f"not {field} {value}" if value else f"no {field}" for field, value in self.remove)
        unsaid = (" ".join(("nothing about", field, value)).rstrip() for field, value in self.unsay)
        return "; ".join((*added, *removed, *unsaid))


@dataclass(frozen=True, slots=True)
class KeptEdit:
    """An edit that can be taken back: its number, its time in UTC, and how many images it changed."""

    id: int
    made_at: datetime
    edit: Edit
    images: int


def apply_edit(said: Sequence[Statement], edit: Edit) -> Statements:
    """What is said of an image after an edit: what is so first; what goes on being said keeps its place."""
    kept = {statement.key: statement for statement in said}
    for field, value in edit.unsay:
        _drop(kept, field, value)
    for field, value in edit.remove:
        if value == ANY:
            _drop(kept, field, ANY)
        _say(kept, Statement(field, value, is_so=False))
    for field, value in edit.add:
        statement = Statement(field, value)
        if field in SINGLE and kept.get(statement.key) != statement:
            _drop(kept, field, ANY)
        _say(kept, statement)
    return tuple(sorted(kept.values(), key=lambda statement: not statement.is_so))


def _drop(kept: dict[Pair, Statement], field: str, value: str) -> None:
    for key in [
        key for key in kept if key == (field, fold_text(value)) or (key[0] == field and value == ANY)
    ]:
        del kept[key]


def _say(kept: dict[Pair, Statement], statement: Statement) -> None:
    before = kept.get(statement.key)
    if before is not None and before.is_so != statement.is_so:
        del kept[statement.key]  # said anew, it comes last
    kept[statement.key] = statement


def take_back(
    said: Sequence[Statement], before: Sequence[Statement], after: Sequence[Statement]
) -> Statements:
    """What is said of an image without an edit that led from `before` to `after`.

    What was said since then stays: a value that somebody has said something else about is left alone.
    """
    if tuple(said) == tuple(after):
        return tuple(before)
    ended, begun = set(before) - set(after), set(after) - set(before)
    kept = [statement for statement in said if statement not in begun]
    taken = {statement.key for statement in kept}
    fields = {statement.field for statement in kept if statement.field in SINGLE}
    back = (statement for statement in before if statement in ended and statement.field not in fields)
    whole = (*kept, *(statement for statement in back if statement.key not in taken))
    return tuple(sorted(whole, key=lambda statement: not statement.is_so))


def find_overruled(said: Sequence[Statement]) -> Overruling:
    """What these statements overrule."""
    replaced = {one.field for one in said if one.is_so and one.field in SINGLE}
    denied = {one.field for one in said if not one.is_so and one.value == ANY}
    rejected: dict[str, set[str]] = {}
    for statement in said:
        if not statement.is_so:
            rejected.setdefault(statement.field, set()).add(fold_text(statement.value))
    return Overruling(frozenset(replaced | denied), rejected)


@dataclass(frozen=True, slots=True)
class Overruling:
    """The fields of which no fact of another source counts, and the values that are rejected, by field."""

    fields: frozenset[str]
    values: Mapping[str, set[str]]

    def concerns(self, field: str, folded: str, source: str) -> bool:
        """Whether a fact is overruled: one of a file, a list of captions or a classifier.

        A predicted label or category has several names, and is overruled by any of them.
        """
        if source == USER_SOURCE:
            return False
        stated = LABEL if field in (CATEGORY, DEFINITION) else field
        names = folded.partition(": ")[0] if field == DEFINITION else folded
        listed = names.split(", ") if source == PREDICTED_SOURCE else ()
        return stated in self.fields or not self.values.get(stated, set()).isdisjoint({names, *listed})
