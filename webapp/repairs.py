"""What mends each kind of problem, in words for whoever owns the pictures."""

from __future__ import annotations

from typing import Final

_AGAIN: Final = "Then run pictor retry."
_REPAIRS: Final = {
    "empty-file": ("The copy broke off before its first byte. Copy the file again.", _AGAIN),
    "truncated": ("The file ends too early. Copy it again from the card or a backup.", _AGAIN),
    "not-an-image": ("It is no picture, whatever its name says. Leave it out with --exclude.",),
    "broken": ("The file is damaged. Put it back from a backup, or save it anew.", _AGAIN),
    "too-many-pixels": ("Raise the setting max_image_megapixels in library.toml.", _AGAIN),
    "too-many-bytes": ("Raise the setting max_image_megabytes in library.toml.", _AGAIN),
    "too-many-pages": ("Split the file into several ones; pictor index finds them.",),
    "too-much-metadata": ("Save the picture without its metadata.", _AGAIN),
    "not-regular": ("This is a pipe, a socket or a device. Leave it out with --exclude.",),
    "permission-denied": ("Give yourself the right to read it (chmod u+r).", _AGAIN),
    "symlink-skipped": ("Links are not followed. Index the folder that it leads to.",),
    "vanished": ("The file went away while it was read; pictor index finds where it is now.",),
    "path-too-long": ("Move the file up, or shorten the names of its folders.", _AGAIN),
    "changed-while-reading": ("Somebody was writing the file. Wait until that is done.", _AGAIN),
    "unreadable": ("The disk or the network did not give the file. Check the drive.", _AGAIN),
    "no-preview": ("The raw file holds no JPEG. Save one beside it; pictor index finds it.",),
    "timeout": ("Raise the setting decode_seconds in library.toml.", _AGAIN),
    "out-of-memory": ("The picture needs more memory than there was. Close other programs.", _AGAIN),
    "decoder-crashed": ("The file made the decoder crash; nothing else was harmed. Save it anew.", _AGAIN),
    "degenerate-feature": ("There is nothing in it to compare, as in a single colour; nothing to mend.",),
    "incomplete": ("A little of it is missing; it can be found all the same. Copy it again.", _AGAIN),
    "bad-sidecar": ("The file with words beside the picture cannot be read. Mend or delete it.", _AGAIN),
}
_UNKNOWN: Final = ("Its reason says more.", _AGAIN)


def find_repair(code: str) -> str:
    """What to do about a problem with this code."""
    return " ".join(_REPAIRS.get(code, _UNKNOWN))
