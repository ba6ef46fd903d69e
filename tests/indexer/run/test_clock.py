"""A clock that is set, or jumps: order, ages and durations do not follow it, and nothing is forgotten for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from indexer.run.pipeline import index
from indexer.run.report import Report
from indexer.upkeep.opening import open_existing
from retrieval import Library, parse_query, path_bytes
from tests.drawing import write_scenes
from tests.indexer.command import make_without_backbone
from tests.indexer.contents import last_change

START = datetime(2026, 3, 1, 12)
DAY, YEARS = timedelta(days=1), timedelta(days=3652)
JUMPS = {"ten years on": START + YEARS, "ten years back": START - YEARS, "to 1970": datetime(1970, 1, 1)}
jumps = pytest.mark.parametrize("wrong", JUMPS.values(), ids=JUMPS)

Run = Callable[[datetime], Report]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    write_scenes(tmp_path / "pictures", 4)
    return tmp_path / "pictures"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return make_without_backbone(tmp_path / "library")


@pytest.fixture
def run(pictures: Path, library: Path) -> Run:
    """One run over the folder, at the time that the clock is given, which forgets after ten days."""

    def at(now: datetime) -> Report:
        with open_existing(library) as opened:
            opened.catalog.clock = lambda: now
            opened.settings = replace(opened.settings, forget_missing_days=10)
            return index(opened, [path_bytes(pictures)], captions={}, on_event=lambda event: None)

    return at


def missing_times(library: Path) -> list[datetime]:
    with Library.open(library) as opened, opened.catalog.reading() as reader:
        return [
            location.missing_since
            for _, location in reader.load_locations().values()
            if location.missing_since
        ]


def test_what_is_missing_is_forgotten_after_so_many_days_of_runs(pictures: Path, run: Run) -> None:
    run(START)
    (pictures / "scene-001.jpg").unlink()
    assert [run(START + number * DAY).forgotten for number in range(1, 12)] == [0] * 10 + [1]


def test_a_time_without_runs_counts_no_more_than_half(pictures: Path, run: Run) -> None:
    run(START)
    (pictures / "scene-001.jpg").unlink()
    assert [run(START + number * 30 * DAY).forgotten for number in range(1, 4)] == [0, 0, 1]


@jumps
def test_a_jump_of_the_clock_forgets_nothing_and_leaves_no_age_below_zero(
    pictures: Path, library: Path, run: Run, wrong: datetime
) -> None:
    run(START)
    (pictures / "scene-001.jpg").unlink()
    run(START + DAY)
    for seconds in range(3):
        now = wrong + timedelta(seconds=seconds)
        assert run(now).forgotten == 0
        assert [timedelta() <= now - since < 10 * DAY for since in missing_times(library)] == [True]
    assert run(START + 2 * DAY).forgotten == 0, "the clock is right again"
    assert all(since <= START + 2 * DAY for since in missing_times(library))


@jumps
def test_files_that_a_wrong_clock_saw_go_are_forgotten_by_a_right_one(
    pictures: Path, run: Run, wrong: datetime
) -> None:
    run(wrong)
    (pictures / "scene-001.jpg").unlink()
    run(wrong + DAY)
    assert run(START).forgotten == 0
    assert [run(START + number * DAY).forgotten for number in range(1, 12)].count(1) == 1


@jumps
def test_order_is_that_of_the_log_and_durations_are_not_the_clocks(
    pictures: Path, library: Path, run: Run, wrong: datetime
) -> None:
    run(START)
    before = last_change(library)
    write_scenes(pictures / "later", 6)
    report = run(wrong)
    assert report.added == 2
    assert 0 < report.seconds < 600
    with Library.open(library) as opened, opened.catalog.reading() as reader:
        assert {change.image_id for change in reader.changes_since(before)} == {1, 2, 3, 4, 5, 6}
        assert reader.find_ids().tolist() == [1, 2, 3, 4, 5, 6]
        assert opened.count_images() == len(opened.search(parse_query("")).hits)
