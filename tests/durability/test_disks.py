"""Disks without inodes for another file, and disks that have become read-only."""

from __future__ import annotations

import gc
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.crash import make_space
from indexer.upkeep.check import check_library
from indexer.upkeep.opening import open_existing
from retrieval import Library, Query, StorageFailed, Text, WriterLock
from tests.wording import add_words

INODES = 40
HARBOUR = Query((Text("harbour"),))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with inodes for 40 files."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size=16m,nr_inodes={INODES}", "tmpfs", place]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk takes root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def library(disk: Path) -> Path:
    """A library on it with one published image."""
    library = make_space(disk / "library")
    with open_existing(library) as opened:
        add_words(opened, caption="harbour", publish=True)
    return library


def images_of(library: Path) -> list[int]:
    with Library.open(library) as reader:
        return reader.search(HARBOUR).ids


def fill_disk(disk: Path, free: int) -> Path:
    """A folder of empty files that leaves `free` inodes."""
    ballast = disk / "ballast"
    shutil.rmtree(ballast, ignore_errors=True)
    ballast.mkdir()
    status = subprocess.run(["df", "--output=iavail", disk], capture_output=True, text=True, check=True)
    for number in range(int(status.stdout.split()[1]) - free):
        (ballast / str(number)).touch()
    return ballast


# Whoosh does not close its files when it fails; they are closed when the test drops them.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_disk_without_inodes_is_said_and_one_with_some_is_enough(disk: Path, library: Path) -> None:
    """Each attempt has two inodes more, until publishing succeeds. Meanwhile, acknowledged images are found."""
    refusals = []
    for free in range(0, INODES, 2):
        fill_disk(disk, free)
        try:
            with open_existing(library) as opened:
                add_words(opened, caption="harbour")
                opened.publish()
                break
        except StorageFailed as error:
            refusals.append(str(error))
        gc.collect()
        held = images_of(library)
        assert held == list(range(1, len(held) + 1))
    assert len(refusals) > 3
    assert all("storage failed (" in refusal and "free some space" in refusal for refusal in refusals)
    shutil.rmtree(disk / "ballast")
    with open_existing(library) as opened:
        add_words(opened, caption="harbour", publish=True)
        assert [
            finding
            for finding in check_library(opened)
            if finding.code not in ("undescribed", "file-missing")
        ] == []
    assert len(images_of(library)) > 1


def test_a_disk_that_became_read_only_is_searched_and_not_written(disk: Path, library: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    assert images_of(library) == [1]
    with pytest.raises(StorageFailed, match="Read-only file system"), WriterLock(library):
        pass
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    with open_existing(library) as opened:
        add_words(opened, caption="harbour", publish=True)
    assert images_of(library) == [1, 2]
