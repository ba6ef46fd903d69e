"""Which images of a library are frozen: what is learned from them stays while the library grows. Pure.

The images up to a certain id are frozen: axes, lists and averages are made of these alone. Images that came
later are compared with them, each by itself, so that adding some changes nothing of the others. This id is a
function of the library, not of its history: the newest id, rounded down to a multiple of a step, which is the
largest power of two that is at most a sixteenth of the images. So a library that was published in many
portions, and one that is built at once, hold the same; and what is frozen moves once in a while, after as
many images were added as a 32nd to a 16th of the library, which bounds what growing costs.
"""

from __future__ import annotations

from typing import Final

LEAST_FROZEN: Final = 4096  # images: in smaller libraries all of them are frozen, at every publication
SHARE: Final = 16  # one in so many images at most is not frozen
DRIFT: Final = 8  # one in so many of a step of images may be gone or changed before all is made again
FREEZING_VERSION: Final = f"frozen to one in {SHARE} from {LEAST_FROZEN} images"


def find_frozen_end(newest: int, images: int) -> int:
    """The highest id that is frozen, of so many images whose newest has the id `newest`."""
    return newest // find_step(images) * find_step(images)


def find_step(images: int) -> int:
    """How many ids what is frozen moves by."""
    return 1 if images < LEAST_FROZEN else 1 << ((images // SHARE).bit_length() - 1)


def has_drifted(changed: int, images: int) -> bool:
    """Whether so many frozen images were removed or changed that the others have to be made again."""
    return changed > find_step(images) // DRIFT
