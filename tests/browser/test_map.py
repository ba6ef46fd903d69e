"""The map of the collection in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from retrieval import Library
from tests.browsing import check_everybody, serve_library
from tests.mapped_library import COUNT, make_mapped_library

pytestmark = pytest.mark.browser

# Where the picture with an id is drawn, in the window.
FIND_DOT = """id => {
    const number = points.ids.indexOf(id);
    const box = canvas.getBoundingClientRect();
    const at = (place, start) => (place / 65535 - start) * view.scale;
    return [box.left + at(points.x[number], view.x), box.top + at(points.y[number], view.y)];
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with (
        Library.open(make_mapped_library(tmp_path_factory.mktemp("mapped") / "library")) as library,
        serve_library(library) as served,
    ):
        yield served


def open_map(page: Page, place: str = "/map") -> None:
    page.goto(place)
    page.wait_for_selector("#map[data-state=ready]")
    page.wait_for_function("isDrawn")


def test_a_picture_is_shown_while_the_pointer_is_on_it_and_opened_by_a_click(page: Page) -> None:
    open_map(page)
    page.mouse.move(*page.evaluate(FIND_DOT, 7))
    preview = page.locator(".preview")
    expect(preview).to_be_visible()
    shown = preview.locator("img").get_attribute("src") or ""
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url("**/images/*")
    assert page.url.rpartition("/")[2] == shown.split("/")[2]
    page.get_by_role("link", name="Show it on the map").click()
    page.wait_for_selector("#map[data-state=ready]")
    expect(page.locator(".lasso circle")).not_to_have_attribute("cx", "-99")


def test_the_map_comes_closer_where_the_pointer_is_and_moves_with_it(page: Page) -> None:
    open_map(page)
    x, y = page.evaluate(FIND_DOT, 7)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -400)
    page.wait_for_function("view.scale > 1000 && isDrawn")
    closer = page.evaluate(FIND_DOT, 7)
    assert max(abs(closer[0] - x), abs(closer[1] - y)) < 2
    page.mouse.down()
    page.mouse.move(x + 50, y + 20, steps=2)
    page.mouse.up()
    page.wait_for_function("isDrawn")
    moved = page.evaluate(FIND_DOT, 7)
    assert max(abs(moved[0] - closer[0] - 50), abs(moved[1] - closer[1] - 20)) < 2


def test_a_line_around_all_pictures_finds_all(page: Page) -> None:
    open_map(page)
    page.get_by_role("button", name="Draw around pictures").click()
    box = page.locator("#map canvas").bounding_box()
    assert box
    corners = [(0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99)]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place)
    page.mouse.up()
    expect(page).to_have_url(f"/?q=among:1..{COUNT}")
    expect(page.locator(".chip")).to_contain_text(f"{COUNT} picked pictures")
    page.get_by_role("link", name=re.compile("Remove")).click()
    expect(page).to_have_url("/")


def test_everybody_can_read_the_map(new_context: Callable[..., BrowserContext]) -> None:
    check_everybody(new_context, ["/map", "/map/area?area=0,0;0,0;0,0", "/?q=among:1..9"])
