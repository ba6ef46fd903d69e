"""Pictures whose files are rewritten, while their pixels stay: they are the same images.

The sources named in tests are public reports about programs of this kind.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from indexer.run.captions import Captions, read_captions
from indexer.run.pipeline import index
from indexer.run.report import Report
from indexer.upkeep.check import check_library
from indexer.upkeep.opening import open_existing
from retrieval import USER_SOURCE, Annotation, Image, Library, Limits, parse_query, path_bytes
from retrieval.originals import read_original
from retrieval.pictures.images import decode_image
from retrieval.pictures.pixel_digests import digest_pixels, digest_thumbnail
from tests.drawing import draw_scene, encode_picture, encode_rotated
from tests.indexer.command import make_without_backbone
from tests.indexer.contents import image_at, stored_features
from tests.metadata_files import jpeg_file, png_file, tiff_file, webp_file, xmp_list, xmp_packet

NO_CAPTIONS: Captions = {}
BIRTHDAY = xmp_packet(xmp_list("dc:subject", "birthday"))
WEDDING = xmp_packet(xmp_list("dc:subject", "wedding"))
PLAIN = xmp_packet("")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pictures"
    made.mkdir()
    (made / "other.jpg").write_bytes(jpeg_file(seed=2))
    return made


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PICTOR_DECODE_THREADS", "1")
    return make_without_backbone(tmp_path / "library")


def index_pictures(library: Path, *folders: Path, captions: Captions = NO_CAPTIONS, **options: Any) -> Report:
    """A run after which nothing is found to be wrong."""
    with open_existing(library) as opened:
        roots = [path_bytes(folder) for folder in folders]
        report = index(opened, roots, captions=captions, on_event=lambda event: None, **options)
        assert list(check_library(opened)) == []
        return report


def write_at(path: Path, data: bytes, seconds: int) -> Path:
    path.write_bytes(data)
    os.utime(path, (seconds, seconds))
    return path


def state_title(library: Path, image: Image, title: str) -> None:
    with open_existing(library) as opened, opened.catalog.writing() as writer:
        writer.replace_annotations(image.id, USER_SOURCE, [Annotation("title", title, USER_SOURCE)])


def found_names(library: Path, line: str) -> list[str]:
    with Library.open(library) as opened:
        return sorted(Path(hit.image.path).name for hit in opened.search(parse_query(line)).hits)


def stored_vectors(library: Path) -> dict[int, bytes]:
    with Library.open(library) as opened, opened.catalog.reading() as reader:
        return stored_features(reader, opened.spaces[0])


WRITERS: dict[str, Callable[[bytes], bytes]] = {
    "a.jpg": lambda packet: jpeg_file(xmp=packet),
    "a.png": png_file,
    "a.webp": webp_file,
    "a.tif": lambda packet: tiff_file(packet, b""),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_keyword_that_is_written_into_a_picture_changes_nothing_else(
    folder: Path, library: Path, name: str
) -> None:
    """home-gallery#55, picpocket#1: what people said is lost, because its key was the hash of the file."""
    path = write_at(folder / name, WRITERS[name](WEDDING), 1)
    index_pictures(library, folder)
    before, vectors = image_at(library, path), stored_vectors(library)
    state_title(library, before, "Golden Wedding")
    write_at(path, WRITERS[name](BIRTHDAY), 2)
    report = index_pictures(library, folder)
    assert (report.changed, report.added, report.described_again, report.missing) == (1, 0, 0, 0)
    after = image_at(library, path)
    assert (after.id, after.title, after.tags) == (before.id, "Golden Wedding", ("birthday",))
    assert (after.sha256, after.bytes) == (after.locations[0].sha256, path.stat().st_size)
    assert after.sha256 != before.sha256
    assert stored_vectors(library) == vectors
    assert found_names(library, '"golden wedding" tag:birthday') == [name]
    assert found_names(library, "tag:wedding") == []


def test_captions_stay_when_a_picture_is_moved_and_rewritten_at_once(folder: Path, library: Path) -> None:
    """TagStudio#1464: a hash of the file does not help where it is moved and changed at the same time."""
    captions = folder.parent / "captions.csv"
    captions.write_text("path,title,label\npictures/a.jpg,Golden Wedding,event\n")
    path = write_at(folder / "a.jpg", jpeg_file(), 1)
    index_pictures(library, folder, captions=read_captions(captions))
    before = image_at(library, path).id
    path.unlink()
    (folder / "2019").mkdir()
    moved = write_at(folder / "2019" / "b.jpg", jpeg_file(xmp=BIRTHDAY), 2)
    report = index_pictures(library, folder, captions=read_captions(captions))
    assert (report.added, report.moved, report.missing) == (0, 1, 0)
    assert image_at(library, moved).id == before
    assert found_names(library, '"golden wedding" label:event tag:birthday') == ["b.jpg"]


def test_files_that_differ_in_their_metadata_alone_are_one_image(folder: Path, library: Path) -> None:
    """hydrus#1075: pixel duplicates are the same picture, and what is said of one holds for the other."""
    first = write_at(folder / "a.jpg", jpeg_file(xmp=WEDDING), 1)
    second = write_at(folder / "b.jpg", jpeg_file(xmp=BIRTHDAY), 2)
    report = index_pictures(library, folder)
    assert (report.added, report.copies) == (2, 1)
    image = image_at(library, first)
    assert image_at(library, second).id == image.id
    assert image.tags == ("wedding", "birthday")
    assert [location.path for location in image.locations] == [path_bytes(first), path_bytes(second)]
    assert len({location.sha256 for location in image.locations}) == 2
    write_at(second, jpeg_file(xmp=xmp_packet(xmp_list("dc:subject", "cake"))), 3)
    index_pictures(library, folder)
    assert image_at(library, first).tags == ("wedding", "cake")
    first.unlink()
    index_pictures(library, folder)
    assert image_at(library, second).tags == ("cake",)
    assert image_at(library, second).sha256 == image_at(library, second).locations[0].sha256


def test_a_copy_is_rewritten_and_the_other_stays_as_it_was(folder: Path, library: Path) -> None:
    """In a later run than the one that found them, and where the first is then removed."""
    first = write_at(folder / "a.jpg", jpeg_file(xmp=WEDDING), 1)
    second = write_at(folder / "b.jpg", jpeg_file(xmp=WEDDING), 1)
    index_pictures(library, folder)
    number = image_at(library, first).id
    write_at(second, jpeg_file(xmp=BIRTHDAY), 2)
    index_pictures(library, folder)
    assert image_at(library, first).id == image_at(library, second).id == number
    assert image_at(library, first).tags == ("wedding", "birthday")
    assert index_pictures(library, folder).has_news is False


def test_a_picture_that_is_compressed_again_without_loss_is_the_same(folder: Path, library: Path) -> None:
    image = Pillow.fromarray(draw_scene(5, 64, 48))
    path = write_at(folder / "a.png", encode_picture(image, "PNG", compress_level=0), 1)
    index_pictures(library, folder)
    before = image_at(library, path).id
    write_at(path, encode_picture(image, "PNG", compress_level=9), 2)
    assert index_pictures(library, folder).added == 0
    assert image_at(library, path).id == before


def test_a_picture_whose_pixels_change_is_another_image(folder: Path, library: Path) -> None:
    """One pixel of three thousand, by a little."""
    pixels = draw_scene(5, 64, 48)
    path = write_at(folder / "a.png", encode_picture(Pillow.fromarray(pixels), "PNG"), 1)
    index_pictures(library, folder)
    before = image_at(library, path)
    state_title(library, before, "Golden Wedding")
    changed = pixels.copy()
    changed[3, 4, 1] ^= 1
    write_at(path, encode_picture(Pillow.fromarray(changed), "PNG"), 2)
    assert index_pictures(library, folder).added == 1
    assert (image_at(library, path).id == before.id, image_at(library, path).title) == (False, "")


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_picture_that_is_turned_by_its_flag_is_the_same_and_looks_otherwise(
    folder: Path, library: Path, orientation: int
) -> None:
    """The file keeps its pixels and gets a flag, as when a viewer turns it."""
    upright = encode_picture(Pillow.fromarray(draw_scene(5, 64, 48)), "JPEG")
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    block = b"Exif\0\0" + exif.tobytes().removeprefix(b"Exif\0\0")
    segment = b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block
    path = write_at(folder / "a.jpg", upright, 1)
    index_pictures(library, folder)
    before = image_at(library, path)
    state_title(library, before, "Golden Wedding")
    write_at(path, upright[:2] + segment + upright[2:], 2)
    report = index_pictures(library, folder)
    assert (report.added, report.described_again) == (0, 1)
    after = image_at(library, path)
    assert (after.id, after.title) == (before.id, "Golden Wedding")
    assert (after.width, after.height) == ((48, 64) if orientation >= 5 else (64, 48))
    with Library.open(library) as opened:
        shown = decode_image(opened.load_thumbnail(after.id), name="thumbnail").pixels
    assert np.array_equal(shown, decode_image(path.read_bytes(), name="a.jpg").pixels)


def test_animations_with_the_same_first_frame_are_different(folder: Path, library: Path) -> None:
    """Only the first frame is decoded: it does not tell them apart."""
    frames = [Pillow.fromarray(draw_scene(seed, 64, 48)).quantize() for seed in (5, 6, 7)]
    for name, later in (("a.gif", frames[1]), ("b.gif", frames[2])):
        frames[0].save(folder / name, save_all=True, append_images=[later], duration=100)
    index_pictures(library, folder)
    assert image_at(library, folder / "a.gif").id != image_at(library, folder / "b.gif").id


def test_files_of_several_pages_with_the_same_first_page_are_different(folder: Path, library: Path) -> None:
    pages = [Pillow.fromarray(draw_scene(seed, 64, 48)) for seed in (5, 6, 7)]
    for name, later in (("a.tif", pages[1]), ("b.tif", pages[2])):
        pages[0].save(folder / name, save_all=True, append_images=[later])
    index_pictures(library, folder)
    assert image_at(library, folder / "a.tif").id != image_at(library, folder / "b.tif").id


def test_a_run_that_compares_contents_sees_a_rewritten_file(folder: Path, library: Path) -> None:
    """NegPy#468: a tool restores the time; the size stays as well."""
    path = write_at(folder / "a.jpg", jpeg_file(xmp=xmp_packet(xmp_list("dc:subject", "birthday"))), 1)
    index_pictures(library, folder)
    before = image_at(library, path).id
    write_at(path, jpeg_file(xmp=xmp_packet(xmp_list("dc:subject", "festival"))), 1)
    report = index_pictures(library, folder, compares=True)
    assert (report.changed, report.unchanged, report.added) == (1, 1, 0)
    assert (image_at(library, path).id, image_at(library, path).tags) == (before, ("festival",))


def test_the_original_of_a_rewritten_picture_is_shown(folder: Path, library: Path) -> None:
    """It is verified by the SHA-256 of the file that lies there, and not by that of its copy."""
    first = write_at(folder / "a.jpg", jpeg_file(xmp=WEDDING), 1)
    second = write_at(folder / "b.jpg", jpeg_file(xmp=BIRTHDAY), 2)
    index_pictures(library, folder)
    first.write_bytes(b"damaged")
    image = image_at(library, second)
    pixels = read_original(image, Limits())
    assert pixels is not None
    assert np.array_equal(pixels, decode_image(second.read_bytes(), name="b.jpg").pixels)
    second.write_bytes(first.read_bytes())
    assert read_original(image, Limits()) is None


def make_older(library: Path) -> None:
    """Give every image the digest that migration 0007 gives it."""
    with open_existing(library) as opened, opened.catalog.writing() as writer:
        for image_id in writer.find_ids().tolist():
            [image] = writer.load_images([image_id]).values()
            thumbnail = writer.load_thumbnail(image_id)
            assert thumbnail is not None
            digest = digest_thumbnail(image.width, image.height, thumbnail)
            writer.identify_pixels(image_id, digest)


def test_an_image_of_an_older_library_is_recognised_by_its_thumbnail(folder: Path, library: Path) -> None:
    """And has the digest of its pixels from then on."""
    path = write_at(folder / "a.jpg", jpeg_file(), 1)
    index_pictures(library, folder)
    make_older(library)
    before = image_at(library, path)
    state_title(library, before, "Golden Wedding")
    write_at(path, jpeg_file(xmp=BIRTHDAY), 2)
    assert index_pictures(library, folder).added == 0
    after = image_at(library, path)
    assert (after.id, after.title, after.tags) == (before.id, "Golden Wedding", ("birthday",))
    digest = digest_pixels(decode_image(path.read_bytes(), name="a.jpg"))
    with Library.open(library) as opened, opened.catalog.reading() as reader:
        assert reader.ids_by_pixels([digest]) == {digest: [before.id]}


def test_an_image_of_an_older_library_that_is_turned_is_recognised(folder: Path, library: Path) -> None:
    pixels = draw_scene(5, 64, 48)
    path = write_at(folder / "a.png", encode_picture(Pillow.fromarray(pixels), "PNG"), 1)
    index_pictures(library, folder)
    make_older(library)
    before = image_at(library, path).id
    write_at(path, encode_rotated(np.rot90(pixels).copy(), 1, "PNG"), 2)
    assert index_pictures(library, folder).described_again == 1
    assert image_at(library, path).id == before


def test_two_images_of_an_older_library_with_the_same_pixels_stay_two(folder: Path, library: Path) -> None:
    """Whatever people said of each stays with it, when one of the two is rewritten."""
    first = write_at(folder / "a.png", png_file(WEDDING), 1)
    second = write_at(folder / "b.gif", encode_picture(Pillow.fromarray(draw_scene(9, 64, 48)), "GIF"), 1)
    index_pictures(library, folder)
    numbers = image_at(library, first).id, image_at(library, second).id
    with open_existing(library) as opened, opened.catalog.writing() as writer:
        for number in numbers:  # as if both were made of the pixels that b will have
            data = png_file(PLAIN)
            writer.identify_pixels(number, digest_pixels(decode_image(data, name="b.png")))
    state_title(library, image_at(library, first), "Golden Wedding")
    state_title(library, image_at(library, second), "Silver Wedding")
    write_at(second, png_file(BIRTHDAY), 2)
    index_pictures(library, folder)
    assert (image_at(library, first).id, image_at(library, second).id) == numbers
    assert image_at(library, first).title == "Golden Wedding"
    assert image_at(library, second).title == "Silver Wedding"
