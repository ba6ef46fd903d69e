"""Keypoints of drawn pictures: always the same, and found again after a picture was changed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from retrieval import UnknownDescriptor
from retrieval.descriptors.details import MAX_KEYPOINTS, MIN_SIDE, Details, find_keypoints, select_keypoints
from retrieval.pictures.images import RGB
from retrieval.ranking.descriptor_matches import MOST_MATCHES
from retrieval.ranking.keypoints import SIDE, decode_keypoints, encode_keypoints
from retrieval.ranking.verification import match_pictures
from tests.drawing import draw_scene, encode_picture

SHAPES = {
    "dot": (1, 1),
    "row": (1, 500),
    "column": (500, 1),
    "tiny": (3, 2),
    "wide": (60, 400),
    "long": (2048, 40),
}


def draw_picture(seed: int, width: int = 320, height: int = 240) -> RGB:
    """Nine scenes in a grid: enough corners for keypoints."""
    rows = [
        np.hstack([draw_scene(100 * seed + 3 * row + column, width // 3, height // 3) for column in range(3)])
        for row in range(3)
    ]
    return np.vstack(rows)


def jpeg(picture: Image.Image, quality: int) -> Image.Image:
    from io import BytesIO

    return Image.open(BytesIO(encode_picture(picture, "JPEG", quality=quality))).convert("RGB")


ATTACKS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "crop": lambda image: image.crop((80, 60, 240, 180)),
    "JPEG quality 8": lambda image: jpeg(image, 8),
    "a quarter": lambda image: jpeg(image.resize((80, 60), Image.Resampling.BICUBIC), 30),
    "rotate 10°": lambda image: image.rotate(10, Image.Resampling.BICUBIC),
    "rotate 90°": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "mirror": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "upside down": lambda image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    "greyscale": lambda image: image.convert("L").convert("RGB"),
    "stretch": lambda image: image.resize((440, 240), Image.Resampling.BICUBIC),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_picture_is_known_again_after(name: str) -> None:
    original = draw_picture(1)
    attacked = np.asarray(ATTACKS[name](Image.fromarray(original)))
    assert match_pictures(find_keypoints(attacked), find_keypoints(original)).is_verified
    assert match_pictures(find_keypoints(original), find_keypoints(attacked)).is_verified


def test_other_pictures_are_not_taken_for_it() -> None:
    pictures = [find_keypoints(draw_picture(seed)) for seed in range(1, 9)]
    matches = [match_pictures(one, other) for one in pictures for other in pictures if one is not other]
    assert not any(match.is_verified for match in matches)


def test_the_map_of_a_crop_says_where_it_was_cut() -> None:
    original = draw_picture(2)
    match = match_pictures(find_keypoints(original[60:180, 80:240]), find_keypoints(original))
    corners = np.array([[0, 0, 1], [1, 1, 1]]) @ match.transform.T
    assert corners == pytest.approx(np.array([[0.25, 0.25], [0.75, 0.75]]), abs=0.02)


def test_keypoints_of_a_mirrored_picture_are_the_mirrored_keypoints() -> None:
    original = draw_picture(3)
    match = match_pictures(find_keypoints(original[:, ::-1]), find_keypoints(original).mirror_keypoints())
    assert match.inliers > MOST_MATCHES / 2
    assert match.transform == pytest.approx(np.array([[1, 0, 0], [0, 1, 0]]), abs=0.02)


def test_places_lie_in_the_picture_and_are_not_too_many() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (300, 450, 3), np.uint8)
    for picture in (noise, draw_picture(4), draw_picture(5, 1200, 900)):
        keypoints = find_keypoints(picture)
        assert 0 < len(keypoints) <= MAX_KEYPOINTS
        assert max(keypoints.width, keypoints.height) == SIDE
        assert ((keypoints.relative_positions >= 0) & (keypoints.relative_positions <= 1.001)).all()
        assert set(np.unique(keypoints.descriptors)) <= {0, 1, 2, 3}


def test_size_does_not_matter() -> None:
    large = Image.fromarray(draw_picture(6, 900, 600))
    small = large.resize((200, 133), Image.Resampling.BICUBIC)
    assert match_pictures(find_keypoints(np.asarray(small)), find_keypoints(np.asarray(large))).is_verified


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("grey", [0, 119, 255, None])
def test_no_shape_and_no_flat_colour_breaks_it(shape: tuple[int, int], grey: int | None) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (*shape, 3), np.uint8)
    picture = noise if grey is None else np.full((*shape, 3), grey, np.uint8)
    keypoints = find_keypoints(picture)
    assert grey is None or not len(keypoints)
    assert len(keypoints) == 0 or min(keypoints.width, keypoints.height) >= MIN_SIDE
    assert encode_keypoints(decode_keypoints(encode_keypoints(keypoints))) == encode_keypoints(keypoints)


def test_the_same_pictures_give_the_same_bytes_in_their_order_and_in_any_thread() -> None:
    pictures = [draw_picture(seed, 320 + 9 * seed) for seed in range(5)] + [np.zeros((50, 50, 3), np.uint8)]
    blobs = Details().describe(pictures)
    assert blobs == [encode_keypoints(find_keypoints(picture)) for picture in pictures]
    assert blobs[-1] == b""
    assert len(set(blobs)) == len(pictures)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: Details().describe(pictures), range(4))) == [blobs] * 4
    assert Details().describe([]) == []


def test_describing_leaves_the_picture_alone() -> None:
    picture = draw_picture(7)
    find_keypoints(picture)
    assert np.array_equal(picture, draw_picture(7))


def test_keypoints_are_spread_over_the_cells_strongest_first() -> None:
    # Two strong ones and MAX_KEYPOINTS weak ones in one corner, one of the weakest in the other.
    positions = np.float32([[1, 1]] * (MAX_KEYPOINTS + 2) + [[90, 90]])
    strengths = np.float32([9, 8] + [5] * MAX_KEYPOINTS + [1])
    selected = select_keypoints(positions, strengths, (100, 100))
    assert selected[:3].tolist() == [0, MAX_KEYPOINTS + 2, 1]
    assert len(selected) == len(set(selected.tolist())) == MAX_KEYPOINTS


def test_another_version_is_refused_by_name() -> None:
    assert Details(Details().configuration).fingerprint == Details().fingerprint
    with pytest.raises(
        UnknownDescriptor, match=r"^details, version 2: no such descriptor; there are details, version 1$"
    ):
        Details({"version": 2})
