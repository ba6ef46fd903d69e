"""Reads the lines of one library: as the query language, with keys of every known language, and their bare
words as sentences.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final, final

from .catalog import Catalog
from .languages import load_grammars, load_makers
from .query.language import format_query
from .query.readings import Reading
from .query.sentences.periods import Calendar
from .query.sentences.reader import read_sentence
from .query.sentences.vocabulary import Vocabulary
from .query.values import Part, Query
from .query_lines import parse_query
from .settings import Settings

# Fields of the catalog whose values sentences name; the keys of the query language have the same names.
NAMED_FIELDS: Final = ("camera", "lens", "creator", "tag", "place", "person")
MAX_READINGS: Final = 64  # that are kept


@final
class LineReader:
    """What lines say, by the names that the library knows: those of its newest state."""

    def __init__(self, catalog: Catalog, settings: Settings) -> None:
        self._catalog, self._settings = catalog, settings
        self._known: tuple[int, Vocabulary] | None = None
        self._readings: tuple[Vocabulary | None, dict[tuple[str, date], Reading]] = None, {}

    def read_line(
        self,
        line: str,
        *,
        parts: tuple[Part, ...] = (),
        limit: int = 40,
        offset: int = 0,
        today: date | None = None,
    ) -> Query:
        """The query that a line says, with its `reading`; the other arguments are those of `parse_query`.

        `today` is what *last summer* is reckoned from, by default the day of this machine.
        """
        query = parse_query(line, parts=parts, limit=limit, offset=offset)
        if not (self._settings.sentences and line.strip()):
            return query
        reading = self._read_sentence(line, today or date.today())
        if reading.meant != line:
            query = parse_query(reading.meant, parts=parts, limit=limit, offset=offset)
        return replace(query, reading=reading)

    def write_line(self, query: Query) -> str:
        """The line that `read_line` reads as this query on any day, whatever its words could mean.

        Raises InvalidQuery for a picture that was given as bytes.
        """
        line, plain = format_query(query), format_query(query, bare=False)
        if line == plain:  # it has no bare words
            return line
        first_page = replace(query, limit=1, offset=0, cursor=None)
        return line if self.read_line(line, limit=1) == first_page else plain

    def _read_sentence(self, line: str, today: date) -> Reading:
        """A page reads the line of its search again and again, so the latest readings are kept."""
        vocabulary = self._load_vocabulary()
        key = line, today
        if self._readings[0] is not vocabulary:
            self._readings = vocabulary, {}
        known = self._readings[1].get(key)
        if known is None:
            calendar = Calendar(today, is_southern=self._settings.hemisphere == "south")
            grammars = load_grammars(self._settings.languages)
            known = read_sentence(line, grammars, vocabulary, calendar, parse_line=parse_query)
            latest = list(self._readings[1].items())[1 - MAX_READINGS :]
            self._readings = vocabulary, dict([*latest, (key, known)])
        return known

    def _load_vocabulary(self) -> Vocabulary:
        """The names of the catalog as it is now; they are kept until it changes."""
        with self._catalog.reading() as reader:
            seq = reader.last_seq()
            if self._known is None or self._known[0] != seq:
                names = reader.load_names(NAMED_FIELDS)
                has_dates = reader.has_dates()
                self._known = seq, Vocabulary.from_values(names, load_makers(), has_dates=has_dates)
            return self._known[1]
