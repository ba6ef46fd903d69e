"""The JSON of exiftool beside a picture."""

from __future__ import annotations

import json
from typing import Any

import pytest

from retrieval import read_sidecar


def facts_of(tags: dict[str, Any], **more: Any) -> tuple[tuple[str, str], ...]:
    data = json.dumps([{"SourceFile": "./a.jpg", **tags, **more}]).encode()
    return read_sidecar(data, "json").facts_from("sidecar")


@pytest.mark.parametrize(
    ("tags", "facts"),
    [
        (  # as text
            {
                "LensModel": "EF50mm",
                "ISO": 400,
                "FNumber": 2.8,
                "ExposureTime": "1/250",
                "FocalLength": "50.0 mm",
            },
            {"lens": "EF50mm", "iso": "400", "aperture": "2.8", "exposure": "1/250", "focal": "50"},
        ),
        (  # with -n and -G
            {"EXIF:ExposureTime": 0.004, "EXIF:FocalLength": 4.25, "Composite:Aperture": 1.8},
            {"aperture": "1.8", "exposure": "1/250", "focal": "4.2"},
        ),
        ({"LensID": "Unknown", "Lens": "24.0-105.0 mm", "ISO": 0}, {"lens": "24.0-105.0 mm"}),
        ({"ShutterSpeed": "1/8000", "FNumber": "undef"}, {"exposure": "1/8000"}),
    ],
)
def test_settings_of_the_camera(tags: dict[str, Any], facts: dict[str, str]) -> None:
    assert dict(facts_of(tags)) == facts


def test_a_time_zone_is_in_a_tag_of_its_own_or_behind_the_time() -> None:
    zone = {"DateTimeOriginal": "2021:07:31 19:55:18", "OffsetTimeOriginal": "+02:00"}
    assert facts_of(zone) == (("taken", "2021-07-31 19:55:18+02:00"),)
    assert facts_of({"DateTimeOriginal": "2021:07:31 19:55:18.12-03:00"}) == (
        ("taken", "2021-07-31 19:55:18-03:00"),
    )
    assert facts_of({"CreateDate": "2021:07:31 19:55:18", "OffsetTime": "+02:00"}) == (
        ("taken", "2021-07-31 19:55:18"),
    )


def test_its_tags_are_facts() -> None:
    """Tags of the output in photoprism#1455, and those that people write with programs."""
    tags = {
        "FileModifyDate": "2021:07:31 19:55:19+02:00",
        "Make": "Canon",
        "ModifyDate": "2022:01:01 00:00:00",
        "CreateDate": "2021:07:31 19:55:19",
        "DateTimeOriginal": "2021:07:31 19:55:18",
        "Title": "The pier",
        "ImageDescription": "OLYMPUS DIGITAL CAMERA",
        "Description": "Fog",
        "Headline": "Storm",
        "Subject": ["fog", 2019],
        "Keywords": "sea",
        "HierarchicalSubject": ["Places|Kiel"],
        "TagsList": "Animals/Gull",
        "RegionName": ["Ada", "Eva"],
        "Creator": "Grace",
        "City": "Kiel",
        "Rating": 4,
        "GPSLatitude": "48 deg 51' 29.60\" N",
        "GPSLongitude": "2 deg 17' 40.20\" W",
        "Flash": None,
    }
    assert facts_of(tags) == (
        ("taken", "2021-07-31 19:55:18"),
        ("title", "The pier"),
        ("caption", "Fog"),
        ("caption", "Storm"),
        *(("tag", tag) for tag in ("fog", "2019", "sea", "Places", "Kiel", "Places/Kiel")),
        *(("tag", tag) for tag in ("Animals", "Gull", "Animals/Gull")),
        *((field, name) for name in ("Ada", "Eva") for field in ("tag", "person")),
        ("creator", "Grace"),
        ("place", "Kiel"),
        ("rating", "4"),
        ("place", "48.85822, -2.29450"),
    )


def test_groups_and_numbers_make_no_difference() -> None:
    """What -G and -n write."""
    tags = {"XMP:Subject": "fog", "EXIF:CreateDate": "2021:07:31 19:55:18"}
    position = {"Composite:GPSLatitude": -33.51, "EXIF:GPSLongitude": 33.51, "EXIF:GPSLongitudeRef": "E"}
    assert facts_of(tags, **position) == (
        ("taken", "2021-07-31 19:55:18"),
        ("tag", "fog"),
        ("place", "-33.51000, 33.51000"),
    )


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"Subject": {"a": "b"}, "Title": True, "Description": None, "City": [[], {}, None]},
        {"GPSLatitude": "north", "GPSLongitude": 3},
        {"GPSLatitude": 91, "GPSLongitude": 3},
        {"GPSLatitude": 0, "GPSLongitude": 0},
        {"GPSLatitude": 1e999, "GPSLongitude": 1e-9},
        {"DateTimeOriginal": "0000:00:00 00:00:00"},
    ],
)
def test_odd_values_are_no_facts(tags: dict[str, Any]) -> None:
    assert facts_of(tags) == ()


def test_an_object_alone_is_read_too_and_several_files_are_refused() -> None:
    assert read_sidecar(b'{"SourceFile": "a.jpg", "Subject": "fog"}', "json").facts_from("sidecar") == (
        ("tag", "fog"),
    )
    two = json.dumps([{"SourceFile": "a.jpg"}, {"SourceFile": "b.jpg"}]).encode()
    with pytest.raises(ValueError, match="about 2 files; write one file for each picture"):
        read_sidecar(two, "json")
