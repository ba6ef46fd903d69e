"""Kills indexing runs and lets the next one finish: nothing acknowledged is lost, nothing is left over.

The library of most kills ranks by words and colour alone, so that its runs do not spend their time on
loading torch; the command, the catalog and both kinds of projection are the real ones.
PICTOR_KILLS sets how many runs are killed; every moment is drawn with a seed.
"""

from __future__ import annotations

import logging
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from indexer.run.captions import read_captions
from indexer.run.pipeline import index
from indexer.upkeep.check import check_library
from indexer.upkeep.opening import LibrarySpec, open_or_create
from retrieval import Library, path_bytes, read_status
from retrieval.pictures.images import encode_png
from tests.drawing import draw_scene
from tests.indexer.command import ROOT, make_without_backbone
from tests.indexer.contents import answers, differences, generations
from tests.indexing import TINY

pytestmark = pytest.mark.crash

log = logging.getLogger(__name__)

KILLS = int(os.environ.get("PICTOR_KILLS", "3"))
PICTURES = 120
SETTINGS = {"PICTOR_BATCH_SIZE": "4", "PICTOR_PUBLISH_SHARE": "0.01"}  # 30 commits, and 3 publications
QUERIES = ("harbour", "scene", '"red boat" -night', "tag:tag3", "scene-007 harbour")
MAX_RUN_SECONDS = 60  # seconds that a run may take, on a machine that does much else

Moment = Callable[[Path], bool]  # whether it has come, for the library that a run is writing


@dataclass(frozen=True)
class Collection:
    """Pictures with captions, an empty library to start from, and what a run without a kill makes of it."""

    pictures: Path
    captions: Path
    empty: Path
    finished: Path
    seconds: float


@pytest.fixture(scope="module", autouse=True)
def settings() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory, settings: None) -> Collection:
    root = tmp_path_factory.mktemp("crash")
    paths = small_pictures(root / "pictures", PICTURES - 5)
    for path in paths[:5]:
        shutil.copy(path, root / "pictures" / f"copy-of-{path.name}")
    captions = root / "captions.csv"
    lines = [f"pictures/{path.name},red boat {n},harbour,tag{n % 7}" for n, path in enumerate(paths) if n % 3]
    captions.write_text("\n".join(["path,title,caption,tags", *lines]) + "\n")
    (root / "pictures" / "broken.jpg").write_bytes(b"no picture")
    make_without_backbone(root / "empty")
    shutil.copytree(root / "empty", root / "finished")
    started = time.monotonic()
    with start_run(root / "finished", root / "pictures", captions) as run:
        assert run.wait(MAX_RUN_SECONDS) == 1  # for the broken picture
    return Collection(
        root / "pictures", captions, root / "empty", root / "finished", time.monotonic() - started
    )


def small_pictures(folder: Path, count: int) -> list[Path]:
    """Scenes that cost little to describe: the kills are to fall on writing, not on arithmetic."""
    folder.mkdir()
    paths = [folder / f"scene-{seed:03}.png" for seed in range(count)]
    for seed, path in enumerate(paths):
        path.write_bytes(encode_png(draw_scene(seed, 48, 36)))
    return paths


def start_run(library: Path, pictures: Path, captions: Path, *options: str) -> subprocess.Popen[bytes]:
    command = ("index", pictures, "--library", library, "--captions", captions, *options)
    arguments = [sys.executable, "-m", "indexer.cli", *(str(argument) for argument in command)]
    return subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def count_images(library: Path) -> int:
    """How many images a reader sees at this moment; 0 while there is no schema."""
    try:
        connection = sqlite3.connect(f"file:{library}/catalog.sqlite?mode=ro", uri=True)
        try:
            return int(connection.execute("SELECT count(*) FROM image").fetchone()[0])
        finally:
            connection.close()
    except sqlite3.OperationalError:
        return 0


def after_images(count: int) -> Moment:
    return lambda library: count_images(library) >= count


def after_files(count: int) -> Moment:
    """When so many different files, temporary ones included, have been seen among the projections."""
    seen: set[str] = set()

    def has_come(library: Path) -> bool:
        folder = library / "projections"
        with_parts = [folder, *folder.glob("*.tmp")] if folder.is_dir() else []
        for part in with_parts:
            try:
                seen.update(os.listdir(part))
            except (FileNotFoundError, NotADirectoryError):
                continue
        return len(seen) >= count

    return has_come


def after_seconds(seconds: float) -> Moment:
    end = time.monotonic() + seconds
    return lambda library: time.monotonic() >= end


def draw_moment(chance: random.Random, seconds: float) -> tuple[str, Moment]:
    kind = chance.choice(("commit", "publishing", "clock"))
    if kind == "commit":
        count = chance.randrange(4, PICTURES - 5, 4)
        return f"commit of image {count}", after_images(count)
    if kind == "publishing":
        count = chance.randrange(1, 16)
        return f"projection file {count}", after_files(count)
    delay = chance.uniform(0.2, 1) * seconds
    return f"{delay:.2f} s", after_seconds(delay)


def kill_run(run: subprocess.Popen[bytes], library: Path, has_come: Moment, delay: float) -> bool:
    """Kill the run `delay` seconds after the moment has come; False when it finished first."""
    with run:
        while run.poll() is None and not has_come(library):
            time.sleep(0.001)
        time.sleep(delay)
        acknowledged = count_images(library)
        run.send_signal(signal.SIGKILL)
        code = run.wait(MAX_RUN_SECONDS)
    assert count_images(library) >= acknowledged
    return code == -signal.SIGKILL


def finish_run(library: Path, collection: Collection, spec: LibrarySpec) -> None:
    with open_or_create(library, spec) as opened:
        facts = read_captions(collection.captions)
        index(opened, [path_bytes(collection.pictures)], captions=facts, on_event=lambda event: None)


def assert_sound(library: Path) -> None:
    """What must hold at every moment: a consistent catalog, and a search that sees every image in it."""
    connection = sqlite3.connect(f"file:{library}/catalog.sqlite?mode=ro", uri=True)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
    count = count_images(library)
    if count:
        hits_by_query = answers(library)
        assert {len(hits) for hits in hits_by_query.values()} == {count - 1}  # all but the example


def assert_equal(library: Path, expected: Path) -> None:
    """The same facts under the same ids, the same hits, nothing to repair and no file too many."""
    assert differences(library, expected) == []
    assert answers(library, *QUERIES) == answers(expected, *QUERIES)
    with Library.open(library) as opened:
        assert list(check_library(opened)) == []
        live = [projection.generation for projection in read_status(opened).projections]
    assert generations(library) == sorted(live)
    assert {entry.name for entry in library.iterdir()} == {entry.name for entry in expected.iterdir()}


def test_the_comparison_can_fail(collection: Collection, tmp_path: Path) -> None:
    """A control: a library that lost a feature, and one with a file too many, are told apart."""
    for name, statement in (("lost", "DELETE FROM feature WHERE image_id = 7"), ("same", "SELECT 1")):
        library = shutil.copytree(collection.finished, tmp_path / name)
        with sqlite3.connect(library / "catalog.sqlite") as connection:
            connection.execute(statement)
        connection.close()
    with pytest.raises(AssertionError):
        assert_equal(tmp_path / "lost", collection.finished)
    assert_equal(tmp_path / "same", collection.finished)
    (tmp_path / "same" / "projections" / "words-0.tmp").mkdir()
    with pytest.raises(AssertionError):
        assert_equal(tmp_path / "same", collection.finished)


def test_killed_runs_lose_nothing_and_the_next_one_finishes(collection: Collection, tmp_path: Path) -> None:
    chance = random.Random(2026)
    kills = rounds = 0
    while kills < KILLS:
        rounds += 1
        assert rounds <= 10 * KILLS, "most runs finished before their moment came"
        library = shutil.copytree(collection.empty, tmp_path / str(rounds))
        for _ in range(chance.choice((1, 1, 2))):  # some runs are killed while they go on from a kill
            name, has_come = draw_moment(chance, collection.seconds)
            run = start_run(library, collection.pictures, collection.captions)
            was_killed = kill_run(run, library, has_come, chance.uniform(0, 0.02))
            kills += was_killed
            log.info("round %d: %s, %d images, killed: %s", rounds, name, count_images(library), was_killed)
            assert_sound(library)
        finish_run(library, collection, LibrarySpec())
        assert_equal(library, collection.finished)
        shutil.rmtree(library)


@pytest.fixture(scope="module")
def made_at_once(collection: Collection, tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """Twelve pictures, and a library of them that was made, with its backbone, in one go."""
    root = tmp_path_factory.mktemp("making")
    small_pictures(root / "pictures", 12)
    library_at_once = replace(collection, pictures=root / "pictures", finished=root / "finished")
    finish_run(library_at_once.finished, library_at_once, TINY)
    return library_at_once


@pytest.mark.parametrize("sign", ["catalog.sqlite", "backbones/*"])
def test_a_library_whose_making_was_killed_is_made_by_the_next_run(
    made_at_once: Collection, tmp_path: Path, sign: str
) -> None:
    library, options = tmp_path / "library", ("--backbone", "test_resnet", "--weights", "untrained")
    run = start_run(library, made_at_once.pictures, made_at_once.captions, *options)
    assert kill_run(run, library, lambda path: any(path.glob(sign)), 0)
    finish_run(library, made_at_once, TINY)
    assert_equal(library, made_at_once.finished)
    backbones, expected = (os.listdir(path / "backbones") for path in (library, made_at_once.finished))
    assert sorted(backbones) == sorted(expected)
