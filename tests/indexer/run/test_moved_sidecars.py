"""What follows a picture that was moved: what lies beside it now, and no path where there is nothing.

The sources named in tests are public reports about programs of this kind.
"""

from __future__ import annotations

import os
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.run.captions import Captions, read_captions
from indexer.run.pipeline import index
from indexer.run.report import Report
from indexer.upkeep.check import check_library
from indexer.upkeep.opening import open_existing
from retrieval import Library, parse_query, path_bytes
from tests.drawing import write_scenes
from tests.indexer.command import make_without_backbone
from tests.indexer.contents import image_at
from tests.metadata_files import xmp_list, xmp_packet

NO_CAPTIONS: Captions = {}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder `trip` with two pictures."""
    write_scenes(tmp_path / "pictures" / "trip", 2)
    return tmp_path / "pictures"


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PICTOR_DECODE_THREADS", "1")
    return make_without_backbone(tmp_path / "library")


def index_pictures(library: Path, *folders: Path, captions: Captions = NO_CAPTIONS) -> Report:
    """A run after which nothing is found to be wrong."""
    with open_existing(library) as opened:
        roots = [path_bytes(folder) for folder in folders]
        report = index(opened, roots, captions=captions, on_event=lambda event: None)
        assert [finding.code for finding in check_library(opened) if finding.code != "file-missing"] == []
        return report


def found_paths(library: Path, line: str) -> list[str]:
    with Library.open(library) as opened:
        return sorted(hit.image.path for hit in opened.search(parse_query(line)).hits)


def places(library: Path, path: Path) -> list[Path]:
    """Every path of the image at this one."""
    return [Path(location.display) for location in image_at(library, path).locations]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("scene-000.txt", b"walrus"),
        ("scene-000.jpg.json", b'{"tags": ["walrus"]}'),
        ("scene-000.jpg.xmp", xmp_packet(xmp_list("dc:subject", "walrus"))),
    ],
    ids=["text", "json", "xmp"],
)
def test_a_sidecar_that_is_left_behind_says_nothing_of_the_picture(
    folder: Path, library: Path, name: str, data: bytes
) -> None:
    """darktable#4438: pictures are moved, and what lay beside them stays where it was."""
    (folder / "trip" / name).write_bytes(data)
    index_pictures(library, folder)
    assert found_paths(library, "walrus")
    (folder / "home").mkdir()
    (folder / "trip" / "scene-000.jpg").rename(folder / "home" / "scene-000.jpg")
    report = index_pictures(library, folder)
    assert (report.moved, report.missing, report.sidecars_gone) == (1, 0, 1)
    assert found_paths(library, "walrus") == []
    assert found_paths(library, "folder:home") == [str(folder / "home" / "scene-000.jpg")]
    assert len(found_paths(library, "folder:trip")) == 1


def test_a_sidecar_is_moved_without_its_picture(folder: Path, library: Path) -> None:
    """czkawka#1725: what is written beside one picture comes to lie beside another."""
    (folder / "trip" / "scene-000.txt").write_text("walrus")
    index_pictures(library, folder)
    (folder / "trip" / "scene-000.txt").rename(folder / "trip" / "scene-001.txt")
    index_pictures(library, folder)
    assert found_paths(library, "walrus") == [str(folder / "trip" / "scene-001.jpg")]


def test_a_picture_is_moved_with_what_lies_beside_it(folder: Path, library: Path) -> None:
    """photoprism-docs#87: a change of the folder is a move, and what was said of the picture stays."""
    captions = folder.parent / "captions.csv"
    captions.write_text("path,title\npictures/trip/scene-000.jpg,Golden Wedding\n")
    (folder / "trip" / "scene-000.txt").write_text("walrus")
    index_pictures(library, folder, captions=read_captions(captions))
    before = image_at(library, folder / "trip" / "scene-000.jpg").id
    (folder / "trip").rename(folder / "Trip2019")
    report = index_pictures(library, folder, captions=read_captions(captions))
    assert (report.moved, report.missing) == (2, 0)
    moved = folder / "Trip2019" / "scene-000.jpg"
    assert image_at(library, moved).id == before
    assert found_paths(library, "walrus") == found_paths(library, '"golden wedding"') == [str(moved)]
    assert found_paths(library, "folder:trip") == []
    assert places(library, moved) == [moved]


def test_a_copy_at_the_old_place_stays_with_its_words(folder: Path, library: Path) -> None:
    old, new = folder / "trip" / "scene-000.jpg", folder / "home" / "again.jpg"
    old.with_suffix(".txt").write_text("walrus")
    index_pictures(library, folder)
    new.parent.mkdir()
    shutil.copy(old, new)
    assert index_pictures(library, folder).copies == 1
    assert places(library, old) == [new, old]
    assert found_paths(library, "walrus") == found_paths(library, "folder:home") == [str(new)]
    new.unlink()
    assert index_pictures(library, folder).missing == 1
    assert places(library, old) == [old]
    assert found_paths(library, "folder:home") == []


@pytest.mark.parametrize("is_mounted", [False, True], ids=["no mount point", "empty mount point"])
def test_a_drive_is_mounted_elsewhere(folder: Path, library: Path, is_mounted: bool) -> None:
    """immich#18933, immich#23725: the path that is named is one that exists."""
    (folder / "trip" / "scene-000.txt").write_text("walrus")
    index_pictures(library, folder)
    other = folder.parent / "other"
    folder.rename(other)
    if is_mounted:
        folder.mkdir()
    report = index_pictures(library, other)
    assert (report.added, report.moved, report.copies) == (0, 2, 0)
    moved = other / "trip" / "scene-000.jpg"
    assert places(library, moved) == [moved]
    assert found_paths(library, "walrus") == [str(moved)]
    assert found_paths(library, f'folder:"{folder}"') == []


def test_pictures_that_were_not_found_elsewhere_lose_nothing(folder: Path, library: Path) -> None:
    """The old root is gone, and another one has a copy of one of its two pictures."""
    old = folder / "trip"
    for name in ("scene-000", "scene-001"):
        (old / f"{name}.txt").write_text("walrus")
    index_pictures(library, folder)
    other = folder.parent / "other"
    other.mkdir()
    shutil.copy(old / "scene-001.jpg", other)
    folder.rename(folder.parent / "unplugged")
    index_pictures(library, other)
    assert found_paths(library, "walrus") == [str(old / "scene-000.jpg")]
    assert image_at(library, old / "scene-000.jpg").locations[0].missing_since is None
    (folder.parent / "unplugged").rename(folder)
    report = index_pictures(library, folder)
    assert (report.added, report.described_again, report.missing) == (0, 0, 0)
    assert len(found_paths(library, "walrus folder:trip")) == 2


def test_a_folder_is_renamed_and_only_what_is_below_it_is_indexed(folder: Path, library: Path) -> None:
    """immich#23725: a folder above the one that is looked at was renamed."""
    shutil.move(folder / "trip", folder / "above" / "trip")
    index_pictures(library, folder / "above" / "trip")
    (folder / "above").rename(folder / "Above2019")
    report = index_pictures(library, folder / "Above2019" / "trip")
    assert report.moved == 2
    assert found_paths(library, "folder:above") == []
    assert len(found_paths(library, "folder:above2019")) == 2


def _link_all(old: Path, new: Path) -> None:
    """Both spellings name one file, as where the file system does not tell them apart."""
    new.mkdir()
    for path in old.iterdir():
        os.link(path, new / path.name)


@pytest.mark.parametrize(
    ("old", "new"),
    [("PIter.2023", "Piter.2023"), ("Übung", unicodedata.normalize("NFD", "Übung"))],
    ids=["letter case", "letter form"],
)
@pytest.mark.parametrize("rename", [Path.rename, _link_all], ids=["told apart", "not told apart"])
def test_a_folder_is_spelled_otherwise(
    folder: Path, library: Path, old: str, new: str, rename: Callable[[Path, Path], object]
) -> None:
    """immich#29995: after such a change both paths stay in the library for good."""
    (folder / "trip").rename(folder / old)
    (folder / old / "scene-000.txt").write_text("walrus")
    index_pictures(library, folder / old)
    rename(folder / old, folder / new)
    report = index_pictures(library, folder / new)
    assert (report.added, report.moved) == (0, 2)
    moved = folder / new / "scene-000.jpg"
    assert places(library, moved) == [moved]
    assert found_paths(library, "walrus") == [str(moved)]


def test_two_names_of_one_file_are_two_places(folder: Path, library: Path) -> None:
    """Hard links: their spellings have nothing in common."""
    index_pictures(library, folder)
    (folder / "home").mkdir()
    os.link(folder / "trip" / "scene-000.jpg", folder / "home" / "linked.jpg")
    assert index_pictures(library, folder / "home").copies == 1
    assert len(places(library, folder / "home" / "linked.jpg")) == 2


def test_a_run_that_ends_before_the_sidecars_is_finished_by_the_next(folder: Path, library: Path) -> None:
    """The locations are written, and what lies beside them is not."""
    (folder / "trip" / "scene-000.txt").write_text("walrus")
    index_pictures(library, folder)
    (folder / "trip" / "scene-000.jpg").rename(folder / "elsewhere.jpg")
    with open_existing(library) as opened:

        def end_run(event: object) -> None:
            if type(event).__name__ == "Progress":
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            index(opened, [path_bytes(folder)], captions={}, on_event=end_run)
    index_pictures(library, folder)
    assert found_paths(library, "walrus") == []
    assert places(library, folder / "elsewhere.jpg") == [folder / "elsewhere.jpg"]
