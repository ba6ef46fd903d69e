"""Whatever the bytes are, nothing is raised and the facts stay within the limits."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import Metadata, read_metadata, read_sidecar
from retrieval.pictures.metadata import exif, iptc, xmp
from retrieval.pictures.metadata.facts import MAX_FACTS, MAX_TOTAL_BYTES, MAX_VALUE_BYTES, Fact
from tests.metadata_files import (
    EVERYTHING_EXIF,
    EVERYTHING_IPTC,
    EVERYTHING_XMP,
    jpeg_file,
    photoshop_resources,
    png_file,
    tiff_file,
    webp_file,
)

FILES = (
    jpeg_file(exif=EVERYTHING_EXIF, iptc=EVERYTHING_IPTC, xmp=EVERYTHING_XMP),
    png_file(EVERYTHING_XMP, exif=EVERYTHING_EXIF, compressed=True),
    webp_file(EVERYTHING_XMP, exif=EVERYTHING_EXIF),
    tiff_file(EVERYTHING_XMP, EVERYTHING_IPTC, description="A boat"),
)
STARTS = (b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"")
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
        (EVERYTHING_EXIF[6:], EVERYTHING_IPTC, photoshop_resources(EVERYTHING_IPTC), EVERYTHING_XMP)
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
    check_limits(Metadata.from_facts(Fact("exif", field, value) for field, value in pairs))


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
