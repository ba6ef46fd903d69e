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
from tests.drawing import saved, scene
from tests.metadata_files import xmp_list, xmp_packet

SCENE = scene(3)
LARGE = saved(Image.fromarray(SCENE), "JPEG", quality=92)
SMALL = saved(Image.fromarray(scene(4, 80, 60)), "JPEG", quality=98)
LOSSLESS = b"\xff\xd8\xff\xc4\0\x02\xff\xc3\0\x11\x08\x40\0\x40\0" + bytes(50_000)  # 16384 x 16384 values

SHORT, LONG, BYTES, TEXT = 3, 4, 7, 2
Tags = Mapping[int, tuple[int, object]]  # by tag: the type, and numbers, bytes or tables


class File:
    """A TIFF that is put together from its end: what is pointed at is written first."""

    def __init__(self, start: bytes = b"II*\0", length: int = 8) -> None:
        self.order = "<" if start.startswith(b"I") else ">"
        self.data = bytearray(start.ljust(length, b"\0"))

    def put(self, content: bytes) -> int:
        self.data += bytes(len(self.data) % 2)
        self.data += content
        return len(self.data) - len(content)

    def table(self, tags: Mapping[int, tuple[int, object]], following: int = 0, base: int = 0) -> int:
        entries = b""
        for tag, (kind, value) in sorted(tags.items()):
            if isinstance(value, bytes):
                count, packed = len(value), value
            else:
                numbers = value if isinstance(value, list) else [value]
                count, packed = len(numbers), self._packed("HI"[kind == LONG], *numbers)
            if len(packed) > 4:
                packed = self._packed("I", self.put(packed) - base)
            entries += self._packed("HHI", tag, kind, count) + packed.ljust(4, b"\0")
        return self.put(self._packed("H", len(tags)) + entries + self._packed("I", following)) - base

    def done(self, first: int) -> bytes:
        self.data[4:8] = self._packed("I", first)
        return bytes(self.data)

    def _packed(self, kinds: str, *numbers: object) -> bytes:
        return struct.pack(self.order + (kinds if len(kinds) > 1 else kinds * len(numbers)), *numbers)


def nef(order: bytes = b"MM\0*") -> bytes:
    file = File(order)
    shown = file.table({0x103: (SHORT, 6), 0x201: (LONG, file.put(LARGE)), 0x202: (LONG, len(LARGE))})
    sensor = file.table({0x103: (SHORT, 34713), 0x106: (SHORT, 32803), 0x111: (LONG, file.put(b"raw"))})
    exif = file.table({0x9003: (TEXT, b"2021:02:03 04:05:06\0")})
    thumbnail = {0x103: (SHORT, 1), 0x106: (SHORT, 2), 0x111: (LONG, file.put(bytes(300)))}
    facts = {0x10F: (TEXT, b"NIKON CORPORATION\0"), 0x110: (TEXT, b"NIKON D90\0"), 0x112: (SHORT, 6)}
    return file.done(file.table({**thumbnail, **facts, 0x14A: (LONG, [shown, sensor]), 0x8769: (LONG, exif)}))


def cr2() -> bytes:
    file = File(b"II*\0\0\0\0\0CR\2\0", 16)
    lossless = {0x103: (SHORT, 6), 0x111: (LONG, file.put(LOSSLESS)), 0x117: (LONG, len(LOSSLESS))}
    sensor = file.table(lossless)
    small = file.table({0x201: (LONG, file.put(SMALL)), 0x202: (LONG, len(SMALL))}, sensor)
    shown = {0x103: (SHORT, 6), 0x111: (LONG, file.put(LARGE)), 0x117: (LONG, len(LARGE))}
    return file.done(file.table({**shown, 0x112: (SHORT, 1)}, small))


def arw() -> bytes:
    file = File()
    sensor = file.table({0x103: (SHORT, 32767), 0x106: (SHORT, 32803)})
    shown = {0x103: (SHORT, 6), 0x201: (LONG, file.put(LARGE)), 0x202: (LONG, len(LARGE))}
    return file.done(file.table({**shown, 0x14A: (LONG, sensor)}))


def dng() -> bytes:
    file = File()
    strips = {0x111: (LONG, file.put(LARGE)), 0x117: (LONG, len(LARGE))}
    shown = file.table({0x103: (SHORT, 7), 0x106: (SHORT, 6), **strips})
    sensor = file.table({0x103: (SHORT, 7), 0x106: (SHORT, 32803), 0x111: (LONG, file.put(LOSSLESS)),
                         0x117: (LONG, len(LOSSLESS))})  # fmt: skip
    return file.done(file.table({0xC612: (1, b"\1\4\0\0"), 0x14A: (LONG, [sensor, shown])}))


def pef() -> bytes:
    file = File(b"MM\0*")
    shown = file.table({0x103: (SHORT, 6), 0x201: (LONG, file.put(LARGE)), 0x202: (LONG, len(LARGE))})
    return file.done(file.table({0x103: (SHORT, 65535), 0x106: (SHORT, 32803)}, shown))


def rw2() -> bytes:
    file = File(b"IIU\0")
    return file.done(file.table({0x002E: (BYTES, LARGE), 0x10F: (TEXT, b"Panasonic\0"), 0x112: (SHORT, 1)}))


def orf() -> bytes:
    file = File(b"IIRO")
    note = file.put(b"OLYMPUS\0II\3\0")
    root = file.put(bytes(18))  # its table, with one entry
    jpeg = file.put(LARGE) - note
    settings = file.table({0x101: (LONG, jpeg), 0x102: (LONG, len(LARGE))}, base=note)
    file.data[root : root + 18] = struct.pack("<HHHIII", 1, 0x2020, LONG, 1, settings, 0)
    exif = file.table({0x927C: (BYTES, bytes(5))})
    # The entry of the maker's note names the place of what was put above.
    entry = bytes(file.data).rindex(struct.pack("<HH", 0x927C, BYTES))
    file.data[entry + 4 : entry + 12] = struct.pack("<II", 4000, note)
    return file.done(file.table({0x8769: (LONG, exif)}))


def raf() -> bytes:
    start = b"FUJIFILMCCD-RAW 0201FF383501X-T4".ljust(84, b"\0")
    return start + struct.pack(">II", 160, len(LARGE)) + bytes(68) + LARGE + bytes(900)


def box(kind: bytes, *contents: bytes) -> bytes:
    body = b"".join(contents)
    return struct.pack(">I", len(body) + 8) + kind + body


def uuid(name: str, *contents: bytes) -> bytes:
    return box(b"uuid", bytes.fromhex(name), *contents)


def cr3(jpeg: bytes = LARGE, xmp: bytes = b"") -> bytes:
    """A small picture, one of middle size, one at full size and the sensor's, as Canon orders them."""
    facts = File()
    text = (b"Canon\0", b"Canon EOS R\0", b"2021:02:03 04:05:06\0")
    said = facts.done(facts.table({
        0x010F: (TEXT, text[0]), 0x0110: (TEXT, text[1]), 0x0112: (SHORT, 6), 0x0132: (TEXT, text[2]),
        0x013B: (TEXT, b"Jan\0"),
    }))  # fmt: skip
    small = box(b"THMB", bytes(4), struct.pack(">HHIHH", 80, 60, len(SMALL), 1, 0), SMALL)
    middle = box(b"PRVW", bytes(4), struct.pack(">HHHHI", 1, 80, 60, 1, len(SMALL)), SMALL)

    def track(at: int, size: int) -> bytes:
        sizes = box(b"stsz", bytes(4), struct.pack(">III", 0, 1, size))
        table = box(b"stbl", sizes, box(b"co64", bytes(4), struct.pack(">IQ", 1, at)))
        return box(b"trak", box(b"mdia", box(b"minf", table)))

    def file(at: int) -> bytes:
        start = box(b"ftyp", b"crx ", bytes(4), b"crx isom")
        tracks = track(at, len(jpeg)), track(at + len(jpeg), len(LOSSLESS))
        movie = box(b"moov", uuid("85c0b687820f11e08111f4ce462b6a48", box(b"CMT1", said), small), *tracks)
        packet = uuid("be7acfcb97a942e89c71999491e3afac", xmp)
        shown = uuid("eaf42b5e1c984b88b9fbb7dc406e4d16", struct.pack(">Q", 1), middle)
        data = struct.pack(">I4sQ", 1, b"mdat", 16 + len(jpeg) + len(LOSSLESS)) + jpeg + LOSSLESS
        return start + movie + packet + shown + data

    whole = file(0)
    return file(len(whole) - len(jpeg) - len(LOSSLESS))


MAKES = {"cr3": cr3(), "nef": nef(), "nef-little": nef(b"II*\0"), "cr2": cr2(), "arw": arw(), "dng": dng(), "pef": pef(),
         "rw2": rw2(), "orf": orf(), "raf": raf()}  # fmt: skip


@pytest.mark.parametrize("make", MAKES)
def test_the_largest_jpeg_is_the_picture(make: str) -> None:
    found = find_preview(MAKES[make])
    assert found
    assert found.jpeg == LARGE
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
    found = read_metadata(cr3(xmp=xmp_packet(xmp_list("dc:subject", "fog"))))
    assert (found.facts_from("exif"), found.facts_from("xmp")) == ((("creator", "Jan"),), (("tag", "fog"),))


def test_a_cr3_whose_full_size_is_no_jpeg_shows_the_next_smaller_one() -> None:
    found = find_preview(cr3(LOSSLESS))
    assert found is not None
    assert found.jpeg == SMALL


def test_where_the_file_does_not_say_the_jpeg_in_it_does() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x0110] = 3, "X-T4"
    turned = saved(Image.fromarray(SCENE[::-1, ::-1]), "JPEG", quality=92, exif=exif)
    picture = decode_image(raf()[:88] + struct.pack(">I", len(turned)) + bytes(68) + turned, name="it")
    assert picture.camera == "X-T4"
    assert np.abs(picture.pixels.astype(float) - SCENE).mean() < 5


@pytest.mark.parametrize("kind", ["TIFF", "JPEG", "PNG"])
def test_other_pictures_are_no_raw_files(kind: str) -> None:
    assert find_preview(saved(Image.fromarray(SCENE), kind)) is None


def test_a_tiff_with_jpeg_inside_is_a_tiff() -> None:
    data = saved(Image.fromarray(SCENE), "TIFF", compression="jpeg")
    assert find_preview(data) is None
    assert decode_image(data, name="it").format == "tiff"


@pytest.mark.parametrize("data", [MAKES["raf"][:100], MAKES["rw2"].replace(LARGE, LOSSLESS), cr2()[:40]])
def test_a_raw_file_without_a_picture_says_so(data: bytes) -> None:
    assert find_preview(data) == Preview(b"", 0) or find_preview(data) == Preview(b"", 1)
    with pytest.raises(UnreadableImage) as caught:
        decode_image(data, name="it")
    assert caught.value.code == "no-preview"


def test_tables_in_a_circle_and_too_many_end() -> None:
    circle = File()
    assert (
        find_preview(circle.done(circle.table({0xC612: (LONG, 1), 0x14A: (LONG, 8)}, following=8)))
        is not None
    )
    many = File()
    tables = [many.table({0x14A: (LONG, [8] * 60_000)}) for _ in range(20)]
    assert find_preview(many.done(many.table({0xC612: (LONG, 1), 0x14A: (LONG, tables)}))) == Preview(b"", 0)


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
