"""What the library makes of files that are copied, renamed, edited, traded, deleted and brought back."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from retrieval import Library, Query, StoredPicture, path_bytes
from tests.drawing import write_scenes
from tests.indexer.contents import answers, contents, image_at, last_change
from tests.indexing import index_folder


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library"


def test_the_same_bytes_twice_are_one_image_at_two_paths(pictures: Path, library: Path) -> None:
    (pictures / "sub").mkdir()
    shutil.copy(pictures / "scene-004.jpg", pictures / "sub" / "again.jpg")
    report = index_folder(library, pictures)
    assert (report.files, report.added, report.copies, report.moved) == (13, 12, 1, 0)
    paths = [location.path for location in image_at(library, pictures / "scene-004.jpg").locations]
    assert paths == [path_bytes(pictures / "scene-004.jpg"), path_bytes(pictures / "sub" / "again.jpg")]


def test_a_renamed_file_keeps_its_image_and_its_feature(pictures: Path, library: Path) -> None:
    index_folder(library, pictures)
    before, name = contents(library)["images"], pictures / "scene-006.jpg"
    old = image_at(library, name)
    name.rename(pictures / "a-lighthouse.jpg")
    report = index_folder(library, pictures)
    assert (report.added, report.moved, report.copies, report.missing) == (0, 1, 0, 0)
    new = image_at(library, pictures / "a-lighthouse.jpg")
    assert (new.id, new.path) == (old.id, str(pictures / "a-lighthouse.jpg"))
    after = contents(library)["images"]
    assert {key: value["features"] for key, value in after.items()} == {
        key: value["features"] for key, value in before.items()
    }
    assert [image_id for image_id, _ in answers(library, "lighthouse")["lighthouse"]] == [old.id]


def test_an_edited_file_is_a_new_image_and_the_old_one_is_forgotten(pictures: Path, library: Path) -> None:
    index_folder(library, pictures)
    path = pictures / "scene-006.jpg"
    old = image_at(library, path)
    [other] = write_scenes(pictures.parent / "elsewhere", 1, first=90)
    path.write_bytes(other.read_bytes())
    report = index_folder(library, pictures)
    assert (report.added, report.changed, report.missing) == (1, 1, 0)
    assert image_at(library, path).id > old.id
    assert old.sha256 not in contents(library)["images"]
    with Library.open(library) as opened:
        found_ids = opened.search(Query((StoredPicture(1),), limit=100)).ids
    assert old.id not in found_ids
    assert len(found_ids) == 11


def test_a_touched_file_is_read_and_found_to_be_the_same(pictures: Path, library: Path) -> None:
    index_folder(library, pictures)
    before, seq = contents(library), last_change(library)
    os.utime(pictures / "scene-002.jpg", (1, 1))
    report = index_folder(library, pictures)
    assert (report.changed, report.added) == (1, 0)
    assert (contents(library), last_change(library)) == (before, seq)
    assert index_folder(library, pictures).unchanged == 12


@pytest.mark.parametrize("batch_size", ["1", "32"])
def test_files_that_trade_their_names_keep_their_images(
    pictures: Path, library: Path, monkeypatch: pytest.MonkeyPatch, batch_size: str
) -> None:
    monkeypatch.setenv("PICTOR_BATCH_SIZE", batch_size)
    index_folder(library, pictures)
    first, second = pictures / "scene-001.jpg", pictures / "scene-002.jpg"
    digests = image_at(library, first).sha256, image_at(library, second).sha256
    first.rename(pictures / "aside")
    second.rename(first)
    (pictures / "aside").rename(second)
    report = index_folder(library, pictures)
    assert (report.changed, report.problems) == (2, ())
    assert (image_at(library, second).sha256, image_at(library, first).sha256) == digests
    assert len(contents(library)["images"]) == 12


@pytest.mark.parametrize("batch_size", ["1", "32"])
def test_files_that_are_renumbered_keep_their_images(
    pictures: Path, library: Path, monkeypatch: pytest.MonkeyPatch, batch_size: str
) -> None:
    monkeypatch.setenv("PICTOR_BATCH_SIZE", batch_size)
    index_folder(library, pictures)
    before = contents(library)["images"]
    for number in range(11, -1, -1):
        (pictures / f"scene-{number:03}.jpg").rename(pictures / f"scene-{number + 1:03}.jpg")
    report = index_folder(library, pictures)
    assert report.problems == ()
    after = contents(library)["images"]
    assert after.keys() == before.keys()
    for number in range(12):
        shifted = image_at(library, pictures / f"scene-{number + 1:03}.jpg")
        [old] = [
            key for key, value in before.items() if value["places"][0][0].endswith(b"-%03d.jpg" % number)
        ]
        assert shifted.sha256 == old


def test_a_deleted_file_is_missing_and_still_found_until_it_returns(pictures: Path, library: Path) -> None:
    index_folder(library, pictures)
    path = pictures / "scene-005.jpg"
    before = answers(library, "scene-005")
    path.rename(pictures.parent / "aside.jpg")
    assert index_folder(library, pictures).missing == 1
    assert image_at(library, path).locations[0].missing_since is not None
    assert answers(library, "scene-005") == before
    (pictures.parent / "aside.jpg").rename(path)
    report = index_folder(library, pictures)
    assert (report.returned, report.missing, report.changed) == (1, 0, 0)
    assert image_at(library, path).locations[0].missing_since is None
