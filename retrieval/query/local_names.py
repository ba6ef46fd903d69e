"""Keys, colours and days as other languages write them, folded to what the query language has.

    farbe:rot  ordner:2019  couleur:rouge  después:2020  chụp:"tháng 5 2020"  拍摄:2020年5月

An English name is never taken for one of another language. A name is found without its marks, too, and with
ae for ä, except for one syllable of a language whose words differ by their marks alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, final

from .keys import KEYS
from .part_terms import COLOUR_NAMES
from .terms import Term

_DAY_FIELDS: Final = frozenset({"after", "before", "added_after", "added_before"})
_DAY_KEYS: Final = frozenset(key for key, entry in KEYS.items() if _DAY_FIELDS & set(entry.field_names))
_BOUNDS: Final = re.compile(r"(\.\.|[<>]=?)")
_DOTTED: Final = re.compile(r"(?:(\d{1,2})\.\s?)?(\d{1,2})\.\s?(\d{4})")  # 17.6.2020, 6.2020
_SLASHED: Final = re.compile(r"(?:(\d{1,2})/)?(\d{1,2})/(\d{4})")
_HAN: Final = re.compile(
    r"(?P<year>\d{4})\s?年(?:\s?(?P<month>\d{1,2})\s?月(?:\s?(?P<day>\d{1,2})\s?[日号])?)?"
)
_SYLLABLE_MONTH: Final = re.compile(r"(?:tháng|thang)[\s_-]?(\d{1,2})(?!\d)")
_WORD: Final = re.compile(r"[^\W\d_]+")
_NUMBER: Final = re.compile(r"\d+")


@final
@dataclass(frozen=True, slots=True)
class LocalNames:
    """What other languages call keys, colours and months, by `fold_name`; months as two digits."""

    keys: Mapping[str, str] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)
    months: Mapping[str, str] = field(default_factory=dict)

    def fold_term(self, term: Term, english: Iterable[str]) -> Term:
        """The term in English; `english` are the keys that there are.

        Days with slashes are read as day, month and year only behind a key that is not English: others write
        them the other way round.
        """
        if term.key is None:
            return term
        key = term.key if term.key in english else self.find_key(term.key)
        if key == "colour":
            return replace(term, key=key, value=self._fold_colours(term.value))
        if key in _DAY_KEYS:
            return replace(term, key=key, value=self._fold_days(term.value, slashes=key != term.key))
        return replace(term, key=key)

    def find_key(self, key: str) -> str:
        """The English key that a name stands for, or the name itself."""
        return self.keys.get(fold_name(key), key)

    def _fold_colours(self, value: str) -> str:
        return ",".join(map(self._fold_colour, value.split(",")))

    def _fold_colour(self, swatch: str) -> str:
        name, at, share = swatch.partition("@")
        if name.lower() in COLOUR_NAMES:
            return swatch
        return f"{self.colours.get(fold_name(name), name)}{at}{share}"

    def _fold_days(self, value: str, *, slashes: bool) -> str:
        pieces = _BOUNDS.split(value)
        return "".join(
            piece if _BOUNDS.fullmatch(piece) else self._fold_day(piece.strip(), slashes=slashes)
            for piece in pieces
        )

    def _fold_day(self, text: str, *, slashes: bool) -> str:
        """A day, month or year as 2020-06-17, 2020-06 or 2020; anything else as it is."""
        numeric = _DOTTED.fullmatch(text) or (_SLASHED.fullmatch(text) if slashes else None)
        if numeric:
            day, month, year = numeric.groups()
            return _write_day(year, month, day)
        if han := _HAN.fullmatch(text):
            return _write_day(han["year"], han["month"], han["day"])
        return self._fold_named_month(text) or text

    def _fold_named_month(self, text: str) -> str | None:
        """A day whose month is named, in any order, with words such as "de" between."""
        rest, month = self._take_month(unicodedata.normalize("NFC", text.casefold()))
        numbers = _NUMBER.findall(rest)
        years = [number for number in numbers if len(number) == 4]
        days = [number for number in numbers if len(number) <= 2]
        if month is None or len(years) != 1 or len(days) > 1 or len(numbers) > 2:
            return None
        return _write_day(years[0], month, days[0] if days else None)

    def _take_month(self, text: str) -> tuple[str, str | None]:
        """What stands beside the month, and the month."""
        if numbered := _SYLLABLE_MONTH.search(text):
            return text[: numbered.start()] + " " + text[numbered.end() :], numbered[1]
        words = list(_WORD.finditer(text))
        for count in (3, 2, 1):  # "tháng mười một" before "tháng mười"
            for first in range(len(words) - count + 1):
                run = words[first : first + count]
                if month := self.months.get(fold_name(" ".join(word[0] for word in run))):
                    return text[: run[0].start()] + " " + text[run[-1].end() :], month
        return text, None


ENGLISH_ONLY: Final = LocalNames()


def fold_name(name: str) -> str:
    """How names are compared: in small letters, with spaces in the place of hyphens."""
    return " ".join(unicodedata.normalize("NFC", name.casefold()).replace("_", " ").replace("-", " ").split())


def _write_day(year: str, month: str | None, day: str | None) -> str:
    return "-".join([year, *(f"{int(number):02}" for number in (month, day) if number)])
