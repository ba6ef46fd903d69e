"""The sample collection: enough pictures, all different, and the same in every run."""

import time
from collections import Counter
from itertools import islice

import numpy as np
import pytest

from data.sample import HEADER, Sample, csv_rows, draw_collection
from data.sample.canvas import Canvas
from data.sample.outline import box, ellipse
from data.sample.variants import VARIANTS


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return list(draw_collection())


def test_there_are_enough_pictures_in_sixteen_classes(samples: list[Sample]) -> None:
    classes = Counter(sample.path.split("/")[0] for sample in samples)
    assert len(samples) >= 288
    assert len(classes) == 16
    assert min(classes.values()) >= 18


def test_paths_are_unique_and_in_the_folder_of_their_label(samples: list[Sample]) -> None:
    assert len({sample.path for sample in samples}) == len(samples)
    assert all(sample.label in ("", sample.path.split("/")[0]) for sample in samples)


def test_pixels_are_pictures(samples: list[Sample]) -> None:
    for sample in samples:
        assert (sample.pixels.dtype, sample.pixels.ndim) == (np.uint8, 3), sample.path
        assert sample.pixels.std() > 12, sample.path
        assert 190 <= min(sample.pixels.shape[:2]) <= max(sample.pixels.shape[:2]) <= 384, sample.path


def test_no_two_pictures_are_equal(samples: list[Sample]) -> None:
    assert len({sample.pixels.tobytes() for sample in samples}) == len(samples)


def test_the_same_seed_draws_the_same_pictures(samples: list[Sample]) -> None:
    for again, sample in zip(islice(draw_collection(), 20), samples, strict=False):
        assert np.array_equal(again.pixels, sample.pixels)
        assert (again.path, again.caption, again.tags, again.taken_at) == (
            sample.path,
            sample.caption,
            sample.tags,
            sample.taken_at,
        )


def test_another_seed_draws_other_pictures(samples: list[Sample]) -> None:
    for other, sample in zip(islice(draw_collection(seed=1), 3), samples, strict=False):
        assert not np.array_equal(other.pixels, sample.pixels)


def test_one_picture_in_five_has_no_words(samples: list[Sample]) -> None:
    wordless = [sample for sample in samples if not sample.caption]
    unlabelled = [sample for sample in samples if not sample.label]
    assert 0.15 < len(wordless) / len(samples) < 0.28
    assert all(not sample.title and not sample.tags for sample in wordless)
    assert 0.3 < len(unlabelled) / len(wordless) < 0.7


def test_captions_are_sentences_and_vary(samples: list[Sample]) -> None:
    told = [sample for sample in samples if sample.caption]
    assert len({sample.caption for sample in told}) > 0.75 * len(told)
    for sample in told:
        assert sample.caption[0].isupper(), sample.caption
        assert sample.caption.endswith("."), sample.caption
        assert "{" not in sample.caption + sample.title, sample.caption
        assert "  " not in sample.caption, sample.caption
        assert 2 <= len(sample.tags) <= 5, sample.tags


def test_colours_are_said_in_several_classes(samples: list[Sample]) -> None:
    classes = {sample.label for sample in samples if "red" in sample.tags}
    assert len(classes) >= 6


def test_near_duplicates_resemble_their_originals(samples: list[Sample]) -> None:
    by_path = {sample.path: sample for sample in samples}
    copies = [path for path in by_path if path.rsplit("-", 1)[1].removesuffix(".jpg") in VARIANTS]
    assert len(copies) >= 16
    assert {bool(by_path[path].caption) for path in copies} == {True, False}
    for path in copies:
        original = by_path[path.rsplit("-", 1)[0] + ".jpg"]
        assert np.abs(by_path[path].pixels.mean((0, 1)) - original.pixels.mean((0, 1))).max() < 30, path


def test_dates_are_plausible(samples: list[Sample]) -> None:
    years = Counter(sample.taken_at.year if sample.taken_at else None for sample in samples)
    assert 0 < years[None] < len(samples) / 3
    assert all(2015 <= year <= 2025 for year in years if year)


def test_rows_have_the_header_and_joined_tags(samples: list[Sample]) -> None:
    header, *lines = csv_rows(samples)
    assert header == HEADER == ("path", "title", "caption", "tags", "label")
    assert len(lines) == len(samples)
    tagged = next(sample for sample in samples if len(sample.tags) > 1)
    assert next(line for line in lines if line[0] == tagged.path)[3] == "; ".join(tagged.tags)


def test_drawing_is_quick() -> None:
    start = time.process_time()
    assert len(list(islice(draw_collection(), 20))) == 20
    assert time.process_time() - start < 6  # a second on a free core; the limit allows for a busy one


def test_a_fill_covers_exactly_its_area() -> None:
    canvas = Canvas.blank(100, 100)
    assert canvas.make_mask(box(0.105, 0.2, 0.31, 0.5)).alpha.sum() == pytest.approx(31 * 50, rel=1e-3)
    assert canvas.make_mask(ellipse(0.5, 0.5, 0.3, points=200)).alpha.sum() == pytest.approx(
        np.pi * 30**2, rel=2e-3
    )


def test_a_fill_outside_the_canvas_does_nothing() -> None:
    canvas = Canvas.blank(40, 30)
    canvas.fill(np.ones(3, np.float32), box(3, 3, 1, 1), blur=0.05)
    assert not canvas.pixels.any()


def test_every_step_th_picture_is_drawn_as_in_the_whole_collection(samples: list[Sample]) -> None:
    drawn, step_th = list(draw_collection(step=23)), samples[::23]
    assert [sample.path for sample in drawn] == [sample.path for sample in step_th]
    assert all(np.array_equal(one.pixels, other.pixels) for one, other in zip(drawn, step_th, strict=True))
    assert any(sample.path.endswith(tuple(f"-{change}.jpg" for change in VARIANTS)) for sample in drawn)
