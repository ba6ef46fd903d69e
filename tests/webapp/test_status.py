"""The page of status: counts, the run at work, problems with their repairs, and what strangers do not see."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from indexer.run.pipeline import index
from indexer.run.report import Event, Progress
from indexer.run.stop_signals import Stopped, handle_stop_signals
from indexer.upkeep.opening import open_existing
from indexer.upkeep.problems import PROBLEM_CODES
from retrieval import Library, Problem, RunNote, RunProgress, path_bytes, read_run, write_library
from tests.drawing import write_scenes
from webapp import create_app
from webapp.repairs import find_repair


@pytest.fixture
def library(library_path: Path, tmp_path: Path) -> Iterator[Library]:
    """A library with a missing file, and two problems, one of which has a picture."""
    path = Path(shutil.copytree(library_path, tmp_path / "library"))
    with write_library(path) as opened, opened.catalog.writing() as writer:
        writer.mark_missing([opened.load_image(2).locations[0].path])
        known = opened.load_image(3).locations[0].path
        writer.report_problem(Problem(known, "incomplete", "the last rows are missing"))
        writer.report_problem(Problem(b"/photos/<b>.jpg", "truncated", "the file ends too early"))
    with Library.open(path) as library:
        yield library


@pytest.fixture
def client(library: Library) -> FlaskClient:
    return create_app(library).test_client()


def test_the_page_tells_what_to_mend(client: FlaskClient) -> None:
    page = client.get("/status").text
    assert find_repair("truncated") in page
    assert "/photos/&lt;b&gt;.jpg" in page
    assert 'src="/media/3/thumbnail"' in page  # the problem of a picture that is known
    assert 'src="/media/2/thumbnail"' in page  # the missing one
    assert "No indexing run is at work" in page
    assert "up to date" in page


def test_every_problem_has_a_repair() -> None:
    repairs = [find_repair(code) for code in PROBLEM_CODES]
    assert len(set(repairs)) == len(repairs)
    assert find_repair("of another version") not in repairs


def test_the_run_at_work_is_shown_and_asked_to_stop(client: FlaskClient, library: Library) -> None:
    with RunNote(library.path) as note:
        note.write(RunProgress("reading", 41_200, 120_000, 3, "/photos/2019", 90.0))
        page = client.get("/status/run").text
        assert "41,200 of 120,000 files read, 3 with problems, about 2 minutes left" in page
        assert "/photos/2019" in page
        assert client.post("/status/stop").status_code == 303
        assert note.is_asked_to_stop()


def test_strangers_see_counts_alone(library: Library) -> None:
    strangers = create_app(library, public=True).test_client()
    with RunNote(library.path) as note:
        note.write(RunProgress("reading", 1, 2, 0, "/photos/2019"))
        page = strangers.get("/status").text
        assert "1 of 2 files read" in page
        assert strangers.post("/status/stop").status_code == 403
        assert not note.is_asked_to_stop()
    assert [secret for secret in ("/photos", "truncated", "/media/2", "Stop after") if secret in page] == []


def test_an_indexing_run_notes_its_progress_and_stops_when_asked(library_path: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(library_path, tmp_path / "library"))
    write_scenes(tmp_path / "new", 70, first=100)
    seen: list[RunProgress | None] = []
    with (
        Library.open(path) as library,
        open_existing(path) as writer,
        handle_stop_signals(lambda: None) as stopping,
    ):
        client = create_app(library).test_client()

        def watch(event: Event) -> None:
            if isinstance(event, Progress):
                seen.append(read_run(path))
                client.post("/status/stop")

        with pytest.raises(Stopped):
            index(writer, [path_bytes(tmp_path / "new")], captions={}, on_event=watch, shield=stopping.shield)
        assert [(run.stage, run.done, run.total) for run in seen if run] == [("reading", 32, 70)]
        assert library.count_images() == 12 + 32  # one batch, which was acknowledged
    assert read_run(path) is None
