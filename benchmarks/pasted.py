"""Pictures that lie in others: pastes, collages, noise and negatives of corel1k and caltech101, looked up.

Every attack is looked up as a PNG and as a JPEG of quality 40, by the default search with the bundled
backbone. Pictures are pasted into pictures of the other set; collages are made of pictures of the library.
Recall@1, for collages of any member, with 95 % Wilson intervals; for collages also the share of their members
among as many first hits; how many unrelated pictures are verified, and how often the right relation is named.
Beside: the same without visual words; bytes an image, and the time of naming candidates, beside that of the
whole search.
--size N: queries of an attack (default 40). --part corel1k, caltech101, unrelated, or growth.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeAlias, TypeVar, get_args

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from retrieval import Library, Picture, Query, images
from retrieval.descriptors.details import MAX_KEYPOINTS, find_fine_keypoints, find_keypoints
from retrieval.descriptors.visual_vocabularies import load_bundled_vocabulary
from retrieval.projections.postings import Postings
from retrieval.projections.segments import SEGMENT_SIZE
from retrieval.projections.visual_words import VISUAL_WORDS, VisualWordView
from retrieval.ranking.arrays import RGB, Float32Matrix
from retrieval.ranking.relations import RelationName, relate_pictures
from retrieval.ranking.verification import Verifier
from retrieval.ranking.visual_words import Vocabulary
from retrieval.search import sharing

from .indexed import open_indexed
from .intervals import wilson_interval
from .sets import BUNDLED, ROOT, why_unavailable

SETS: Final = {"corel1k": "caltech101", "caltech101": "corel1k"}  # each with the set that hosts come from
QUERIES: Final = 40
NOISE: Final = 20  # σ, of 256 levels
TILE: Final = (200, 150)  # pixels of a picture in a collage of four
PAIRS: Final = 10_000  # unrelated ones
GROWN: Final = 100_000  # synthetic images
TIMED: Final = 20  # queries

Pictures: TypeAlias = Sequence[Image.Image]
ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Attack:
    """`make` gets a picture, further ones of the library, what it is pasted into, and a generator.

    `members`: pictures of the library in what it makes. `relations`: what may rightly be said of them.
    """

    make: Callable[[Pictures, Image.Image, random.Random], Image.Image]
    members: int = 1
    relations: tuple[str, ...] = ("same picture",)


def _paste(share: float) -> Callable[[Pictures, Image.Image, random.Random], Image.Image]:
    def paste(members: Pictures, host: Image.Image, draws: random.Random) -> Image.Image:
        picture, whole = members[0], host.copy()
        width = round(host.width * share)
        height = round(width * picture.height / picture.width)
        if height > host.height:
            width, height = round(width * host.height / height), host.height
        place = draws.randint(0, host.width - width), draws.randint(0, host.height - height)
        whole.paste(picture.resize((width, height), Image.Resampling.LANCZOS), place)
        return whole

    return paste


def _join_two(members: Pictures, _: Image.Image, draws: random.Random) -> Image.Image:
    height = min(picture.height for picture in members)
    scaled = [picture.resize((round(picture.width * height / picture.height), height)) for picture in members]
    draws.shuffle(scaled)
    whole = Image.new("RGB", (sum(picture.width for picture in scaled), height))
    whole.paste(scaled[0], (0, 0))
    whole.paste(scaled[1], (scaled[0].width, 0))
    return whole


def _join_four(members: Pictures, _: Image.Image, __: random.Random) -> Image.Image:
    whole = Image.new("RGB", (2 * TILE[0], 2 * TILE[1]))
    for number, picture in enumerate(members):
        place = (number % 2 * TILE[0], number // 2 * TILE[1])
        whole.paste(picture.resize(TILE, Image.Resampling.LANCZOS), place)
    return whole


def _add_noise(members: Pictures, _: Image.Image, draws: random.Random) -> Image.Image:
    grey = np.asarray(members[0].convert("L"), np.float64)
    noise = np.random.default_rng(draws.randrange(10**6)).normal(0, NOISE, grey.shape)
    return Image.fromarray((grey + noise).clip(0, 255).astype(np.uint8))


ATTACKS: Final[Mapping[str, Attack]] = {
    "pasted at 50 %": Attack(_paste(0.5), relations=("contained in",)),
    "pasted at 35 %": Attack(_paste(0.35), relations=("contained in",)),
    "pasted at 25 %": Attack(_paste(0.25), relations=("contained in",)),
    "collage of two": Attack(_join_two, members=2, relations=("contained in", "crop of")),
    "collage of four": Attack(_join_four, members=4, relations=("contained in",)),
    "grey with noise": Attack(_add_noise),
    "negative": Attack(lambda members, _, __: ImageOps.invert(members[0])),
}


def measure(size: int | None = None, part: str = "") -> dict[str, Any]:
    """The figures of each set, of unrelated pairs, and of growth."""
    if reason := why_unavailable():
        sys.exit(reason)
    figures: dict[str, float] = {}
    beside: dict[str, dict[str, float]] = {}
    for name, hosts in SETS.items():
        if part in ("", name):
            found, without = _measure_set(name, hosts, size or QUERIES)
            figures |= found
            beside[f"{name} without visual words"] = without
    if part in ("", "unrelated"):
        figures |= _measure_unrelated()
    if part in ("", "growth"):
        figures |= _measure_growth(GROWN)
    return {"figures": figures, "beside": beside}


def _measure_set(name: str, hosts: str, count: int) -> tuple[dict[str, float], dict[str, float]]:
    with open_indexed(ROOT / "data" / name / "images", BUNDLED) as library:
        figures = {f"{name}: bytes an image in visual words": _measure_bytes(library)}
        without: dict[str, float] = {}
        for attack_name, attack in ATTACKS.items():
            for label, quality in (("", None), (" + JPEG 40", 40)):
                title = f"{name}, {attack_name}{label}"
                lookups = list(_make_queries(library, attack, hosts, count, quality))
                found = _look_up(library, attack, lookups)
                figures |= {f"{title}: {key}": value for key, value in found.items()}
                without[f"{title}: @1"] = _look_up_without(library, lookups)
        return figures, without


def _measure_bytes(library: Library) -> float:
    """Of the files of the projection, for each image."""
    pointer = library.snapshot().pointers[VISUAL_WORDS]
    assert pointer is not None, "a library that was indexed is published"
    with library.catalog.reading() as reader:
        return pointer.bytes / reader.count_images()


def _look_up_without(library: Library, lookups: Sequence[tuple[list[int], bytes]]) -> float:
    """Recall@1 where visual words name nothing, as before there were any."""
    named, sharing.NAMED = sharing.NAMED, (0, 0, 0, 0)
    try:
        results = [library.search(Query((Picture(picture),), limit=1)) for _, picture in lookups]
    finally:
        sharing.NAMED = named
    first = [found.hits[0].id if found.hits else 0 for found in results]
    return sum(best in members for best, (members, _) in zip(first, lookups, strict=True)) / len(lookups)


def _make_queries(
    library: Library, attack: Attack, hosts: str, count: int, quality: int | None
) -> Iterator[tuple[list[int], bytes]]:
    """The ids of the members, and the attacked picture."""
    with library.catalog.reading() as reader:
        found = sorted((path.decode(), image_id) for path, (image_id, _) in reader.load_locations().items())
    others = sorted((ROOT / "data" / hosts / "images").rglob("*.jpg"))
    draws = random.Random(0)
    for _ in range(count):
        members = draws.sample(found, attack.members)
        opened = [Image.open(path).convert("RGB") for path, _ in members]
        made = attack.make(opened, Image.open(draws.choice(others)).convert("RGB"), draws)
        yield [image_id for _, image_id in members], _encode(made, quality)


def _encode(image: Image.Image, quality: int | None) -> bytes:
    buffer = BytesIO()
    if quality:
        image.save(buffer, "JPEG", quality=quality)
    else:
        image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _look_up(
    library: Library, attack: Attack, lookups: Sequence[tuple[list[int], bytes]]
) -> dict[str, float]:
    first, held, others, named, told = 0, 0, 0, 0, 0
    for members, picture in lookups:
        hits = library.search(Query((Picture(picture),), limit=40)).hits
        ids = [hit.image.id for hit in hits]
        first += bool(ids) and ids[0] in members
        held += len(set(ids[: len(members)]) & set(members))
        others += sum(1 for hit in hits if hit.relation and hit.image.id not in members)
        relations = [hit.relation.name for hit in hits if hit.image.id in members and hit.relation]
        told += len(relations)
        named += sum(relation in attack.relations for relation in relations)
    low, high = wilson_interval(first, len(lookups))
    figures = {"@1": first / len(lookups), "@1 low": low, "@1 high": high}
    if attack.members > 1:
        figures["members among the first"] = held / attack.members / len(lookups)
    figures["relation right"] = named / max(told, 1)
    figures["others verified, per picture"] = others / len(lookups)
    return figures


def _measure_unrelated() -> dict[str, float]:
    """Of PAIRS pairs of a picture of corel1k and one of caltech101, how many are verified, and as what.

    Each picture of one set is a query, described finely, that is compared with stored keypoints of the other.
    """
    asking, held = (sorted((ROOT / "data" / name / "images").rglob("*.jpg")) for name in SETS)
    queries = [_decode(path) for path in asking[:: len(asking) // 100][:100]]
    stored = [find_keypoints(_decode(path)) for path in held[:: len(held) // 100][: PAIRS // len(queries)]]
    figures = dict.fromkeys((f"unrelated: {name}" for name in get_args(RelationName)), 0.0)
    for pixels in queries:
        verifier = Verifier(find_fine_keypoints(pixels))
        for keypoints in stored:
            match = verifier.match_candidate(keypoints)
            if match.is_verified:
                figures[f"unrelated: {relate_pictures(match).name}"] += 1
    return {"unrelated: pairs": float(len(queries) * len(stored)), **figures}


def _decode(path: Path) -> RGB:
    return images.decode_image(path.read_bytes(), name=path.name).pixels


def _measure_growth(count: int) -> dict[str, float]:
    """The time of naming candidates among `count` synthetic images, and among a tenth of them.

    Their keypoints have words of pictures of caltech101 and random signatures. Milliseconds of one processor,
    beside those of finding the keypoints of the query.
    """
    vocabulary = load_bundled_vocabulary()
    paths = sorted((ROOT / "data" / "caltech101" / "images").rglob("*.jpg"))
    pixels = [_decode(path) for path in paths[:: len(paths) // TIMED][:TIMED]]
    rows = np.concatenate([find_fine_keypoints(each).descriptors for each in pixels])
    figures: dict[str, float] = {}
    segments = [_draw_segment(vocabulary, rows, number) for number in range(-(-count // SEGMENT_SIZE))]
    for shown in (segments, segments[: max(1, len(segments) // 10)]):
        view = VisualWordView(vocabulary, shown, [], np.empty(0, np.int64))
        times: dict[str, list[float]] = {"fine keypoints": [], "naming as it is": [], "naming mirrored": []}
        for each in pixels:
            fine = _take_time(times["fine keypoints"], partial(find_fine_keypoints, each))
            whole = find_keypoints(each).mirror_keypoints()
            for name, asked in (("naming as it is", fine), ("naming mirrored", whole)):
                _take_time(times[name], partial(view.search, asked, limit=24, allowed=None))
        held = sum(len(segment.ids) for segment in shown)
        figures |= {f"{held} images: ms of {name}": 1000 * median(taken) for name, taken in times.items()}
    return figures


def _draw_segment(vocabulary: Vocabulary, rows: Float32Matrix, number: int) -> Postings:
    """The postings of SEGMENT_SIZE synthetic images."""
    draws = np.random.default_rng(number)
    words = np.empty(SEGMENT_SIZE * MAX_KEYPOINTS, np.int64)
    signatures = np.empty(len(words), np.uint32)
    known, signs = vocabulary.find_words(rows, 8)
    taken, nearest = draws.integers(0, len(rows), len(words)), draws.integers(0, 8, len(words))
    words[:], signatures[:] = known[taken, nearest], signs[taken, nearest] ^ _flip_bits(draws, len(words))
    ids = np.arange(number * SEGMENT_SIZE, (number + 1) * SEGMENT_SIZE) + 1
    places = np.repeat(np.arange(SEGMENT_SIZE), MAX_KEYPOINTS).astype(np.uint16)
    return Postings.build(ids, places, words, signatures, len(vocabulary))


def _flip_bits(draws: np.random.Generator, count: int) -> npt.NDArray[np.uint32]:
    """Every second bit, on average."""
    return draws.integers(0, 2**32, count, dtype=np.uint32)


def _take_time(times: list[float], work: Callable[[], ResultT]) -> ResultT:
    start = time.process_time()
    result = work()
    times.append(time.process_time() - start)
    return result
