"""Lines of text to queries, with keys, colours and days in every language that is known."""

from __future__ import annotations

import re
from typing import Final

from .languages import load_local_names
from .query import language
from .query.values import Part, Query

# A key before the wide colon that Chinese keyboards write.
_WIDE_COLON: Final = re.compile(r"(?<![^\s(-])([^\W\d]\w*)：")


def parse_query(line: str, *, parts: tuple[Part, ...] = (), limit: int = 40, offset: int = 0) -> Query:
    """Parse one line into a Query, as `retrieval.query.language.parse_query` says; keys, colours and days may
    also be those of other languages (`retrieval.query.local_names`).
    """
    names = load_local_names()
    narrowed = _WIDE_COLON.sub(_narrow_colon, line)
    return language.parse_query(narrowed, parts=parts, limit=limit, offset=offset, names=names)


def _narrow_colon(match: re.Match[str]) -> str:
    key = match[1].lower()
    is_key = key in language.ENGLISH_KEYS or load_local_names().find_key(key) != key
    return f"{match[1]}:" if is_key else match[0]
