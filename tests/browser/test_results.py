"""What people do with the results in a real Chromium: narrow them, see more of them, look closely, ask why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image as PillowImage
from playwright.sync_api import BrowserContext, Page, Route, expect

from retrieval import Library
from tests.browsing import check_axe, check_everybody, list_shown_ids, serve_library
from tests.drawing import draw_scene, encode_picture
from tests.indexing import index_folder

pytestmark = pytest.mark.browser


def test_the_rail_narrows_the_results_and_stays_closed(page: Page) -> None:
    page.goto("/?q=harbour")
    rail = page.get_by_role("complementary", name="Filters")
    link = rail.get_by_role("link", name="day2").first
    count = int(link.locator(".number").inner_text().split()[0])
    link.click()
    page.wait_for_url("**tag:day2*")
    assert len(list_shown_ids(page)) == count
    page.get_by_role("button", name="Filters").click()
    page.reload()
    expect(page.get_by_role("button", name="Filters")).to_have_attribute("aria-expanded", "false")
    expect(rail).to_be_hidden()


def test_on_a_narrow_screen_the_rail_lies_behind_its_button(
    new_context: Callable[..., BrowserContext],
) -> None:
    page = new_context(viewport={"width": 360, "height": 740}).new_page()
    page.goto("/")
    rail = page.get_by_role("complementary", name="Filters")
    expect(rail).to_be_hidden()
    page.get_by_role("button", name="Filters").click()
    expect(rail.get_by_role("link", name="day2").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_more_pictures_come_in_place_and_back_leads_to_the_one_that_was_left(page: Page) -> None:
    page.goto("/?limit=5")
    page.get_by_role("link", name="More pictures").click()
    expect(page.locator(".tile")).to_have_count(10)
    assert page.locator(".tile .picture").nth(5).evaluate("link => link === document.activeElement")
    page.get_by_role("link", name="More pictures").click()
    expect(page.locator(".tile")).to_have_count(12)
    ids = list_shown_ids(page)
    assert len(set(ids)) == 12
    page.locator(".tile").nth(10).get_by_role("link", name="More like this").click()
    page.wait_for_url("**image=*")
    page.go_back()
    expect(page.locator(".tile")).to_have_count(12)
    assert list_shown_ids(page) == ids
    expect(page.locator(".tile").nth(10).locator(":focus")).to_have_count(1)


def test_the_size_of_tiles_and_their_words_are_remembered(page: Page) -> None:
    page.goto("/?q=harbour")
    before = page.locator(".picture").first.bounding_box()
    page.get_by_text("View", exact=True).click()
    page.get_by_label("Small", exact=True).check()
    page.get_by_label("Nothing").check()
    page.goto("/?q=forest")
    after = page.locator(".picture").first.bounding_box()
    assert before
    assert after
    assert after["height"] < 0.8 * before["height"]
    expect(page.locator(".words").first).to_be_hidden()


def test_results_and_facets_can_be_used_by_everybody(
    new_context: Callable[..., BrowserContext], address: str
) -> None:
    check_everybody(new_context, [f"{address}/facets?q=harbour", f"{address}/?q=harbour&limit=3"])


def test_a_quick_look_lies_over_the_results_and_leads_through_them(page: Page) -> None:
    page.goto("/?limit=5")
    ids = list_shown_ids(page)
    page.locator(".picture").nth(2).focus()
    page.keyboard.press("Space")
    look = page.get_by_role("dialog")
    expect(look.get_by_role("heading", level=1)).to_be_visible()
    expect(page).to_have_url(f"/?limit=5#picture={ids[2]}")
    expect(look.locator(".place")).to_have_text("3 of 12")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(f"/?limit=5#picture={ids[4]}")
    look.get_by_role("button", name="Next picture").click()  # on the next page of results
    expect(look.locator(".place")).to_have_text("6 of 12")
    look.locator(".shown").evaluate("image => image.decode()")
    page.keyboard.press("Escape")
    expect(look).to_be_hidden()
    expect(page).to_have_url("/?limit=5")
    assert page.locator(".picture").nth(5).evaluate("link => link === document.activeElement")


def test_results_wait_for_a_quick_look_and_leave_the_focus_where_it_is(page: Page) -> None:
    """A slow search is answered while somebody looks at a picture of the one before."""
    page.goto("/?q=harbour")
    waiting: list[Route] = []
    page.route("**/?q=scene*", lambda route: waiting.append(route))
    page.locator("#q").fill("scene")
    page.keyboard.press("Enter")
    second = page.locator("#results .picture").nth(1)
    shown = second.locator("..").get_attribute("data-image-id")
    second.focus()
    page.keyboard.press("Space")
    look = page.locator("#lightbox")
    expect(look).to_be_visible()
    while not waiting:
        page.wait_for_timeout(20)
    with page.expect_response("**/?q=scene*"):
        waiting[-1].continue_()
    page.wait_for_timeout(300)
    expect(page).to_have_url(f"/?q=harbour#picture={shown}")
    expect(look).to_be_visible()
    page.keyboard.press("Escape")
    expect(look).to_be_hidden()
    expect(page).to_have_url("/?q=scene")
    focused = "document.activeElement.closest('.tile')?.dataset.imageId ?? document.activeElement.id"
    assert page.evaluate(focused) in (shown, "main")
    page.go_back()
    expect(page).to_have_url("/?q=harbour")
    expect(look).to_be_hidden()


def test_a_quick_look_has_an_address_of_its_own(
    new_context: Callable[..., BrowserContext], address: str
) -> None:
    page = new_context(bypass_csp=True).new_page()
    page.goto(f"{address}/?q=harbour#picture=3")
    look = page.get_by_role("dialog")
    expect(look.locator(".path").first).to_contain_text("scene")
    page.reload()
    expect(look.locator(".path").first).to_contain_text("scene")
    check_axe(page)
    look.get_by_role("button", name="Close").click()
    expect(page).to_have_url(f"{address}/?q=harbour")
    expect(look).to_be_hidden()


def test_a_picture_is_enlarged_compared_and_searched_by_a_region(page: Page) -> None:
    page.goto("/?image=1")
    page.locator(".picture").first.click()
    look = page.get_by_role("dialog")
    look.get_by_role("button", name="Compare").click()
    expect(look.get_by_role("img", name="The picture that was searched by")).to_be_visible()
    look.get_by_label("One over the other").check()
    look.get_by_role("slider").fill("20")
    assert look.locator(".shown").evaluate("image => image.style.opacity") == "0.2"
    look.get_by_role("button", name="Compare").click()
    before = look.locator(".shown").bounding_box()
    look.get_by_role("button", name="Larger").click()
    after = look.locator(".shown").bounding_box()
    assert before
    assert after
    assert after["width"] > 1.4 * before["width"]
    shown = page.url.rpartition("=")[2]
    look.get_by_role("button", name="Search a region").click()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=image*")
    expect(page.locator("#q")).to_have_value(f"image:{shown}@0.23,0.25,0.5,0.52")
    assert list_shown_ids(page)


def test_the_reasons_of_a_hit_open_beside_it(
    new_context: Callable[..., BrowserContext], address: str
) -> None:
    page = new_context(bypass_csp=True).new_page()
    page.goto(f"{address}/?q=harbour+image:2")
    page.locator(".tile").nth(1).hover()
    page.get_by_role("link", name="Why").nth(1).click()
    reasons = page.get_by_role("dialog").get_by_role("region", name="Why this picture was found")
    expect(reasons.locator("mark").first).to_be_visible()
    expect(reasons.locator(".mapped rect").first).to_be_visible()
    page.get_by_role("button", name="Next picture").click()
    expect(reasons).to_contain_text("Rank 3")
    check_axe(page)
    page.get_by_role("button", name="Why").click()
    expect(reasons).to_be_hidden()


def test_copies_lie_below_the_first_until_they_are_asked_for(
    new_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, side in enumerate((400, 200, 120)):
        scene = PillowImage.fromarray(draw_scene(1)).resize((side, side))
        (folder / f"{number}.png").write_bytes(encode_picture(scene, "PNG"))
    index_folder(tmp_path / "library", folder)
    with Library.open(tmp_path / "library") as library, serve_library(library) as other_address:
        page = new_context().new_page()
        page.goto(other_address)
        expect(page.locator(".count")).to_have_text("3 pictures")
        tiles = page.locator(".tile:visible")
        expect(tiles).to_have_count(1)
        page.get_by_role("button", name="+2 copies or shots").click()
        expect(tiles).to_have_count(3)
        page.reload()
        page.get_by_text("View", exact=True).click()
        page.get_by_label("Each for itself").check()
        expect(tiles).to_have_count(3)
