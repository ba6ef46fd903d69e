"""What each way to re-rank does to the subject's rankings: mAP, P@10 and time, against the plain ranking.

Leave-one-out on corel1k, caltech101 and grocery81, over the full ranking, with the bundled backbone, and
beside it with its teacher. `neighbours` is the same recipe for every set. A query of leave-one-out is an
image of the library, so that the averages of its neighbours hold it too; `held out` therefore measures
every tenth picture as a query against a library of the others. Ranges are bootstrap 95 % intervals over
queries; times are per query, as multiples of the plain ranking's in the same run.

`copies`: attacked Corel photos looked up among the originals, recall@1 plain and by neighbours, and the
share that collapses into its original as a copy or as a scene; `merged` is how many pairs of different
pictures, in a million, would collapse although their labels differ.
`cost`: seconds to publish the neighbourhoods of 10,000 made-up features, as a multiple of the time that
publishing the plain features takes. --size N: every N-th picture is a query (default 5).
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from indexer.measure.evaluate import read_labels
from indexer.upkeep.opening import LibrarySpec
from retrieval import Library, Ranking, evaluation
from retrieval.pictures.images import perceptual_hash
from retrieval.projections.neighbour_files import write_neighbourhoods
from retrieval.projections.neighbours import Neighbourhoods
from retrieval.projections.segments import SEGMENT_SIZE as SEGMENT
from retrieval.projections.vectors import VectorIndex, save_segment
from retrieval.ranking.arrays import Int64Ids
from retrieval.ranking.copies import Looks, find_same_pictures, find_same_scenes
from retrieval.ranking.groups import group_by_likeness
from retrieval.ranking.neighbourhoods import main_axes
from retrieval.ranking.rerank import (
    EXPANDED,
    FIRST,
    POWERS,
    diversify_ranking,
    expand_query,
    rerank_by_diffusion,
    rerank_k_reciprocal,
)

from .indexed import open_indexed
from .sets import BUNDLED, LABELLED, TEACHER, LabelledSet, why_unavailable

Rows = npt.NDArray[np.float32]
Rerank = Callable[[Ranking, Rows, Rows], Ranking]
Option = Callable[[Rows, int], Ranking]  # a query's feature, and the image to leave out


def _diversify_without_query(ranking: Ranking, _query: Rows, rows: Rows, *, diversity: float) -> Ranking:
    """Diversity with the signature of the other ways to re-rank; it needs no query."""
    return diversify_ranking(ranking, rows, diversity=diversity)


RERANKS: Mapping[str, Rerank] = {
    "k-reciprocal": rerank_k_reciprocal,
    "diffusion": rerank_by_diffusion,
    "diversity 0.3": partial(_diversify_without_query, diversity=0.3),
}
RESAMPLED = 1000
TIMED = 100
DIVERSITIES = (0.0, 0.1, 0.3, 0.5)
ATTACKED = 200
COST = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """The features, hashes and labels of one set, in the order of the ids."""

    ids: npt.NDArray[np.int64]
    hashes: npt.NDArray[np.int64]
    subjects: npt.NDArray[np.float16]
    colours: npt.NDArray[np.float16]
    labels: npt.NDArray[np.str_]

    def pictures_where(self, chosen: npt.NDArray[np.bool_]) -> Pictures:
        return Pictures(
            self.ids[chosen],
            self.hashes[chosen],
            self.subjects[chosen],
            self.colours[chosen],
            self.labels[chosen],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """The features that queries are compared with, and how a query is mapped to them."""

    index: VectorIndex
    row_of: Callable[[Rows], Rows]
    features: VectorIndex  # the plain ones, by which a query is expanded

    def rank_row(self, row: Rows, left_out: int) -> Ranking:
        return self.index.search(row, limit=self.index.size, allowed=None).without([left_out])

    def rank_feature(self, feature: Rows, left_out: int) -> Ranking:
        return self.rank_row(self.row_of(feature), left_out)

    def rank_expanded(self, feature: Rows, left_out: int, *, power: float) -> Ranking:
        first = self.rank_feature(feature, left_out).ids[:EXPANDED]
        return self.rank_feature(expand_query(feature, self.features.rows(first), power=power), left_out)

    def rank_again(self, feature: Rows, left_out: int, *, how: Rerank) -> Ranking:
        row = self.row_of(feature)
        ranking = self.rank_row(row, left_out)
        return how(ranking, row, self.index.rows(ranking.ids[:FIRST]))


def measure(size: int | None = None) -> dict[str, Any]:
    """Figures by set and option."""
    if reason := why_unavailable():
        sys.exit(reason)
    bundled, teacher = (_measure_backbone(spec, size or 5) for spec in (BUNDLED, TEACHER))
    return {"figures": bundled | _measure_cost(), "beside": {"teacher": teacher}}


def _measure_backbone(spec: LibrarySpec, step: int) -> dict[str, float]:
    figures: dict[str, float] = {}
    for labelled in LABELLED:
        with open_indexed(labelled.pictures, spec) as library:
            pictures = load_pictures(library, labelled)
            measured = measure_leave_one_out(pictures, step) | measure_held_out(pictures)
            measured |= measure_variety(pictures) | measure_merged(pictures)
            if labelled.name == "corel1k":
                measured |= measure_copies(library, pictures)
        figures |= {f"{labelled.name} {key}": value for key, value in measured.items()}
    return figures


def load_pictures(library: Library, labelled: LabelledSet) -> Pictures:
    """Everything that is measured of a library."""
    labels = read_labels(library, labelled.labels)
    spaces = {space.descriptor: space for space in library.spaces}
    with library.catalog.reading() as reader:
        ids, subjects = reader.load_features(spaces["subject"])
        _, colours = reader.load_features(spaces["colour"])
        images = reader.load_images(ids.tolist())
    hashes = np.array([images[image_id].perceptual_hash for image_id in ids.tolist()], np.int64)
    return Pictures(
        ids, hashes, subjects, colours, np.array([labels.get(image_id, "") for image_id in ids.tolist()])
    )


# -- rankings -----------------------------------------------------------------------------------


def make_grounds(pictures: Pictures) -> tuple[Ground, Ground]:
    """The plain features, and the neighbourhoods."""
    dimension = pictures.subjects.shape[1]
    with TemporaryDirectory() as folder:
        _write_neighbourhoods(Path(folder), pictures.ids, pictures.subjects)
        made = Neighbourhoods.load(Path(folder), dimension)
    plain = VectorIndex.build(pictures.ids, pictures.subjects, dimension)
    by_neighbours = Ground(made.compared, lambda row: made.map_features(row[None])[0], plain)
    return Ground(plain, lambda row: row, plain), by_neighbours


def ranking_options(pictures: Pictures) -> dict[str, Option]:
    """Every way to rank by its name."""
    found: dict[str, Option] = {}
    for prefix, ground in zip(("plain", "neighbours"), make_grounds(pictures), strict=True):
        found[prefix] = ground.rank_feature
        for name, power in POWERS.items():
            found[f"{prefix} + {name} expansion"] = partial(ground.rank_expanded, power=power)
        for name, how in RERANKS.items():
            found[f"{prefix} + {name}"] = partial(ground.rank_again, how=how)
    return found


def measure_leave_one_out(pictures: Pictures, step: int) -> dict[str, float]:
    """Every step-th picture is a query once, by every option."""
    figures: dict[str, float] = {}
    for name, option in ranking_options(pictures).items():
        figures |= _with_ranges(name, judge_option(option, pictures, step))
        figures[f"{name}: time"] = _ranking_seconds(option, pictures)
    return _relative_times(figures, "plain: time")


def _ranking_seconds(option: Option, pictures: Pictures) -> float:
    """How long it takes to rank for TIMED queries."""
    places = np.linspace(0, len(pictures.ids) - 1, TIMED).astype(np.int64)
    features, ids = pictures.subjects[places].astype(np.float32), pictures.ids[places].tolist()
    began = time.perf_counter()
    for feature, image_id in zip(features, ids, strict=True):
        option(feature, image_id)
    return time.perf_counter() - began


def judge_option(option: Option, pictures: Pictures, step: int = 1) -> list[evaluation.QueryFigures]:
    """Every step-th picture is a query once, and left out of its own ranking."""
    sizes = Counter(pictures.labels.tolist())
    features = pictures.subjects.astype(np.float32)
    judged: list[evaluation.QueryFigures] = []
    for place in range(0, len(pictures.ids), step):
        label = str(pictures.labels[place])
        if sizes[label] > 1:
            ranking = option(features[place], int(pictures.ids[place]))
            judged.append(_judge_ranking(ranking, pictures, label, sizes[label] - 1))
    return judged


def measure_variety(pictures: Pictures) -> dict[str, float]:
    """The mean cosine of the subjects of two hits among the first ten, by how much diversity is asked for."""
    plain, _ = make_grounds(pictures)
    figures: dict[str, float] = {}
    for diversity in DIVERSITIES:
        how = partial(_diversify_without_query, diversity=diversity)
        cosines: list[float] = []
        for place in np.linspace(0, len(pictures.ids) - 1, TIMED).astype(np.int64).tolist():
            feature = pictures.subjects[place].astype(np.float32)
            rows = plain.features.rows(plain.rank_again(feature, int(pictures.ids[place]), how=how).ids[:10])
            cosines.append(float(((rows @ rows.T).sum() - 10) / 90))
        figures[f"diversity {diversity:g}: cosine of two hits"] = float(np.mean(cosines))
    return figures


def measure_held_out(pictures: Pictures) -> dict[str, float]:
    """Every tenth picture is a query, and left out of the library."""
    out = np.arange(len(pictures.ids)) % 10 == 0
    library, queries = pictures.pictures_where(~out), pictures.pictures_where(out)
    sizes, figures = Counter(library.labels.tolist()), dict[str, float]()
    for name, ground in zip(("plain", "neighbours"), make_grounds(library), strict=True):
        judged = [
            _judge_ranking(ground.rank_feature(feature, -1), library, str(label), sizes[str(label)])
            for feature, label in zip(queries.subjects.astype(np.float32), queries.labels, strict=True)
            if sizes[str(label)]
        ]
        figures |= _with_ranges(f"held out, {name}", judged)
    return figures


def _judge_ranking(
    ranking: Ranking, pictures: Pictures, label: str, relevant: int
) -> evaluation.QueryFigures:
    relevance = pictures.labels[np.searchsorted(pictures.ids, ranking.ids)] == label
    return evaluation.evaluate_ranking(label, relevance, relevant)


def _with_ranges(name: str, judged: Sequence[evaluation.QueryFigures]) -> dict[str, float]:
    """mAP and P@10, each with the ends of its bootstrap 95 % interval."""
    values = np.array([[result.average_precision, result.precision[10]] for result in judged])
    random = np.random.default_rng(0)
    drawn = [values[random.integers(0, len(values), len(values))].mean(axis=0) for _ in range(RESAMPLED)]
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    figures: dict[str, float] = {}
    for column, measure_name in enumerate(("mAP", "P@10")):
        key = f"{name}: {measure_name}"
        figures[key] = float(values[:, column].mean())
        figures |= {f"{key} from": float(low[column]), f"{key} to": float(high[column])}
    return figures


def _relative_times(figures: Mapping[str, float], base: str) -> dict[str, float]:
    """Times as multiples of the base's."""
    return {key: value / figures[base] if key.endswith(": time") else value for key, value in figures.items()}


# -- copies -------------------------------------------------------------------------------------

Attack = Callable[[Image.Image], Image.Image]


def _crop_middle(picture: Image.Image, area: float) -> Image.Image:
    width, height = (round(side * area**0.5) for side in picture.size)
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


def _compress_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


ATTACKS: Mapping[str, Attack] = {
    "the same file": lambda picture: picture,
    "half size": lambda picture: picture.resize((picture.width // 2, picture.height // 2)),
    "JPEG 8": partial(_compress_jpeg, quality=8),
    "crop to 90 %": partial(_crop_middle, area=0.9),
    "crop to 50 %": partial(_crop_middle, area=0.5),
    "mirror": lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "turn 90°": lambda picture: picture.transpose(Image.Transpose.ROTATE_90),
    "turn 10°": lambda picture: picture.rotate(10),
    "grey": lambda picture: picture.convert("L").convert("RGB"),
}


def measure_copies(library: Library, pictures: Pictures) -> dict[str, float]:
    """Recall@1 of attacked pictures, and how many of them collapse."""
    step = max(1, len(pictures.ids) // ATTACKED)
    places = range(0, len(pictures.ids), step)
    paths = _paths_by_id(library)
    originals = [Image.open(paths[int(pictures.ids[place])]).convert("RGB") for place in places]
    both, figures = make_grounds(pictures), dict[str, float]()
    for name, attack in ATTACKS.items():
        attacked = list(_describe_pictures(library, [attack(original) for original in originals]))
        for ground_name, ground in zip(("plain", "neighbours"), both, strict=True):
            found = [ground.rank_feature(feature, -1).ids[0] for _, feature, _ in attacked]
            figures[f"{name}: recall@1, {ground_name}"] = float(np.mean(found == pictures.ids[places]))
        for tier, same in (("copies", find_same_pictures), ("scenes", find_same_scenes)):
            pairs = zip(attacked, places, strict=True)
            joined = [
                bool(same(_pair_looks(pictures, place, attacked_picture))[0, 1])
                for attacked_picture, place in pairs
            ]
            figures[f"{name}: collapsed as {tier}"] = float(np.mean(joined))
    return figures


def _paths_by_id(library: Library) -> dict[int, Path]:
    with library.catalog.reading() as reader:
        return {
            image_id: Path(os.fsdecode(place.path)) for image_id, place in reader.load_locations().values()
        }


def _describe_pictures(library: Library, pictures: Sequence[Image.Image]) -> Iterator[tuple[int, Rows, Rows]]:
    """Hash, subject and colour of each."""
    subject, colour = library.spaces[0].id, library.spaces[1].id
    for picture in pictures:
        pixels = np.asarray(picture)
        [features] = library.describe([pixels])
        yield (
            perceptual_hash(pixels),
            features[subject].astype(np.float32),
            features[colour].astype(np.float32),
        )


def _pair_looks(pictures: Pictures, place: int, attacked: tuple[int, Rows, Rows]) -> Looks:
    hash_, subject, colour = attacked
    return Looks(
        np.array([pictures.hashes[place], hash_]),
        np.stack([pictures.subjects[place].astype(np.float32), subject]),
        np.stack([pictures.colours[place].astype(np.float32), colour]),
    )


def measure_merged(pictures: Pictures) -> dict[str, float]:
    """Pairs with different labels that would collapse, in a million pairs; and what collapse hides.

    Labels tell what a picture shows, not whether two are one: pairs of the same label are not judged.
    """
    looks = Looks(pictures.hashes, pictures.subjects, pictures.colours)
    differ = np.triu(pictures.labels[:, None] != pictures.labels, 1)
    ranking = Ranking.from_scores(pictures.ids, np.zeros(len(pictures.ids)))
    figures: dict[str, float] = {}
    for tier, same in (("copies", find_same_pictures), ("scenes", find_same_scenes)):
        relation = same(looks)
        figures[f"{tier} merged wrongly in a million pairs"] = float(1e6 * relation[differ].mean())
        figures[f"{tier}: share collapsed"] = 1 - len(group_by_likeness(ranking, relation).ranking) / len(
            ranking
        )
    return figures


# -- cost ---------------------------------------------------------------------------------------


def _measure_cost() -> dict[str, float]:
    """Time to make and write the neighbourhoods, as a multiple of the time of the plain features."""
    ids, features = np.arange(1, COST + 1), _make_features(COST)
    began = time.perf_counter()
    with TemporaryDirectory() as folder:
        save_segment(Path(folder, "plain"), ids, features)
    plain = time.perf_counter()
    with TemporaryDirectory() as folder:
        _write_neighbourhoods(Path(folder), ids, features)
        made = time.perf_counter()
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    return {
        f"publishing {COST}: seconds": made - plain,
        f"publishing {COST}: multiple of plain": (made - plain) / (plain - began),
        f"publishing {COST}: bytes an image": size / COST,
    }


def _write_neighbourhoods(folder: Path, ids: Int64Ids, features: npt.NDArray[np.float16]) -> None:
    """Their neighbourhoods, segment by segment, as an index has them."""
    parts = [slice(start, start + SEGMENT) for start in range(0, len(ids), SEGMENT)]
    blocks = [(number, ids[part], features[part]) for number, part in enumerate(parts)]
    write_neighbourhoods(folder, main_axes(features), blocks)


def _make_features(count: int) -> npt.NDArray[np.float16]:
    """Made-up features in clusters of fifty, never negative, like those of a backbone."""
    random = np.random.default_rng(0)
    middles = random.standard_normal((count // 50, 64)) @ random.standard_normal((64, 1280))
    rows = np.maximum(np.repeat(middles, 50, axis=0) + 8 * random.standard_normal((count, 1280)), 0)
    made: npt.NDArray[np.float16] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
    return made
