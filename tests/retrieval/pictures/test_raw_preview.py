"""Raw files of every make, drawn here: the largest JPEG in them is the picture, whatever the rest says."""

from __future__ import annotations

import random
import struct
from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pytest
from PIL import Image

from retrieval import read_metadata
from retrieval.errors import UnreadableImage
from retrieval.pictures.images import decode_image
from retrieval.pictures.raw_preview import Preview, find_preview
from tests.drawing import draw_scene, encode_picture
from tests.metadata_files import xmp_list, xmp_packet

SCENE = draw_scene(3)
LARGE = encode_picture(Image.fromarray(SCENE), "JPEG", quality=92)
SMALL = encode_picture(Image.fromarray(draw_scene(4, 80, 60)), "JPEG", quality=98)
LOSSLESS = b"\xff\xd8\xff\xc4\0\x02\xff\xc3\0\x11\x08\x40\0\x40\0" + bytes(50_000)  # 16384 x 16384 values

SHORT, LONG, BYTES, TEXT = 3, 4, 7, 2
Tags = Mapping[int, tuple[int, object]]  # by tag: the type, and numbers, bytes or tables


class TiffBuilder:
    """Builds a TIFF from its end: data is written before the table that points to it."""

    def __init__(self, start: bytes = b"II*\0", length: int = 8) -> None:
        self.order = "<" if start.startswith(b"I") else ">"
        self.data = bytearray(start.ljust(length, b"\0"))

    def append_bytes(self, content: bytes) -> int:
        self.data += bytes(len(self.data) % 2)
        self.data += content
        return len(self.data) - len(content)

    def append_table(self, tags: Mapping[int, tuple[int, object]], following: int = 0, base: int = 0) -> int:
        entries = b""
        for tag, (kind, value) in sorted(tags.items()):
            if isinstance(value, bytes):
                count, packed = len(value), value
            else:
                numbers = value if isinstance(value, list) else [value]
                count, packed = len(numbers), self._pack_numbers("HI"[kind == LONG], *numbers)
            if len(packed) > 4:
                packed = self._pack_numbers("I", self.append_bytes(packed) - base)
            entries += self._pack_numbers("HHI", tag, kind, count) + packed.ljust(4, b"\0")
        return (
            self.append_bytes(
                self._pack_numbers("H", len(tags)) + entries + self._pack_numbers("I", following)
            )
            - base
        )

    def finish_file(self, first: int) -> bytes:
        self.data[4:8] = self._pack_numbers("I", first)
        return bytes(self.data)

    def _pack_numbers(self, kinds: str, *numbers: object) -> bytes:
        return struct.pack(self.order + (kinds if len(kinds) > 1 else kinds * len(numbers)), *numbers)


def make_nef(order: bytes = b"MM\0*") -> bytes:
    file = TiffBuilder(order)
    shown = file.append_table(
        {0x103: (SHORT, 6), 0x201: (LONG, file.append_bytes(LARGE)), 0x202: (LONG, len(LARGE))}
    )
    sensor = file.append_table(
        {0x103: (SHORT, 34713), 0x106: (SHORT, 32803), 0x111: (LONG, file.append_bytes(b"raw"))}
    )
    exif = file.append_table({0x9003: (TEXT, b"2021:02:03 04:05:06\0")})
    thumbnail = {0x103: (SHORT, 1), 0x106: (SHORT, 2), 0x111: (LONG, file.append_bytes(bytes(300)))}
    facts = {0x10F: (TEXT, b"NIKON CORPORATION\0"), 0x110: (TEXT, b"NIKON D90\0"), 0x112: (SHORT, 6)}
    return file.finish_file(
        file.append_table({**thumbnail, **facts, 0x14A: (LONG, [shown, sensor]), 0x8769: (LONG, exif)})
    )


def make_cr2() -> bytes:
    file = TiffBuilder(b"II*\0\0\0\0\0CR\2\0", 16)
    lossless = {0x103: (SHORT, 6), 0x111: (LONG, file.append_bytes(LOSSLESS)), 0x117: (LONG, len(LOSSLESS))}
    sensor = file.append_table(lossless)
    small = file.append_table({0x201: (LONG, file.append_bytes(SMALL)), 0x202: (LONG, len(SMALL))}, sensor)
    shown = {0x103: (SHORT, 6), 0x111: (LONG, file.append_bytes(LARGE)), 0x117: (LONG, len(LARGE))}
    return file.finish_file(file.append_table({**shown, 0x112: (SHORT, 1)}, small))


def make_arw() -> bytes:
    file = TiffBuilder()
    sensor = file.append_table({0x103: (SHORT, 32767), 0x106: (SHORT, 32803)})
    shown = {0x103: (SHORT, 6), 0x201: (LONG, file.append_bytes(LARGE)), 0x202: (LONG, len(LARGE))}
    return file.finish_file(file.append_table({**shown, 0x14A: (LONG, sensor)}))


def make_dng() -> bytes:
    file = TiffBuilder()
    strips = {0x111: (LONG, file.append_bytes(LARGE)), 0x117: (LONG, len(LARGE))}
    shown = file.append_table({0x103: (SHORT, 7), 0x106: (SHORT, 6), **strips})
    sensor = file.append_table({0x103: (SHORT, 7), 0x106: (SHORT, 32803), 0x111: (LONG, file.append_bytes(LOSSLESS)),
                         0x117: (LONG, len(LOSSLESS))})  # fmt: skip
    return file.finish_file(file.append_table({0xC612: (1, b"\1\4\0\0"), 0x14A: (LONG, [sensor, shown])}))


def make_pef() -> bytes:
    file = TiffBuilder(b"MM\0*")
    shown = file.append_table(
        {0x103: (SHORT, 6), 0x201: (LONG, file.append_bytes(LARGE)), 0x202: (LONG, len(LARGE))}
    )
    return file.finish_file(file.append_table({0x103: (SHORT, 65535), 0x106: (SHORT, 32803)}, shown))


def make_rw2() -> bytes:
    file = TiffBuilder(b"IIU\0")
    return file.finish_file(
        file.append_table({0x002E: (BYTES, LARGE), 0x10F: (TEXT, b"Panasonic\0"), 0x112: (SHORT, 1)})
    )


def make_orf() -> bytes:
    file = TiffBuilder(b"IIRO")
    note = file.append_bytes(b"OLYMPUS\0II\3\0")
    root = file.append_bytes(bytes(18))  # its table, with one entry
    jpeg = file.append_bytes(LARGE) - note
    settings = file.append_table({0x101: (LONG, jpeg), 0x102: (LONG, len(LARGE))}, base=note)
    file.data[root : root + 18] = struct.pack("<HHHIII", 1, 0x2020, LONG, 1, settings, 0)
    exif = file.append_table({0x927C: (BYTES, bytes(5))})
    # Let the entry of the maker note point to the note that was written above.
    entry = bytes(file.data).rindex(struct.pack("<HH", 0x927C, BYTES))
    file.data[entry + 4 : entry + 12] = struct.pack("<II", 4000, note)
    return file.finish_file(file.append_table({0x8769: (LONG, exif)}))


def make_raf() -> bytes:
    start = b"FUJIFILMCCD-RAW 0201FF383501X-T4".ljust(84, b"\0")
    return start + struct.pack(">II", 160, len(LARGE)) + bytes(68) + LARGE + bytes(900)


def make_box(kind: bytes, *contents: bytes) -> bytes:
    body = b"".join(contents)
    return struct.pack(">I", len(body) + 8) + kind + body


def make_uuid_box(name: str, *contents: bytes) -> bytes:
    return make_box(b"uuid", bytes.fromhex(name), *contents)


def make_cr3(jpeg: bytes = LARGE, xmp: bytes = b"") -> bytes:
    """A small picture, one of medium size, one at full size and the sensor data, in Canon's order."""
    facts = TiffBuilder()
    text = (b"Canon\0", b"Canon EOS R\0", b"2021:02:03 04:05:06\0")
    exif = facts.finish_file(facts.append_table({
        0x010F: (TEXT, text[0]), 0x0110: (TEXT, text[1]), 0x0112: (SHORT, 6), 0x0132: (TEXT, text[2]),
        0x013B: (TEXT, b"Jan\0"),
    }))  # fmt: skip
    shot, satellite = TiffBuilder(), TiffBuilder()
    exposure = shot.finish_file(shot.append_table({0x9003: (TEXT, b"2021:02:03 04:05:00\0")}))
    angle = (LONG, [33, 1, 30, 1, 36, 1])
    position = satellite.finish_file(
        satellite.append_table({1: (TEXT, b"S\0"), 2: angle, 3: (TEXT, b"E\0"), 4: angle})
    )
    small = make_box(b"THMB", bytes(4), struct.pack(">HHIHH", 80, 60, len(SMALL), 1, 0), SMALL)
    middle = make_box(b"PRVW", bytes(4), struct.pack(">HHHHI", 1, 80, 60, 1, len(SMALL)), SMALL)

    def make_track(at: int, size: int) -> bytes:
        sizes = make_box(b"stsz", bytes(4), struct.pack(">III", 0, 1, size))
        table = make_box(b"stbl", sizes, make_box(b"co64", bytes(4), struct.pack(">IQ", 1, at)))
        return make_box(b"trak", make_box(b"mdia", make_box(b"minf", table)))

    def make_file(at: int) -> bytes:
        start = make_box(b"ftyp", b"crx ", bytes(4), b"crx isom")
        tracks = make_track(at, len(jpeg)), make_track(at + len(jpeg), len(LOSSLESS))
        movie = make_box(
            b"moov",
            make_uuid_box(
                "85c0b687820f11e08111f4ce462b6a48",
                make_box(b"CMT1", exif),
                make_box(b"CMT2", exposure),
                make_box(b"CMT4", position),
                small,
            ),
            *tracks,
        )
        packet = make_uuid_box("be7acfcb97a942e89c71999491e3afac", xmp)
        shown = make_uuid_box("eaf42b5e1c984b88b9fbb7dc406e4d16", struct.pack(">Q", 1), middle)
        data = struct.pack(">I4sQ", 1, b"mdat", 16 + len(jpeg) + len(LOSSLESS)) + jpeg + LOSSLESS
        return start + movie + packet + shown + data

    whole = make_file(0)
    return make_file(len(whole) - len(jpeg) - len(LOSSLESS))


MAKES = {"cr3": make_cr3(), "nef": make_nef(), "nef-little": make_nef(b"II*\0"), "cr2": make_cr2(), "arw": make_arw(), "dng": make_dng(), "pef": make_pef(),
         "rw2": make_rw2(), "orf": make_orf(), "raf": make_raf()}  # fmt: skip


@pytest.mark.parametrize("make", MAKES)
def test_the_largest_jpeg_is_the_picture(make: str) -> None:
    found_preview = find_preview(MAKES[make])
    assert found_preview
    assert found_preview.jpeg == LARGE
    picture = decode_image(MAKES[make], name="it")
    assert picture.format == "raw"
    upright = np.rot90(SCENE, -1) if make.startswith(("nef", "cr3")) else SCENE
    assert picture.pixels.shape == upright.shape
    assert np.abs(picture.pixels.astype(float) - upright).mean() < 5
    assert (picture.height, picture.width) == upright.shape[:2]


def test_the_file_itself_says_when_and_with_what() -> None:
    picture = decode_image(MAKES["nef"], name="it")
    assert (picture.taken_at, picture.camera) == (datetime(2021, 2, 3, 4, 5, 6), "NIKON D90")
    assert decode_image(MAKES["rw2"], name="it").camera == "Panasonic"
    picture = decode_image(MAKES["cr3"], name="it")
    assert (picture.taken_at, picture.camera) == (datetime(2021, 2, 3, 4, 5, 6), "Canon EOS R")


def test_a_cr3_says_what_is_written_in_its_boxes() -> None:
    metadata = read_metadata(make_cr3(xmp=xmp_packet(xmp_list("dc:subject", "fog"))))
    assert (metadata.facts_from("exif"), metadata.facts_from("xmp")) == (
        (("taken", "2021-02-03 04:05:00"), ("creator", "Jan"), ("place", "-33.51000, 33.51000")),
        (("tag", "fog"),),
    )


def test_a_cr3_whose_full_size_is_no_jpeg_shows_the_next_smaller_one() -> None:
    found_preview = find_preview(make_cr3(LOSSLESS))
    assert found_preview is not None
    assert found_preview.jpeg == SMALL


def test_where_the_file_does_not_say_the_jpeg_in_it_does() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x0110] = 3, "X-T4"
    turned = encode_picture(Image.fromarray(SCENE[::-1, ::-1]), "JPEG", quality=92, exif=exif)
    picture = decode_image(make_raf()[:88] + struct.pack(">I", len(turned)) + bytes(68) + turned, name="it")
    assert picture.camera == "X-T4"
    assert np.abs(picture.pixels.astype(float) - SCENE).mean() < 5


@pytest.mark.parametrize("kind", ["TIFF", "JPEG", "PNG"])
def test_other_pictures_are_no_raw_files(kind: str) -> None:
    assert find_preview(encode_picture(Image.fromarray(SCENE), kind)) is None


def test_a_tiff_with_jpeg_inside_is_a_tiff() -> None:
    data = encode_picture(Image.fromarray(SCENE), "TIFF", compression="jpeg")
    assert find_preview(data) is None
    assert decode_image(data, name="it").format == "tiff"


@pytest.mark.parametrize("data", [MAKES["raf"][:100], MAKES["rw2"].replace(LARGE, LOSSLESS), make_cr2()[:40]])
def test_a_raw_file_without_a_picture_says_so(data: bytes) -> None:
    assert find_preview(data) == Preview(b"", 0) or find_preview(data) == Preview(b"", 1)
    with pytest.raises(UnreadableImage) as caught:
        decode_image(data, name="it")
    assert caught.value.code == "no-preview"


def test_tables_in_a_circle_and_too_many_end() -> None:
    circle = TiffBuilder()
    assert (
        find_preview(
            circle.finish_file(circle.append_table({0xC612: (LONG, 1), 0x14A: (LONG, 8)}, following=8))
        )
        is not None
    )
    many = TiffBuilder()
    tables = [many.append_table({0x14A: (LONG, [8] * 60_000)}) for _ in range(20)]
    assert find_preview(
        many.finish_file(many.append_table({0xC612: (LONG, 1), 0x14A: (LONG, tables)}))
    ) == Preview(b"", 0)


def test_damaged_raw_files_give_a_picture_or_the_one_error() -> None:
    chance = random.Random(0)
    for data in MAKES.values():
        for _ in range(60):
            damaged = bytearray(data)
            for _ in range(chance.choice((1, 4, 30))):
                damaged[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            try:
                decode_image(
                    bytes(damaged[: chance.choice((len(data), chance.randrange(1, len(data))))]), name="it"
                )
            except UnreadableImage as error:
                assert error.code  # noqa: PT017
