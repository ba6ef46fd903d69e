"""How near a whole indexing run comes to what the processors allow: pictures a second, and the ratio.

D is the rate of decoding alone (workers, reduced scale, hash, metadata, thumbnail), F that of describing
alone (all descriptors, in batches as a run makes them), both over the same pictures with all processors. On
a CPU both share the cores, so that no run is faster than 1 / (1/D + 1/F); with a GPU the bound is min(D, F).
The run is `index` into a new library, from the walk to the published projections. Three rounds are taken
together, because the speed of a machine varies by more than the difference to be measured. What the digest
of the pixels takes is compared with decoding the same pictures in this process. Measured on 12-megapixel
photos that are drawn here, and on caltech101 if it is there. --size N: N pictures of each (default 1000).
For comparison: a plain script of full decoding and eager timm, a picture at a time, on some of the photos.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from indexer.run import sources
from indexer.run.decode import FilePage, decode_files
from indexer.run.pipeline import index
from indexer.upkeep.opening import LibrarySpec, open_or_create
from retrieval import Library, LibraryWriter, images, limits_from_settings, path_bytes
from retrieval.pictures.pixel_digests import digest_pixels

from .indexed import ignore_events
from .sets import ROOT

SIZE, PLAIN, ROUNDS = 1000, 40, 3
PHOTO = (3000, 4000)  # rows and columns: 12 megapixels
CALTECH = ROOT / "data" / "caltech101" / "images"


def measure(size: int | None = None) -> dict[str, Any]:
    """Rates, the bound that follows from them, and what share of it the run reached."""
    count = size or SIZE
    figures: dict[str, float] = {}
    beside: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        draw_photos(Path(folder), count)
        photos = sorted(Path(folder).iterdir())
        figures |= _measure_files("12-megapixel photos", photos)
        beside["12-megapixel photos: pictures/s"] = _plain_rate(photos[:PLAIN])
    if CALTECH.is_dir():
        known = sorted(CALTECH.rglob("*.jpg"))
        figures |= _measure_files("caltech101", [known[i] for i in _spread_numbers(len(known), count)])
    return {"figures": figures, "beside": {"a plain script": beside}}


def _spread_numbers(count: int, most: int) -> list[int]:
    return [int(index) for index in np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))]


def draw_photos(folder: Path, count: int) -> None:
    """Photos as a telephone makes them: 4000 × 3000 pixels, soft shapes with grain, JPEG of quality 90."""
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda number: _draw_photo(folder / f"photo-{number:05}.jpg", number), range(count)))


def _draw_photo(path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    soft = random.integers(0, 256, (12, 16, 3), np.uint8)
    large = images.resize_pixels(soft, PHOTO[1], PHOTO[0]).astype(np.int16)
    grain = random.integers(-6, 7, (PHOTO[0] // 4, PHOTO[1] // 4, 1), np.int16)
    large += np.tile(grain, (4, 4, 1))
    path.write_bytes(images.encode_jpeg(np.clip(large, 0, 255).astype(np.uint8), quality=90))


def _measure_files(name: str, files: Sequence[Path]) -> dict[str, float]:
    """The rates over all rounds, the share of the bound that follows, and those of single rounds."""
    with _copy_to_folder(files) as gathered:
        rounds = np.array([_measure_round(gathered, number) for number in range(ROUNDS)])
    decoding, describing, whole = rounds.sum(axis=0) / (len(files) * ROUNDS)  # seconds a picture
    shares = rounds[:, :2].sum(axis=1) / rounds[:, 2]
    figures = {
        "decoding (D), pictures/s": 1 / decoding,
        "describing (F), pictures/s": 1 / describing,
        "bound, pictures/s": 1 / (decoding + describing),
        "run, pictures/s": 1 / whole,
        "run / bound (promised: 0.9)": (decoding + describing) / whole,
        "the same, lowest round": shares.min(),
        "the same, highest round": shares.max(),
    }
    figures |= _measure_digests(files[:PLAIN])
    return {f"{name}: {key}": float(figure) for key, figure in figures.items()}


def _measure_digests(files: Sequence[Path]) -> dict[str, float]:
    """Processor time of pixel digests, in milliseconds for each picture and as a share of decoding."""
    start = time.process_time()
    decoded = [images.decode_image(path.read_bytes(), name=path.name) for path in files]
    middle = time.process_time()
    for image in decoded:
        digest_pixels(image)
    hashing, decoding = time.process_time() - middle, middle - start
    return {"pixel digest, ms": 1000 * hashing / len(files), "pixel digest / decoding": hashing / decoding}


def _measure_round(gathered: Path, number: int) -> tuple[float, float, float]:
    """Seconds of decoding alone, of describing alone, and of the run.

    The run comes first in every other round, so that a machine that slows down meanwhile slows all of them.
    """
    with tempfile.TemporaryDirectory() as folder, open_or_create(Path(folder), LibrarySpec()) as library:
        library.warm_up()
        if number % 2:
            whole = _time_run(library, gathered)
            return *_time_stages_alone(library, gathered), whole
        return *_time_stages_alone(library, gathered), _time_run(library, gathered)


def _time_run(library: LibraryWriter, gathered: Path) -> float:
    start = time.perf_counter()
    index(library, [path_bytes(gathered)], captions={}, on_event=ignore_events)
    return time.perf_counter() - start


@contextmanager
def _copy_to_folder(files: Sequence[Path]) -> Iterator[Path]:
    """Copies of the files in one folder."""
    with tempfile.TemporaryDirectory() as folder:
        for number, path in enumerate(files):
            shutil.copyfile(path, Path(folder, f"{number:06}{path.suffix}"))
        yield Path(folder)


def _time_stages_alone(library: Library, folder: Path) -> tuple[float, float]:
    """Seconds of decoding alone, and of describing alone."""
    settings, files = library.settings, sources.walk_folders([path_bytes(folder)]).files
    start = time.perf_counter()
    pictures = [
        outcome.decoded.image.pixels
        for outcome in decode_files(
            files,
            is_known=lambda _: False,
            limits=limits_from_settings(settings),
            threads=settings.decode_threads,
        )
        if isinstance(outcome, FilePage) and outcome.decoded
    ]
    decoded = time.perf_counter()
    for place in range(0, len(pictures), settings.batch_size):
        library.describe_and_predict(pictures[place : place + settings.batch_size])
    return decoded - start, time.perf_counter() - decoded


def _plain_rate(photos: Sequence[Path]) -> float:
    """What a script without Pictor does: Pillow's whole picture, timm in eager float32, one at a time."""
    import timm
    import torch
    from PIL import Image

    model = timm.create_model("mobilenetv2_100", pretrained=False, num_classes=0).eval()
    config = timm.data.resolve_data_config({}, model=model)
    transform = timm.data.create_transform(**config)
    start = time.perf_counter()
    with torch.inference_mode():
        for path in photos:
            with Image.open(path) as picture:
                model(transform(picture.convert("RGB"))[None])
    return len(photos) / (time.perf_counter() - start)
