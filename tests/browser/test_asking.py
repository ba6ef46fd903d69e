"""What counts in a search, the box of its picture, and weaker matches, by hand and keys in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browsing import list_shown_ids

pytestmark = pytest.mark.browser


def test_a_slider_searches_at_once_and_keeps_the_focus(page: Page) -> None:
    page.goto("/?q=harbour&image=2")
    page.evaluate("window.isSamePage = true")
    page.get_by_text("Similar in what way").click()
    page.get_by_label("colours", exact=True).press("ArrowRight")
    expect(page).to_have_url("/?q=harbour+weight.colour:0.25&image=2")
    expect(page.get_by_label("colours", exact=True)).to_be_focused()
    page.get_by_label("Words or look").press("ArrowLeft")
    expect(page).to_have_url("/?q=2:harbour+weight.colour:0.25&image=2")
    expect(page.locator(".chip")).to_have_count(3)
    page.get_by_role("link", name="As usual").click()
    expect(page).to_have_url("/?q=2:harbour&image=2")
    assert page.evaluate("window.isSamePage")


def test_sliders_are_a_form_without_scripts(new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/?image=2")
    page.get_by_text("Similar in what way").click()
    page.get_by_label("arrangement").press("ArrowRight")
    page.get_by_role("button", name="Search so").click()
    expect(page).to_have_url("/?q=weight.layout:0.06&image=2")


def test_a_part_of_a_picture_is_drawn_moved_by_keys_and_taken_back(page: Page) -> None:
    page.goto("/?image=2")
    page.locator(".chip .thumbnail").click()
    dialog = page.get_by_role("dialog", name="Search by a part of the picture")
    box = dialog.locator(".canvas").bounding_box()
    assert box
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1] + 60, steps=2)
    page.mouse.up()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"q=image:2@0\.48,0\.5,"))
    left, _, _, height = map(float, page.url.partition("@")[2].split(","))
    assert (left, height > 0.1) == (0.48, True)
    page.locator(".chip .thumbnail").click()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name=re.compile("Search by all of")).click()
    expect(page).to_have_url("/?image=2")


def test_weaker_matches_open_where_they_begin_and_are_there_after_back(page: Page) -> None:
    page.goto("/?q=harbour+OR+colour:red")
    sure = list_shown_ids(page)
    page.get_by_role("link", name="Show them").click()
    expect(page.get_by_role("heading", name="Weaker matches")).to_be_visible()
    every = list_shown_ids(page)
    assert every[: len(sure)] == sure
    assert len(set(every)) == len(every) > len(sure)
    expect(page).to_have_url("/?q=harbour+OR+colour:red")
    page.goto("/status")
    page.go_back()
    expect(page.locator(".tile")).to_have_count(len(every))
