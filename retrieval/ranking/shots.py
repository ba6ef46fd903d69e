"""Shots: which files came from one press of the shutter, by their names and the times that they state. Pure.

A raw file and the camera's JPEG, an edited copy, a copy that somebody made, and a burst that is named as one
are one shot. Cameras use every name again after 9,999 shots, so a name alone never is enough.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal, NamedTuple, TypeAlias
from unicodedata import normalize

from .file_names import GOOGLE_EDITED, RAW_ENDINGS, without_ending

Kind: TypeAlias = Literal["plain", "edited", "cover", "copy"]

SECONDS: Final = 1  # by which the times of one shot differ at most: some programs round fractions
BURST_SECONDS: Final = 60  # and those of one burst
# Which file of a shot is taken for it where none ranks higher; raw files come last.
_PREFERENCES: Final = {"edited": 0, "cover": 0, "plain": 1, "copy": 2}
LEAST_PREFERRED: Final = 3
NEAREST: Final = 3  # files of one name that each is compared with
MAX_MARKS: Final = 4  # of one name, as in IMG_1234-edited (1).HEIC.jpg

# Folders beside or below those of the pictures, in which cameras, people and programs put the other versions.
_SIDE_FOLDERS: Final = frozenset([
    "converted", "darktable_exported", "edited", "edits", "export", "exported", "exports", "heic", "jpeg",
    "jpegs", "jpg", "jpgs", "original", "originals", "raw", "raws",
])  # fmt: skip
_GOOGLE: Final = "|".join(map(re.escape, GOOGLE_EDITED))
_MARKS: Final[tuple[tuple[re.Pattern[str], Kind], ...]] = (
    (re.compile(rf"(?:{_GOOGLE}|[-_ ](?:edit|edited|bearbeitet)(?:-\d\d?)?|~\d\d?)$"), "edited"),
    (re.compile(r"(?<=^img_)e(?=\d{4,}$)"), "edited"),  # of an iPhone: IMG_E1234
    (re.compile(r"[-_ ]+(?:copy|kopie|kopia|copie|copia)(?: ?\(?\d\d?\)?)?$"), "copy"),
    (re.compile(r"^(?:copy of|kopie von|copie de|copia de) "), "copy"),
    (re.compile(r"\.[a-z_]+-\d\d\.cover$"), "cover"),  # of a Pixel: PXL_1.RAW-01.COVER
    (re.compile(r"\.[a-z_]+-\d\d\.original$"), "plain"),
)
_NUMBER: Final = re.compile(r" ?\((?P<number>\d{1,3})\)$")
# IMG_20231014_183246_BURST001_COVER, and DSC_0052_BURST20230709220904977_COVER with the time of the burst.
_BURST: Final = re.compile(r"(?:(?P<before>.+_)burst\d{1,4}|.*burst(?P<time>\d{14,17}))(?P<cover>_cover)?$")


@dataclass(frozen=True, slots=True)
class ShotFile:
    """A file of an image: its folder and name, and when it was taken, if the file itself states it."""

    folder: str
    name: str
    taken: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShotName:
    """What a name says: of which shot it is (`base`), what this file is of it, and its number, as in (2)."""

    base: str
    kind: Kind = "plain"
    number: str = ""
    is_raw: bool = False
    is_burst: bool = False

    @property
    def preference(self) -> int:
        """The smallest one is shown: an edited picture, then the camera's, then copies, then raw files."""
        return LEAST_PREFERRED if self.is_raw else _PREFERENCES[self.kind]


@lru_cache(1 << 14)
def parse_shot_name(name: str) -> ShotName:
    """The name of a shot and the kind of the file, from the name of a file; letter case does not matter.

    Of several marks the last one in the name counts: an edited picture that was copied is a copy.
    """
    stem, marks, number = normalize("NFC", name).casefold(), list[Kind](), ""
    is_raw = stem.endswith(RAW_ENDINGS)
    for _ in range(MAX_MARKS):
        before, stem = stem, without_ending(stem)
        if burst := _BURST.fullmatch(stem):
            kind = marks[0] if marks else "cover" if burst["cover"] else "plain"
            base = f"{burst['before'] or ''}burst{burst['time'] or ''}"
            return ShotName(base, kind, number, is_raw, is_burst=True)
        shorter, found = _cut_mark(stem)
        if found:
            stem, marks = shorter, [*marks, found]
        elif (match := _NUMBER.search(stem)) and match.start():
            stem, number = stem[: match.start()], number or match["number"]
        elif stem == before:
            break
    return ShotName(stem, marks[0] if marks else "plain", number, is_raw)


def _cut_mark(stem: str) -> tuple[str, Kind | None]:
    """A name without the mark at its end, or inside it, and what the mark means; None without a mark."""
    for pattern, kind in _MARKS:
        shorter = pattern.sub("", stem)
        if shorter not in (stem, ""):
            return shorter, kind
    return stem, None


class ShotPair(NamedTuple):
    """Two files, by their places in a list, that are one shot: for sure, or else if they look alike."""

    one: int
    other: int
    is_sure: bool


def find_shot_pairs(files: Sequence[ShotFile]) -> list[ShotPair]:
    """The pairs of files that may be one shot: folders and names agree, apart from endings and marks.

    - Both state when they were taken: a pair if the times differ by at most SECONDS (BURST_SECONDS in a
      burst), and then for sure.
    - One of them states no time: they must lie in the same folder and look alike.
    - A number as in "Wedding (2)" may be that of another picture: with a file without a number it makes a
      pair only if both were taken at the same time and look alike, with one of another number never.

    Of many files with one name only neighbours are paired, by their times, or by their names up to NEAREST
    apart: what is one shot with the same file is one shot anyway, and shots in a burst look like the next.
    """
    places: dict[tuple[str, str], list[_Member]] = defaultdict(list)
    for place, file in enumerate(files):
        name = parse_shot_name(file.name)
        places[_drop_side_folders(file.folder), name.base].append(_Member(place, file, name))
    shared = (members for members in places.values() if len(members) > 1)
    return [pair for members in shared for pair in _pair_members(members)]


class _Member(NamedTuple):
    """A file of one name, with its place among all files."""

    place: int
    file: ShotFile
    name: ShotName


def _pair_members(members: Sequence[_Member]) -> Iterator[ShotPair]:
    limit = timedelta(seconds=BURST_SECONDS if all(member.name.is_burst for member in members) else SECONDS)
    by_number: dict[str, list[_Member]] = defaultdict(list)
    for member in sorted(members, key=lambda member: member.file.name):
        by_number[member.name.number].append(member)
    for equals in by_number.values():
        yield from _pair_by_time(equals, limit)
        yield from _pair_by_looks(equals)
    unnumbered = _sort_by_time(by_number.pop("", []))
    for numbered in by_number.values():
        yield from _pair_numbers(unnumbered, numbered, limit)


def _sort_by_time(members: Iterable[_Member]) -> list[tuple[datetime, _Member]]:
    timed = [(member.file.taken, member) for member in members if member.file.taken]
    return sorted(timed, key=lambda pair: pair[0])


def _pair_by_time(members: Iterable[_Member], limit: timedelta) -> Iterator[ShotPair]:
    for (time, one), (later, other) in pairwise(_sort_by_time(members)):
        if later - time <= limit:
            yield ShotPair(one.place, other.place, is_sure=True)


def _pair_by_looks(members: Iterable[_Member]) -> Iterator[ShotPair]:
    """Files of one folder of which one at least states no time."""
    folders: dict[str, list[_Member]] = defaultdict(list)
    for member in members:
        folders[member.file.folder].append(member)
    for neighbours in folders.values():
        for number, one in enumerate(neighbours):
            for other in neighbours[number + 1 : number + 1 + NEAREST]:
                if not (one.file.taken and other.file.taken):
                    yield ShotPair(one.place, other.place, is_sure=False)


def _pair_numbers(
    unnumbered: Sequence[tuple[datetime, _Member]], numbered: Iterable[_Member], limit: timedelta
) -> Iterator[ShotPair]:
    for time, member in _sort_by_time(numbered):
        first = bisect_left(unnumbered, time - limit, key=lambda pair: pair[0])
        for other_time, other in unnumbered[first : first + NEAREST]:
            if other_time - time <= limit:
                yield ShotPair(other.place, member.place, is_sure=False)


def join_pairs(pairs: Iterable[ShotPair], count: int) -> list[int]:
    """The number of each file's shot: the place of its first file. Pairs that share a file are one shot."""
    shots = list(range(count))

    def find_first(place: int) -> int:
        while shots[place] != place:
            shots[place] = shots[shots[place]]  # halves the way for the next time
            place = shots[place]
        return place

    for one, other, _ in pairs:
        first, second = sorted((find_first(one), find_first(other)))
        shots[second] = first
    return [find_first(place) for place in range(count)]


def _drop_side_folders(folder: str) -> str:
    """A folder without RAW, JPG, edited and the like at its end."""
    parts = folder.rstrip("/").split("/")
    while parts and parts[-1].casefold() in _SIDE_FOLDERS:
        parts.pop()
    return "/".join(parts)
