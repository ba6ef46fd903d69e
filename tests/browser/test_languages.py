"""The search page in German: its words, those of its scripts, and the switch in the footer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browsing import check_everybody

pytestmark = pytest.mark.browser


def test_the_search_page_and_its_scripts_speak_german(new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(locale="de-DE").new_page()
    page.goto("/?q=harbour")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("heading", name="Gefundene Bilder")).to_be_visible()
    page.locator(".tile .mark").first.click(force=True)
    expect(page.locator(".selected")).to_have_text("1 ausgewählt")
    page.locator(".tile .picture").first.click()
    quick_look = page.get_by_role("dialog", name="Großansicht")
    expect(quick_look.locator(".place")).to_contain_text("1 von ")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Pictures found")).to_be_visible()
    assert page.url.endswith("/?q=harbour")
    page.goto("/saved")
    expect(page.get_by_role("heading", name="Saved searches", exact=True)).to_be_visible()


def test_german_pages_are_for_everybody(new_context: Callable[..., BrowserContext]) -> None:
    def german(**options: object) -> BrowserContext:
        return new_context(locale="de-DE", **options)

    check_everybody(german, ["/?q=harbour", "/images/2", "/duplicates"])
