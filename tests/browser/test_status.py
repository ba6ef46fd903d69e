"""The page of status in a real Chromium: it follows a run at work, and everybody can use it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from retrieval import Library, Problem, RunNote, RunProgress, write_library
from tests.browsing import check_everybody, serve_library

pytestmark = pytest.mark.browser


def test_the_page_follows_a_run_and_stops_it(
    new_context: Callable[..., BrowserContext], library_path: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copytree(library_path, tmp_path / "library"))
    with write_library(path) as opened, opened.catalog.writing() as writer:
        writer.mark_missing([opened.load_image(2).locations[0].path])
        writer.report_problem(Problem(b"/photos/a.jpg", "truncated", "the file ends too early"))
    with Library.open(path) as library, serve_library(library) as other_address, RunNote(path) as note:
        note.write(RunProgress("reading", 1, 40, 0, "/photos"))
        page = new_context().new_page()
        page.goto(other_address)
        page.get_by_role("link", name="Status").click()
        expect(page.locator("#run")).to_contain_text("1 of 40 files read")
        note.write(RunProgress("reading", 33, 40, 0, "/photos"))
        expect(page.locator("#run")).to_contain_text("33 of 40 files read", timeout=20_000)
        check_everybody(new_context, [f"{other_address}/status"])
        page.get_by_role("button", name="Stop after these pictures").click()
        page.wait_for_url("**/status")
        assert note.is_asked_to_stop()
        note.close()
        expect(page.locator("#run")).to_contain_text("No indexing run is at work", timeout=20_000)
