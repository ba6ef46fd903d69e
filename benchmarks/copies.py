"""Copy detection: 200 attacked Corel photos looked up among the 1,000 originals, with the bundled backbone.

Recall@1 and @10 of each signal, of their fusion, and of the default search, which verifies the first hits by
keypoints, with 95 % Wilson intervals. For comparison: the same with the teacher's weights, and published
figures of an HSV histogram and of the teacher alone. Also: the share of originals among the first N
candidates, how many other pictures are taken for copies, how many inliers pictures of another set have, the
bytes that keypoints take, and their time relative to the other descriptors.
--size N: the first N of the 200 photos.
"""

from __future__ import annotations

import csv
import math
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from statistics import median
from typing import Any, TypeAlias

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from indexer.upkeep.opening import LibrarySpec
from retrieval import FUSED, Hit, Library, Picture, Query, Ranking, images
from retrieval.descriptors.details import Details
from retrieval.ranking.keypoints import Keypoints, decode_keypoints
from retrieval.ranking.verification import LEAST_INLIERS, Match, Verifier, choose_candidates

from .indexed import open_indexed
from .intervals import wilson_interval
from .sets import BUNDLED, ROOT, TEACHER, why_unavailable

SET = ROOT / "data" / "corel1k"
PHOTOS = 200
PAGE = 40  # hits that are looked at
FIRST = 100  # candidates whose verification is timed
FIRSTS = (50, 100, 200, 400)  # candidates among which the original is looked for
TIMED = 20  # photos
INTRUDERS, MET = 50, 200  # pictures of another set, and those of this one that they are compared with
SIGNALS = ("subject", "colour", "texture", "layout")
SHOWN = (*SIGNALS, FUSED)


def _crop_middle(image: Image.Image, share: float) -> Image.Image:
    """The middle of it, `share` of its area."""
    width, height = (round(side * math.sqrt(share)) for side in image.size)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def _add_banner(image: Image.Image) -> Image.Image:
    """30 % brighter, the lowest 30 % white."""
    brighter = ImageEnhance.Brightness(image).enhance(1.3)
    brighter.paste("white", (0, round(0.7 * image.height), image.width, image.height))
    return brighter


def _scale_image(image: Image.Image, across: float, down: float) -> Image.Image:
    return image.resize((round(image.width * across), round(image.height * down)), Image.Resampling.BICUBIC)


def _encode_jpeg(image: Image.Image, quality: int) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _encode_png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


Attack: TypeAlias = Callable[[Image.Image], bytes]
ATTACKS: Mapping[str, Attack] = {
    "crop to 50 %": lambda image: _encode_png(_crop_middle(image, 0.5)),
    "crop to 19 %": lambda image: _encode_png(_crop_middle(image, 0.19)),
    "JPEG quality 8": lambda image: _encode_jpeg(image, 8),
    "a quarter + JPEG 30": lambda image: _encode_jpeg(_scale_image(image, 1 / 4, 1 / 4), 30),
    "rotate 10°": lambda image: _encode_png(image.rotate(10, Image.Resampling.BICUBIC)),
    "mirror": lambda image: _encode_png(ImageOps.mirror(image)),
    "greyscale": lambda image: _encode_png(image.convert("L")),
    "banner": lambda image: _encode_png(_add_banner(image)),
    "rotate 90°": lambda image: _encode_png(image.transpose(Image.Transpose.ROTATE_90)),
    "stretch": lambda image: _encode_png(_scale_image(image, 1.4, 1)),
}
# Recall@1 of two descriptors alone, as measured elsewhere on the original files.
HSV = (0.890, 0.370, 0.625, 0.870, 1.0, 1.0, 0.0, 0.240)
MOBILENET = (0.995, 0.725, 0.915, 0.605, 1.0, 1.0, 0.985, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class PhotoLookup:
    """Results of a search by one attacked photo: each signal's ranking, the hits, and the original's id."""

    original: int
    rankings: Mapping[str, Ranking]
    hits: tuple[Hit, ...]

    @property
    def verified_ranking(self) -> Ranking:
        """The verified hits, by inliers."""
        found = [(hit.image.id, contribution) for hit in self.hits for contribution in hit.contributions]
        inliers = {
            image_id: contribution.score
            for image_id, contribution in found
            if contribution.signal == Details.name
        }
        return Ranking.from_scores(list(inliers), list(inliers.values()))

    @property
    def hit_ranking(self) -> Ranking:
        """The hits in the order in which they are shown."""
        return Ranking.from_scores([hit.image.id for hit in self.hits], [-hit.rank for hit in self.hits])


def measure(size: int | None = None) -> dict[str, Any]:
    """Figures of the bundled backbone; of the teacher and of plain descriptors beside them."""
    if reason := why_unavailable():
        sys.exit(reason)
    bundled, teacher = (_measure_attacks(spec, size or PHOTOS) for spec in (BUNDLED, TEACHER))
    names = list(ATTACKS)
    return {
        "figures": bundled,
        "beside": {
            "teacher": teacher,
            "HSV histogram": dict(zip(names, HSV, strict=False)),
            "teacher's subject alone": dict(zip(names, MOBILENET, strict=False)),
        },
    }


def _measure_attacks(spec: LibrarySpec, count: int) -> dict[str, float]:
    with open_indexed(SET / "images", spec) as library:
        figures = _measure_costs(library) | _measure_unrelated(library)
        for name, attack in ATTACKS.items():
            found = measure_attack(library, attack, count)
            figures |= {f"{name}: {key}": value for key, value in found.items()}
    return figures


def choose_photos() -> list[str]:
    """The paths of the attacked photos within the set."""
    with (SET / "corel1k.csv").open(encoding="utf-8", newline="") as file:
        paths = [row["path"] for row in csv.DictReader(file)]
    return random.Random(0).sample(paths, PHOTOS)


def _look_up_photos(library: Library, attack: Attack, count: int) -> Iterator[PhotoLookup]:
    for original, query in _attack_photos(library, attack, count):
        yield PhotoLookup(original, library.rank_signals(query), library.search(query).hits)


def _attack_photos(library: Library, attack: Attack, count: int) -> Iterator[tuple[int, Query]]:
    """Each of the first photos by its id, and the query for what an attack makes of it."""
    with library.catalog.reading() as reader:
        ids = {path.decode(): image_id for path, (image_id, _) in reader.load_locations().items()}
    for path in choose_photos()[:count]:
        with Image.open(SET / path) as image:
            yield ids[str(SET / path)], Query((Picture(attack(image.convert("RGB"))),), limit=PAGE)


def _load_keypoints(library: Library, ids: list[int] | None = None) -> dict[int, bytes]:
    space = next(space for space in library.spaces if space.descriptor == Details.name)
    with library.catalog.reading() as reader:
        return reader.load_blobs(space, reader.find_ids().tolist() if ids is None else ids)


def measure_first_hits(library: Library, attack: Attack, count: int) -> float:
    """The share of the first `count` photos whose original is the first hit of the default search."""
    asked = list(_attack_photos(library, attack, count))
    return float(np.mean([library.search(query).ids[:1] == [original] for original, query in asked]))


def measure_attack(library: Library, attack: Attack, count: int) -> dict[str, float]:
    """The figures of one attack on the first `count` photos."""
    found = list(_look_up_photos(library, attack, count))
    return _recall_by_signal(found) | _candidate_figures(library, found)


def _recall_by_signal(found: list[PhotoLookup]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name in found[0].rankings:
        if name in SHOWN:
            figures |= _recall_figures(name, [lookup.rankings[name] for lookup in found], found)
    figures |= _recall_figures("details", [lookup.verified_ranking for lookup in found], found)
    return figures | _recall_figures("fused, verified", [lookup.hit_ranking for lookup in found], found)


def _candidate_figures(library: Library, found: list[PhotoLookup]) -> dict[str, float]:
    """How often the signals with a weight bring the original, and how many others are taken for copies."""
    figures: dict[str, float] = {}
    signals = [
        name for name in found[0].rankings if name in SIGNALS and library.settings.default_weight(name)
    ]
    for first in FIRSTS:
        brought = [choose_candidates([lookup.rankings[name] for name in signals], first) for lookup in found]
        share = np.mean([lookup.original in ids for lookup, ids in zip(found, brought, strict=True)])
        figures[f"original among the first {first}"] = float(share)
    others = [len(lookup.verified_ranking.without([lookup.original])) for lookup in found]
    return figures | {"other pictures verified, per photo": float(np.mean(others))}


def _recall_figures(name: str, rankings: list[Ranking], found: list[PhotoLookup]) -> dict[str, float]:
    ranks = [
        ranking.rank_of(np.array([one.original]))[0] for ranking, one in zip(rankings, found, strict=True)
    ]
    hits = sum(int(rank == 1) for rank in ranks)
    low, high = wilson_interval(hits, len(ranks))
    return {
        f"{name} @1": hits / len(ranks),
        f"{name} @1 low": low,
        f"{name} @1 high": high,
        f"{name} @10": sum(int(1 <= rank <= 10) for rank in ranks) / len(ranks),
    }


def _measure_costs(library: Library) -> dict[str, float]:
    """Bytes a picture, and times as ratios to that of the subject's backbone, picture by picture."""
    blobs = _load_keypoints(library)
    details, stored = Details(), [decode_keypoints(blob) for blob in list(blobs.values())[:FIRST]]
    times: dict[str, list[float]] = {"subject": [], "details": [], "verification": []}
    for path in choose_photos()[:TIMED]:
        pixels = images.decode_image((SET / path).read_bytes(), name=path).pixels
        times["subject"].append(_measure_seconds(partial(library.describe, [pixels])))
        times["details"].append(_measure_seconds(partial(details.describe, [pixels])))
        query = decode_keypoints(details.describe([pixels])[0])
        verify = Verifier(query).match_candidate
        times["verification"].append(_measure_seconds(partial(_match_all, verify, stored)))
    beside = median(times["subject"])
    return {
        "least inliers": LEAST_INLIERS,
        "keypoints: bytes a picture": float(np.mean([len(blob) for blob in blobs.values()])),
        "keypoints: time beside all other descriptors": median(times["details"]) / beside,
        f"verification of {FIRST}: time beside them": median(times["verification"]) / beside,
    }


def _measure_unrelated(library: Library) -> dict[str, float]:
    """The share of pairs, of a picture of caltech101 and one of the library, with so many inliers."""
    blobs = list(_load_keypoints(library).values())
    met = [decode_keypoints(blob) for blob in blobs[:: len(blobs) // MET]]
    paths = sorted((ROOT / "data" / "caltech101" / "images").rglob("*.jpg"))
    counts = []
    for path in paths[:: len(paths) // INTRUDERS][:INTRUDERS]:
        pixels = images.decode_image(path.read_bytes(), name=path.name).pixels
        verify = Verifier(decode_keypoints(Details().describe([pixels])[0])).match_candidate
        counts += [verify(keypoints).inliers for keypoints in met]
    shares = {f"unrelated: {least} inliers": np.mean(np.array(counts) >= least) for least in (3, 4, 5)}
    return {name: float(share) for name, share in shares.items()}


def _match_all(verify: Callable[[Keypoints], Match], stored: list[Keypoints]) -> None:
    for keypoints in stored:
        verify(keypoints)


def _measure_seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
