"""The box of the search page in a real Chromium: chips, suggestions, results that change in place, and its states."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browsing import list_shown_ids

pytestmark = pytest.mark.browser


def suggestions(page: Page) -> list[str]:
    return [text.split("\n")[0] for text in page.locator("#completions .what").all_inner_texts()]


def test_chips_change_the_search_in_place(page: Page) -> None:
    page.goto("/?q=harbour+-night+tag:harbour&image=2")
    page.evaluate("window.isSamePage = true")
    chips = page.get_by_role("list", name="What is searched for").locator(".chip")
    chips.nth(0).locator("summary").click()
    chips.nth(0).get_by_role("link", name="twice").click()
    expect(page).to_have_url("/?q=2:harbour+-night+tag:harbour&image=2")
    expect(chips.nth(0)).to_contain_text("× 2")
    chips.nth(3).locator("summary").click()
    chips.nth(3).get_by_role("link", name="Switch off for now").click()
    expect(page.locator(".chip.off")).to_contain_text("tag:harbour")
    chips.nth(2).get_by_role("link", name=re.compile("Remove .* from the search")).click()
    expect(page).to_have_url("/?q=2:harbour+-night&off=tag:harbour")
    page.locator(".chip-on").click()
    expect(page.locator("#q")).to_have_value("2:harbour -night tag:harbour")
    page.go_back()
    expect(page).to_have_url("/?q=2:harbour+-night&off=tag:harbour")
    expect(page.locator(".chip.off")).to_be_visible()
    assert page.evaluate("window.isSamePage")


def test_chips_are_links_without_scripts(new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/?q=harbour+-night")
    page.locator(".chip-menu summary").nth(1).click()
    page.get_by_role("link", name="Search for it again").click()
    expect(page.locator("#q")).to_have_value("harbour 1:night")


def test_suggestions_are_chosen_by_keys_and_by_pointer(page: Page) -> None:
    page.goto("/")
    box = page.locator("#q")
    box.press_sequentially("red har")
    expect(page.locator("#completions .what")).to_have_text(["harbour"])
    box.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", "completion-0")
    box.press("Enter")
    expect(page).to_have_url("/?q=red+harbour")
    box.fill("ta")
    page.get_by_role("option", name="tag:").click()
    expect(page.get_by_role("option", name="forest")).to_be_visible()
    page.get_by_role("option", name="forest").click()
    expect(page).to_have_url("/?q=tag%3Aforest")
    expect(page.locator(".tile")).to_have_count(3)
    box.fill("tag:")
    expect(page.locator("#completions")).to_be_visible()
    box.press("Escape")
    expect(page.locator("#completions")).to_be_hidden()
    expect(box).to_have_value("tag:")


def test_recent_searches_stay_in_the_browser_and_are_forgotten_one_by_one(page: Page) -> None:
    page.goto("/")
    box = page.locator("#q")
    for line in ("harbour", "forest", "lake"):
        box.fill(line)
        box.press("Enter")
        expect(page).to_have_url(f"/?q={line}")
    page.goto("/")
    box.click()
    expect(page.locator("#completions .what")).to_have_text(["lake", "forest", "harbour"])
    box.press("ArrowDown")
    box.press("Delete")
    expect(page.locator("#completions .what")).to_have_text(["forest", "harbour"])
    page.locator(".forget").first.click()
    expect(page.locator("#completions .what")).to_have_text(["harbour"])
    page.reload()
    box.click()
    expect(page.locator("#completions .what")).to_have_text(["harbour"])


def test_what_is_typed_is_searched_in_one_step_of_the_history(page: Page) -> None:
    page.goto("/?q=forest")
    forests = list_shown_ids(page)
    box = page.locator("#q")
    box.press("End")
    box.press_sequentially(" harbour", delay=20)
    expect(page).to_have_url("/?q=forest+harbour")
    expect(box).to_be_focused()
    box.fill('"harb')  # no query yet: what was found stays
    box.press_sequentially('our"')
    expect(page).to_have_url("/?q=%22harbour%22")
    page.go_back()
    expect(page).to_have_url("/?q=forest")
    expect(box).to_have_value("forest")
    assert list_shown_ids(page) == forests


def test_old_results_stay_while_a_search_takes_long_and_when_the_server_is_gone(page: Page) -> None:
    page.goto("/?q=harbour")
    before = list_shown_ids(page)
    held: list[Route] = []
    page.route("**/?q=forest*", lambda route: held.append(route))
    page.locator("#q").fill("forest")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("main")).not_to_have_attribute("aria-busy", "true")
    assert list_shown_ids(page) == before
    page.unroute("**/?q=forest*")
    page.route("**/?q=forest*", lambda route: route.abort())
    page.locator("#q").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Pictor does not answer")
    assert list_shown_ids(page) == before
    page.unroute("**/?q=forest*")
    page.get_by_role("button", name="Try again").click()
    expect(page).to_have_url("/?q=forest")
    assert page.get_by_role("alert").count() == 0


def test_a_result_is_dragged_into_the_box(page: Page) -> None:
    page.goto("/?q=harbour")
    first = list_shown_ids(page)[0]
    page.locator(".tile img").first.drag_to(page.locator("#q"))
    expect(page).to_have_url(f"/?q=harbour&image={first}")
    expect(page.locator(".chip")).to_have_count(2)
