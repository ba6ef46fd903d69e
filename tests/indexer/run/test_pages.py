"""With pages = all every page of a TIFF is an image of its own, and stays one whatever happens to its file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import tifffile

from indexer.run import decode
from indexer.run.pipeline import index
from indexer.run.report import Event, Progress, Report
from indexer.upkeep.opening import open_or_create
from retrieval import Image, Library, Picture, Query, Settings, path_bytes
from retrieval.pictures.images import RGB, decode_image, encode_png
from tests.drawing import draw_scene
from tests.indexer.command import make_without_backbone, run
from tests.indexer.contents import differences

ALL = Settings(pages="all", batch_size=2, decode_threads=1)
SCENES = [draw_scene(seed, 64, 48) for seed in range(6)]


def write_tiff(path: Path, pages: list[RGB], **options: object) -> None:
    path.parent.mkdir(exist_ok=True)
    with tifffile.TiffWriter(path) as writer:
        for number, pixels in enumerate(pages, 1):
            writer.write(pixels, photometric="rgb", description=f"sheet number {number}", **options)  # type: ignore[arg-type]


def make_library(folder: Path, settings: str = 'pages = "all"\nbatch_size = 2\ndecode_threads = 1\n') -> Path:
    path = make_without_backbone(folder)
    (path / "library.toml").write_text(settings)
    return path


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return make_library(tmp_path / "library")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    write_tiff(folder / "book.tif", SCENES[:5])
    (folder / "single.png").write_bytes(encode_png(SCENES[5]))
    return folder


def index_library(library: Path, folder: Path) -> Report:
    with open_or_create(library) as opened:
        return index(opened, [path_bytes(folder)], captions={}, on_event=lambda _: None)


def stored_images(library: Path) -> list[Image]:
    with Library.open(library) as opened, opened.catalog.reading() as reader:
        return list(reader.load_images(reader.find_ids().tolist()).values())


def stored_locations(library: Path) -> list[tuple[str, int, bool]]:
    return sorted(
        (Path(location.display).name, location.page, location.missing_since is None)
        for image in stored_images(library)
        for location in image.locations
    )


BOOK = [("book.tif", page, True) for page in range(1, 6)]
SINGLE = ("single.png", 1, True)


def test_every_page_is_an_image_with_its_own_picture(library: Path, folder: Path) -> None:
    report = index_library(library, folder)
    assert (report.files, report.added, report.problems) == (2, 6, ())
    assert stored_locations(library) == [*BOOK, SINGLE]
    with Library.open(library) as opened:
        for image in stored_images(library):
            [location] = image.locations
            expected = SCENES[5] if image.format == "png" else SCENES[location.page - 1]
            shown = decode_image(opened.render_preview(image.id), name="it").pixels
            assert np.abs(shown.astype(int) - expected).mean() < 12
            small = decode_image(opened.load_thumbnail(image.id), name="it").pixels
            assert np.abs(small.astype(int) - expected).mean() < 12


def test_a_page_is_found_and_named(library: Path, folder: Path, tmp_path: Path) -> None:
    index_library(library, folder)
    (tmp_path / "query.png").write_bytes(encode_png(SCENES[3]))
    with Library.open(library) as opened:
        best = opened.search(Query((Picture(tmp_path / "query.png"),))).hits[0].image
    assert (Path(best.path).name, best.page) == ("book.tif", 4)
    assert best.display_with_page == f"{best.path}, page 4"
    assert best.caption == "sheet number 4"
    shown = json.loads(run("show", best.id, "--library", library, "--json"))
    assert (shown["page"], shown["locations"][0]["page"]) == (4, 4)
    assert f"{best.path}, page 4" in run("show", best.id, "--library", library)


def test_the_first_page_stands_for_its_file(library: Path, folder: Path) -> None:
    """What lies beside it is said of the first page, and its path leads there."""
    (folder / "book.txt").write_text("a whole book")
    index_library(library, folder)
    captions = {
        image.page: image.field_values("caption")
        for image in stored_images(library)
        if image.format == "tiff"
    }
    assert captions == {
        1: ("a whole book", "sheet number 1"), **{page: (f"sheet number {page}",) for page in range(2, 6)}
    }  # fmt: skip
    assert json.loads(run("show", folder / "book.tif", "--library", library, "--json"))["page"] == 1


def test_only_the_first_page_counts_unless_all_are_wanted(folder: Path, tmp_path: Path) -> None:
    library = make_library(tmp_path / "library", "")
    assert index_library(library, folder).added == 2
    assert stored_locations(library) == [BOOK[0], SINGLE]


def test_running_again_changes_nothing(library: Path, folder: Path) -> None:
    index_library(library, folder)
    before = stored_images(library)
    report = index_library(library, folder)
    assert (report.unchanged, report.added, report.has_news) == (2, 0, False)
    assert stored_images(library) == before
    os.utime(folder / "book.tif", (1_900_000_000, 1_900_000_000))
    report = index_library(library, folder)
    assert (report.changed, report.added, report.copies, report.moved) == (1, 0, 0, 0)
    assert stored_locations(library) == [*BOOK, SINGLE]


def test_pages_that_are_gone_lose_their_place(library: Path, folder: Path) -> None:
    index_library(library, folder)
    write_tiff(folder / "book.tif", [SCENES[1], SCENES[2]])
    os.utime(folder / "book.tif", (1_900_000_000, 1_900_000_000))
    report = index_library(library, folder)
    assert (report.changed, report.added) == (1, 0)  # the pages that stay are the same pictures
    assert stored_locations(library) == [*BOOK[:2], SINGLE]
    assert len(stored_images(library)) == 3


def test_a_file_that_moves_or_is_copied_takes_its_pages_along(library: Path, folder: Path) -> None:
    index_library(library, folder)
    ids = [image.id for image in stored_images(library)]
    (folder / "book.tif").rename(folder / "moved.tif")
    report = index_library(library, folder)
    assert (report.moved, report.copies, report.added) == (1, 0, 0)
    assert [image.id for image in stored_images(library)] == ids
    assert [entry for entry in stored_locations(library) if entry[0] == "moved.tif"] == [
        ("moved.tif", p, True) for p in range(1, 6)
    ]
    assert [entry for entry in stored_locations(library) if entry[0] == "book.tif"] == []
    assert {image.page for image in stored_images(library) if Path(image.path).name == "moved.tif"} == {
        1,
        2,
        3,
        4,
        5,
    }


def test_a_missing_file_is_missing_with_all_pages_and_comes_back_with_them(
    library: Path, folder: Path
) -> None:
    index_library(library, folder)
    (folder / "book.tif").rename(folder.parent / "away.tif")
    assert index_library(library, folder).missing == 1
    assert not any(present for name, _, present in stored_locations(library) if name == "book.tif")
    (folder.parent / "away.tif").rename(folder / "book.tif")
    assert index_library(library, folder).returned == 1
    assert stored_locations(library) == [*BOOK, SINGLE]


def test_forgetting_a_path_forgets_all_pages(library: Path, folder: Path) -> None:
    index_library(library, folder)
    assert "5 images forgotten" in run("remove", folder / "book.tif", "--library", library)
    assert stored_locations(library) == [SINGLE]


class Broken(Exception):
    """Stands for a kill: the batches before it are acknowledged, nothing after it happens."""


def test_a_run_that_is_broken_off_between_pages_is_made_good_by_the_next(
    library: Path, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(Broken), open_or_create(library) as opened:
        index(opened, [path_bytes(folder)], captions={}, on_event=_break_at_first_progress)
    assert stored_locations(library) == [*BOOK[1:3]]
    index_library(library, folder)
    undisturbed = make_library(tmp_path / "other")
    index_library(undisturbed, folder)
    assert stored_locations(library) == stored_locations(undisturbed) == [*BOOK, SINGLE]
    assert not [
        difference for difference in differences(library, undisturbed) if "projections" not in difference
    ]


def test_a_file_that_goes_after_a_run_was_broken_off_is_missing(library: Path, folder: Path) -> None:
    with pytest.raises(Broken), open_or_create(library) as opened:
        index(opened, [path_bytes(folder)], captions={}, on_event=_break_at_first_progress)
    (folder / "book.tif").unlink()
    assert index_library(library, folder).missing == 1
    assert not any(present for name, _, present in stored_locations(library) if name == "book.tif")


def _break_at_first_progress(event: Event) -> None:
    if isinstance(event, Progress):
        raise Broken


def test_a_page_that_cannot_be_read_ends_its_file_and_is_reported(library: Path, folder: Path) -> None:
    damaged = bytearray((folder / "book.tif").read_bytes())
    with tifffile.TiffFile(folder / "book.tif") as file:
        [tag] = [tag_entry for tag_entry in file.pages[2].tags if tag_entry.name == "ImageWidth"]
        damaged[tag.valueoffset : tag.valueoffset + 4] = b"\xff\xff\xff\x7f"
    (folder / "book.tif").write_bytes(bytes(damaged))
    report = index_library(library, folder)
    assert stored_locations(library) == [*BOOK[:2], SINGLE]
    [problem] = report.problems
    assert (problem.path, problem.code) == (path_bytes(folder / "book.tif"), "too-many-pixels")
    assert problem.reason.startswith("page 3: ")
    with Library.open(library) as opened, opened.catalog.reading() as reader:
        assert [problem.code for problem in reader.load_problems()] == ["too-many-pixels"]


def test_more_pages_than_are_looked_at_are_reported(
    library: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decode, "MAX_PAGES", 3)
    [problem] = index_library(library, folder).problems
    assert (problem.code, "more than 3 pages" in problem.reason) == ("too-many-pages", True)
    assert stored_locations(library) == [*BOOK[:3], SINGLE]


def test_pages_of_bands_are_read_whole(library: Path, tmp_path: Path) -> None:
    deep = [scene.astype(np.uint16) * 257 for scene in SCENES[:3]]
    write_tiff(tmp_path / "deep" / "stack.tif", deep, compression="lzw")  # type: ignore[arg-type]
    assert index_library(library, tmp_path / "deep").added == 3
    with Library.open(library) as opened:
        for image in stored_images(library):
            shown = decode_image(opened.render_preview(image.id), name="it").pixels
            assert np.abs(shown.astype(int) - SCENES[image.page - 1]).mean() < 12
