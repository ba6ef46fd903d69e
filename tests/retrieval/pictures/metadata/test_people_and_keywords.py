"""What people write with their programs: faces, trees of keywords, comments, headlines, places."""

from __future__ import annotations

import struct
import zlib

import pytest

from retrieval import read_metadata, read_sidecar
from retrieval.pictures.metadata import xmp
from retrieval.pictures.metadata.machine_texts import is_machine_text
from tests.metadata_files import (
    big_tiff,
    exif_block,
    iptc_block,
    jpeg_file,
    jpeg_segment,
    png_text_file,
    utf16_text,
    xmp_list,
    xmp_packet,
)


def xmp_facts(body: str, attributes: str = "") -> list[tuple[str, str]]:
    return xmp.read_xmp_facts(xmp_packet(body, attributes))


# -- people ---------------------------------------------------------------------------------------

FACE = '<rdf:Description mwg-rs:Name="Ada" mwg-rs:Type="Face"><mwg-rs:Area stArea:x="0.5"/></rdf:Description>'
REGIONS = (
    f'<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag><rdf:li>{FACE}</rdf:li>'
    '<rdf:li rdf:parseType="Resource"><mwg-rs:Name>Eva</mwg-rs:Name><mwg-rs:Type>Face</mwg-rs:Type></rdf:li>'
    "</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>"
)
PEOPLE = (
    "<MP:RegionInfo><rdf:Description><MPRI:Regions><rdf:Bag>"
    '<rdf:li MPReg:PersonDisplayName="Ada" MPReg:Rectangle="0.1, 0.1, 0.2, 0.2"/>'
    "<rdf:li><rdf:Description><MPReg:PersonDisplayName>Eva</MPReg:PersonDisplayName></rdf:Description></rdf:li>"
    "</rdf:Bag></MPRI:Regions></rdf:Description></MP:RegionInfo>"
)
DETAILS = (
    "<iptcExt:PersonInImageWDetails><rdf:Bag><rdf:li><rdf:Description>"
    + xmp_list("iptcExt:PersonName", "Ada", kind="Alt")
    + "<iptcExt:PersonDescription>Not this</iptcExt:PersonDescription></rdf:Description></rdf:li>"
    '<rdf:li rdf:parseType="Resource">'
    + xmp_list("iptcExt:PersonName", "Eva", kind="Alt")
    + "</rdf:li></rdf:Bag></iptcExt:PersonInImageWDetails>"
)


@pytest.mark.parametrize(
    "body",
    [REGIONS, PEOPLE, DETAILS, xmp_list("iptcExt:PersonInImage", "Ada", "Eva")],
    ids=["MWG regions", "Microsoft's people", "IPTC with details", "IPTC"],
)
def test_the_people_in_a_picture_are_tags_and_persons(body: str) -> None:
    """photoprism#554, #1570 and #3260, osxphotos#21, nextcloud/recognize#761: digiKam writes all of them."""
    assert xmp_facts(body + xmp_list("dc:subject", "fog")) == [
        *((field, name) for name in ("Ada", "Eva") for field in ("tag", "person")),
        ("tag", "fog"),
    ]


def test_a_name_outside_of_a_face_is_no_person() -> None:
    assert xmp_facts("<mwg-rs:Name>Ada</mwg-rs:Name>") == []
    assert xmp_facts("<xmp:Part><mwg-rs:Name>Ada</mwg-rs:Name></xmp:Part>", 'mwg-rs:Name="Ada"') == []


# -- keywords -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "keyword"),
    [
        ("lr:hierarchicalSubject", "Places|France|Paris"),
        ("dc:subject", "Places|France|Paris"),
        ("mediapro:CatalogSets", "Places|France|Paris"),
        ("digiKam:TagsList", "Places/France/Paris"),
        ("MicrosoftPhoto:LastKeywordXMP", "Places/France/Paris"),
        ("digiKam:TagsList", "_Digikam_Internal_Tags_/Places/ France /Paris"),
    ],
)
def test_every_level_of_a_keyword_is_a_tag_and_so_is_its_path(name: str, keyword: str) -> None:
    """The kinds of memories#127, where one picture has its keywords in each of these properties."""
    levels = ["Places", "France", "Paris", "Places/France/Paris"]
    assert xmp_facts(xmp_list(name, keyword)) == [("tag", level) for level in levels]


def test_keywords_of_iptc_and_windows_may_be_paths_too() -> None:
    expected = tuple(("tag", tag) for tag in ("Places", "Paris", "Places/Paris", "AC/DC"))
    data = jpeg_file(
        iptc=iptc_block((2, 25, b"Places|Paris"), (2, 25, b"AC/DC")),
        exif=exif_block({0x9C9E: utf16_text("Places|Paris;AC/DC")}),
    )
    assert read_metadata(data).facts_from("iptc") == read_metadata(data).facts_from("exif") == expected
    json = b'{"tags": ["Places|Paris", "AC/DC"]}'
    assert read_sidecar(json, "json").facts_from("sidecar") == expected


# -- captions and places --------------------------------------------------------------------------


def test_a_headline_is_a_caption_after_the_others() -> None:
    assert xmp_facts(xmp_list("dc:description", "Fog", kind="Alt"), 'photoshop:Headline="Storm"') == [
        ("caption", "Fog"),
        ("caption", "Storm"),
    ]
    data = jpeg_file(iptc=iptc_block((2, 105, b"Storm"), (2, 120, b"Fog")))
    assert read_metadata(data).facts_from("iptc") == (("caption", "Fog"), ("caption", "Storm"))


def test_the_part_of_a_city_and_places_in_structures_are_places() -> None:
    body = (
        "<iptcExt:LocationShown><rdf:Bag><rdf:li><rdf:Description>"
        "<iptcExt:City>Kiel</iptcExt:City><iptcExt:WorldRegion>Europe</iptcExt:WorldRegion>"
        "</rdf:Description></rdf:li></rdf:Bag></iptcExt:LocationShown>"
    )
    assert xmp_facts(body, 'iptcCore:Location="Holtenau"') == [("place", "Holtenau"), ("place", "Kiel")]
    assert read_metadata(jpeg_file(iptc=iptc_block((2, 92, b"Holtenau")))).facts_from("iptc") == (
        ("place", "Holtenau"),
    )


@pytest.mark.parametrize(
    ("latitude", "longitude", "place"),
    [
        ("48,51.4933N", "2,17.67W", "48.85822, -2.29450"),
        ("33,30,36S", "33,30,36.0E", "-33.51000, 33.51000"),
        ("0,0.0N", "0,0.0E", None),
        ("91,0.0N", "0,0.0E", None),
        ("48,51.4933N", "", None),
        ("north", "2,17.67W", None),
    ],
)
def test_a_position_in_xmp_is_given_in_degrees(latitude: str, longitude: str, place: str | None) -> None:
    """As darktable and digiKam write it into sidecars (XMP specification, part 2, GPSCoordinate)."""
    packet = xmp_packet("", f'exif:GPSLatitude="{latitude}" exif:GPSLongitude="{longitude}"')
    assert read_sidecar(packet, "xmp").facts_from("sidecar") == ((("place", place),) if place else ())


def jpeg_with_comments(*comments: bytes) -> bytes:
    data = jpeg_file()
    return data[:2] + b"".join(jpeg_segment(0xFE, comment) for comment in comments) + data[2:]


def test_the_comment_of_a_jpeg_is_a_caption() -> None:
    data = jpeg_with_comments(b"Lovely smoke effect", "Küste".encode("latin-1") + b"\0", b"")
    assert read_metadata(data).facts_from("comment") == (
        ("caption", "Lovely smoke effect"),
        ("caption", "Küste"),
    )


def test_texts_in_a_png_are_read_by_their_keywords() -> None:
    data = png_text_file(
        (b"tEXt", b"Title\0The pier"),
        (b"zTXt", b"Description\0\0" + zlib.compress(b"Fog over the pier")),
        (b"iTXt", b"Comment\0\0\0de\0Kommentar\0" + "Küste".encode()),
        (b"iTXt", b"Author\0\1\0\0\0" + zlib.compress(b"Ada")),
        (b"tEXt", b"Software\0Some program"),
        (b"tEXt", b"Comment without an end"),
        (b"zTXt", b"Comment\0\0not compressed"),
    )
    assert read_metadata(data).facts_from("comment") == (
        ("title", "The pier"),
        ("caption", "Fog over the pier"),
        ("caption", "Küste"),
        ("creator", "Ada"),
    )


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_a_bomb_of_compressed_text_stays_within_its_bounds(kind: bytes) -> None:
    text = zlib.compress(b"word " * (4 << 20), 9)
    content = b"Comment\0" + (b"\0" if kind == b"zTXt" else b"\1\0\0\0") + text
    facts = read_metadata(png_text_file((kind, content))).facts_from("comment")
    assert sum(len(value) for _, value in facts) <= 1 << 16


@pytest.mark.parametrize(
    "text",
    [
        "SAMSUNG CAMERA PICTURES",
        "OLYMPUS DIGITAL CAMERA",
        "<Digimax i5, Samsung #1>",
        "<KENOX S630  / Samsung S630>",
        "Digital StillCamera",
        r"DCIM\100MEDIA\DJI_0042.JPG",
        "DCIM/101GOPRO/GOPR1234.JPG",
        *("cof", "oznor", "oznorWO", "sdr_HDRB", "mde_soft", "fbthdr", "frontbhdp"),
        "Maker:0x4c,Date:2018-1-1,Ver:5,Lens:Kan03,Act:Lar02,E-Y",
        "filter: 0; fileterIntensity: 0.0; filterMask: 0;",
        "CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90\n",
        "Created with GIMP",
        "File written by Adobe Photoshop\xa8 4.0",
        "LEAD Technologies Inc. V1.01",
        "Optimized by JPEGmini 3.14.2.84235 0xbd9e5dc9",
        "Lavc58.54.100",
        *("binary comment", "Untitled", "default", "charset=Ascii", "hisilicon k3"),
    ],
)
def test_what_cameras_and_programs_write_is_no_caption(text: str) -> None:
    """The lists of PhotoPrism (internal/meta/sanitize.go), Pixel 2 and Huawei captions among them."""
    assert is_machine_text(text)
    packet = xmp_packet(xmp_list("dc:description", text.replace("<", "&lt;"), kind="Alt"))
    data = jpeg_file(
        exif=exif_block({0x010E: text.encode()}), xmp=packet, iptc=iptc_block((2, 120, text.encode()))
    )
    assert read_metadata(data).facts == ()
    assert read_metadata(jpeg_with_comments(text.encode())).facts == ()


@pytest.mark.parametrize(
    "text",
    [
        "My new digital camera",
        "Monday",
        "Norway",
        "A Samsung fridge",
        "Created by my daughter",
        "HDR of the pier",
    ],
)
def test_what_a_person_writes_is_a_caption(text: str) -> None:
    assert not is_machine_text(text)


# -- BigTIFF --------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_with_long_offsets_is_read(order: str) -> None:
    data = big_tiff(
        order, {0x010E: b"A boat in the fog\0", 0x013B: b"Ada\0", 0x0132: b"2019:06:17 12:34:56\0"}
    )
    assert read_metadata(data).facts_from("exif") == (
        ("modified", "2019-06-17 12:34:56"),
        ("caption", "A boat in the fog"),
        ("creator", "Ada"),
    )


def test_a_tiff_with_long_offsets_that_lie_outside_says_nothing() -> None:
    data = bytearray(big_tiff("<", {0x010E: b"A boat in the fog\0"}))
    data[24 + 12 : 24 + 20] = b"\xff" * 8  # the offset of the value
    assert read_metadata(bytes(data)).facts == ()
    data[8:16] = struct.pack("<Q", (1 << 64) - 1)  # the offset of the directory
    assert read_metadata(bytes(data)).facts == ()


# -- raw files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("magic", [b"IIRO", b"IIRS", b"IIU\0", b"MMOR"])
def test_raw_files_that_are_nearly_tiff_are_read_like_one(magic: bytes) -> None:
    """ORF of Olympus and RW2 of Panasonic, after ExifTool's description."""
    order = "<" if magic.startswith(b"II") else ">"
    directory = struct.pack(order + "IHHHIII", 8, 1, 0x010E, 2, 7, 26, 0)
    assert read_metadata(magic + directory + b"A boat\0").facts_from("exif") == (("caption", "A boat"),)


def test_a_raf_has_the_metadata_of_the_jpeg_in_it() -> None:
    jpeg = jpeg_file(xmp=xmp_packet(xmp_list("dc:subject", "fog")))
    head = b"FUJIFILMCCD-RAW ".ljust(84, b"\0") + struct.pack(">II", 100, len(jpeg))
    assert read_metadata(head.ljust(100, b"\0") + jpeg).facts_from("xmp") == (("tag", "fog"),)
    assert read_metadata(head).facts == ()
