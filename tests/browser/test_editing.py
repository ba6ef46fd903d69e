"""Editing in a browser: the form of a picture, suggestions, and the page of edits."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from retrieval import Library
from tests.browsing import check_axe, check_everybody
from tests.webapp.conftest import make_scene_library


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library that these tests edit."""
    with Library.open(make_scene_library(tmp_path_factory.mktemp("edited") / "library")) as opened:
        yield opened


def test_a_picture_is_edited_and_a_suggestion_rejected_for_good(page: Page, library: Library) -> None:
    page.goto("images/6")
    page.get_by_text("Edit", exact=True).click()
    page.get_by_label("Title").fill("Pier")
    page.get_by_label("Add tags").fill("sea; gulls")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pier")
    expect(page.get_by_text("Last said: title Pier; tag sea; tag gulls")).to_be_visible()
    offered = page.locator("#suggestions .value")
    expect(offered.first).to_be_visible()
    name = offered.first.locator("span").first.inner_text()
    offered.first.locator(".remove").click()
    expect(page.locator("[aria-labelledby=rejected]")).to_contain_text(name)
    expect(page.locator("[aria-labelledby=suggested], #suggestions .quiet")).to_be_visible()
    expect(page.locator("#suggestions")).not_to_contain_text(name)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[aria-labelledby=rejected]")).to_have_count(0)
    assert library.load_image(6).title == "Pier"


def test_everybody_can_use_the_forms(new_context: Callable[..., BrowserContext]) -> None:
    check_everybody(new_context, ["images/6", "images/6/suggestions", "edits"])
    page = new_context(bypass_csp=True, viewport={"width": 360, "height": 740}).new_page()
    page.goto("?limit=4")
    page.keyboard.press("Control+a")
    for details in page.locator("#selection details").all():
        details.evaluate("details => details.open = true")
    check_axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_pictures_are_selected_one_by_one_in_a_range_by_a_box_and_all(page: Page) -> None:
    page.goto("?limit=4")
    marks, selected = page.get_by_role("checkbox", name="Select"), page.locator(".selected")
    bar = page.get_by_role("form", name="Selected pictures")
    expect(bar).to_be_hidden()
    marks.first.click()
    expect(selected).to_have_text("1 selected")
    marks.nth(2).click(modifiers=["Shift"])
    expect(selected).to_have_text("3 selected")
    marks.nth(1).click()
    expect(page.locator(".mark[aria-checked=true]")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()

    tile = page.locator(".tile").nth(1).bounding_box()
    words = page.locator(".tile .name").nth(1).bounding_box()
    assert tile
    assert words
    page.mouse.move(words["x"] + words["width"] - 2, words["y"] + 4)
    page.mouse.down()
    page.mouse.move(tile["x"] + tile["width"] - 10, tile["y"] + 20, steps=4)
    page.mouse.up()
    expect(selected).to_have_text("1 selected")

    page.keyboard.press("Control+a")
    expect(selected).to_have_text("All 12 hits selected")
    expect(page.locator(".mark[aria-checked=true]")).to_have_count(4)
    page.get_by_role("link", name="More pictures").click()
    expect(page.locator(".mark[aria-checked=true]")).to_have_count(8)


def test_all_hits_are_edited_taken_back_and_exported(page: Page, library: Library) -> None:
    page.goto("?limit=4")
    before = library.load_image(9).tags
    page.keyboard.press("Control+a")
    bar = page.get_by_role("form", name="Selected pictures")
    bar.get_by_text("Edit", exact=True).click()
    page.get_by_label("Tag", exact=True).fill("selected; sea")
    page.get_by_role("button", name="Say so").click()
    expect(page.locator(".said-so")).to_contain_text("12 changed.")
    assert library.load_image(9).tags[:2] == ("selected", "sea")
    bar.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.path().read_text("utf-8").count("selected") == 12
    page.locator(".said-so").get_by_role("button", name="Undo").click()
    expect(page.locator(".said-so")).to_have_text("Taken back from 12 pictures.")
    assert library.load_image(9).tags == before

    page.get_by_role("button", name="Clear").click()
    page.get_by_role("checkbox", name="Select").nth(1).click()
    page.locator("[name=format]").select_option("json")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "pictures.json"
    bar.get_by_text("Edit", exact=True).click()
    page.get_by_label("Stars").select_option("5")
    page.get_by_label("Not tag").press("Enter")
    expect(page.locator(".said-so")).to_contain_text("1 changed.")
