"""What a generation was made from: which images were frozen, and how many of these have changed since.

It is a file of its own in the generation, `made.json`: {"end": the highest frozen id, "changed": how many of
the frozen images were removed or described anew since then}.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Self, final

import numpy as np

from ..catalog import Projection
from ..catalog.reader import Reader
from ..ranking.arrays import Int64Ids
from ..ranking.freezing import find_frozen_end, has_drifted

MADE: Final = "made.json"


@final
@dataclass(frozen=True, slots=True)
class Made:
    """`end`: the highest frozen id. `changed`: how many frozen images are others than then, or gone."""

    end: int
    changed: int = 0

    @classmethod
    def of_library(cls, reader: Reader) -> Self:
        """What is frozen where all is made anew."""
        return cls(find_frozen_end(reader.newest_image(), reader.count_images()))

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """What a verified generation was made from; None for one that an older release wrote."""
        path = folder / MADE
        return cls(**json.loads(path.read_bytes())) if path.exists() else None

    def save(self, folder: Path) -> None:
        """Write it beside the generation's files, in place of what was there, which may be shared."""
        (folder / MADE).unlink(missing_ok=True)
        (folder / MADE).write_text(json.dumps(asdict(self)), encoding="utf-8")

    def is_current(self, reader: Reader) -> bool:
        """Whether what is frozen is what would be, and has hardly changed."""
        images = reader.count_images()
        return self.end == find_frozen_end(reader.newest_image(), images) and not has_drifted(
            self.changed, images
        )


def find_extensible(reader: Reader, root: Path, previous: Projection | None, needed: str) -> Made | None:
    """What a generation was made from, if the next one can be made from the same; None if it is made anew.

    `needed`: a file without which a generation cannot be extended.
    """
    if previous is None or not (root / previous.generation / needed).exists():
        return None
    made = Made.load(root / previous.generation)
    if made is None:
        return None
    gone = int((find_removed(reader, previous) <= made.end).sum())
    return made if replace(made, changed=made.changed + gone).is_current(reader) else None


def find_changed(reader: Reader, previous: Projection) -> Int64Ids:
    """The images that changed after a generation, rising, apart from what was said of them."""
    changes = reader.changes_since(previous.seq)
    return np.array(sorted(change.image_id for change in changes if not change.said), np.int64)


def find_removed(reader: Reader, previous: Projection) -> Int64Ids:
    """The images that were removed after a generation, rising."""
    changes = reader.changes_since(previous.seq)
    return np.array(sorted(change.image_id for change in changes if change.operation != "put"), np.int64)
