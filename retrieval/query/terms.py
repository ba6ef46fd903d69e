"""The terms of a query line, which are separated by spaces: parsed and written.

    term    = ["-"] [weight ":"] [key ":"] value ["@" left "," top "," width "," height"]
    value   = text without spaces and quotation marks, or anything in quotation marks ("…", “…”, „…“, «…»)

A weight is a number before a letter or a quotation mark, so that 12:30 stays a word. After a key, two
quotation marks inside quotation marks mean one. Only the keys of REGION_KEYS can have a region.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..errors import InvalidQuery
from .values import Region

PALETTE_PREFIX = "palette:"
WEIGHT_PREFIX = "weight."  # before the name of a signal
PICTURE_KEYS = ("image", "file", "url", "upload")
REGION_KEYS = frozenset({*PICTURE_KEYS, *(PALETTE_PREFIX + key for key in PICTURE_KEYS)})
NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"

_KEY = r"(?:[Pp][Aa][Ll][Ee][Tt][Tt][Ee]:)?[^\W\d]\w*(?:[.-]\w+)*"
_BOX = ",".join([f"-?{NUMBER}"] * 4)
_TYPOGRAPHIC = r'(?:[“„”‟](?P<curved>[^“”„‟"]*)[“”‟]|[«»](?P<angled>[^«»"]*)[«»])'
_START = rf'(?P<minus>-?)(?:(?P<weight>{NUMBER}):(?=[^\W\d]|["“„”‟«»]))?(?:(?P<key>{_KEY}):)'
_TERM = re.compile(
    rf'{_START}?(?:(?:"(?P<quoted>(?:[^"]|"")*)"|{_TYPOGRAPHIC})(?:@(?P<box>[^\s"]*))?'
    r'|(?P<plain>[^\s"]+))(?=\s|$)'
)
_PAIRED = re.compile(r"[()“„”‟«»]")
_KEY_ALONE = re.compile(rf"{_START}(?=\s|$)")
_BOXED = re.compile(rf"(?P<plain>.+)@(?P<box>{_BOX})")


@dataclass(frozen=True, slots=True)
class Term:
    """One term. `column` counts from 1. `weight` is the written number without the minus, or None."""

    column: int
    is_negated: bool
    weight: float | None
    key: str | None
    value: str  # without its quotation marks
    is_quoted: bool = False
    box: str | None = None

    @property
    def is_bare(self) -> bool:
        """Whether it is a word or phrase without minus, weight and key."""
        return self.key is None and self.weight is None and not self.is_negated

    def format_words(self) -> str:
        """A word or phrase as it stands in a text."""
        return f'"{self.value}"' if self.is_quoted else self.value

    @property
    def signed_weight(self) -> float:
        """The weight of the term's part: negative after a minus, 1 without a number."""
        weight = 1.0 if self.weight is None else self.weight
        return -weight if self.is_negated else weight

    @property
    def region(self) -> Region | None:
        """The box as a Region. Raises InvalidQuery for an invalid box."""
        if self.box is None:
            return None
        if not re.fullmatch(_BOX, self.box):
            raise InvalidQuery(f"region {self.box[:40]}: write @left,top,width,height, as in @0,0,0.5,0.5")
        return Region(*(float(number) for number in self.box.split(",")))

    def make_error(self, reason: object) -> InvalidQuery:
        """An error about this term, with its column."""
        return InvalidQuery(reason, column=self.column)


def split_terms(line: str) -> Iterator[Term]:
    """The terms of a line, in order.

    Raises InvalidQuery with the column for an empty value or a missing quotation mark.
    """
    position = 0
    while position < len(line):
        if line[position].isspace():
            position += 1
            continue
        match = _TERM.match(line, position)
        if match is None or _KEY_ALONE.match(line, position):
            raise _make_syntax_error(line, position)
        yield _parse_term(match)
        position = match.end()


def _parse_term(match: re.Match[str]) -> Term:
    key = match["key"] and _fold_key(match["key"])
    plain, box = match["plain"], match["box"]
    if plain and key in REGION_KEYS and (boxed := _BOXED.fullmatch(plain)):
        plain, box = boxed["plain"], boxed["box"]
    values = (plain, match["quoted"], match["curved"], match["angled"])
    value = next(text for text in values if text is not None)
    # A phrase is words; after a key every character counts.
    value = value.replace('""', '"') if key else value.strip()
    weight = None if match["weight"] is None else float(match["weight"])
    term = Term(match.start() + 1, bool(match["minus"]), weight, key, value, plain is None, box)
    if not value.strip():
        raise term.make_error("the quotation marks are empty; write something between them")
    if (box is not None and key not in REGION_KEYS) or (key is None and '"' in value):
        raise term.make_error("put a space before and after the quotation marks")
    return term


def _fold_key(key: str) -> str:
    """Keys ignore letter case, but the name of a signal after the dot does not."""
    name, dot, signal = key.partition(".")
    return name.lower() + dot + signal


def _make_syntax_error(line: str, position: int) -> InvalidQuery:
    if line.count('"', position) % 2:
        return InvalidQuery("the closing quotation mark is missing", column=line.rindex('"') + 1)
    if _KEY_ALONE.match(line, position):
        reason = "the key has no value; write it without a space, as in tag:boat"
    else:
        reason = "put a space before and after the quotation marks"
    return InvalidQuery(reason, column=position + 1)


def format_term(key: str, value: str, weight: float = 1.0, region: Region | None = None) -> str:
    """The term with this key, value, weight and region; with quotation marks only if they are needed."""
    box = f"@{format_region(region)}" if region else ""
    start = f"{format_weight(weight)}{key}:"
    plain, quoted = start + value + box, start + '"' + value.replace('"', '""') + '"' + box
    return quoted if has_partners(value) or not _reads_alike(plain, quoted) else plain


def has_partners(text: str) -> bool:
    """Whether a text has characters that find their partner in another term, or in a group around it."""
    return bool(_PAIRED.search(text))


def _reads_alike(plain: str, quoted: str) -> bool:
    try:
        return [(term.value, term.box) for term in split_terms(plain)] == [
            (term.value, term.box) for term in split_terms(quoted)
        ]
    except InvalidQuery:
        return False


def format_weight(weight: float) -> str:
    """What is written before a term of this weight: nothing, a minus, or the number."""
    if abs(weight) == 1:
        return "" if weight > 0 else "-"
    return f"{format_number(weight)}:"


def format_weights(weights: Mapping[str, float]) -> Iterator[str]:
    """The terms that give signals these weights."""
    for signal, weight in weights.items():
        yield format_term(WEIGHT_PREFIX + signal, format_number(weight))


def format_region(region: Region) -> str:
    """A region as it is written after an @."""
    return ",".join(format_number(share) for share in (region.left, region.top, region.width, region.height))


def format_number(value: float) -> str:
    """The shortest text that is read as exactly this number."""
    return repr(float(value) + 0.0).removesuffix(".0")  # adding 0.0 turns -0.0 into 0.0
