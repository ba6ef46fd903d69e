"""From the bytes of a picture, through `pictor index`, to a search that finds it by what its file says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retrieval import Annotation, Library, read_status
from tests.indexer.command import make_without_backbone, pictor, run
from tests.indexer.contents import image_at
from tests.metadata_files import (
    EVERYTHING_EXIF,
    EVERYTHING_IPTC,
    EVERYTHING_XMP,
    exif_block,
    jpeg_file,
    png_file,
    tiff_file,
)


@pytest.fixture(scope="module")
def indexed_pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Pictures that say something, and a library of them."""
    folder = tmp_path_factory.mktemp("pictures")
    files = {
        "xmp.jpg": jpeg_file(xmp=EVERYTHING_XMP, seed=1),
        "iptc.jpg": jpeg_file(iptc=EVERYTHING_IPTC, seed=2),
        "exif.jpg": jpeg_file(exif=EVERYTHING_EXIF, seed=3),
        "all.jpg": jpeg_file(exif=EVERYTHING_EXIF, iptc=EVERYTHING_IPTC, xmp=EVERYTHING_XMP, seed=4),
        "xmp.png": png_file(EVERYTHING_XMP, seed=7),
        "both.tif": tiff_file(EVERYTHING_XMP, EVERYTHING_IPTC),
        "bad.jpg": jpeg_file(xmp=b"<!DOCTYPE a>" + EVERYTHING_XMP, seed=5),
        "DSC01234.jpg": jpeg_file(seed=6),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    library = make_without_backbone(folder.parent / "library-of-words")
    done = pictor("index", folder, "--library", library)
    assert done.returncode == 0, done.stderr
    return library, folder


def test_a_time_zone_comes_to_the_answer_and_the_day_stays_that_of_the_place(tmp_path: Path) -> None:
    """In UTC it is still the day before."""
    (tmp_path / "pictures").mkdir()
    dates = {0x9003: "2019:07:01 00:30:00", 0x9011: "+09:00"}
    (tmp_path / "pictures" / "a.jpg").write_bytes(jpeg_file(exif=exif_block({}, exif=dates)))
    library = make_without_backbone(tmp_path / "library-of-times")
    assert pictor("index", tmp_path / "pictures", "--library", library).returncode == 0
    for line, count in (("after:2019-07-01 before:2019-07-02", 1), ("before:2019-07-01", 0)):
        found = json.loads(pictor("search", line, "--json", "--library", library).stdout)
        assert [hit["taken_at"] for hit in found["hits"]] == ["2019-07-01T00:30:00+09:00"] * count
    assert "taken at 2019-07-01 00:30:00+09:00" in pictor("show", "1", "--library", library).stdout


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("fog", {"xmp.jpg", "all.jpg", "xmp.png", "both.tif"}),  # a keyword of XMP
        ("tag:pier", {"xmp.jpg", "all.jpg", "xmp.png", "both.tif"}),
        ("brighton", {"xmp.jpg", "all.jpg", "xmp.png", "both.tif"}),
        ("waves", {"iptc.jpg", "all.jpg", "both.tif"}),  # the caption of IPTC
        ("küste", {"iptc.jpg", "all.jpg", "both.tif"}),
        ('"grace hopper"', {"iptc.jpg", "all.jpg", "both.tif"}),
        ("germany", {"iptc.jpg", "all.jpg", "both.tif"}),
        ('"bought in kiel"', {"exif.jpg", "all.jpg"}),
        ("eva", {"exif.jpg", "all.jpg"}),
        ("48", set()),  # coordinates are no words
        ("dsc", set()),  # nor is what a camera calls its pictures
        ("01234", set()),
    ],
)
def test_a_search_finds_a_picture_by_what_its_file_says(
    indexed_pictures: tuple[Path, Path], line: str, names: set[str]
) -> None:
    hits = json.loads(run("search", line, "--library", indexed_pictures[0], "--json"))["hits"]
    assert {Path(hit["path"]).name for hit in hits} == names


def test_every_source_is_named_and_the_one_that_comes_first_gives_title_and_caption(
    indexed_pictures: tuple[Path, Path],
) -> None:
    library, folder = indexed_pictures
    image = image_at(library, folder / "all.jpg")
    assert image.field_values("title") == ("The pier", "Küste", "Boat at sea")
    assert (image.title, image.caption) == ("The pier", "Fog over the pier")
    assert image.field_values("place") == ("England", "Brighton", "Kiel", "Germany", "48.85822, -2.29450")
    assert Annotation("creator", "Grace Hopper", "iptc") in image.annotations
    assert {fact.source for fact in image.annotations} == {"xmp", "iptc", "exif"}


def test_metadata_that_are_not_to_be_trusted_leave_the_picture_without_words(
    indexed_pictures: tuple[Path, Path],
) -> None:
    library, folder = indexed_pictures
    assert image_at(library, folder / "bad.jpg").annotations == ()
    with Library.open(library) as opened:
        assert read_status(opened).problems == 0
