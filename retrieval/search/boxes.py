"""Where in an image a question about parts found what it looks for: its best window, as a box."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..catalog.records import Image
from ..projections.parts import PartView
from ..query.values import Region
from ..ranking.windows import WHOLE, place_window
from ..remark import Remark
from .context import SearchContext
from .gather import ProbeRanking


def find_boxes(context: SearchContext, ranking: ProbeRanking, images: Iterable[Image]) -> dict[int, Region]:
    """The box of the best window of each image that a ranking holds, by image id.

    An image that fits best as a whole has none. Empty for the rankings of signals that compare whole images.
    """
    view = context.snapshot.views[ranking.probe.view_name] if ranking.probe.is_about_parts else None
    if not isinstance(view, PartView):
        return {}
    held = [image for image in images if ranking.ranking.rank_of(np.array([image.id])).all()]
    windows = view.find_windows(ranking.probe.query, np.array([image.id for image in held], np.int64))
    frame = context.features.visible_frame
    return {
        image.id: place_window(windows[image.id], frame(image.width, image.height))
        for image in held
        if windows.get(image.id, WHOLE) != WHOLE
    }


def describe_missing_windows(context: SearchContext, rankings: Iterable[ProbeRanking]) -> list[str]:
    """A sentence where parts were asked and images have no windows that could answer; else nothing."""
    views = (context.snapshot.views[each.probe.view_name] for each in rankings if each.probe.is_about_parts)
    view = next(views, None)
    if not isinstance(view, PartView):
        return []
    with context.catalog.reading() as reader:
        missing = reader.count_images() - view.count_images()
    if missing <= 0:
        return []
    if missing == 1:
        return [Remark("1 image has no parts to compare; `pictor index FOLDER --again` describes it.")]
    return [
        Remark(
            "%(count)s images have no parts to compare; `pictor index FOLDER --again` describes them.",
            count=missing,
        )
    ]
