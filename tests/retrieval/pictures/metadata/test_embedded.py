"""Metadata inside pictures: where they are, in which encoding, and what is ignored."""

from __future__ import annotations

import random
import struct

import pytest
from PIL import Image

from retrieval import Metadata, read_metadata
from retrieval.pictures.metadata import exif, iptc, xmp
from retrieval.pictures.metadata.facts import Fact
from tests.drawing import encode_picture
from tests.metadata_files import (
    EVERYTHING_EXIF,
    EVERYTHING_IPTC,
    EVERYTHING_XMP,
    GPS,
    UTF8,
    exif_block,
    iptc_block,
    jpeg_file,
    jpeg_segment,
    photoshop_resources,
    png_file,
    scene_image,
    tiff_file,
    utf16_text,
    webp_file,
    xmp_list,
)
from tests.metadata_files import xmp_packet as packet

IN_XMP = (
    ("place", "England"),
    ("rating", "5"),
    ("title", "The pier"),
    ("caption", "Fog over the pier"),
    ("tag", "fog"),
    ("tag", "pier"),
    ("creator", "Ada Lovelace"),
    ("tag", "Places"),
    ("tag", "England"),
    ("tag", "Brighton"),
    ("tag", "Places/England/Brighton"),
    ("place", "Brighton"),
)
IN_IPTC = (
    ("title", "Küste"),
    ("caption", "Waves"),
    ("tag", "sea"),
    ("tag", "storm"),
    ("creator", "Grace Hopper"),
    ("place", "Kiel"),
    ("place", "Germany"),
)
IN_EXIF = (
    ("title", "Boat at sea"),
    ("caption", "A boat"),
    ("caption", "Bought in Kiel"),
    ("caption", "On holiday"),
    ("tag", "boat"),
    ("tag", "sail"),
    ("creator", "Jan"),
    ("creator", "Eva"),
    ("place", "48.85822, -2.29450"),
)


def facts_from(data: bytes, source: str) -> tuple[tuple[str, str], ...]:
    return read_metadata(data).facts_from(source)


def exif_facts(first: dict[int, object], **directories: dict[int, object]) -> tuple[tuple[str, str], ...]:
    return facts_from(jpeg_file(exif=exif_block(first, **directories)), "exif")


# -- containers -----------------------------------------------------------------------------------


def test_a_jpeg_says_all_three() -> None:
    metadata = read_metadata(jpeg_file(exif=EVERYTHING_EXIF, iptc=EVERYTHING_IPTC, xmp=EVERYTHING_XMP))
    assert (metadata.facts_from("xmp"), metadata.facts_from("iptc"), metadata.facts_from("exif")) == (
        IN_XMP,
        IN_IPTC,
        IN_EXIF,
    )
    assert len(metadata.facts) == len(IN_XMP + IN_IPTC + IN_EXIF)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_png_says_xmp_and_exif(compressed: bool) -> None:
    data = png_file(EVERYTHING_XMP, exif=EVERYTHING_EXIF, compressed=compressed)
    assert (facts_from(data, "xmp"), facts_from(data, "exif")) == (IN_XMP, IN_EXIF)


def test_a_webp_says_xmp_and_exif() -> None:
    data = webp_file(EVERYTHING_XMP, exif=EVERYTHING_EXIF)
    assert (facts_from(data, "xmp"), facts_from(data, "exif")) == (IN_XMP, IN_EXIF)


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_heic_and_avif_say_xmp_and_exif(kind: str) -> None:
    for mark in (b"", b"Exif\0\0"):
        block = mark + EVERYTHING_EXIF.removeprefix(b"Exif\0\0")
        data = encode_picture(scene_image(), kind, exif=block, xmp=EVERYTHING_XMP)
        assert (facts_from(data, "xmp"), facts_from(data, "exif")) == (IN_XMP, IN_EXIF)


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_damaged_heic_and_avif_say_what_they_can(kind: str) -> None:
    chance = random.Random(7)
    data = encode_picture(scene_image(), kind, exif=EVERYTHING_EXIF, xmp=EVERYTHING_XMP)
    boxes = data.index(b"mdat")
    for _ in range(400):
        damaged = bytearray(data[: chance.randrange(100, len(data))] if chance.random() < 0.3 else data)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(min(boxes, len(damaged)))] = chance.choice(
                [0, 1, 255, chance.randrange(256)]
            )
        assert len(read_metadata(bytes(damaged)).facts) <= 200


def heif_with(items: bytes, places: bytes) -> bytes:
    """A file without a picture, with these tables."""

    def make_box(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body) + 8) + kind + body

    tables = make_box(b"iinf", bytes(4) + b"\0\1" + items) + make_box(b"iloc", places)
    return make_box(b"ftyp", b"heic" + bytes(4)) + make_box(
        b"meta", bytes(4) + tables + make_box(b"idat", EVERYTHING_XMP)
    )


XMP_ITEM = b"infe" + b"\2\0\0\0" + struct.pack(">HH", 5, 0) + b"mime" + b"\0" + b"application/rdf+xml\0"
XMP_ENTRY = struct.pack(">I", len(XMP_ITEM) + 4) + XMP_ITEM


@pytest.mark.parametrize(
    ("length", "method", "pieces", "heard"),
    [
        (len(EVERYTHING_XMP), 1, 1, True),
        (len(EVERYTHING_XMP), 2, 1, False),
        (2 << 20, 1, 1, False),
        (len(EVERYTHING_XMP), 1, 1000, False),
    ],
    ids=["outside the tables", "made of other items", "too large", "too many pieces"],
)
def test_an_item_may_lie_beside_the_tables_but_not_anywhere(
    length: int, method: int, pieces: int, heard: bool
) -> None:
    piece = struct.pack(">II", 0, length)
    places = b"\1\0\0\0\x44\0" + struct.pack(">HHHHH", 1, 5, method, 0, pieces) + piece * pieces
    assert (facts_from(heif_with(XMP_ENTRY, places), "xmp") == IN_XMP) == heard


def test_a_tiff_says_all_three() -> None:
    data = tiff_file(EVERYTHING_XMP, EVERYTHING_IPTC, description="A boat", artist="Jan")
    assert (facts_from(data, "xmp"), facts_from(data, "iptc")) == (IN_XMP, IN_IPTC)
    assert facts_from(data, "exif") == (("caption", "A boat"), ("creator", "Jan"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM"])
def test_a_picture_without_words_says_nothing(kind: str) -> None:
    assert read_metadata(encode_picture(scene_image(), kind)) == Metadata()


def test_photoshop_may_spread_over_segments_and_name_its_resources() -> None:
    block = photoshop_resources(EVERYTHING_IPTC, name=b"odd")
    halves = [jpeg_segment(0xED, b"Photoshop 3.0\0" + half) for half in (block[:40], block[40:])]
    data = encode_picture(scene_image(), "JPEG")
    assert facts_from(data[:2] + b"".join(halves) + data[2:], "iptc") == IN_IPTC


def test_a_segment_that_reaches_beyond_the_file_ends_the_walk() -> None:
    data = jpeg_file(xmp=EVERYTHING_XMP)
    assert facts_from(data[:200], "xmp") == ()
    lying = jpeg_segment(0xE1, b"Exif\0\0")[:2] + b"\xff\xff" + data[2:]
    assert read_metadata(b"\xff\xd8" + lying) == Metadata()


def test_a_bomb_of_compressed_xmp_is_no_xmp() -> None:
    data = png_file(packet("<!--" + " " * (8 << 20) + "-->"), compressed=True)
    assert len(data) < 50_000
    assert read_metadata(data) == Metadata()


# -- EXIF -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_position_is_given_in_degrees_in_both_orders_of_bytes(order: str) -> None:
    angle = struct.pack(order + "6I", 33, 1, 30, 1, 3600, 100)
    directory = struct.pack(order + "H", 4)
    for tag, kind, count, value in (
        (1, 2, 2, b"S\0\0\0"),
        (2, 5, 3, 80),
        (3, 2, 2, b"E\0\0\0"),
        (4, 5, 3, 80),
    ):
        content = value if isinstance(value, bytes) else struct.pack(order + "I", value)
        directory += struct.pack(order + "HHI", tag, kind, count) + content
    mark = b"II*\0" if order == "<" else b"MM\0*"
    first = struct.pack(order + "IHHHIII", 8, 1, 0x8825, 4, 1, 26, 0)
    block = (mark + first + directory).ljust(80, b"\0") + angle
    assert list(exif.read_exif_facts(block))[-1] == ("place", "-33.51000, 33.51000")


@pytest.mark.parametrize(
    "gps",
    [
        {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
        GPS | {2: (91.0, 0.0, 0.0)},
        GPS | {4: (180.0, 0.0, 1.0)},
        {1: "N", 2: (48.0, 51.0, 29.6)},
        GPS | {2: (48.0,)},
    ],
    ids=["no satellites", "beyond the pole", "beyond the date line", "no longitude", "one number"],
)
def test_what_is_no_position_is_left_out(gps: dict[int, object]) -> None:
    assert exif_facts({}, gps=gps) == ()


@pytest.mark.parametrize(
    "text", ["OLYMPUS DIGITAL CAMERA", "SAMSUNG", "SONY DSC", "KONICA MINOLTA DIGITAL CAMERA  "]
)
def test_what_cameras_write_by_themselves_is_no_caption(text: str) -> None:
    assert exif_facts({0x010E: text}) == ()


@pytest.mark.parametrize(
    ("comment", "caption"),
    [
        (b"ASCII\0\0\0On holiday\0\0\0", "On holiday"),
        (b"UNICODE\0" + "Küste".encode("utf-16-le"), "Küste"),
        (b"UNICODE\0" + "Küste".encode("utf-16-be"), "Küste"),
        (b"\0" * 8 + b"plain", "plain"),
        (b"UNICODE\0" + "東京タワー".encode("utf-16-le"), "東京タワー"),
        (b"UNICODE\0" + "東京タワー".encode("utf-16-be"), "東京タワー"),
        (b"UNICODE\0" + "あいう".encode("utf-16-be"), "あいう"),  # valid UTF-8, too: 0B0D0F
        (b"UNICODE\0" + "Закат, море".encode("utf-16-be") + b"\0\0", "Закат, море"),
        (b"UNICODE\0" + "Žluťoučký kůň".encode("utf-16"), "Žluťoučký kůň"),  # with a byte order mark
        (b"UNICODE\0" + "Küste im Sturm".encode(), "Küste im Sturm"),  # UTF-8, as some programs write it
        (b"UNICODE\0Storm at the pier\0", "Storm at the pier"),
        (b"ASCII\0\0\0" + "Küste".encode(), "Küste"),
        (b"\0" * 8 + "夕焼け".encode(), "夕焼け"),
        (b"JIS\0\0\0\0\0" + b"\x1b$B3$\x1b(B", "海"),
        (b"JIS\0\0\0\0\0" + "京都 2019".encode("iso2022_jp"), "京都 2019"),
        (b"JIS\0\0\0\0\0" + "富士山".encode("euc_jp"), "富士山"),
        (b"JIS\0\0\0\0\0" + "写真です".encode("cp932") + b"\0\0", "写真です"),
        (b"JIS\0\0\0\0\0" + "夕焼け".encode(), "夕焼け"),
        (b"JIS\0\0\0\0\0" + b"\xff\xff\xff", None),
        (b"\0" * 200, None),
        (b"short", None),
    ],
)
def test_a_user_comment_says_in_which_code_it_is(comment: bytes, caption: str | None) -> None:
    assert exif_facts({}, exif={0x9286: comment}) == ((("caption", caption),) if caption else ())


def test_texts_of_exif_are_utf8_or_latin1() -> None:
    for code in ("utf-8", "latin-1"):
        assert exif_facts({0x013B: "Jürgen".encode(code)}) == (("creator", "Jürgen"),)


def test_windows_parts_keywords_by_semicolons() -> None:
    assert exif_facts({0x9C9E: utf16_text("sea; sand ;;sea")}) == (("tag", "sea"), ("tag", "sand"))


# -- IPTC -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("datasets", "word"),
    [
        ((UTF8, (2, 25, "Küste".encode())), "Küste"),
        (((2, 25, "Küste".encode("latin-1")),), "Küste"),
        (((2, 25, "Küste".encode()),), "Küste"),
        ((UTF8, (2, 25, b"K\xfcste")), "K\ufffdste"),
    ],
    ids=["as declared", "Latin-1", "UTF-8 without saying so", "not as declared"],
)
def test_the_code_of_iptc_is_honoured(datasets: tuple[tuple[int, int, bytes], ...], word: str) -> None:
    assert list(iptc.read_iptc_facts(iptc_block(*datasets))) == [("tag", word)]


def test_an_extended_dataset_has_a_longer_size_and_others_are_passed_over() -> None:
    long = b"\x1c\x02\x78\x80\x04" + struct.pack(">I", 40_000) + b"x" * 40_000
    block = iptc_block((2, 0, b"\0\4"), (1, 25, b"no")) + long + iptc_block((2, 25, b"sea"))
    assert [(field, len(value)) for field, value in iptc.read_iptc_facts(block)] == [
        ("caption", 40_000),
        ("tag", 3),
    ]


def test_a_dataset_that_reaches_beyond_its_block_ends_it() -> None:
    assert list(iptc.read_iptc_facts(iptc_block((2, 25, b"sea")) + b"\x1c\x02\x19\x7f\xffstorm")) == [
        ("tag", "sea")
    ]


# -- XMP ------------------------------------------------------------------------------------------


def test_only_a_pictures_own_properties_count() -> None:
    ingredient = (
        "<xmp:Part><rdf:Description>" + xmp_list("dc:subject", "theirs") + "</rdf:Description></xmp:Part>"
    )
    assert xmp.read_xmp_facts(packet(ingredient + xmp_list("dc:subject", "ours"))) == [("tag", "ours")]


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16"])
def test_xmp_comes_in_its_codes(code: str) -> None:
    assert xmp.read_xmp_facts(packet(xmp_list("dc:subject", "Küste")).decode().encode(code)) == [
        ("tag", "Küste")
    ]


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
REFUSED = {
    "a billion laughs": (packet(xmp_list("dc:subject", "&b;"), before=LAUGHS), "document type"),
    "a file from elsewhere": (
        packet(
            xmp_list("dc:subject", "&f;"), before='<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
        ),
        "document type",
    ),
    "an entity nobody declared": (packet(xmp_list("dc:subject", "&f;")), "undefined entity"),
    "too deep": (packet("<a>" * 40 + "</a>" * 40), "more than 32 nested elements"),
    "too large": (packet("<!--" + "x" * (1 << 20) + "-->"), "the limit is 1048576"),
    "not well-formed": (packet("<dc:title>"), "not well-formed"),
    "another code by name": (b'<?xml version="1.0" encoding="zlib"?><a>\xff</a>', "not well-formed"),
    "not XMP": (b"<svg/>", "not XMP"),
    "nothing": (b"", "not well-formed"),
}


@pytest.mark.parametrize(("document", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_xml_that_is_not_to_be_trusted_is_refused(document: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        xmp.read_xmp_facts(document)
    if len(document) < 60_000:
        assert read_metadata(jpeg_file(xmp=document, iptc=EVERYTHING_IPTC)).facts_from("xmp") == ()
        assert facts_from(jpeg_file(xmp=document, iptc=EVERYTHING_IPTC), "iptc") == IN_IPTC


# -- bounds ---------------------------------------------------------------------------------------


def test_values_are_cleaned_bounded_and_each_kept_once() -> None:
    long = " ".join(f"w{number:03}" for number in range(1000))
    facts = [
        Fact("exif", "title", " a\n\0b\u202e  c \ud800"),
        Fact("exif", "title", "a b c"),
        Fact("exif", "tag", "é" * 3000),
        Fact("exif", "caption", "0 0.5 0.5"),
        Fact("exif", "caption", long),
    ]
    _, tag, *captions = values = [value for _, _, value in Metadata.from_facts(facts).facts]
    assert values[0] == "a b c"
    assert tag == "é" * 1000
    assert " ".join(captions) == long
    assert [len(caption) for caption in captions] == [1999, 1999, 999]


def test_what_is_beyond_the_bounds_is_left_out() -> None:
    assert len(Metadata.from_facts(Fact("x", "tag", str(number)) for number in range(1000)).facts) == 200
    large = Metadata.from_facts(Fact("x", "tag", f"{number}".ljust(2000, "x")) for number in range(1000))
    assert len(large.facts) == 32


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        [["exif", "tag"]],
        [["exif", "tag", 1]],
        ["abc"],
        [[1, 2, 3]],
        [["user", "title", "not a person"]],
        [["exif", "definition", "a word"]],
    ],
)
def test_other_json_is_no_metadata(value: object) -> None:
    with pytest.raises(ValueError, match="metadata must be"):
        Metadata.from_json(value)


def test_pillow_itself_finds_the_exif_that_these_tests_make() -> None:
    exif = Image.Exif()
    exif.load(EVERYTHING_EXIF)
    assert exif[0x010E] == "A boat"
