"""Steering in a real Chromium: examples with undo, the trail of steps, and pictures that were looked at."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browsing import check_everybody, list_shown_ids

pytestmark = pytest.mark.browser


def judge(page: Page, index: int, kind: str) -> str:
    """Judge the picture at a place of the list; returns its id."""
    tile = page.locator(".tile").nth(index)
    image_id = tile.get_attribute("data-image-id") or ""
    tile.hover()
    tile.locator(f"[data-steer={kind}]").click()
    page.wait_for_url(f"**like={image_id}*")
    expect(page.locator(".tile").first).to_be_visible()
    return image_id


@pytest.mark.parametrize("scripts", [True, False])
def test_verdicts_are_listed_and_taken_back(
    new_context: Callable[..., BrowserContext], *, scripts: bool
) -> None:
    page = new_context(java_script_enabled=scripts).new_page()
    page.goto("/?q=harbour")
    before = list_shown_ids(page)
    good, bad = judge(page, 1, "good"), judge(page, 1, "bad")
    assert {good, bad}.isdisjoint(list_shown_ids(page))
    expect(page.get_by_role("list", name="More like").get_by_role("img")).to_have_count(1)
    expect(page.get_by_role("list", name="Not like").get_by_role("img")).to_have_count(1)
    page.get_by_role("list", name="Not like").get_by_title("Take it back").click()
    expect(page.get_by_role("list", name="Not like")).to_have_count(0)
    page.get_by_role("link", name="Without examples").click()
    expect(page.locator(".examples")).to_have_count(0)
    assert list_shown_ids(page) == before


def test_the_trail_leads_back_to_earlier_steps(page: Page) -> None:
    page.goto("/")
    page.goto("/?q=harbour")
    judge(page, 1, "good")
    judge(page, 1, "bad")
    trail = page.locator("#trail")
    expect(trail.locator("> *")).to_have_text(["harbour", "harbour +1", "harbour +1 −1"])
    trail.get_by_role("link", name="harbour +1", exact=True).click()
    expect(trail.locator("> *")).to_have_text(["harbour", "harbour +1"])
    page.go_back()
    expect(trail.locator("> *")).to_have_text(["harbour", "harbour +1", "harbour +1 −1"])
    page.goto("/")
    expect(trail).to_be_hidden()


def test_what_was_looked_at_is_dimmed_on_demand(page: Page) -> None:
    page.goto("/?q=harbour")
    expect(page.locator("#dimmer")).to_be_hidden()
    image_id = list_shown_ids(page)[2]
    page.goto(f"/images/{image_id}")
    page.goto("/?q=harbour")
    expect(page.locator(".seen")).to_have_count(0)
    page.get_by_role("button", name="Dim what I looked at").click()
    expect(page.locator(".seen")).to_have_attribute("data-image-id", image_id)
    page.reload()
    expect(page.locator(".seen")).to_have_count(1)


def test_everybody_can_steer(new_context: Callable[..., BrowserContext]) -> None:
    check_everybody(new_context, ["/?q=harbour&like=3&unlike=7"])
