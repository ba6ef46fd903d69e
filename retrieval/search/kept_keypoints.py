"""Keypoints of stored images that several searches compare, loaded and unpacked once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, final

from ..ranking.keypoints import Keypoints

MOST_KEPT: Final = 500  # images; those of 250 keypoints take 130 kB each


@final
class KeptKeypoints:
    """The keypoints that were used last, for the searches of one batch, which run one after the other."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[int, Keypoints] = OrderedDict()

    def find_keypoints(
        self, ids: Iterable[int], load: Callable[[Sequence[int]], dict[int, Keypoints]]
    ) -> dict[int, Keypoints]:
        """The keypoints of these images, by rising id; those that are not kept are loaded."""
        asked = sorted(set(ids))
        known = {image_id: self._kept[image_id] for image_id in asked if image_id in self._kept}
        found = known | load([image_id for image_id in asked if image_id not in known])
        for image_id in found:
            self._kept[image_id] = found[image_id]
            self._kept.move_to_end(image_id)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return {image_id: found[image_id] for image_id in asked if image_id in found}
