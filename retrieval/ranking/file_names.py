"""How cameras name picture files: a number after a prefix, which says nothing about the picture. Pure."""

from __future__ import annotations

import re
from typing import Final

# Words in the file names that cameras and phones make, besides numbers.
CAMERA_WORDS: Final = frozenset([
    "cimg", "dcim", "dji", "dsc", "dscf", "dscn", "gopr", "hdr", "image", "img", "imgp", "kif", "mg", "mvimg",
    "p", "pano", "photo", "pic", "pict", "picture", "pxl", "sam", "screenshot", "wp",
])  # fmt: skip
LEAST_DIGITS = 4  # of a name without a prefix: the standard for cameras (DCF, JEITA CP-3461) counts to 9999

RAW_ENDINGS: Final = (
    ".nef", ".nrw", ".cr2", ".cr3", ".arw", ".sr2", ".dng", ".orf", ".rw2", ".raf", ".pef",
)  # fmt: skip
# What Google Photos adds to the name of an edited picture, in some of its languages.
GOOGLE_EDITED: Final = (
    "-edited", "-effects", "-smile", "-mix", "-bearbeitet", "-bewerkt", "-edytowane", "-editado",
    "-ha editado", "-editat", "-modifié", "-modificato", "-編集済み",
)  # fmt: skip

_ENDING = re.compile(
    r"\.(?:jpe?g?|jfif|mpo|a?png|webp|gif|bmp|dib|tiff?|p[pgbn]m|hei[cf]|hif|avifs?)$"
    rf"|(?:{'|'.join(map(re.escape, RAW_ENDINGS))})$",
    re.IGNORECASE,
)
_NAME = re.compile(r"[\w().~-]+")
_RUN = re.compile(r"[^\W\d_]+|\d+")


def without_ending(name: str) -> str:
    """A name without the ending of a picture file."""
    return _ENDING.sub("", name)


def is_by_camera(stem: str) -> bool:
    """Whether a name without its ending is only a number, or numbers and a camera's words: DSC01234."""
    numbers, words = _split_runs(stem)
    return bool(numbers) and CAMERA_WORDS.issuperset(words)


def is_camera_name(text: str) -> bool:
    """Whether a piece of a query is a file name that begins as cameras name files: 100_2550, IMG_1-edited."""
    stem = without_ending(text)
    runs: list[str] = _RUN.findall(stem.casefold())
    if len(runs) < 2 or not _NAME.fullmatch(stem):
        return False
    if runs[0] in CAMERA_WORDS:
        return runs[1].isdecimal()
    return all(map(str.isdecimal, runs)) and max(map(len, runs)) >= LEAST_DIGITS


def _split_runs(stem: str) -> tuple[list[str], list[str]]:
    """The numbers and the words of a name."""
    runs = _RUN.findall(stem.casefold())
    numbers = [run for run in runs if run.isdecimal()]
    return numbers, [run for run in runs if not run.isdecimal()]
