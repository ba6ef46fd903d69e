"""How a line was read: what its words became, and what else they may mean. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass

_ONE_SPACE = " "
_MARKS = " ,;"


@dataclass(frozen=True, slots=True)
class Understood:
    """A phrase of a line, from the character `start` up to `end`, and the term that it became.

    The term is empty for words that say nothing beside it, such as *photos from*.
    """

    start: int
    end: int
    text: str
    term: str


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """A phrase that can be read in several ways: as one of these terms, the first of which was searched.

    Words that are searched as words are in quotation marks there.
    """

    start: int
    end: int
    text: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A line, and what it is `meant` to be in the query language.

    Every bare word of the line is in a phrase that was understood, or still a word there.
    """

    line: str
    meant: str
    understood: tuple[Understood, ...] = ()
    ambiguous: tuple[Ambiguity, ...] = ()

    def line_with(self, phrase: Understood | Ambiguity, term: str) -> str:
        """The line with a term, or nothing, in the place of a phrase."""
        before, after = self.line[: phrase.start], self.line[phrase.end :]
        return _ONE_SPACE.join(filter(None, (before.rstrip(), term, after.lstrip())))

    def line_without(self, phrase: Understood) -> str:
        """The line without a phrase and the marks around it, and without words that say nothing where nothing
        else is left.
        """
        if self.meant == phrase.term:
            return ""
        before, after = self.line[: phrase.start].rstrip(_MARKS), self.line[phrase.end :].lstrip(_MARKS)
        return _ONE_SPACE.join(filter(None, (before, after)))

    def line_quoting(self, phrase: Understood | Ambiguity) -> str:
        """The line with a phrase in quotation marks, where it is words again."""
        return self.line_with(phrase, f'"{phrase.text}"')
