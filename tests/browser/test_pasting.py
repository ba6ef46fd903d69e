"""The address of a picture that is pasted, fetched from a server of the test; and what cannot be had from there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from retrieval import Library
from tests.browsing import allow_fetching, serve_library
from tests.serving import Server, http_answer, run_server
from webapp import create_app

pytestmark = pytest.mark.browser

PASTE = """text => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def neighbour() -> Iterator[Server]:
    with run_server() as server:
        yield server


@pytest.fixture(scope="module")
def address(library: Library, neighbour: Server) -> Iterator[str]:
    """A server that may fetch pictures, from the server of the test alone."""
    app = create_app(library)
    allow_fetching(app, neighbour)
    with serve_library(library, app) as served:
        yield served


def test_a_pasted_address_is_fetched_and_searched(page: Page, neighbour: Server, picture: Path) -> None:
    neighbour.answers["/boats/scene.jpg"] = http_answer(picture.read_bytes())
    page.goto("/?q=forest")
    page.evaluate("window.isSamePage = true")
    page.evaluate(PASTE, f"http://127.0.0.1:{neighbour.port}/boats/scene.jpg")
    expect(page.locator(".chip .text")).to_have_text(["forest", "scene.jpg"])
    page.get_by_role("link", name="Remove “forest” from the search").click()
    expect(page.locator(".chip")).to_have_count(1)
    expect(page.locator(".tile .name").first).to_contain_text("006")
    assert page.evaluate("window.isSamePage")


def test_what_cannot_be_had_from_an_address_says_what_to_do(page: Page, neighbour: Server) -> None:
    neighbour.answers["/gone.jpg"] = http_answer(b"no", "404 Gone")
    page.goto("/")
    page.evaluate(PASTE, f"http://127.0.0.1:{neighbour.port}/gone.jpg")
    state = page.locator("section.state")
    expect(state).to_contain_text("Nothing could be had from this address.")
    expect(state).to_contain_text("save the picture, and drop it anywhere on this page")
    state.get_by_text("What happened").click()
    expect(state).to_contain_text("404")
    page.locator("#q").fill("harbour")
    page.keyboard.press("Enter")
    expect(page.locator(".tile").first).to_be_visible()
