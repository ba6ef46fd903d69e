"""The facts in sidecar files, and the files that are refused."""

from __future__ import annotations

import json

import pytest

from retrieval import SIDECAR_SOURCE, Metadata, read_sidecar
from tests.metadata_files import xmp_list, xmp_packet


def sidecar_facts(data: bytes, ending: str) -> tuple[tuple[str, str], ...]:
    return read_sidecar(data, ending).facts_from(SIDECAR_SOURCE)


def test_every_paragraph_of_a_text_is_a_caption() -> None:
    text = "A boat\nat sea.\r\n\r\n \t\nFog.\n\n\n"
    for code in ("utf-8", "utf-8-sig", "utf-16"):
        assert sidecar_facts(text.encode(code), "txt") == (("caption", "A boat at sea."), ("caption", "Fog."))


def test_the_boxes_of_a_detector_are_no_captions() -> None:
    assert read_sidecar(b"0 0.51 0.48 0.2 0.3\n12 0.1 0.1 0.05 0.02\n", "txt") == Metadata()


def test_json_has_keys_and_others_are_passed_over() -> None:
    values = {
        "title": "Pier",
        "Description": "In fog",
        "caption": ["One", "Two"],
        "tags": "fog; pier",
        "keywords": ["sea", 3, None],
        "label": "boat",
        "labels": ["ship", "mast;sail"],
        "creator": "Ada; Eva",
        "photoTakenTime": {"timestamp": "1577836800"},
        "rating": 5,
    }
    assert sidecar_facts(json.dumps(values).encode(), "json") == (
        ("taken", "2020-01-01 00:00:00+00:00"),
        ("title", "Pier"),
        ("caption", "In fog"),
        ("caption", "One"),
        ("caption", "Two"),
        ("tag", "fog"),
        ("tag", "pier"),
        ("tag", "sea"),
        ("label", "boat"),
        ("label", "ship"),
        ("label", "mast"),
        ("label", "sail"),
        ("creator", "Ada; Eva"),
    )


TAKEOUT = {
    "title": "boat.jpg",
    "description": "In the harbour",
    "imageViews": "3",
    "photoTakenTime": {"timestamp": "1577836800", "formatted": "Jan 1, 2020"},
    "geoData": {"latitude": 48.85822, "longitude": -2.2945, "altitude": 3.0},
    "people": [{"name": "Ada"}, {"name": 7}, "Eva"],
    "url": "https://photos.google.com/photo/1",
}


def test_what_an_export_of_google_photos_says() -> None:
    assert sidecar_facts(json.dumps(TAKEOUT).encode(), "json") == (
        ("taken", "2020-01-01 00:00:00+00:00"),
        ("title", "boat.jpg"),
        ("caption", "In the harbour"),
        ("tag", "Ada"),
        ("person", "Ada"),
        ("place", "48.85822, -2.29450"),
    )


def test_persons_and_places_in_json_of_ones_own() -> None:
    values = {"persons": "Ada; Eva", "place": "Hanoi"}
    assert sidecar_facts(json.dumps(values).encode(), "json") == (
        *((field, name) for name in ("Ada", "Eva") for field in ("tag", "person")),
        ("place", "Hanoi"),
    )


@pytest.mark.parametrize(
    "odd",
    [
        {"geoData": {"latitude": 0, "longitude": 0}},
        {"geoData": {"latitude": "north", "longitude": 3}},
        {"geoData": {"latitude": 91.0, "longitude": 3}},
        {"geoData": [1, 2], "people": {"name": "Ada"}, "photoTakenTime": "1577836800"},
        {"photoTakenTime": {"timestamp": "soon"}},
        {"photoTakenTime": {"timestamp": "9" * 30}},
        {"photoTakenTime": {}},
    ],
)
def test_an_export_that_says_nothing_of_use(odd: dict[str, object]) -> None:
    assert sidecar_facts(json.dumps(odd).encode(), "json") == ()


def test_a_place_of_the_camera_counts_where_nobody_set_another() -> None:
    values = {
        "geoData": {"latitude": 0.0, "longitude": 0.0},
        "geoDataExif": {"latitude": 1, "longitude": 2},
    }
    assert sidecar_facts(json.dumps(values).encode(), "json") == (("place", "1.00000, 2.00000"),)


def test_xmp_is_what_it_is_inside_pictures() -> None:
    assert sidecar_facts(xmp_packet(xmp_list("dc:subject", "fog", "pier")), "xmp") == (
        ("tag", "fog"),
        ("tag", "pier"),
    )


@pytest.mark.parametrize("ending", ["txt", "json", "xmp"])
@pytest.mark.parametrize("data", [b"", b" \n\t "])
def test_an_empty_file_says_nothing(data: bytes, ending: str) -> None:
    assert read_sidecar(data, ending) == Metadata()


REFUSED = [
    (b"x" * 65_537, "txt", "65537 bytes; the limit for .txt is 65536"),
    (b"x" * ((1 << 20) + 1), "json", "the limit for .json is 1048576"),
    (b"K\xfcste", "txt", r"not UTF-8 \(byte 1\); save it as UTF-8"),
    (b"\x89PNG\0", "txt", "not UTF-8"),
    (b"GIF89a\0\0", "txt", "zero byte"),
    (b'{"title": }', "json", r"not JSON \(Expecting value"),
    (b"[" * 100_000, "json", "too many nested brackets"),
    (b'{"a":' * 100_000, "json", "too many nested brackets"),
    (b"9" * 10_000, "json", "not JSON"),
    (b'["fog"]', "json", "not an object"),
    (b"<svg/>", "xmp", "not XMP"),
]


@pytest.mark.parametrize(("data", "ending", "reason"), REFUSED)
def test_what_cannot_be_used_is_refused_with_the_reason(data: bytes, ending: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_sidecar(data, ending)


def test_half_a_character_in_json_is_left_out() -> None:
    assert sidecar_facts(b'{"title": "a \\ud800 b"}', "json") == (("title", "a b"),)
