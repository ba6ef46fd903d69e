"""Texts that cameras and programs write where people write captions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from .facts import Fact

# After the lists of PhotoPrism (internal/meta/sanitize.go) and of ExifTool's sample images. Huawei's cameras
# write the names of their modes.
_CAMERAS: Final = (
    r"(?-i:([A-Z][\w.-]* ){0,3}D(igital|IGITAL) (Still ?|STILL ?)?C(amera|AMERA))",
    r"samsung( camera pictures| csc)?",
    r"<?(digimax|kenox|samsung) [^<>]*(/|,) ?samsung[^<>]*>?",
    r"(sony|minolta|konica|nikon|canon|pentax|kodak|ricoh|casio|sanyo) (dsc|image|picture|exif)",
    r"exif[ _]jpeg(_picture)?",
    r"dcim[\\/]\S*",
    r"(?-i:(oznor|cof|btf|edf|fbt|rbt|ptr|mde|sdr|nor|mon|dav|hdr|rhdr|btr|qrf|rpt|frem|burst|frontbhdp|hdrpl|fshbty"
    r"|rawpt|fhdr)(av|CO|WO|hdr|mdn|bdp|ptr|fbt|rbt|_soft|_vivid|_HDRB)*)",
    r"dvc [\d.]+ hdmi|scanner|hisilicon k3|minoltaimage|xmedia",
    r"maker:[^\n]*,date:[^\n]*,ver:[^\n]*,lens:[^\n]*",
)
_PROGRAMS: Final = (
    r"default|untitled|binary comment|charset=ascii|iclarified|applemark|oppo_\d+",
    r"created (with|by) (the )?(gimp|imlib|imagemagick|adobe|paint|inkscape|matplotlib)\b.*",
    r"creator: (gd-jpeg|xv|gd)\b.*",
    r"(file )?(written|created|processed) by (adobe|ebay|imlib|acd|photoshop)\b.*",
    r"(lead|handmade|acd|u-?lead|ulead) (technologies|software|systems)\b.*",
    r"lavc[\d.]+|\(?intel\(r\) jpeg library.*|xv \d.*|jpeg encoder copyright.*",
    r"(optimi[sz]ed|compressed) (by|with) (jpeg|image|tinyjpg|tinypng|guetzli|mozjpeg)[\w .-]*",
    r"filter: \d+;.*|\W*(null|none|undefined)\W*",
)
_PATTERN: Final = re.compile("|".join(f"(?:{pattern})" for pattern in (*_CAMERAS, *_PROGRAMS)), re.IGNORECASE)
_MAX_LENGTH: Final = 200  # characters; a longer text is a person's


def without_machine_texts(facts: Iterable[Fact]) -> Iterator[Fact]:
    """The facts without titles and captions that no person wrote."""
    for fact in facts:
        if fact.field not in ("title", "caption") or not is_machine_text(fact.value):
            yield fact


def is_machine_text(text: str) -> bool:
    """Whether a camera or a program writes this by itself."""
    line = " ".join(text[: _MAX_LENGTH + 1].replace("\0", " ").split())
    return len(line) <= _MAX_LENGTH and _PATTERN.fullmatch(line) is not None
