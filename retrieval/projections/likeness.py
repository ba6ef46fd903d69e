"""The projection of likeness: which images of a library are one picture or one scene, and a map of all.

All pairs of a large library are too many. Compared are images whose hashes are close, and each image with
those that are nearest to it by subject: a bounded number for each image. The map is made of the same
neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, final

import numpy as np

from ..catalog import Projection, Space
from ..catalog.reader import Reader
from ..durable import share_file, write_folder
from ..manifest import MANIFEST
from ..ranking.arrays import Float32Matrix, Float32Vector, Int64Ids, Int64Matrix, Int64Vector
from ..ranking.collection_map import MAP_VERSION, find_clusters, place_images
from ..ranking.copies import HashTables, find_close_hashes, measure_distances, rate_pairs, unique_pairs
from ..ranking.freezing import FREEZING_VERSION, find_step
from ..ranking.neighbourhoods import SAMPLE, Axes, main_axes
from ..ranking.ranking import Ranking
from . import generations
from .base import AbstractProjection, AbstractView, Tail
from .faiss_library import faiss_version
from .frozen import MADE, Made, find_changed, find_extensible, find_removed
from .late_likeness import (
    GONE,
    LATE,
    NEAR,
    FrozenImages,
    LateImages,
    compare_late,
    load_gone,
    load_likenesses,
)
from .likenesses import NEAREST, NOTHING_COMPARED, Likenesses, save_array
from .rowfile import RowFile
from .segments import StoredFeatures
from .vectors import RowIndex

LIKENESS = "likeness"
VERSION: Final = f"likeness 3, {NEAREST} nearest, {MAP_VERSION}, {FREEZING_VERSION}"
_BLOCK: Final = 20_000  # pairs at a time, to limit memory


@dataclass(frozen=True, slots=True, eq=False)
class CollectionMap:
    """Images with a place in the plane, (image, 2) from 0 to 1, and a cluster, (image,) from 0 on."""

    ids: Int64Ids
    places: Float32Matrix
    clusters: Int64Vector


@final
class LikenessView(AbstractView[int]):
    """The pairs of a generation; images that were added after it have none until the next one."""

    def __init__(self, published: Likenesses, tail: Tail) -> None:
        self._published = published
        self.uncompared: Int64Ids = tail.put[~np.isin(tail.put, published.ids)]
        self._removed: Int64Ids = np.setdiff1d(tail.hidden, tail.put)

    def search(self, query: int, *, limit: int, allowed: Int64Ids | None) -> Ranking:
        """The images that are one picture or one scene with the image `query`, by the cosine of subjects."""
        pairs = self._published.pairs
        is_in = (pairs[:, :2] == query).any(axis=1)
        others = pairs[is_in, :2].sum(axis=1) - query
        ranking = Ranking.from_scores(others, self._published.cosines[is_in])
        kept = ranking if allowed is None else ranking.without(np.setdiff1d(others, allowed))
        return kept.top(limit)

    def make_map(self) -> CollectionMap | None:
        """The map of the images that are still there; None where there are too few for one."""
        published = self._published
        if not len(published.places):
            return None
        kept = ~np.isin(published.ids, self._removed)
        return CollectionMap(published.ids[kept], published.places[kept], published.clusters[kept])

    def list_pairs(self, least: int) -> Int64Matrix:
        """(pair, 2): pairs that are at least so much alike (PICTURE or SCENE), the most alike first.

        One picture comes before one scene, then the larger cosine, then the smaller ids.
        """
        pairs, cosines = self._published.pairs, self._published.cosines
        order = np.lexsort((pairs[:, 1], pairs[:, 0], -cosines, -pairs[:, 2]))
        chosen: Int64Matrix = pairs[order][pairs[order, 2] >= least, :2]
        return chosen

    def list_alike(self, image_id: int) -> Int64Matrix:
        """(image, 2): what is like an image, and how much (PICTURE or SCENE); the most come first."""
        pairs, cosines = self._published.pairs, self._published.cosines
        is_in = (pairs[:, :2] == image_id).any(axis=1)
        others = np.column_stack([pairs[is_in, :2].sum(axis=1) - image_id, pairs[is_in, 2]])
        alike: Int64Matrix = others[np.lexsort((others[:, 0], -cosines[is_in], -others[:, 1]))]
        return alike


@final
class LikenessProjection(AbstractProjection[Likenesses, int]):
    """The pairs of alike images, by the spaces of subject and colour."""

    features_only = True
    kind = LIKENESS
    signal = LIKENESS

    def __init__(self, subjects: Space, colours: Space) -> None:
        self._spaces = subjects, colours
        self.space_id = subjects.id
        self.versions = (
            f"{VERSION}, faiss {faiss_version()}, {generations.SEALING}, "
            f"space {subjects.fingerprint}, space {colours.fingerprint}"
        )

    def write_generation(self, reader: Reader, root: Path, previous: Projection | None) -> Projection:
        seq = reader.last_seq()
        made = find_extensible(reader, root, previous, NEAR)
        name = generations.new_name(f"{self.kind}-{self.space_id}", seq)

        def fill(folder: Path) -> None:
            if previous is None or made is None:
                self._write_anew(folder, reader)
            else:
                self._write_update(folder, reader, root, previous, made)

        before = root / previous.generation if previous and made else None
        sealed = write_folder(root, name, fill, before=before)
        return Projection(self.kind, self.space_id, seq, name, sealed.bytes, sealed.sha256, self.versions)

    def load_generation(self, root: Path, pointer: Projection | None) -> Likenesses:
        if pointer is None:
            return NOTHING_COMPARED
        path = generations.verify_generation(root, pointer, self.versions)
        with generations.translating_read_errors(pointer):
            return load_likenesses(path)

    def make_view(self, loaded: Likenesses, reader: Reader, tail: Tail) -> LikenessView:
        return LikenessView(loaded, tail)

    def _write_anew(self, folder: Path, reader: Reader) -> None:
        made = Made.of_library(reader)
        ids = self._described(reader)
        frozen = self._compare_images(reader, folder, ids[ids <= made.end])
        if frozen is not None:
            late = LateImages.none(frozen)
            compare_late(reader, self._spaces, frozen, late, ids[ids > made.end]).save(folder)
        made.save(folder)

    def _write_update(
        self, folder: Path, reader: Reader, root: Path, previous: Projection, made: Made
    ) -> None:
        before = root / previous.generation
        frozen, late, gone = FrozenImages.load(before), LateImages.load(before), load_gone(before)
        assert frozen is not None
        for path in sorted(before.iterdir()):
            if not path.name.startswith(LATE) and path.name not in (GONE, MADE, MANIFEST):
                share_file(path, folder / path.name)
        changed = find_changed(reader, previous)
        described = self._described(reader, changed)
        newest = max(made.end, int(late.likenesses.ids.max(initial=0)))
        compare_late(reader, self._spaces, frozen, late, described[described > newest]).save(folder)
        save_array(folder / GONE, np.union1d(gone, find_removed(reader, previous)))
        replace(made, changed=made.changed + int((changed <= made.end).sum())).save(folder)

    def _described(self, reader: Reader, ids: Int64Ids | None = None) -> Int64Ids:
        """The images that have a subject and a colour, rising: all, or those among some."""
        subjects, colours = (
            reader.described_ids(space) if ids is None else reader.load_features(space, ids.tolist())[0]
            for space in self._spaces
        )
        return np.intersect1d(subjects, colours)

    def _compare_images(self, reader: Reader, folder: Path, ids: Int64Ids) -> FrozenImages | None:
        """Find and rate the pairs of these images, and write them; `folder` holds rows meanwhile.

        Returns what later images are compared with; None in a library that is so small that it is compared
        anew each time.
        """
        if len(ids) < 2:
            replace(NOTHING_COMPARED, ids=ids).save(folder)
            return None
        hashes = np.array(reader.perceptual_hashes(ids.tolist()), np.int64)
        with ExitStack() as files:
            subjects, colours = (
                files.enter_context(RowFile(folder, _load_rows(reader, space, ids), space.dimension))
                for space in self._spaces
            )
            axes = main_axes(subjects.sample_evenly(SAMPLE).astype(np.float16))
            rows = subjects if axes is None else files.enter_context(_project_rows(folder, axes, subjects))
            index = RowIndex.build(rows)
            near = _pair_neighbours(rows, index)
            pairs = unique_pairs(np.concatenate([near, find_close_hashes(hashes)]))
            rated = _rate_images(ids, hashes, pairs, subjects, colours)
            likenesses = rated if axes is None else _add_map(rated, rows, near)
        likenesses.save(folder)
        if axes is None or find_step(reader.count_images()) == 1:
            return None
        index.save(folder / NEAR)
        frozen = FrozenImages(likenesses, axes, index, HashTables.from_hashes(hashes))
        frozen.save(folder)
        return frozen


def _load_rows(reader: Reader, space: Space, ids: Int64Ids) -> Iterator[Float32Matrix]:
    """The features of these images in a space, segment by segment."""
    for _, held, features in StoredFeatures(reader, space):
        yield features[np.isin(held, ids)].astype(np.float32)


def _project_rows(folder: Path, axes: Axes, subjects: RowFile) -> RowFile:
    blocks = (axes.project_features(block) for block in subjects)
    return RowFile(folder, blocks, axes.directions.shape[1])


def _add_map(rated: Likenesses, rows: RowFile, near: Int64Matrix) -> Likenesses:
    """The same with a map; the first two of the main directions are the largest."""
    main = np.concatenate([block[:, :2] for block in rows])
    places = place_images(main, near[near[:, 0] != near[:, 1]])
    return replace(rated, places=places, clusters=find_clusters(places))


def _pair_neighbours(rows: RowFile, index: RowIndex) -> Int64Matrix:
    found, start = [np.empty((0, 2), np.int64)], 0
    for block in rows:
        near = index.search_positions(block, NEAREST + 1)  # each image is near itself
        own = np.repeat(np.arange(start, start + len(block)), near.shape[1])
        pairs = np.stack([own, near.ravel()], axis=1)
        found.append(pairs[pairs[:, 1] >= 0])
        start += len(block)
    return np.concatenate(found)


def _rate_images(
    ids: Int64Ids, hashes: Int64Ids, pairs: Int64Matrix, subjects: RowFile, colours: RowFile
) -> Likenesses:
    """The pairs that are alike, with how much."""
    kept = [NOTHING_COMPARED.pairs]
    closeness = [NOTHING_COMPARED.cosines]
    for start in range(0, len(pairs), _BLOCK):
        block = pairs[start : start + _BLOCK]
        cosines, shades = _cosines(subjects, block), _cosines(colours, block)
        rated = rate_pairs(measure_distances(hashes, block), cosines, shades)
        kept.append(np.column_stack([ids[block], rated])[rated > 0])
        closeness.append(cosines[rated > 0])
    return replace(NOTHING_COMPARED, ids=ids, pairs=np.concatenate(kept), cosines=np.concatenate(closeness))


def _cosines(rows: RowFile, pairs: Int64Matrix) -> Float32Vector:
    first, second = rows.take_rows(pairs[:, 0]), rows.take_rows(pairs[:, 1])
    products: Float32Vector = np.einsum("nd,nd->n", first, second)
    return products
