"""Rating, lens and the settings of the camera."""

from __future__ import annotations

from typing import Any

import pytest
from PIL.TiffImagePlugin import IFDRational

from retrieval import read_metadata, read_sidecar
from tests.metadata_files import exif_block, jpeg_file, xmp_list, xmp_packet

LENS, ISO, APERTURE, TIME, FOCAL = 0xA434, 0x8827, 0x829D, 0x829A, 0x920A
RATIO = IFDRational


def exif_facts(first: dict[int, Any], **directories: dict[int, Any]) -> tuple[tuple[str, str], ...]:
    return read_metadata(jpeg_file(exif=exif_block(first, **directories))).facts_from("exif")


def test_the_settings_of_a_camera_are_read() -> None:
    """The Canon EOS 1300D of photoprism#1455, with a lens and a rating of Windows."""
    settings = {
        LENS: "EF-S18-55mm f/3.5-5.6 III",
        ISO: 100,
        APERTURE: RATIO(5),
        TIME: RATIO(1, 60),
        FOCAL: RATIO(18),
    }
    assert exif_facts({0x4746: 4}, exif=settings) == (
        ("rating", "4"),
        ("lens", "EF-S18-55mm f/3.5-5.6 III"),
        ("iso", "100"),
        ("aperture", "5"),
        ("exposure", "1/60"),
        ("focal", "18"),
    )


@pytest.mark.parametrize(
    ("tag", "value", "fact"),
    [
        (APERTURE, RATIO(28, 10), ("aperture", "2.8")),
        (TIME, RATIO(1, 8000), ("exposure", "1/8000")),
        (TIME, RATIO(5, 2), ("exposure", "2.5")),
        (TIME, RATIO(30), ("exposure", "30")),
        (FOCAL, RATIO(43, 10), ("focal", "4.3")),
        (ISO, 51200, ("iso", "51200")),
        (ISO, 65535, None),
        (ISO, 0, None),
        (APERTURE, RATIO(0), None),
        (TIME, RATIO(1, 0), None),
    ],
)
def test_a_setting_is_a_short_text(tag: int, value: object, fact: tuple[str, str] | None) -> None:
    assert exif_facts({}, exif={tag: value}) == ((fact,) if fact else ())


SETTINGS = (
    ("lens", "EF50mm f/1.8 STM"),
    ("iso", "400"),
    ("aperture", "2.8"),
    ("exposure", "1/250"),
    ("focal", "50"),
)


def test_xmp_has_them_where_the_file_has_none() -> None:
    """As Lightroom writes them beside raw files; ISO is a list there."""
    packet = xmp_packet(
        xmp_list("exif:ISOSpeedRatings", "400", kind="Seq"),
        'exif:FNumber="28/10" exif:ExposureTime="1/250" exif:FocalLength="50/1" aux:Lens="EF50mm f/1.8 STM"',
    )
    assert read_sidecar(packet, "xmp").facts_from("sidecar") == SETTINGS
    assert read_metadata(jpeg_file(xmp=packet)).facts_from("xmp") == SETTINGS
    both = read_metadata(jpeg_file(xmp=packet, exif=exif_block({}, exif={LENS: "RF50", ISO: 100})))
    assert both.facts_from("exif") == (("lens", "RF50"), ("iso", "100"))
    assert both.facts_from("xmp") == SETTINGS[2:]


@pytest.mark.parametrize(
    ("attributes", "facts"),
    [
        ('exifEX:LensModel="RF24-105mm" aux:Lens="24-105mm"', (("lens", "RF24-105mm"),)),
        ('exifEX:PhotographicSensitivity="3200"', (("iso", "3200"),)),
        ('exif:ExposureTime="5/2" exif:FNumber="0/1"', (("exposure", "2.5"),)),
        ('exif:ExposureTime="1/0" exif:FocalLength="abc" aux:Lens="----"', ()),
        ('exif:FNumber="nan" exif:FocalLength="-5/1"', ()),
    ],
)
def test_settings_in_xmp(attributes: str, facts: tuple[tuple[str, str], ...]) -> None:
    assert read_sidecar(xmp_packet("", attributes), "xmp").facts_from("sidecar") == facts


@pytest.mark.parametrize(
    ("text", "stars"), [("5", "5"), ("1.0", "1"), ("0", ""), ("-1", ""), ("6", ""), ("good", "")]
)
def test_a_rating_in_xmp_is_one_to_five_stars(text: str, stars: str) -> None:
    facts = read_sidecar(xmp_packet("", f'xmp:Rating="{text}"'), "xmp").facts_from("sidecar")
    assert facts == ((("rating", stars),) if stars else ())
