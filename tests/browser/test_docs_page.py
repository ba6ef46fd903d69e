"""The page about the interface for programs: what is sent from there, and how the answer is shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

pytestmark = pytest.mark.browser


def test_an_example_is_sent_and_its_answer_shown(new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(viewport={"width": 360, "height": 800}).new_page()
    page.goto("/docs/api#similar")
    similar = page.locator("#similar")
    similar.get_by_label("limit").fill("2")
    similar.get_by_role("button").click()
    expect(similar.get_by_role("status")).to_contain_text("GET /api/v1/images/1/similar?limit=2 → 200")
    expect(similar.locator("pre")).to_contain_text('"hits": [')
    page.locator("#embed summary").click()
    page.locator("#embed textarea").fill('{"txt": "boat"}')
    page.locator("#embed").get_by_role("button").click()
    expect(page.locator("#embed pre")).to_contain_text("did you mean text?")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
