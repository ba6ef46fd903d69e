"""The date in the name of a file: how it is read, and that every other date is better."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from indexer.run import pipeline
from indexer.run.dates_in_names import find_date_in_name
from indexer.upkeep.opening import open_existing
from retrieval import Annotation, Image, Library, images, parse_query, path_bytes
from tests.drawing import draw_scene
from tests.indexer.command import make_without_backbone
from tests.indexer.contents import image_at
from tests.indexer.run.test_sidecars import index_pictures, write_file
from tests.metadata_files import exif_block, jpeg_file

DAY = datetime(2019, 6, 17)


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        # photoprism#2414, #1102 and LibrePhotos#416: WhatsApp.
        ("IMG-20190617-WA0001.jpg", DAY),
        ("WhatsApp Image 2019-06-17 at 12.34.56.jpeg", DAY.replace(hour=12, minute=34, second=56)),
        # sortphotos#158 and memories#1559: phones and their screenshots.
        ("PXL_20190617_123456789.jpg", DAY.replace(hour=12, minute=34, second=56)),
        ("Screenshot_2019-06-17-12-34-56.png", DAY.replace(hour=12, minute=34, second=56)),
        ("Screenshot_20190617_123456_Edge.jpg", DAY.replace(hour=12, minute=34, second=56)),
        ("Screenshot 2019-06-17 at 12.34.56.png", DAY.replace(hour=12, minute=34, second=56)),
        ("20190617_123456.jpg", DAY.replace(hour=12, minute=34, second=56)),
        ("20190617_123456(0).jpg", DAY.replace(hour=12, minute=34, second=56)),
        ("WP_20190617_12_34_56_Pro.jpg", DAY.replace(hour=12, minute=34, second=56)),
        ("signal-2019-06-17-123456.jpg", DAY.replace(hour=12, minute=34, second=56)),
        ("photo_2019-06-17_12-34-56.jpg", DAY.replace(hour=12, minute=34, second=56)),
        ("2019-06-17 12.34.56.jpg", DAY.replace(hour=12, minute=34, second=56)),
        ("2019-06-17 Summer party.jpg", DAY),
        ("IMG_20190617_1234.jpg", DAY),  # a counter is no time
        ("IMG_20190617_250000.jpg", DAY),
        ("IMG_20190631_20190617.jpg", DAY),  # there is no 31st of June
        ("DSC01234.jpg", None),
        ("IMG_7777.jpg", None),
        ("100_2550.jpg", None),
        ("20191317.jpg", None),
        ("120190617.jpg", None),
        ("201906171.jpg", None),
        ("2019-0617.jpg", None),
        ("2234089303984509579.jpg", None),
        ("2019.jpg", None),
    ],
)
def test_a_name_has_a_date_or_none(name: str, moment: datetime | None) -> None:
    assert find_date_in_name(b"/2001-01-01/" + name.encode()) == moment


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PICTOR_DECODE_THREADS", "1")
    return make_without_backbone(tmp_path / "library")


def indexed_image(library: Path, path: Path) -> Image:
    index_pictures(library, path.parent)
    return image_at(library, path)


def write_picture(folder: Path, name: str, data: bytes = b"") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data or jpeg_file())
    return folder / name


def test_it_is_marked_by_its_source_and_found(library: Path, tmp_path: Path) -> None:
    image = indexed_image(library, write_picture(tmp_path / "p", "IMG-20190617-WA0001.jpg"))
    assert image.taken_at == DAY
    assert image.annotations == (Annotation("taken", "2019-06-17 00:00:00", "name"),)
    with Library.open(library) as opened:
        assert opened.search(parse_query("after:2019-06-17 before:2019-06-18")).ids == [image.id]


def test_dates_in_the_file_are_better(library: Path, tmp_path: Path) -> None:
    name = "IMG-20190617-WA0001.jpg"
    changed = exif_block({0x0132: "2022:03:03 10:00:00"})
    image = indexed_image(library, write_picture(tmp_path / "changed", name, jpeg_file(exif=changed, seed=2)))
    assert image.taken_at == datetime(2022, 3, 3, 10)
    shot = images.encode_jpeg(draw_scene(9, 64, 48), taken_at=datetime(2015, 5, 5))
    assert indexed_image(library, write_picture(tmp_path / "shot", name, shot)).taken_at == datetime(
        2015, 5, 5
    )


def test_a_sidecar_is_better_than_a_name_and_than_a_change(library: Path, tmp_path: Path) -> None:
    """photoprism#3716: the export of a WhatsApp picture knows its time."""
    changed = exif_block({0x0132: "2022:03:03 10:00:00"})
    paths = [
        write_picture(tmp_path / "p", "IMG-20190617-WA0001.jpg"),
        write_picture(tmp_path / "p", "changed.jpg", jpeg_file(exif=changed, seed=2)),
    ]
    for path in paths:
        write_file(Path(f"{path}.json"), json.dumps({"photoTakenTime": {"timestamp": "1577836800"}}))
    assert [indexed_image(library, path).taken_at for path in paths] == [datetime(2020, 1, 1)] * 2
    for path in paths:
        Path(f"{path}.json").unlink()
    assert [indexed_image(library, path).taken_at for path in paths] == [DAY, datetime(2022, 3, 3, 10)]


def test_a_new_name_gives_a_picture_without_a_date_one(library: Path, tmp_path: Path) -> None:
    path = write_picture(tmp_path / "p", "scan.jpg")
    shot = images.encode_jpeg(draw_scene(9, 64, 48), taken_at=datetime(2015, 5, 5))
    dated = write_picture(tmp_path / "p", "shot.jpg", shot)
    assert indexed_image(library, path).taken_at is None
    path = path.rename(path.with_name("2019-06-17 scan.jpg"))
    dated = dated.rename(dated.with_name("2019-06-17 shot.jpg"))
    assert indexed_image(library, path).taken_at == DAY
    assert image_at(library, dated).taken_at == datetime(2015, 5, 5)
    assert image_at(library, dated).field_values("taken") == ("2015-05-05 00:00:00",)


def test_describing_again_brings_the_dates_of_an_older_library_up_to_date(
    library: Path, tmp_path: Path
) -> None:
    scan = exif_block({0x0132: "2022:03:03 10:00:00"}, exif={0x9004: "1989:05:05 14:08:45"})
    path = write_picture(tmp_path / "p", "scan.jpg", jpeg_file(exif=scan))
    image = indexed_image(library, path)
    with open_existing(library) as opened, opened.catalog.writing() as writer:  # as an older version left it
        writer.replace_annotations(image.id, "exif", [])
    write_file(Path(f"{path}.json"), json.dumps({"photoTakenTime": {"timestamp": "1577836800"}}))
    assert indexed_image(library, path).taken_at == datetime(1989, 5, 5, 14, 8, 45)
    with open_existing(library) as opened:
        pipeline.index(opened, [path_bytes(path.parent)], captions={}, on_event=lambda event: None, anew=True)
    assert image_at(library, path).field_values("taken") == (
        "2020-01-01 00:00:00+00:00",
        "1989-05-05 14:08:45",
    )
    assert image_at(library, path).taken_at == datetime(1989, 5, 5, 14, 8, 45)
