"""The unfinished term at the end of a line that somebody is typing, and how it may go on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, final

from .terms import NUMBER, format_term

_TERM: Final = re.compile(
    rf"(?P<before>.*?)(?P<sign>\(*-?(?:{NUMBER}:)?\(*)(?:(?P<key>[^\W\d]\w*(?:-\w+)*):)?(?P<quote>\"?)(?P<start>[^\"]*)",
    re.DOTALL,
)
KINDS: Final = ("word", "key", "value", "label", "search")
_WORD: Final = re.compile(r'(?:"(?:[^"]|"")*(?:"|$)|[^\s"])+')  # a space in quotation marks does not end it


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What stands before the last term, its minus, weight or parenthesis, its key, or "", and how its value
    begins."""

    before: str
    key: str
    start: str

    def finish_word(self, word: str) -> str:
        """The line with this word in the place of the unfinished one."""
        return f"{self.before}{word}"

    def finish_key(self, key: str) -> str:
        """The line with this key, whose value is still to be written."""
        return f"{self.before}{key}:"

    def finish_value(self, value: str) -> str:
        """The line with this value behind the key."""
        return self.finish_with(self.key, value)

    def finish_with(self, key: str, value: str) -> str:
        """The line with this key and value in the place of the unfinished word."""
        return f"{self.before}{format_term(key, value)}"


@final
@dataclass(frozen=True, slots=True)
class Completion:
    """One way to go on: the word, key, value or name, the whole line with it, and how many images have it.

    `count` is None where nothing is counted, as for a key. `kind` is one of KINDS: a label is one that a
    classifier predicts, or a category; a search is one that was saved by name.
    """

    text: str
    line: str
    count: int | None
    kind: str


def split_unfinished(line: str) -> Unfinished:
    """The last term of a line, whose end is where the cursor stands."""
    ends = [(word.start(), word.end()) for word in _WORD.finditer(line)]
    start = ends[-1][0] if ends and ends[-1][1] == len(line) else len(line)
    term = _TERM.fullmatch(line[start:])
    if term is None:
        return Unfinished(line, "", "")
    before = line[:start] + term["before"] + term["sign"]
    return Unfinished(before, (term["key"] or "").lower(), term["start"])
