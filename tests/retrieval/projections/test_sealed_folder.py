"""Folders that are verified where they are read: no damaged byte is ever given out."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from retrieval import ProjectionDamaged
from retrieval.durable import share_file, write_folder
from retrieval.manifest import BLOCK_BYTES, MANIFEST, Manifest
from retrieval.projections.sealed_folder import SealedArray, SealedFolder
from retrieval.projections.verified_files import MOST_REMEMBERED, VerifiedFiles

ROWS = np.random.default_rng(5).integers(0, 256, (1000, 300), np.uint8)  # more than four blocks
WIDTH = ROWS.shape[1]


def write_rows(root: Path, name: str, before: Path | None = None) -> Path:
    def fill(folder: Path) -> None:
        np.save(folder / "rows.npy", ROWS)
        (folder / "empty").touch()
        if before is not None:
            share_file(before / "shared", folder / "shared")
        else:
            (folder / "shared").write_bytes(ROWS.tobytes())

    write_folder(root, name, fill, before=before)
    return root / name


def open_folder(path: Path) -> SealedFolder:
    return SealedFolder(path, Manifest.load(path))


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    folder = open_folder(write_rows(tmp_path, "one"))
    assert folder.names == ["empty", "rows.npy", "shared"]
    assert folder.read_file("empty") == b""
    assert folder.read_file("shared") == ROWS.tobytes()
    array = folder.load_array("rows.npy")
    assert (array.shape, len(array)) == (ROWS.shape, len(ROWS))
    np.testing.assert_array_equal(array.read(3, 700), ROWS[3:700])
    positions = np.array([999, 0, 218, 218])
    np.testing.assert_array_equal(array.take(positions), ROWS[positions])
    np.testing.assert_array_equal(array.take(np.empty(0, np.int64)), ROWS[:0])
    np.testing.assert_array_equal(array.read_all(), ROWS)
    folder.verify_all()
    assert folder.damage is None


@pytest.mark.parametrize("place", [0, BLOCK_BYTES - 1, BLOCK_BYTES, 3 * BLOCK_BYTES + 17, ROWS.size - 1])
def test_a_flipped_bit_is_met_by_whoever_reads_its_block_and_by_nobody_else(
    tmp_path: Path, place: int
) -> None:
    path = write_rows(tmp_path, "one")
    flip(path / "shared", place)
    folder = open_folder(path)
    array = SealedArray(folder.open_file("shared"), np.uint8, ROWS.shape)
    block = place // BLOCK_BYTES
    for row in range(0, len(ROWS), 20):
        touched = range(row * WIDTH // BLOCK_BYTES, ((row + 1) * WIDTH - 1) // BLOCK_BYTES + 1)
        for read in (
            lambda row=row: array.take(np.array([row]))[0],
            lambda row=row: array.read(row, row + 1)[0],
        ):
            if block in touched:
                with pytest.raises(
                    ProjectionDamaged, match=rf"^one: .*shared: a wrong checksum in block {block}"
                ):
                    read()
            else:
                np.testing.assert_array_equal(read(), ROWS[row])
    for read_all in (array.read_all, folder.verify_all):
        with pytest.raises(ProjectionDamaged):
            read_all()
    assert folder.damage is not None


def test_a_file_of_another_size_or_none_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = write_rows(tmp_path, "one")
    os.truncate(path / "shared", ROWS.size - 1)
    (path / "empty").unlink()
    for name in ("shared", "empty"):
        with pytest.raises(ProjectionDamaged, match=f"^one: .*{name}: "):
            open_folder(path).open_file(name)


def test_an_open_file_outlives_its_folder(tmp_path: Path) -> None:
    path = write_rows(tmp_path, "one")
    array = open_folder(path).load_array("rows.npy")
    for file in path.iterdir():
        file.unlink()
    np.testing.assert_array_equal(array.read_all(), ROWS)


def test_damage_of_a_shared_file_is_not_sealed_anew(tmp_path: Path) -> None:
    before = write_rows(tmp_path, "one")
    time = (before / "shared").stat().st_mtime_ns
    flip(before / "shared", 70_000)
    os.utime(before / "shared", ns=(time, time))  # as a disk damages it: without a trace
    after = write_rows(tmp_path, "two", before)
    assert Manifest.load(after).digests == Manifest.load(before).digests
    with pytest.raises(ProjectionDamaged, match=r"^two: .*shared: a wrong checksum in block 1"):
        open_folder(after).verify_all()


def test_a_file_is_compared_once_unless_it_was_written_to_since(tmp_path: Path) -> None:
    before, verified = write_rows(tmp_path, "one"), VerifiedFiles()
    open_folder(before).verify_all(verified)
    time = (before / "shared").stat().st_mtime_ns
    flip(before / "shared", 70_000)
    with pytest.raises(ProjectionDamaged, match=r"^one: .*shared: a wrong checksum in block 1"):
        open_folder(before).verify_all(verified)
    os.utime(before / "shared", ns=(time, time))  # as a disk damages it: without a trace
    after = open_folder(write_rows(tmp_path, "two", before))
    after.verify_all(verified)
    for known in (None, VerifiedFiles()):  # who reads everything, and another process
        with pytest.raises(ProjectionDamaged, match=r"^two: .*shared: a wrong checksum in block 1"):
            after.verify_all(known)
    for again in (True, False):  # what was found damaged is not trusted any more
        with pytest.raises(ProjectionDamaged, match=r"^two: .*shared: a wrong checksum in block 1"):
            after.verify_all(verified, again=again)


def test_what_was_compared_long_ago_is_forgotten() -> None:
    verified = VerifiedFiles()
    for number in range(MOST_REMEMBERED + 1):
        verified.add((0, number, 1, 1), b"digest")
    assert not verified.has((0, 0, 1, 1), b"digest")
    assert verified.has((0, 1, 1, 1), b"digest")
    assert not verified.has((0, 1, 1, 1), b"other")


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = write_rows(tmp_path, "one")
    manifest = Manifest.load(path)
    assert manifest.to_bytes() == (path / MANIFEST).read_bytes()
    assert manifest == Manifest.of_folder(path)
    assert dict(manifest.sizes) == {"empty": 0, "rows.npy": ROWS.size + 128, "shared": ROWS.size}


def test_an_array_of_python_objects_is_refused(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        np.save(folder / "rows.npy", np.array([{}]), allow_pickle=True)

    write_folder(tmp_path, "one", fill)
    with pytest.raises(ValueError, match=r"^rows.npy: an array of another layout"):
        open_folder(tmp_path / "one").load_array("rows.npy")
