"""Browsing the whole collection in a real Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from retrieval import Library
from tests.browsing import check_everybody, serve_library
from tests.drawing import write_scenes
from tests.indexing import index_folder

pytestmark = pytest.mark.browser


def make_dated_library(folder: Path) -> Path:
    """Twelve scenes in two folders, of twelve years by the dates in their names."""
    for name, first in (("Trip", 0), ("Home", 6)):
        for number, path in enumerate(write_scenes(folder / "Photos" / name, 6, first=first), first):
            path.rename(path.with_name(f"IMG_{datetime(2010 + number, 5, 4):%Y%m%d_%H%M%S}.jpg"))
    index_folder(folder / "library", folder / "Photos")
    return folder / "library"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with (
        Library.open(make_dated_library(tmp_path_factory.mktemp("dated"))) as library,
        serve_library(library) as served,
    ):
        yield served


def test_folders_and_dates_lead_to_pictures(page: Page) -> None:
    page.goto("/")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Browse").click()
    page.get_by_role("link", name="Trip").click()
    expect(page.locator(".tile")).to_have_count(6)
    page.goto("/browse/dates")
    page.get_by_role("link", name="May").first.click()
    expect(page.locator(".count")).to_have_text("1 picture")


def test_the_scrubber_passes_through_the_years(page: Page) -> None:
    page.goto("/browse/dates")
    stops = page.locator(".scrubber a")
    expect(stops).to_have_count(12)
    expect(stops.first).to_have_attribute("aria-current", "true")
    first, last = stops.first.bounding_box(), stops.last.bounding_box()
    assert first
    assert last
    page.mouse.move(first["x"] + 5, first["y"] + 5)
    page.mouse.down()
    page.mouse.move(last["x"] + 5, last["y"] + 5, steps=3)
    page.mouse.up()
    expect(page.locator("#year-2010")).to_be_in_viewport()
    assert page.evaluate("scrollY") > 0


def test_everybody_can_browse(new_context: Callable[..., BrowserContext]) -> None:
    check_everybody(new_context, ["/", "/browse/folders", "/browse/dates", "/browse/labels"])
