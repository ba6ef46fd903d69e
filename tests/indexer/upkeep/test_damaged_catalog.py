"""A catalog with flipped bytes, and one whose log was removed: an error that says what to do, or an answer.

PICTOR_FLIPS sets how many bytes are flipped, each in a copy of its own.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.run.pipeline import index
from indexer.upkeep.check import check_library
from indexer.upkeep.opening import open_existing
from retrieval import Library, RetrievalError, StorageFailed, parse_query, path_bytes
from retrieval.catalog.engine import PAGE_BYTES
from tests.drawing import write_scenes
from tests.indexer.command import make_without_backbone, pictor

FLIPS = int(os.environ.get("PICTOR_FLIPS", "40"))
PAGE = PAGE_BYTES  # what a page of SQLite is built by lies at its beginning
HEAD = 12  # bytes


@pytest.fixture
def library(tmp_path: Path) -> Path:
    write_scenes(tmp_path / "pictures", 6)
    made = make_without_backbone(tmp_path / "library")
    index_pictures(made, tmp_path / "pictures")
    return made


def index_pictures(library: Path, pictures: Path) -> None:
    with open_existing(library) as opened:
        index(opened, [path_bytes(pictures)], captions={}, on_event=lambda event: None)


def look(library: Path) -> None:
    with Library.open(library) as opened:
        list(check_library(opened))


def ask(library: Path) -> None:
    with Library.open(library) as opened:
        opened.search(parse_query("scene"))


def write(library: Path) -> None:
    with open_existing(library) as opened:
        opened.publish(anew=True)


def error_message(work: Callable[[Path], None], library: Path) -> str:
    """What an error says, or nothing; only errors that Pictor raises on purpose are errors here."""
    try:
        work(library)
    except RetrievalError as error:
        return str(error)
    return ""


def test_a_flipped_byte_is_an_error_with_advice_or_harmless(library: Path, tmp_path: Path) -> None:
    chance, data = random.Random(17), (library / "catalog.sqlite").read_bytes()
    heads = [
        page * PAGE + chance.randrange(HEAD) for page in chance.choices(range(len(data) // PAGE), k=FLIPS)
    ]
    anywhere = chance.choices(range(len(data)), k=FLIPS)
    errors = []
    for place in (heads + anywhere)[::2]:
        damaged = shutil.copytree(library, tmp_path / f"damaged-{place}", dirs_exist_ok=True)
        flipped = bytearray(data)
        flipped[place] ^= chance.randrange(1, 256)
        (damaged / "catalog.sqlite").write_bytes(flipped)
        errors += [error_message(work, damaged) for work in (look, ask, write)]
        shutil.rmtree(damaged)
    found = {message for message in errors if message}
    malformed = [message for message in found if "malformed" in message]
    assert malformed
    assert all("pictor restore" in message for message in malformed)
    assert all("; " in message for message in found), "each says what to do"


def test_a_catalog_that_is_found_damaged_is_exit_code_4_and_not_written_to(library: Path) -> None:
    """The root of the schema itself, which is read by every command that opens the catalog."""
    path = library / "catalog.sqlite"
    data = bytearray(path.read_bytes())
    data[100:108] = b"\xff" * 8
    path.write_bytes(data)
    for command in (("search", "scene"), ("check",), ("index", library.parent / "pictures"), ("rebuild",)):
        done = pictor(*command, "--library", library)
        assert (done.returncode, done.stdout) == (4, "")
        assert StorageFailed.RESTORE in done.stderr
    assert path.read_bytes() == data


def test_a_log_that_was_removed_after_a_kill_loses_the_last_commits_and_no_more(
    library: Path, tmp_path: Path
) -> None:
    """The projections are then newer than the catalog: another run brings both to what lies in the folder."""
    write_scenes(tmp_path / "pictures", 9)
    with open_existing(library) as opened:
        index(opened, [path_bytes(tmp_path / "pictures")], captions={}, on_event=lambda event: None)
        assert (library / "catalog.sqlite-wal").stat().st_size, "not yet in the catalog itself"
        left = shutil.copytree(library, tmp_path / "left", ignore=shutil.ignore_patterns("*-wal", "*-shm"))
    with Library.open(left) as opened:
        assert opened.count_images() == 6
        assert "catalog-damaged" not in {finding.code for finding in check_library(opened)}
    error = error_message(ask, left)
    assert not error or "run `pictor rebuild`" in error
    index_pictures(left, tmp_path / "pictures")
    with Library.open(left) as opened:
        assert opened.count_images() == 9
        assert list(check_library(opened)) == []
        assert len(opened.search(parse_query("")).hits) == 9
