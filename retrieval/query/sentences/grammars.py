"""The grammar of one language, made from its data file.

    {"language": "en",
     "nothing": "photos|of|the",               words that say nothing beside what was understood
     "opening": "show|me",                      words that say nothing at the start of a line
     "not": "not|without", "without": "…"       what excludes the condition, or the words, that follow
     "further": "or|and",                       what a further one of the excluded words follows
     "choice": "or",                            what stands between two conditions of which one is enough
     "ends": "and|in|with",                     words that end the words which are excluded
     "names": {"month": {"july": "july|jul"}},  phrases by kind and value
     "shapes": {"year": "((?:19|20)[0-9]{2})"}, single words by kind; the group is the value
     "rules": {"period": {"last <unit>": "=last-unit unit"},
               "term": {"since <period>": "taken:{period.start}.."}}}

A rule maps a pattern to its value: `=NAME ARGUMENT …` calls one of PERIODS with slots, and with texts in
single quotation marks; anything else is a text with slots in braces. The rules of `term` make terms of the
query language. A term may be an object: `means` is the term; `or` is another reading, which is offered;
`asks` is a term that is only offered, while the words stay words; with `alone` only where no other words are
left. What is `closed` is only offered, too, where another word follows directly, as in *in winter clothing*;
what `stays` is words and nothing else, as *no parking*.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .patterns import Node, build_tree
from .vocabulary import Names, index_phrases

TERM: Final = "term"
_JOINING: Final = ("not", "without", "further", "choice")
ANY_WORD: Final = "word"  # the shape that letters have, too; all others begin with a digit or hold one
_KEY: Final = re.compile(r"(?:^|[-( ])([a-z][a-z-]*):")


@dataclass(frozen=True, slots=True)
class Sense:
    """What a rule makes of its phrase: a text with slots, or a call of one of PERIODS."""

    means: str = ""
    other: str = ""
    asks: str = ""
    is_alone: bool = False
    is_closed: bool = False
    stays: bool = False
    number: int = 0  # of its rule in the file

    @property
    def keys(self) -> set[str]:
        """The keys of the query language that its terms use."""
        return {key for text in (self.means, self.other, self.asks) for key in _KEY.findall(text)}


@dataclass(frozen=True, slots=True, eq=False)
class Grammar:
    """All that is known about the phrases of one language."""

    language: str
    nothing: frozenset[str]
    opening: frozenset[str]
    ends: frozenset[str]
    names: Mapping[str, Names]
    shapes: Mapping[str, re.Pattern[str]]
    rules: Mapping[str, Node[Sense]]
    kinds: Mapping[str, frozenset[str]]  # of names and rules, by each word that a phrase of them begins with

    @classmethod
    def from_json(cls, values: Mapping[str, Any], keys: Collection[str]) -> Grammar:
        """The grammar of a data file; without the terms whose keys are not among `keys`.

        Raises ValueError for a pattern that is none.
        """
        joining = {kind: index_phrases({kind: values[kind]}) for kind in _JOINING}
        rules = {
            kind: {pattern: _read_sense(senses[pattern], number) for number, pattern in enumerate(senses)}
            for kind, senses in values["rules"].items()
        }
        rules[TERM] = {pattern: sense for pattern, sense in rules[TERM].items() if sense.keys <= set(keys)}
        names = {kind: index_phrases(phrases) for kind, phrases in values["names"].items()} | joining
        trees = {kind: build_tree(senses) for kind, senses in rules.items()}
        nothing, opening, ends = (
            frozenset(values[name].split("|")) for name in ("nothing", "opening", "ends")
        )
        shapes = {kind: re.compile(shape) for kind, shape in values["shapes"].items()}
        kinds = _index_beginnings(names, trees)
        return cls(values["language"], nothing, opening, ends, names, shapes, trees, kinds)


def _index_beginnings(
    names: Mapping[str, Names], trees: Mapping[str, Node[Sense]]
) -> Mapping[str, frozenset[str]]:
    kinds: dict[str, set[str]] = defaultdict(set)
    for kind in (*names, *trees):
        for word in _list_beginnings(kind, names, trees):
            kinds[word].add(kind)
    return {word: frozenset(beginning) for word, beginning in kinds.items()}


def _list_beginnings(kind: str, names: Mapping[str, Names], trees: Mapping[str, Node[Sense]]) -> set[str]:
    """The words that phrases of a kind begin with, besides those of a vocabulary and of shapes."""
    kinds = [kind]
    words: set[str] = set()
    for begun in kinds:  # which grows on the way
        words |= set(names.get(begun, ()))
        if begun in trees:
            words |= set(trees[begun].words)
            kinds += [slot.kind for slot in trees[begun].slots if slot.kind not in kinds]
    return words


def _read_sense(value: str | Mapping[str, Any], number: int) -> Sense:
    if isinstance(value, str):
        return Sense(value, number=number)
    means, other, asks = (value.get(name, "") for name in ("means", "or", "asks"))
    alone, closed, stays = (bool(value.get(name)) for name in ("alone", "closed", "stays"))
    return Sense(means, other, asks, alone, closed, stays, number)
