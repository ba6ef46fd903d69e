"""How sidecars are called: the files beside a picture that say something about it. Pure."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from unicodedata import normalize

from retrieval import GOOGLE_EDITED

from .paths import path_stem

SIDECAR_ENDINGS = (b".xmp", b".json", b".txt")
TAKEOUT_LENGTH = 46  # UTF-16 units of a name in Google's Takeout, without .json
_TAKEOUT_WORD = ".supplemental-metadata"
_MAX_STEM = 47  # UTF-16 units that Takeout keeps of a picture's name, without its ending
_NUMBER = re.compile(r"\(\d+\)$")
_MIN_CUT = 3  # how much of it must be left in a name that was cut


def sidecar_stem(sidecar: bytes) -> bytes:
    """The path of a sidecar without its own ending, in the form in which `sidecar_stems` gives it."""
    return _unify_spelling(path_stem(sidecar))


def sidecar_stems(picture: bytes) -> tuple[bytes, ...]:
    """The paths that sidecars of a picture may have, without their own endings; each once.

    They are called like the picture, with or without the picture's ending, in upper or lower case, or as
    Google's Takeout calls them (see `_takeout_names`).
    """
    folder, slash, name = picture.rpartition(b"/")
    takeout_stems = (folder + slash + os.fsencode(name) for name in _takeout_names(os.fsdecode(name)))
    return tuple(dict.fromkeys(map(_unify_spelling, (picture, path_stem(picture), *takeout_stems))))


def is_beside(stem: bytes, picture: bytes) -> bool:
    """Whether a sidecar with this stem, as `sidecar_stem` gives it, belongs to a picture by its name.

    The usual names are compared first, because there are many others.
    """
    usual = map(_unify_spelling, (path_stem(picture), picture))
    return stem in usual or stem in sidecar_stems(picture)


def _unify_spelling(path: bytes) -> bytes:
    """A path with what follows the last dot of its name in lower case, as in IMG_1.JPG for IMG_1.jpg.xmp.

    Letters with marks are composed (NFC): file systems of different machines write them in two ways.
    """
    stem = path_stem(path)
    lowered = stem + path[len(stem) :].lower()
    return lowered if lowered.isascii() else os.fsencode(normalize("NFC", os.fsdecode(lowered)))


def _takeout_names(name: str) -> Iterator[str]:
    """The names that Takeout may give to what it says about a picture, without .json.

    It adds a word to the name of the picture, sometimes without the picture's ending, and keeps 46 units of
    the result. A number that it gave to the second picture of a name, as in boat(1).jpg, comes last then:
    boat.jpg.supplemental-metadata(1). A number that was in the name before stays where it is. An edited
    picture shares what is said about its original.
    """
    stem, ending = os.path.splitext(name)  # noqa: PTH122 - a name, not a path
    match = _NUMBER.search(stem)
    plain, number = (stem[: match.start()], match[0]) if match else (stem, "")
    for original in dict.fromkeys((plain, _original_stem(plain))):
        for base, last in dict.fromkeys(((original, number), (original + number, ""))):
            for long_name in (base + ending, base + ending + _TAKEOUT_WORD, base + _TAKEOUT_WORD):
                yield _cut_units(long_name, TAKEOUT_LENGTH) + last
            if last:  # boat(1).json for boat(1).jpg
                yield _cut_units(base, TAKEOUT_LENGTH) + last


def _original_stem(stem: str) -> str:
    """The name of the original of an edited picture; the same for other pictures."""
    if stem.endswith(GOOGLE_EDITED):
        return next(stem.removesuffix(word) for word in GOOGLE_EDITED if stem.endswith(word))
    if _count_units(stem) == _MAX_STEM:
        start = stem.rfind("-")
        if len(stem) - start >= _MIN_CUT and any(word.startswith(stem[start:]) for word in GOOGLE_EDITED):
            return stem[:start]
    return stem


def _count_units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _cut_units(text: str, count: int) -> str:
    """The first UTF-16 units of a text, without half a character at the end."""
    if len(text) * 2 <= count:
        return text
    units = text.encode("utf-16-le", "surrogatepass")[: 2 * count]
    cut = units.decode("utf-16-le", "surrogatepass")
    return cut[:-1] if "\ud800" <= cut[-1:] <= "\udbff" else cut
