"""What mends each kind of problem, in words for whoever owns the pictures."""

from __future__ import annotations

from typing import Final

from .locales import gettext, gettext_noop

_AGAIN: Final = gettext_noop("Then run pictor retry.")
REPAIRS: Final = {
    "empty-file": (gettext_noop("The copy broke off before its first byte. Copy the file again."), _AGAIN),
    "truncated": (gettext_noop("The file ends too early. Copy it again from the card or a backup."), _AGAIN),
    "not-an-image": (gettext_noop("It is no picture, whatever its name says. Leave it out with --exclude."),),
    "broken": (gettext_noop("The file is damaged. Put it back from a backup, or save it anew."), _AGAIN),
    "too-many-pixels": (gettext_noop("Raise the setting max_image_megapixels in library.toml."), _AGAIN),
    "too-many-bytes": (gettext_noop("Raise the setting max_image_megabytes in library.toml."), _AGAIN),
    "too-many-pages": (gettext_noop("Split the file into several ones; pictor index finds them."),),
    "too-much-metadata": (gettext_noop("Save the picture without its metadata."), _AGAIN),
    "not-regular": (gettext_noop("This is a pipe, a socket or a device. Leave it out with --exclude."),),
    "permission-denied": (gettext_noop("Give yourself the right to read it (chmod u+r)."), _AGAIN),
    "symlink-skipped": (gettext_noop("Links are not followed. Index the folder that it leads to."),),
    "vanished": (gettext_noop("The file went away while it was read; pictor index finds where it is now."),),
    "path-too-long": (gettext_noop("Move the file up, or shorten the names of its folders."), _AGAIN),
    "changed-while-reading": (
        gettext_noop("Somebody was writing the file. Wait until that is done."),
        _AGAIN,
    ),
    "unreadable": (gettext_noop("The disk or the network did not give the file. Check the drive."), _AGAIN),
    "no-preview": (gettext_noop("The raw file holds no JPEG. Save one beside it; pictor index finds it."),),
    "timeout": (gettext_noop("Raise the setting decode_seconds in library.toml."), _AGAIN),
    "out-of-memory": (
        gettext_noop("The picture needs more memory than there was. Close other programs."),
        _AGAIN,
    ),
    "decoder-crashed": (
        gettext_noop("The file made the decoder crash; nothing else was harmed. Save it anew."),
        _AGAIN,
    ),
    "degenerate-feature": (
        gettext_noop("There is nothing in it to compare, as in a single colour; nothing to mend."),
    ),
    "incomplete": (
        gettext_noop("A little of it is missing; it can be found all the same. Copy it again."),
        _AGAIN,
    ),
    "bad-sidecar": (
        gettext_noop("The file with words beside the picture cannot be read. Mend or delete it."),
        _AGAIN,
    ),
}
_UNKNOWN: Final = (gettext_noop("Its reason says more."), _AGAIN)


def find_repair(code: str) -> str:
    """What to do about a problem with this code."""
    return " ".join(map(gettext, REPAIRS.get(code, _UNKNOWN)))
