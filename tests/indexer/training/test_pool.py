"""The pool holds the pictures of its folders, apart from those that must not be seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.errors import TrainingImpossible
from indexer.training.pool import PIXELS, ROW, ROWS, Pool
from indexer.training.pool_maker import PART, OnProgress, provide_pool
from indexer.training.views import Views
from retrieval import images, path_bytes
from tests.drawing import draw_scene


def write(folder: Path, seeds: range, quality: int = 95) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        (folder / f"{seed}.jpg").write_bytes(images.encode_jpeg(draw_scene(seed), quality=quality))
    return folder


class Broken(Exception):
    pass


def show_nothing(done: int, total: int) -> None:
    """What is done about progress where no test asks."""


def made(
    path: Path,
    *folders: Path,
    apart_from: tuple[Path, ...] = (),
    side: int = 60,
    on_progress: OnProgress = show_nothing,
) -> Pool:
    return provide_pool(
        path,
        [path_bytes(each) for each in folders],
        side=side,
        apart_from=[path_bytes(each) for each in apart_from],
        on_progress=on_progress,
    )


def test_every_readable_picture_is_kept_at_the_asked_size(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", range(5))
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    pool = made(tmp_path / "pool", folder)
    assert len(pool) == 5
    assert {pool.get_picture(place).shape for place in range(5)} == {(60, 80, 3)}
    original = images.resize_pixels(draw_scene(0), 80, 60)
    assert np.abs(pool.get_picture(0).astype(int) - original).mean() < 4  # what JPEG does to it


def test_small_pictures_are_not_enlarged(tmp_path: Path) -> None:
    pool = made(tmp_path / "pool", write(tmp_path / "a", range(1)), side=500)
    assert pool.get_picture(0).shape == (120, 160, 3)


def test_what_is_measured_on_is_left_out_even_resized_and_compressed(tmp_path: Path) -> None:
    held_out = tmp_path / "test"
    held_out.mkdir()
    for seed in (1, 3):
        small = images.resize_pixels(draw_scene(seed), 100, 75)
        (held_out / f"{seed}.jpg").write_bytes(images.encode_jpeg(small, quality=40))
    folder = write(tmp_path / "a", range(6))
    pool = made(tmp_path / "pool", folder, apart_from=(held_out,))
    kept = [pool.get_picture(place) for place in range(len(pool))]
    seeds = [
        int(
            np.argmin(
                [
                    np.abs(images.resize_pixels(draw_scene(seed), 80, 60).astype(int) - each).mean()
                    for seed in range(6)
                ]
            )
        )
        for each in kept
    ]
    assert seeds == [0, 2, 4, 5]


def test_a_pool_is_made_once_and_never_taken_for_another(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", range(2))
    made(tmp_path / "pool", folder)
    write(folder, range(2, 9))
    assert len(made(tmp_path / "pool", folder)) == 2
    with pytest.raises(TrainingImpossible, match="other folders"):
        made(tmp_path / "pool", folder, side=50)


def break_off(path: Path, *folders: Path, apart_from: tuple[Path, ...] = (), after: int) -> None:
    def stop(done: int, total: int) -> None:
        if done == after:
            raise Broken

    with pytest.raises(Broken):
        made(path, *folders, apart_from=apart_from, on_progress=stop)


def read_pool(path: Path) -> tuple[bytes, bytes]:
    return (path / PIXELS).read_bytes(), (path / ROWS).read_bytes()


@pytest.mark.parametrize("after", [1, 4, 7, 8])
def test_a_pool_that_was_broken_off_goes_on_behind_the_last_picture(tmp_path: Path, after: int) -> None:
    folders = write(tmp_path / "a", range(5)), write(tmp_path / "b", range(5, 7))
    (folders[0] / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    held_out = write(tmp_path / "test", range(2, 3))
    made(tmp_path / "whole", *folders, apart_from=(held_out,))
    break_off(tmp_path / "broken", *folders, apart_from=(held_out,), after=after)
    done: list[tuple[int, int]] = []
    pool = made(
        tmp_path / "broken", *folders, apart_from=(held_out,), on_progress=lambda *now: done.append(now)
    )
    assert done == [(number, 8) for number in range(after + 1, 9)]
    assert read_pool(tmp_path / "broken") == read_pool(tmp_path / "whole")
    assert len(pool) == 6
    assert not (tmp_path / "broken" / PART).exists()


def test_a_row_or_a_picture_that_was_cut_short_is_done_again(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", range(5))
    made(tmp_path / "whole", folder)
    for name, length in (("rows", 5), ("pixels", 100)):
        path = tmp_path / name
        break_off(path, folder, after=3)
        cut = path / (PART if name == "rows" else PIXELS)
        cut.write_bytes(cut.read_bytes()[:-length])
        done: list[int] = []
        made(path, folder, on_progress=lambda now, total, done=done: done.append(now))
        assert done == [3, 4, 5]
        assert read_pool(path) == read_pool(tmp_path / "whole")


def test_a_pool_that_was_broken_off_begins_anew_with_other_files(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", range(4, 8))
    break_off(tmp_path / "pool", folder, after=3)
    write(folder, range(3))
    assert len(made(tmp_path / "pool", folder)) == 7
    made(tmp_path / "whole", folder)
    assert read_pool(tmp_path / "pool") == read_pool(tmp_path / "whole")


def test_folders_without_pictures_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(TrainingImpossible, match="no picture"):
        made(tmp_path / "pool", tmp_path / "a")


def test_a_folders_share_grows_with_the_root_of_its_size(tmp_path: Path) -> None:
    pool = made(tmp_path / "pool", write(tmp_path / "a", range(9)), write(tmp_path / "b", range(9, 10)))
    shares = np.diff(pool.cumulated, prepend=0)
    assert shares[:9].sum() == pytest.approx(3 / 4)
    assert shares[9] == pytest.approx(1 / 4)


def test_views_depend_on_seed_and_step_alone(tmp_path: Path) -> None:
    pool = made(tmp_path / "pool", write(tmp_path / "a", range(4)))
    views = Views(pool, size=32, seed=5)
    first = views.make_batch(3, 16)
    assert first.shape == (16, 32, 32, 3)
    assert first.dtype == np.float32
    assert np.array_equal(first, Views(pool, size=32, seed=5).make_batch(3, 16))
    assert not np.array_equal(first, views.make_batch(4, 16))
    assert not np.array_equal(first, Views(pool, size=32, seed=6).make_batch(3, 16))


def test_views_show_the_pictures_in_ordinary_brightness(tmp_path: Path) -> None:
    pool = made(tmp_path / "pool", write(tmp_path / "a", range(4)))
    views = Views(pool, size=32, seed=5).make_batch(0, 256)
    wanted = np.mean([pool.get_picture(place).mean() / 255 for place in range(4)])
    assert views.mean() == pytest.approx(wanted, abs=0.06)
    assert views.min() > -1
    assert views.max() < 2


def test_plain_views_show_most_of_a_picture_in_its_own_colours(tmp_path: Path) -> None:
    pool = made(tmp_path / "pool", write(tmp_path / "a", range(1)))
    picture = pool.get_picture(0)

    def off(plain: bool) -> float:
        means = Views(pool, size=32, seed=5, plain=plain).make_batch(0, 64).mean(axis=(1, 2))
        return float(np.abs(means - picture.mean(axis=(0, 1)) / 255).mean())

    plain = Views(pool, size=32, seed=5, plain=True).make_batch(0, 64)
    assert plain.dtype == np.float32
    assert (plain.min() >= 0, plain.max() <= 1) == (True, True)
    assert off(plain=True) < off(plain=False) / 2


def test_small_pictures_and_favours_change_how_often_a_picture_is_seen() -> None:
    sides = [(60, 0), (200, 0), (200, 1)]
    rows = np.array([(0, side, side, folder) for side, folder in sides], ROW)

    def chances(favours: tuple[float, ...]) -> list[float]:
        cumulated = Pool(np.zeros(1, np.uint8), rows, favours).cumulated
        return np.diff(cumulated, prepend=0).tolist()

    usual = chances(())
    assert usual[0] == pytest.approx(usual[1] / 4)
    assert usual[2] == pytest.approx(usual[1] * 2**0.5)
    favoured = chances((1.0, 3.0))
    assert favoured[2] / favoured[1] == pytest.approx(3 * usual[2] / usual[1])
