"""The atlas of a library: the map of its images, with clusters that have names and landmarks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final, final

import numpy as np

from ..catalog import Catalog
from ..projections.likeness import CollectionMap, LikenessView
from ..ranking.arrays import BoolVector, Float32Matrix, Int64Ids, Int64Vector
from ..ranking.collection_map import is_inside
from ..ranking.narrowing import LabelTable

GIVEN_SHARE: Final = 0.2  # of a cluster: a label that people gave to so much of it is its name


@dataclass(frozen=True, slots=True)
class Cluster:
    """Images that lie together on the map. `name`: what more of them show than of all others; "" for unknown.

    `image_id`: the landmark, which lies in the middle, at `x` and `y` from 0 to 1.
    """

    name: str
    count: int
    image_id: int
    x: float
    y: float


@dataclass(frozen=True, slots=True, eq=False)
class Atlas:
    """Images with their places, (image, 2) from 0 to 1, the cluster of each, and the clusters by number."""

    ids: Int64Ids
    places: Float32Matrix
    numbers: Int64Vector
    clusters: tuple[Cluster, ...]

    def find_inside(self, corners: Sequence[tuple[float, float]]) -> Int64Ids:
        """The images inside a polygon, by rising id; see `retrieval.ranking.collection_map.is_inside`."""
        return self.ids[is_inside(self.places, np.array(corners, np.float32))]


@final
class Atlases:
    """Gives the atlas of the newest state; safe to ask from many threads."""

    def __init__(self, catalog: Catalog, *, predicted: bool) -> None:
        """`predicted`: whether predicted labels may name clusters."""
        self._catalog, self._predicted = catalog, predicted
        self._making = Lock()
        self._kept: tuple[LikenessView, Atlas | None] | None = None

    def find_atlas(self, view: LikenessView) -> Atlas | None:
        """The atlas of a state of the library, which is made where it is not kept."""
        with self._making:
            if self._kept is None or self._kept[0] is not view:
                self._kept = view, self._make_atlas(view)
            return self._kept[1]

    def _make_atlas(self, view: LikenessView) -> Atlas | None:
        drawn = view.make_map()
        if drawn is None or not len(drawn.ids):
            return None
        with self._catalog.reading() as reader:
            labels = reader.load_labels()
        if not self._predicted:
            labels = _select_rows(labels, ~labels.predicted)
        clusters = tuple(_describe_clusters(drawn, labels))
        return Atlas(drawn.ids, drawn.places, drawn.clusters, clusters)


def _describe_clusters(drawn: CollectionMap, labels: LabelTable) -> Iterator[Cluster]:
    count = int(drawn.clusters.max()) + 1
    codes = _choose_names(drawn, labels, count)
    for number, code in enumerate(codes):
        members = np.flatnonzero(drawn.clusters == number)
        if not len(members):
            yield Cluster("", 0, 0, 0.0, 0.0)
            continue
        landmark = _find_landmark(drawn, members, labels.images[labels.rows[labels.codes == code]])
        x, y = drawn.places[landmark].tolist()
        name = labels.labels[code].split(", ")[0] if code >= 0 else ""
        yield Cluster(name, len(members), int(drawn.ids[landmark]), x, y)


def _find_landmark(drawn: CollectionMap, members: Int64Vector, showing: Int64Ids) -> int:
    """Of the members that show what the cluster is called, or of all, the one nearest to its middle."""
    middle = np.median(drawn.places[members], axis=0)
    shown = members[np.isin(drawn.ids[members], showing)]
    chosen = shown if len(shown) else members
    return int(chosen[np.square(drawn.places[chosen] - middle).sum(axis=1).argmin()])


def _choose_names(drawn: CollectionMap, labels: LabelTable, count: int) -> list[int]:
    """For each cluster a label that people gave to enough of it, or else the best of all labels; or -1."""
    given = _choose_labels(drawn, _select_rows(labels, ~labels.predicted), count, least=GIVEN_SHARE)
    chosen = _choose_labels(drawn, labels, count)
    return [told if told >= 0 else other for told, other in zip(given, chosen, strict=True)]


def _select_rows(labels: LabelTable, kept: BoolVector) -> LabelTable:
    rows, codes, predicted = labels.rows[kept], labels.codes[kept], labels.predicted[kept]
    return replace(labels, rows=rows, codes=codes, predicted=predicted)


def _choose_labels(drawn: CollectionMap, labels: LabelTable, count: int, *, least: float = 0.0) -> list[int]:
    """For each cluster the label that it has more of than the rest, by how many of it have it; or -1.

    Labels that fewer than the share `least` of a cluster have do not name it.
    """
    if not len(labels.codes):
        return [-1] * count
    known = np.full(int(max(labels.images.max(), drawn.ids.max())) + 1, -1, np.int64)
    known[drawn.ids] = drawn.clusters
    numbers = known[labels.images[labels.rows]]
    is_drawn = numbers >= 0
    cells = numbers[is_drawn] * len(labels.labels) + labels.codes[is_drawn]
    table = np.bincount(cells, minlength=count * len(labels.labels)).reshape(count, -1)
    sizes = np.maximum(np.bincount(drawn.clusters, minlength=count), 1)[:, None]
    shares, overall = table / sizes, np.maximum(table.sum(axis=0), 1) / len(drawn.ids)
    surprise = np.where(shares >= least, shares * np.log(np.maximum(shares, 1e-9) / overall), 0.0)
    best = surprise.argmax(axis=1)
    codes: list[int] = np.where(surprise.max(axis=1) > 0, best, -1).tolist()
    return codes
