"""Heat maps are right: the similarity comes from the hot cells."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.indexed import open_indexed
from benchmarks.sets import BUNDLED, LABELLED, why_unavailable
from retrieval import Library, Options, Query, StoredPicture, limits_from_settings
from retrieval.originals import read_original
from retrieval.ranking.heat import HeatMap
from retrieval.signals import SUBJECT

PAIRS = 50
SHARE = 0.2  # of the cells are masked
GREY = 128
EVERYTHING = Options(weaker=True, verify=0)

RGB = npt.NDArray[np.uint8]


def mask_cells(pixels: RGB, heat: HeatMap, cells: npt.NDArray[np.bool_]) -> RGB:
    """The picture with these cells of the frame painted grey."""
    painted = pixels.copy()
    height, width = pixels.shape[:2]
    rows, columns = cells.shape
    top, left = heat.frame.top * height, heat.frame.left * width
    down, across = heat.frame.height * height / rows, heat.frame.width * width / columns
    for row, column in np.argwhere(cells):
        y, x = round(top + row * down), round(left + column * across)
        painted[y : round(top + (row + 1) * down), x : round(left + (column + 1) * across)] = GREY
    return painted


def subject_cosines(library: Library, query: int, pictures: list[RGB]) -> list[float]:
    space = next(space for space in library.spaces if space.descriptor == SUBJECT)
    with library.catalog.reading() as reader:
        _, [feature] = reader.load_features(space, [query])
    described = [features[space.id].astype(np.float32) for features in library.describe(pictures)]
    return [float(feature_of_picture @ feature.astype(np.float32)) for feature_of_picture in described]


@pytest.mark.sets
@pytest.mark.skipif(why_unavailable() is not None, reason=str(why_unavailable()))
def test_masking_the_hottest_cells_costs_more_than_masking_as_many_cold_ones() -> None:
    colder = []
    with open_indexed(LABELLED[0].pictures, BUNDLED) as library:
        for query_id in np.linspace(1, library.count_images(), PAIRS).astype(int).tolist():
            query = Query((StoredPicture(query_id),), weights={"colour": 0}, limit=1, options=EVERYTHING)
            [hit] = library.search(query).hits
            [heat] = library.explain(query, hit.id).heat
            pixels = read_original(hit.image, limits_from_settings(library.settings))
            hot, cold = (
                mask_cells(pixels, heat.image, cells)
                for cells in (heat.image.hottest_cells(SHARE), heat.image.coldest_cells(SHARE))
            )
            without_hot, without_cold = subject_cosines(library, query_id, [hot, cold])
            colder.append(without_hot < without_cold)
    assert np.mean(colder) >= 0.8, f"{np.mean(colder):.2f} of {len(colder)} pairs"
