"""The review of duplicates in a real Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from retrieval import Library
from tests.browsing import check_everybody, serve_library
from tests.copied_scenes import make_copied_library

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with (
        Library.open(make_copied_library(tmp_path_factory.mktemp("copies"))) as library,
        serve_library(library) as served,
    ):
        yield served


def test_groups_are_reviewed_side_by_side(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Duplicates").click()
    groups = page.locator(".copies")
    expect(groups).to_have_count(2)
    expect(groups.first.locator(".kept")).to_contain_text("mirrored.png")
    page.get_by_label("Keep of each group").select_option("oldest")
    page.get_by_role("button", name="Preview").click()
    page.wait_for_url("**keep=oldest**")
    groups.filter(has_text="mirrored.png").get_by_role("checkbox", name="ungrey.png").uncheck()
    groups.filter(has_text="mirrored.png").get_by_role("button", name="Not duplicates").click()
    expect(page.get_by_role("status").filter(has_text="Noted")).to_be_visible()
    expect(groups.filter(has_text="ungrey.png")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What you said")
    expect(page.locator(".judged")).to_have_count(0)


def test_everybody_can_review_duplicates(new_context: Callable[..., BrowserContext]) -> None:
    check_everybody(new_context, ["/duplicates", "/duplicates?tier=bytes", "/duplicates/verdicts"])
