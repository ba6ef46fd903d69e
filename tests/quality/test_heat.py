"""Heat maps tell the truth: what they call hot is what the similarity comes from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.indexed import indexed
from benchmarks.sets import BUNDLED, LABELLED, missing
from retrieval import Library, Options, Query, StoredPicture, limits_from_settings
from retrieval.originals import read_original
from retrieval.ranking.heat import HeatMap
from retrieval.signals import SUBJECT

PAIRS = 100
SHARE = 0.2  # of the cells are masked
GREY = 128
EVERYTHING = Options(weaker=True, verify=0)

RGB = npt.NDArray[np.uint8]


def masked(pixels: RGB, heat: HeatMap, cells: npt.NDArray[np.bool_]) -> RGB:
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


def cosines(library: Library, query: int, pictures: list[RGB]) -> list[float]:
    space = next(each for each in library.spaces if each.descriptor == SUBJECT)
    with library.catalog.reading() as reader:
        _, [feature] = reader.load_features(space, [query])
    described = [each[space.id].astype(np.float32) for each in library.describe(pictures)]
    return [float(each @ feature.astype(np.float32)) for each in described]


@pytest.mark.sets
@pytest.mark.skipif(missing() is not None, reason=str(missing()))
def test_masking_the_hottest_cells_costs_more_than_masking_as_many_cold_ones() -> None:
    colder = []
    with indexed(LABELLED[0].pictures, BUNDLED) as library:
        for query_id in np.linspace(1, library.count_images(), PAIRS).astype(int).tolist():
            query = Query((StoredPicture(query_id),), weights={"colour": 0}, limit=1, options=EVERYTHING)
            [hit] = library.search(query).hits
            [heat] = library.explain(query, hit.id).heat
            pixels = read_original(hit.image, limits_from_settings(library.settings))
            hot, cold = (
                masked(pixels, heat.image, each)
                for each in (heat.image.hottest(SHARE), heat.image.coldest(SHARE))
            )
            without_hot, without_cold = cosines(library, query_id, [hot, cold])
            colder.append(without_hot < without_cold)
    assert np.mean(colder) >= 0.8, f"{np.mean(colder):.2f} of {len(colder)} pairs"
