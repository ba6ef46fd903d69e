"""How sidecars are called: the files beside a picture that say something about it. Pure."""

from __future__ import annotations

import os
import re

from .paths import path_stem

SIDECAR_ENDINGS = (b".xmp", b".json", b".txt")
TAKEOUT_LENGTH = 46  # characters of a name in Google's Takeout, without the ending
_NUMBER = re.compile(r"\(\d+\)(?=\.\w+$)")


def sidecar_stems(picture: bytes) -> tuple[bytes, ...]:
    """The paths that sidecars of a picture may have, without their own endings.

    They are called like the picture, with or without the picture's ending, or as Google's Takeout calls them:
    it adds a word to the name of the picture and keeps 46 characters of the result. A number that it gave to
    a second picture of the same name, as in boat(1).jpg, comes last: boat.jpg.supplemental-metadata(1).
    """
    folder, slash, name = picture.rpartition(b"/")
    text = os.fsdecode(name)
    match = _NUMBER.search(text) if ")" in text else None
    number = match[0] if match else ""
    plain_name = text[: match.start()] + text[match.end() :] if match else text
    takeout_names = (
        os.fsencode(long_name[:TAKEOUT_LENGTH] + number)
        for long_name in (plain_name, plain_name + ".supplemental-metadata")
    )
    return picture, path_stem(picture), *(folder + slash + takeout_name for takeout_name in takeout_names)
