"""What a picture was taken with goes from its file to the catalog, and filters and facets find it there."""

from __future__ import annotations

import shutil
from pathlib import Path

from PIL import Image

from retrieval import Annotation, Filters, Library, parse_query
from tests.indexer.contents import image_at, last_change
from tests.indexing import index_folder

CAMERA = Annotation("camera", "Canon EOS 5D", "exif")


def add_camera(path: Path, make: str = "Canon", model: str = "Canon EOS 5D") -> Path:
    """Make a picture one that such a camera took."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = make, model
    with Image.open(path) as image:
        image.save(path, exif=exif)
    return path


def test_the_camera_is_stored_once_and_found(pictures: Path, tmp_path: Path) -> None:
    taken = [add_camera(pictures / f"scene-00{number}.jpg") for number in (1, 2)]
    shutil.copy(taken[0], pictures / "a-copy.jpg")
    index_folder(tmp_path / "library", pictures)
    before = last_change(tmp_path / "library")
    index_folder(tmp_path / "library", pictures)
    assert last_change(tmp_path / "library") == before
    images = [image_at(tmp_path / "library", path) for path in taken]
    assert [image.annotations for image in images] == [(CAMERA,), (CAMERA,)]
    with Library.open(tmp_path / "library") as library, library.catalog.reading() as reader:
        asked = Filters(cameras=("CANON eos 5d",))
        assert reader.find_ids(asked).tolist() == sorted(image.id for image in images)
        assert reader.count_facets()["camera"].counts == (("Canon EOS 5D", 2),)


def test_captions_come_and_go_beside_it(pictures: Path, tmp_path: Path) -> None:
    taken = add_camera(pictures / "scene-001.jpg")
    captions = pictures / "captions.csv"
    for label in ("pier", ""):
        captions.write_text(f"path,label\nscene-001.jpg,{label}\n")
        index_folder(tmp_path / "library", pictures, captions=captions)
        image = image_at(tmp_path / "library", taken)
        assert CAMERA in image.annotations
        assert image.labels == ((label,) if label else ())


def test_other_bytes_may_have_another_camera(pictures: Path, tmp_path: Path) -> None:
    taken = add_camera(pictures / "scene-001.jpg")
    index_folder(tmp_path / "library", pictures)
    add_camera(taken, "Apple", "iPhone 12")
    index_folder(tmp_path / "library", pictures)
    assert image_at(tmp_path / "library", taken).field_values("camera") == ("Apple iPhone 12",)


def test_a_model_finds_its_camera_and_a_longer_name_does_not_hide_it(pictures: Path, tmp_path: Path) -> None:
    cameras = [
        ("FUJIFILM", "X100"),
        ("FUJIFILM", "X100V"),
        ("Apple", "iPhone 12"),
        ("Apple", "iPhone 12 Pro"),
    ]
    paths = [
        add_camera(pictures / f"scene-00{number}.jpg", *names) for number, names in enumerate(cameras, 1)
    ]
    index_folder(tmp_path / "library", pictures)
    ids = [image_at(tmp_path / "library", path).id for path in paths]
    with Library.open(tmp_path / "library") as library:
        for line, found in (
            ("camera:x100", ids[:1]),
            ('camera:"fujifilm x100"', ids[:1]),
            ("camera:fujifilm", ids[:2]),
            ('camera:"iphone 12"', ids[2:]),
            ('camera:"apple iphone 12"', ids[2:3]),  # the whole name: that one alone, as the facet counts it
            ("camera:100", []),
            ("camera:%", []),
        ):
            assert sorted(library.search(parse_query(line)).ids) == sorted(found), line
