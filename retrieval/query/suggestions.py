"""What was probably meant by a name that does not exist: a key, a format, a command, a code."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

MAX_SHOWN = 80  # characters of a value that a message repeats

# Keys of other programs and sites, and what says the same here.
_KEYS_ELSEWHERE: Final[dict[str, str]] = {
    **dict.fromkeys(("color", "colors", "colours"), "did you mean colour:?"),
    **dict.fromkeys(("order", "orderby"), "write sort:, as in sort:date"),
    **dict.fromkeys(("date", "year", "taken", "since", "from"), "write after:2020 or before:2021-06"),
    **dict.fromkeys(("until", "to"), "write before:2021-06"),
    **dict.fromkeys(("type", "filetype", "ext", "extension", "mime"), "write format:, as in format:jpeg"),
    **dict.fromkeys(("size", "filesize"), "write width:, height: or bytes:, as in bytes:..1000000"),
    **dict.fromkeys(("path", "dir", "directory", "in", "album"), "write folder:, as in folder:2019"),
    **dict.fromkeys(("keyword", "keywords"), "write tag:, as in tag:boat"),
    **dict.fromkeys(("id", "similar"), "write image:, as in image:17"),
    **dict.fromkeys(("not", "exclude", "without"), "write a minus, as in -night or -tag:night"),
    **dict.fromkeys(("title", "caption", "description"), "bare words are looked for there; leave it out"),
    **dict.fromkeys(("model", "make", "device"), "write camera:, as in camera:x100"),
    **dict.fromkeys(("people", "face", "faces", "who", "subject"), 'write person:, as in person:"Ann Lee"'),
    **dict.fromkeys(("author", "artist", "photographer", "by"), 'write creator:, as in creator:"Ann Lee"'),
    **dict.fromkeys(("location", "city", "country", "state", "where"), "write place:, as in place:Hanoi"),
    **dict.fromkeys(("gps", "geo", "position"), "write near:, as in near:21.03,105.85,10 or near:Hanoi"),
    **dict.fromkeys(("bbox", "box", "area"), "write within:, as in within:20.9,105.7,21.2,106.0"),
    **dict.fromkeys(("aspect", "ratio"), "write shape:, as in shape:panorama"),
    **dict.fromkeys(("f", "fnumber"), "write aperture:, as in aperture:<=f/2.8"),
    **dict.fromkeys(("shutter", "speed"), "write exposure:, as in exposure:1/250.."),
    **dict.fromkeys(("stars", "star"), "write rating:, as in rating:>=4"),
}
# Keys that are kept for what will be searched one day.
RESERVED: Final = {"duration": "kept for films, which Pictor does not search; leave it out"}
# Names of formats by endings and abbreviations that are not near to them.
_FORMATS_ELSEWHERE: Final[dict[str, str]] = {
    **dict.fromkeys(("heic", "hif"), "heif"),
    **dict.fromkeys(("jpe", "jfif", "mpo"), "jpeg"),
    **dict.fromkeys(("pnm", "pgm", "pbm"), "ppm"),
    **dict.fromkeys(("nef", "nrw", "cr2", "cr3", "arw", "sr2", "dng", "orf", "rw2", "raf", "pef"), "raw"),
    "apng": "png",
    "dib": "bmp",
    "avifs": "avif",
}


def suggest_name(name: str, names: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The name that was most probably meant, or None where none is near."""
    return next(iter(suggest_names(name, names, cutoff=cutoff)), None)


def suggest_names(name: str, names: Iterable[str], *, most: int = 3, cutoff: float = 0.6) -> list[str]:
    """The names that were most probably meant, the nearest first; one of the same letters is the nearest."""
    folded, typed = {known.casefold(): known for known in names}, name.casefold()
    nearest = get_close_matches(typed, folded, n=most, cutoff=cutoff)
    nearest.sort(key=lambda near: sorted(near) != sorted(typed))
    return [folded[near] for near in nearest]


def suggest_format(name: str, formats: Iterable[str]) -> str | None:
    """The format that was probably meant by the ending of a file or by a misspelt name, or None."""
    # Short names are near to each other by chance: mp4 to bmp.
    return _FORMATS_ELSEWHERE.get(name.casefold().lstrip(".")) or suggest_name(name, formats, cutoff=0.7)


def describe_unknown_key(key: str, value: str, keys: Iterable[str]) -> str:
    """A sentence for a key that is none of `keys`: what was probably meant, or else all that there are."""
    names, shown = tuple(keys), f"{key}:{value[:MAX_SHOWN]}"
    if value.startswith("//"):
        return f"{key}: is not a key; to search by the picture at an address, write url:{shown}"
    if len(key) == 1 and value.startswith(("\\", "/")):
        return f"{key}: is not a key; to search by the picture in a file, write file:{shown}"
    if key in RESERVED:
        return f"{key}: is reserved: {RESERVED[key]}"
    if key in _KEYS_ELSEWHERE and key not in names:
        return f"{key}: is not a key; {_KEYS_ELSEWHERE[key]} (or put it in quotation marks)"
    if nearest := suggest_name(key, names):
        return f"{key}: is not a key; did you mean {nearest}:? (or put it in quotation marks)"
    return f"{key}: is not a key; there are {', '.join(names)} (or put it in quotation marks)"
