"""Features come back byte for byte, and are readable without us."""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, Engine, text

from retrieval import FeatureDamaged
from retrieval.catalog import Space, WritableCatalog
from retrieval.catalog.engine import open_engine
from retrieval.catalog.features import compute_checksum, from_blobs, stack_features, to_blob
from tests.databases import new_image

NUMBERS = st.lists(st.floats(width=16), max_size=50)  # every half float there is, NaN and infinities too


def random_features(count: int, dimension: int) -> np.ndarray:
    return np.random.default_rng(7).standard_normal((count, dimension)).astype(np.float16)


def store(catalog: WritableCatalog, features: np.ndarray) -> tuple[Space, list[int]]:
    """A space with an image for each row."""
    with catalog.writing() as writer:
        space = writer.add_space("fingerprint", "colour", {"bins": 4}, features.shape[1])
        new = [new_image(number, features={space: row}) for number, row in enumerate(features)]
        ids = writer.add_images(new)
        return writer.load_spaces()[0], ids


def blobs(engine: Engine) -> list[bytes]:
    with engine.connect() as connection:
        return [
            bytes(blob) for blob in connection.scalars(text("SELECT vector FROM feature ORDER BY image_id"))
        ]


def test_features_come_back_byte_for_byte(catalog: WritableCatalog) -> None:
    features = random_features(20, 33)
    space, ids = store(catalog, features)
    with catalog.reading() as reader:
        found_ids, found = reader.load_features(space)
    assert found_ids.tolist() == ids
    assert found.dtype == np.float16
    assert found.tobytes() == features.tobytes()


def test_features_of_some_images_come_by_rising_id_and_unknown_ones_are_left_out(
    catalog: WritableCatalog,
) -> None:
    features = random_features(600, 4)
    space, ids = store(catalog, features)
    asked = [*reversed(ids[10:]), ids[10], 10**6]
    with catalog.reading() as reader:
        found_ids, found = reader.load_features(space, asked)
        assert reader.count_features(space) == 600
    assert found_ids.tolist() == ids[10:]
    assert found.tobytes() == features[10:].tobytes()


def test_the_stored_format_is_read_with_struct_alone(catalog: WritableCatalog, catalog_url: URL) -> None:
    features = random_features(3, 5)
    store(catalog, features)
    engine = open_engine(catalog_url, writable=False)
    stored = [list(struct.unpack("<5e", blob)) for blob in blobs(engine)]
    engine.dispose()
    assert stored == features.astype(np.float64).tolist()


def rewrite(catalog_url: URL, image_id: int, blob: bytes, crc32: int | None = None) -> None:
    """Put other bytes in the place of a stored feature, and another checksum where one is given."""
    engine = open_engine(catalog_url, writable=True)
    values = "vector = :blob" + ("" if crc32 is None else ", crc32 = :crc32")
    with engine.begin() as connection:
        change = text(f"UPDATE feature SET {values} WHERE image_id = :id")
        connection.execute(change, {"blob": blob, "crc32": crc32, "id": image_id})
    engine.dispose()


@given(features=st.binary(min_size=2, max_size=200), bit=st.integers(0))
def test_any_flipped_bit_changes_the_checksum(features: bytes, bit: int) -> None:
    flipped = bytearray(features)
    flipped[bit // 8 % len(features)] ^= 1 << bit % 8
    assert compute_checksum(bytes(flipped)) != compute_checksum(features)


def test_the_checksum_is_the_standard_one() -> None:
    assert (
        compute_checksum(b"123456789") == 0xCBF43926
    )  # the check value of CRC-32/ISO-HDLC in every catalogue of CRCs


@pytest.mark.parametrize("dimension", [5, 0], ids=["features", "keypoints"])
def test_stored_features_that_rotted_are_never_read_and_all_are_named(
    catalog: WritableCatalog, catalog_url: URL, dimension: int
) -> None:
    features = random_features(5, 5)
    with catalog.writing() as writer:
        number = writer.add_space("fingerprint", "any", {}, dimension)
        stored = [to_blob(row) for row in features]
        images = [replace(new_image(position), blobs={number: blob}) for position, blob in enumerate(stored)]
        ids = writer.add_images(images)
        [space] = writer.load_spaces()
    for place in (1, 3):
        rewrite(catalog_url, ids[place], stored[place][:-1] + bytes([stored[place][-1] ^ 1]))
    with catalog.reading() as reader:
        read = reader.load_features if dimension else reader.load_blobs
        with pytest.raises(FeatureDamaged, match="2 stored features") as error:
            read(space, ids)
        assert error.value.images == (ids[1], ids[3])
        assert reader.find_damaged_features(space) == [ids[1], ids[3]]
        assert len(dict(zip(*reader.load_features(space, ids[::2]), strict=True)) if dimension
                   else reader.load_blobs(space, ids[::2])) == 3  # fmt: skip


@pytest.mark.parametrize("blob", [b"", b"12345678", b"123456789012"])
def test_a_feature_of_another_length_is_refused_even_with_its_checksum(
    catalog: WritableCatalog, catalog_url: URL, blob: bytes
) -> None:
    space, ids = store(catalog, random_features(3, 5))
    rewrite(catalog_url, ids[1], blob, compute_checksum(blob))
    with catalog.reading() as reader, pytest.raises(FeatureDamaged) as error:
        reader.load_features(space)
    assert error.value.images == (ids[1],)


def test_features_between_two_ids_are_compared_too(catalog: WritableCatalog, catalog_url: URL) -> None:
    features = random_features(4, 5)
    space, ids = store(catalog, features)
    rewrite(catalog_url, ids[1], to_blob(features[0]))
    with catalog.reading() as reader:
        found, _ = reader.load_features_between(space, ids[2], ids[3] + 1)
        assert found.tolist() == ids[2:]
        with pytest.raises(FeatureDamaged):
            reader.load_features_between(space, ids[0], ids[3])


def test_keypoints_of_any_length_come_back_and_no_others(catalog: WritableCatalog) -> None:
    """A space without a dimension: empty blobs count as described, features of other spaces stay apart."""
    features = random_features(3, 5)
    kept = [b"", b"\x00\x01\xff" * 3001, b"two"]
    with catalog.writing() as writer:
        vectors = writer.add_space("fingerprint", "colour", {"bins": 4}, 5)
        details = writer.add_space("another", "details", {"version": 1}, 0)
        new = [new_image(number, features={vectors: row}) for number, row in enumerate(features)]
        new = [replace(image, blobs={details: blob}) for image, blob in zip(new, kept, strict=True)]
        ids = writer.add_images([*new, new_image(3)])
    with catalog.reading() as reader:
        space, blobs = reader.load_spaces()
        assert (blobs.dimension, reader.count_features(blobs)) == (0, 3)
        assert reader.load_blobs(blobs, [*reversed(ids), 10**6]) == dict(zip(ids[:3], kept, strict=True))
        assert reader.load_blobs(blobs, ids[1:2]) == {ids[1]: kept[1]}
        assert reader.load_features(space)[1].tobytes() == features.tobytes()


@settings(deadline=None)
@given(NUMBERS)
def test_any_half_floats_round_trip_through_blob_and_struct(numbers: list[float]) -> None:
    feature = np.array(numbers, np.float16)
    blob = to_blob(feature)
    assert blob == struct.pack(f"<{len(numbers)}e", *feature.tolist())
    assert from_blobs([blob, blob], len(numbers)).tobytes() == blob + blob


def test_the_bytes_are_little_endian_wherever_the_array_came_from() -> None:
    feature = np.array([1.0, -2.5, 0.125], np.float16)
    expected = b"\x00\x3c\x00\xc1\x00\x30"
    assert to_blob(feature) == to_blob(feature.astype(">f2")) == to_blob(feature.repeat(2)[::2]) == expected


@pytest.mark.parametrize("length", [0, 5, 7, 12])
def test_a_blob_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"has {length} bytes instead of 6"):
        from_blobs([b"123456", b"x" * length], 3)


def test_no_features_are_an_empty_array_of_the_right_width() -> None:
    ids, features = stack_features([], 7)
    assert (ids.shape, features.shape, features.dtype) == ((0,), (0, 7), np.float16)
