"""One line of text to a Query: our grammar, never the word index's.

    harbour "old town" -night tag:boat -tag:private folder:"2019/summer" after:2020 before:2021-06

Bare words and quoted phrases together are one text part; `-word` and `-"a phrase"` are negative parts.
`folder: tag: label:` filter, with `-` before them they exclude; `after: before:` take a year, a month
or a day. Any other `name:` is refused; quotation marks make a colon ordinary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from .errors import InvalidQuery
from .query import Filters, Part, Query, Text

LISTS = {"folder": "folders", "tag": "tags", "label": "labels"}
DATES = ("after", "before")
KEYS = (*LISTS, *DATES)

_TERM = re.compile(r'(?P<minus>-?)(?:(?P<key>[^\W\d]\w*):)?(?P<value>"[^"]*"|[^\s"]+)(?=\s|$)')
_KEY_ALONE = re.compile(r"-?[^\W\d]\w*:(?=\s|$)")
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class _Term:
    column: int
    minus: bool
    key: str | None
    value: str  # without its quotation marks
    quoted: bool


def parse(line: str, *, parts: tuple[Part, ...] = (), limit: int = 40, offset: int = 0) -> Query:
    """Read one line into a Query; `parts` (pictures, say) are put after the line's own parts.

    Raises InvalidQuery with the column, counted from 1, for an unknown key, a bad date, an empty
    value or a quotation mark that is never closed.
    """
    terms = list(_terms(line))
    return Query((*_texts(terms), *parts), _filters(terms), limit=limit, offset=offset)


def _terms(line: str) -> Iterator[_Term]:
    position = 0
    while position < len(line):
        if line[position].isspace():
            position += 1
            continue
        match = _TERM.match(line, position)
        if match is None or _KEY_ALONE.match(line, position):
            raise InvalidQuery(_broken(line, position))
        yield _term(match)
        position = match.end()


def _term(match: re.Match[str]) -> _Term:
    key, value = match["key"], match["value"]
    quoted = value.startswith('"')
    column = match.start() + 1
    if key is not None and key.lower() not in KEYS:
        raise InvalidQuery(f"column {column}: {key}: is not a key; there are {', '.join(KEYS)} (or quote it)")
    term = _Term(column, bool(match["minus"]), key and key.lower(), value.strip('"').strip(), quoted)
    if not term.value:
        raise InvalidQuery(f"column {column}: nothing stands between the quotation marks")
    return term


def _broken(line: str, position: int) -> str:
    if line.count('"', position) % 2:
        return f"column {line.rindex(chr(34)) + 1}: this quotation mark is never closed"
    if _KEY_ALONE.match(line, position):
        return f"column {position + 1}: the key has no value; write it without a blank, as in tag:boat"
    return f"column {position + 1}: put blanks around what is in quotation marks"


def _texts(terms: list[_Term]) -> list[Text]:
    def written(term: _Term) -> str:
        return f'"{term.value}"' if term.quoted else term.value

    words = [term for term in terms if term.key is None]
    wanted = " ".join(written(term) for term in words if not term.minus)
    texts = [Text(wanted)] if wanted else []
    return texts + [Text(written(term), weight=-1.0) for term in words if term.minus]


def _filters(terms: list[_Term]) -> Filters:
    values: dict[str, tuple[str, ...]] = {}
    dates: dict[str, date] = {}
    for term in terms:
        if term.key in LISTS:
            name = ("without_" if term.minus else "") + LISTS[term.key]
            values[name] = (*values.get(name, ()), term.value)
        elif term.key in dates:
            raise InvalidQuery(f"column {term.column}: {term.key}: is given twice; keep one")
        elif term.key is not None:
            dates[term.key] = _day(term)
    return Filters(**values, **dates)  # type: ignore[arg-type]


def _day(term: _Term) -> date:
    match = _DATE.fullmatch(term.value)
    if term.minus:
        raise InvalidQuery(f"column {term.column}: -{term.key}: cannot be excluded; swap after and before")
    try:
        if match is None:
            raise ValueError("not written as 2020, 2020-06 or 2020-06-17")
        return date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError as error:
        raise InvalidQuery(f"column {term.column}: {term.key}:{term.value}: {error}") from error
