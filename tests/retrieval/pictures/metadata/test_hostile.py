"""Whatever the bytes are, nothing is raised and the facts stay within the limits."""

from __future__ import annotations

import json
import zlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import Metadata, read_metadata, read_sidecar
from retrieval.pictures.metadata import exif, iptc, xmp
from retrieval.pictures.metadata.dates import parse_date, settle_date
from retrieval.pictures.metadata.facts import MAX_FACTS, MAX_TOTAL_BYTES, MAX_VALUE_BYTES, Fact
from retrieval.pictures.metadata.keywords import split_keyword
from retrieval.pictures.metadata.machine_texts import is_machine_text
from tests.metadata_files import (
    EVERYTHING_EXIF,
    EVERYTHING_IPTC,
    EVERYTHING_XMP,
    big_tiff,
    jpeg_file,
    photoshop_resources,
    png_file,
    png_text_file,
    tiff_file,
    webp_file,
    xmp_list,
    xmp_packet,
)

# Faces, trees of keywords, positions and dates; comments, compressed and plain.
WRITTEN_XMP = xmp_packet(
    '<mwg-rs:Regions><rdf:Bag><rdf:li mwg-rs:Name="Ada"><mwg-rs:Name>Eva</mwg-rs:Name></rdf:li></rdf:Bag>'
    "</mwg-rs:Regions>" + xmp_list("digiKam:TagsList", "Places/France/Paris"),
    'exif:GPSLatitude="48,51.4933N" exif:GPSLongitude="2,17.67W" exif:DateTimeOriginal="2014-01-12T13:58:55"',
)
WRITTEN_TEXTS = (
    (b"tEXt", b"Creation Time\0Sun, 25 Jan 2009 12:21:20 +0100"),
    (b"tIME", b"\x07\xe3\x06\x11\x0c\x22\x38"),
    (b"zTXt", b"Description\0\0" + zlib.compress(b"Fog over the pier")),
    (b"iTXt", b"Comment\0\1\0de\0Kommentar\0" + zlib.compress(b"Fog")),
)
FILES = (
    jpeg_file(exif=EVERYTHING_EXIF, iptc=EVERYTHING_IPTC, xmp=EVERYTHING_XMP),
    png_file(EVERYTHING_XMP, exif=EVERYTHING_EXIF, compressed=True),
    webp_file(EVERYTHING_XMP, exif=EVERYTHING_EXIF),
    tiff_file(EVERYTHING_XMP, EVERYTHING_IPTC, description="A boat"),
    jpeg_file(xmp=WRITTEN_XMP),
    png_text_file(*WRITTEN_TEXTS),
    big_tiff("<", {0x010E: b"A boat in the fog\0", 0x0132: b"2019:06:17 12:34:56\0"}),
    big_tiff(">", {0x010E: b"A boat in the fog\0"}),
)
STARTS = (b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0",
          b"FUJIFILMCCD-RAW ".ljust(84, b"\0") + b"\0\0\0\x5c\0\0\xff\xff\xff\xd8", b"\xff\xd8\xff\xfe", b"")  # fmt: skip
ENDINGS = ("txt", "json", "xmp")

edits = st.lists(
    st.tuples(st.integers(0, 1 << 16), st.binary(min_size=1, max_size=4)), min_size=1, max_size=6
)


def overwrite_bytes(data: bytes, changes: list[tuple[int, bytes]]) -> bytes:
    """The same with a few bytes overwritten."""
    damaged = bytearray(data)
    for position, value in changes:
        start = position % len(damaged)
        damaged[start : start + len(value)] = value
    return bytes(damaged)


def check_limits(metadata: Metadata) -> None:
    assert len(metadata.facts) <= MAX_FACTS
    assert sum(len(fact.value.encode()) for fact in metadata.facts) <= MAX_TOTAL_BYTES
    assert all(0 < len(fact.value.encode()) <= MAX_VALUE_BYTES for fact in metadata.facts)
    assert all(
        value.isprintable() or "\u200c" in value or "\u200d" in value for _, _, value in metadata.facts
    )
    assert Metadata.from_json(json.loads(json.dumps(metadata.as_json()))) == metadata


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(STARTS), st.binary(max_size=400))
def test_any_bytes_after_any_start_stay_within_the_limits(start: bytes, data: bytes) -> None:
    check_limits(read_metadata(start + data))


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(FILES), edits)
def test_real_files_with_a_few_bytes_overwritten_raise_nothing(
    data: bytes, changes: list[tuple[int, bytes]]
) -> None:
    check_limits(read_metadata(overwrite_bytes(data, changes)))


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(FILES), st.integers(0, 1 << 16))
def test_real_files_that_end_early_raise_nothing(data: bytes, end: int) -> None:
    check_limits(read_metadata(data[: end % len(data)]))


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(
        (
            EVERYTHING_EXIF[6:],
            EVERYTHING_IPTC,
            photoshop_resources(EVERYTHING_IPTC),
            EVERYTHING_XMP,
            WRITTEN_XMP,
        )
    ),
    edits,
)
def test_every_parser_stands_damaged_blocks(data: bytes, changes: list[tuple[int, bytes]]) -> None:
    block = overwrite_bytes(data, changes)
    pairs = [
        *exif.read_exif_facts(block),
        *iptc.read_iptc_facts(block),
        *iptc.read_iptc_facts(iptc.find_iptc_block(block)),
    ]
    with suppress(ValueError):
        pairs += xmp.read_xmp_facts(block)
    check_limits(Metadata.from_facts(settle_date(Fact("exif", field, value) for field, value in pairs)))


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(ENDINGS), st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_any_sidecar_is_read_within_the_limits_or_refused(ending: str, data: bytes) -> None:
    try:
        metadata = read_sidecar(data, ending)
    except ValueError:
        metadata = Metadata()
    check_limits(metadata)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["tags", "title", "x"]), inner)
    ),
    max_leaves=10,
)


@settings(deadline=None, max_examples=200)
@given(json_values)
def test_any_json_is_read_or_refused(value: object) -> None:
    data = json.dumps(value).encode()
    if isinstance(value, dict):
        check_limits(read_sidecar(data, "json"))
    else:
        with pytest.raises(ValueError, match="not an object"):
            read_sidecar(data, "json")


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.tuples(st.sampled_from(["xmp", "exif"]), st.sampled_from(["title", "caption"]), st.text()).map(
            lambda values: Fact(*values)
        )
    )
)
def test_any_facts_are_bounded_once_and_for_all(facts: list[Fact]) -> None:
    metadata = Metadata.from_facts(facts)
    check_limits(metadata)
    assert Metadata.from_facts(metadata.facts) == metadata


values_of_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
names_of_json = st.sampled_from(
    ["title", "Subject", "EXIF:CreateDate", "GPSLatitude", "GPSLongitude", "GPSLatitudeRef", "RegionName",
     "TagsList", "photoTakenTime", "geoData", "people", "description", "tags"]
)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(names_of_json, values_of_json, max_size=6), st.booleans())
def test_any_json_of_known_keys_is_read_within_the_limits(
    values: dict[str, object], of_exiftool: bool
) -> None:
    whole = [{"SourceFile": "a.jpg", **values}] if of_exiftool else values
    check_limits(read_sidecar(json.dumps(whole).encode(), "json"))


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=250))
def test_any_text_is_a_date_or_none_and_a_keyword_of_few_levels(text: str) -> None:
    parse_date(text)
    assert len(list(split_keyword(text))) <= 33
    is_machine_text(text)
