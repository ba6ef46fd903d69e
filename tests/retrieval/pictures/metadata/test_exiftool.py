"""The JSON of exiftool beside a picture."""

from __future__ import annotations

import json
from typing import Any

import pytest

from retrieval import read_sidecar


def facts_of(tags: dict[str, Any], **more: Any) -> tuple[tuple[str, str], ...]:
    data = json.dumps([{"SourceFile": "./a.jpg", **tags, **more}]).encode()
    return read_sidecar(data, "json").facts_from("sidecar")


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
        *(("tag", tag) for tag in ("Animals", "Gull", "Animals/Gull", "Ada", "Eva")),
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
