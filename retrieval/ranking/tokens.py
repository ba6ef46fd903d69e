"""Text to tokens, in one place, so that every word index matches in the same way.

The steps are those of search engines: Unicode compatibility form without accents (`fold_marks`), words by
their Unicode properties, lower case, stems of English words (Snowball's algorithm, and the forms of
`irregular_plurals`). Scripts that put no spaces between words give pairs of characters, as Lucene's
CJKBigramFilter does; every emoji is a word. A word with capitals, digits or apostrophes inside ("GoPro",
"iPhone12", "d'Azur") gives its parts, and is found as a whole, too.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

import regex

from .file_names import is_camera_name, without_ending
from .irregular_plurals import SINGULARS
from .stop_words import DEPICTIONS, STOP_WORDS

Position: TypeAlias = tuple[str, ...]  # the token that stands there, and others by which it is found as well
Positions: TypeAlias = tuple[Position, ...]

# Scripts whose words have no spaces between them, or whose spaces part more than words.
_SCRIPTS = "".join(
    rf"\p{{scx={script}}}"
    for script in ("Han", "Hira", "Kana", "Hang", "Bopo", "Thai", "Laoo", "Khmr", "Mymr")
)
_UNSPACED = rf"[[{_SCRIPTS}]&&[\p{{L}}\p{{M}}]]"
_LETTER = rf"[[\p{{L}}\p{{M}}\p{{N}}]--{_UNSPACED}]"
_WORD = regex.compile(
    rf"(?P<unspaced>{_UNSPACED}+)|(?P<word>{_LETTER}+(?:'{_LETTER}+)*)|\p{{RI}}{{2}}|\p{{Extended_Pictographic}}",
    regex.VERSION1,
)
_ASCII_WORD = regex.compile(r"[A-Za-z0-9]+(?:'[A-Za-z0-9]+)*")
_PREFIX = regex.compile(rf"({_LETTER}{{2,}})\*", regex.VERSION1)
_POSSESSIVE = regex.compile(r"(?<=[^'])'[sS]$")
_INNER_EDGE = regex.compile(
    r"'|(?<=\p{Ll})(?=\p{Lu})|(?<=[\p{L}\p{M}])(?=\p{N})|(?<=\p{N})(?=\p{L})", regex.VERSION1
)
# Marks that are accents: those of scripts in which they do not make another letter or vowel. Japanese voicing
# marks are none.
_ACCENTS = "".join(
    rf"\p{{Script={script}}}" for script in ("Inherited", "Hebrew", "Arabic", "Syriac", "Cyrillic")
)
# With them go characters that are not seen (soft hyphens, joiners), and the Arabic tatweel, which only
# stretches a word. A space of no width is between words.
_DROPPED = regex.compile(
    rf"[[\p{{M}}&&[{_ACCENTS}]]--[\u3099\u309A]]|[[\p{{Default_Ignorable_Code_Point}}\u0640]--[\u200B]]",
    regex.VERSION1,
)
# Letters that Unicode does not decompose, as CLDR's transliteration Latin-ASCII writes them.
_LATIN: Final = str.maketrans({
    "đ": "d", "ð": "d", "ø": "o", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "œ": "oe", "æ": "ae", "þ": "th",
})  # fmt: skip
_APOSTROPHES: Final = str.maketrans(dict.fromkeys("’‘ʼ＇", "'"))
_QUOTED = regex.compile(r'"([^"]*)"|[“”„‟]([^“”„‟"]*)[“”‟]|[«»]([^«»"]*)[«»]|「([^「」"]*)」')

# Snowball's stemmers of other languages than English; where there is none, words have no endings.
STEMMERS: Final = {"de": "german", "fr": "french", "es": "spanish"}
SHORTEST_SINGULAR = 3  # letters
MAX_WHOLE = 64  # characters of a word that is stemmed and found as a whole; longer ones are no words
_CACHED_WORDS = 1 << 16


@dataclass(frozen=True, slots=True)
class Compound:
    """A word of the query with several parts: found as a whole, or with its parts side by side."""

    whole: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """The beginning of words, typed with a star behind it: it stands for all words that begin like this."""

    start: str


@dataclass(frozen=True, slots=True)
class Translation:
    """Words of the query in another language: found by their English names in predicted labels, only there.

    `units` are what the typed words are looked for as, everywhere; `names` are the tokens of each name.
    """

    typed: str
    units: tuple[Unit, ...]
    names: tuple[tuple[str, ...], ...]


# The first is a token, the second a phrase.
Unit: TypeAlias = str | tuple[str, ...] | Compound | Prefix | Translation


@dataclass(frozen=True, slots=True)
class Terms:
    """A text query: single tokens, phrases whose tokens have to stand side by side, compounds and prefixes.

    `translations` add the English names of typed words that are known in another language.
    """

    words: tuple[str, ...]
    phrases: tuple[tuple[str, ...], ...]
    compounds: tuple[Compound, ...] = ()
    translations: tuple[Translation, ...] = ()
    prefixes: tuple[Prefix, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.words or self.phrases or self.compounds or self.prefixes)

    @property
    def units(self) -> tuple[Unit, ...]:
        """All that is looked for, in the order of a search."""
        return (*self.words, *self.phrases, *self.compounds, *self.prefixes, *self.translations)


# -- texts ----------------------------------------------------------------------------------------


def analyse_text(text: str) -> list[Position]:
    """The tokens of a text by their positions."""
    return [position for word in _split_words(text) for position in word.positions]


def split_tokens(text: str) -> list[str]:
    """The tokens of a text, in order and with repetitions; of a compound its parts."""
    return [position[0] for position in analyse_text(text)]


def list_spellings(text: str) -> list[str]:
    """The words of a text as they are written, in small letters without accents, and the parts of compounds.

    `stem_word` makes the tokens of them.
    """
    spelled = (spelling for word in _split_words(text) for spelling in _spell_word(word))
    return list(dict.fromkeys(spelled))


def _spell_word(word: _Word) -> tuple[str, ...]:
    return () if word.is_unspaced else _cached_spellings(word.text)


@lru_cache(_CACHED_WORDS)
def _cached_spellings(word: str) -> tuple[str, ...]:
    bare = _POSSESSIVE.sub("", word)
    return tuple(filter(None, map(fold_word, (bare.replace("'", ""), *_INNER_EDGE.split(bare)))))


def name_token(name: str) -> str:
    """The one token of a whole file name: what is written in it, without what separates it."""
    return "".join(split_tokens(name))


def spell_words(text: str) -> Iterator[str]:
    """The words of a text as they are written, in small letters: those that can be looked for and misspelt.

    Left out are words that say nothing, words with digits, and scripts that put no spaces between words.
    """
    text = unicodedata.normalize("NFC", text.translate(_APOSTROPHES))
    for match in _WORD.finditer(text):
        word = _POSSESSIVE.sub("", match["word"] or "").casefold()
        is_silent = word in STOP_WORDS or word in DEPICTIONS
        if 1 < len(word) <= MAX_WHOLE and not is_silent and not any(map(str.isdigit, word)):
            yield word


class _Word(NamedTuple):
    """A word of a text as it is read, with its positions."""

    text: str
    positions: Positions
    is_unspaced: bool = False


def _split_words(text: str) -> Iterator[_Word]:
    text = text.translate(_APOSTROPHES)
    if text.isascii():
        for word in _ASCII_WORD.findall(text):
            yield _Word(word, _analyse_word(word))
        return
    for match in _WORD.finditer(fold_marks(text)):
        if match["unspaced"]:
            yield _Word(match[0], _pair_characters(match[0]), is_unspaced=True)
        elif match["word"]:
            yield _Word(match[0], _analyse_word(match[0]))
        else:
            yield _Word(match[0], ((match[0],),))


def fold_marks(text: str) -> str:
    """A text in compatibility form without accents and invisible characters; letter case stays."""
    return unicodedata.normalize("NFC", _DROPPED.sub("", unicodedata.normalize("NFKD", text)))


def _analyse_word(word: str) -> Positions:
    return _cached_word(word) if len(word) <= MAX_WHOLE else tuple((part,) for part in _split_parts(word))


@lru_cache(_CACHED_WORDS)
def _cached_word(word: str) -> Positions:
    parts = _split_parts(word)
    if len(parts) == 1:
        return ((parts[0],),)
    whole = _normalise_part(_POSSESSIVE.sub("", word).replace("'", ""))
    # At both ends, so that a phrase may begin and end with it.
    last = len(parts) - 1
    return tuple((part, whole) if number in (0, last) else (part,) for number, part in enumerate(parts))


def _split_parts(word: str) -> list[str]:
    pieces = _INNER_EDGE.split(_POSSESSIVE.sub("", word))
    return [part for part in map(_normalise_part, pieces) if part]


def _normalise_part(part: str) -> str:
    return stem_word(fold_word(part))


def fold_word(word: str) -> str:
    """A word in small letters without accents, in Latin letters of the ASCII where it has others."""
    folded = word.casefold()
    return folded if folded.isascii() else fold_marks(folded.translate(_LATIN))


def stem_word(word: str) -> str:
    """The stem of an English word in small letters; any other word as it is."""
    if not (word.isascii() and word.isalpha() and len(word) <= MAX_WHOLE):
        return word
    from snowballstemmer.english_stemmer import EnglishStemmer

    singular = SINGULARS.get(word, word)
    if len(singular) > 4 and singular.endswith("men"):  # WordNet's rule of detachment: women, fishermen
        singular = singular[:-2] + "an"
    stem = str(EnglishStemmer().stemWord(singular))  # a new one: it is not safe between threads
    if len(stem) > 3 and stem.endswith("ff"):  # as in "sniffing", which the algorithm brings to "snif"
        stem = stem[:-1]
    return stem if stem == word else stem_word(stem)


@lru_cache(_CACHED_WORDS)
def stem_foreign(language: str, word: str) -> str:
    """The stem of a word by the Snowball stemmer of its language, applied until nothing changes.

    The stemmers leave short words as they are, so that a last s is taken off where they change nothing.
    """
    from snowballstemmer import stemmer

    stem = str(stemmer(STEMMERS[language]).stemWord(word))  # a new one: it is not safe between threads
    shorter = stem.removesuffix("s") if stem == word and len(stem) > SHORTEST_SINGULAR else stem
    return stem if shorter == word else stem_foreign(language, shorter)


def _pair_characters(run: str) -> Positions:
    """Pairs of neighbouring characters, each found by its first one, too, and the last by both."""
    characters = regex.findall(r"\X", run)
    if len(characters) == 1:
        return ((run,),)
    pairs = [(first + second, first) for first, second in pairwise(characters)]
    return (*pairs[:-1], (*pairs[-1], characters[-1]))


# -- queries --------------------------------------------------------------------------------------


def parse_terms(text: str) -> Terms:
    """Read a text query: words in quotation marks are a phrase, all others are single words.

    Stop words are left out, except in quotation marks, and so is "picture" beside other words. The name that
    a camera gave to a file is a compound, with or without its ending. A word of at least two letters and
    digits with a star behind it is a prefix.
    """
    phrases, pieces = split_query(text)
    units = [unit for piece in pieces if piece.casefold() not in DEPICTIONS for unit in _piece_units(piece)]
    units += [unit for phrase in phrases for unit in _phrase_units(phrase)]
    return _sort_units(units or [unit for piece in pieces for unit in _piece_units(piece)])


def split_query(text: str) -> tuple[list[str], list[str]]:
    """The phrases of a text query, and its other pieces between spaces; as they were typed."""
    phrases = ["".join(group or "" for group in match.groups()) for match in _QUOTED.finditer(text)]
    return phrases, _QUOTED.sub(" ", text).split()


def translated_units(unit: Unit) -> tuple[Unit, ...]:
    """What else is found where this is found: the typed words of a translation."""
    return unit.units if isinstance(unit, Translation) else ()


def hide_phrases(text: str) -> str:
    """The text with a comma in place of each character of its phrases."""
    return str(_QUOTED.sub(lambda phrase: "," * len(phrase[0]), text))


def _sort_units(units: Iterable[Unit]) -> Terms:
    unique = list(dict.fromkeys(units))
    return Terms(
        tuple(unit for unit in unique if isinstance(unit, str)),
        tuple(unit for unit in unique if isinstance(unit, tuple)),
        tuple(unit for unit in unique if isinstance(unit, Compound)),
        prefixes=tuple(unit for unit in unique if isinstance(unit, Prefix)),
    )


def _piece_units(piece: str) -> Iterator[Unit]:
    """What to look for, for a piece of a query without quotation marks."""
    if prefix := _PREFIX.fullmatch(fold_marks(piece.strip(",;:!?"))):
        yield Prefix(fold_word(prefix[1]))
        return
    stem = without_ending(piece.strip(",;:!?"))
    if is_camera_name(stem):
        yield _read_name(stem)
        return
    for word in _split_words(stem):
        if word.text.casefold() not in STOP_WORDS:
            yield from _word_units(word)


def _phrase_units(phrase: str) -> Iterator[Unit]:
    stem = without_ending(phrase.strip())
    words = list(_split_words(stem))
    if is_camera_name(stem):
        yield _read_name(stem)
    elif len(words) == 1 and not words[0].is_unspaced:
        yield from _word_units(words[0])
    elif tokens := tuple(position[0] for word in words for position in word.positions):
        yield tokens if len(tokens) > 1 else tokens[0]


def _read_name(stem: str) -> Compound:
    return Compound(name_token(stem), tuple(split_tokens(stem)))


def _word_units(word: _Word) -> Iterator[Unit]:
    first, tokens = word.positions[0], tuple(position[0] for position in word.positions)
    if word.is_unspaced or len(first) == 1:  # pairs of characters, or a word without a whole
        yield from tokens
    else:
        yield Compound(first[1], tokens)
