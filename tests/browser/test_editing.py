"""Editing in a browser: the form of a picture, suggestions, and the page of edits."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from retrieval import Library
from tests.browsing import check_everybody
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_the_forms(new_context: Callable[..., BrowserContext], scheme: str) -> None:
    check_everybody(new_context, ["images/6", "images/6/suggestions", "edits"], scheme)
