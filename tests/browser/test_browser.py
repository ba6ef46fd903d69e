"""The search page in a real Chromium: what people do with it, and whether it is accessible to everybody."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from retrieval import Annotation, Examples, Library, open_keeper, write_library
from tests.browsing import check_axe, check_everybody, list_shown_ids, serve_library
from tests.databases import new_image

pytestmark = pytest.mark.browser

ADDRESSES = {
    "start": "/",
    "words": "/?q=harbour",
    "words and picture": "/?q=harbour&image=2",
    "words by date": "/?q=harbour&sort=date",
    "groups": "/?q=group:folder",
    "sentence": "/?q=pictures+of+the+harbour+in+January,+without+night",
    "one image": "/images/2",
    "nothing found": "/?q=meadow+tag:night",
    "typo": "/?q=medaow",
    "mistake": "/?q=foo:bar",
    "nowhere": "/nowhere",
}


def test_words_find_pictures_that_are_there(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("harbour")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/?q=harbour")
    expect(page.get_by_role("heading", level=1)).to_have_text("Pictures found")
    assert list_shown_ids(page)
    page.wait_for_function("Array.from(document.images).every(image => image.complete && image.naturalWidth)")


def test_an_uploaded_picture_finds_its_like_and_keeps_the_words(page: Page, picture: Path) -> None:
    page.goto("/")
    page.locator("#q").fill("harbour")
    page.get_by_label("Search by picture").set_input_files(picture)
    page.wait_for_url("**picture=*")
    expect(page.locator("#q")).to_have_value("harbour")
    expect(page.get_by_role("list", name="What is searched for")).to_contain_text("copy of scene 6.jpg")
    page.get_by_role("link", name="Remove “copy of scene 6.jpg” from the search").click()
    expect(page).to_have_url("/?q=harbour")


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_a_picture_can_be_dropped_and_pasted(page: Page, event: str) -> None:
    page.goto("/")
    page.evaluate(
        """async event => {
            const answer = await fetch("/media/3/thumbnail");
            const files = new DataTransfer();
            files.items.add(new File([await answer.blob()], "x.webp", {type: "image/webp"}));
            const options = {bubbles: true, cancelable: true, dataTransfer: files, clipboardData: files};
            const kind = event === "drop" ? DragEvent : ClipboardEvent;
            document.body.dispatchEvent(new kind(event, options));
        }""",
        event,
    )
    page.wait_for_url("**picture=*")
    assert list_shown_ids(page)[0] == "3"


def test_dragging_a_file_shows_where_to_drop_it(page: Page) -> None:
    page.goto("/")
    drag = """kind => {
        const files = new DataTransfer();
        files.items.add(new File(["x"], "x.png", {type: "image/png"}));
        const options = {bubbles: true, cancelable: true, dataTransfer: files};
        document.body.dispatchEvent(new DragEvent(kind, options));
    }"""
    page.evaluate(drag, "dragover")
    expect(page.locator("#drop")).to_be_visible()
    page.evaluate(drag, "dragleave")
    expect(page.locator("#drop")).to_be_hidden()


def test_an_address_gives_the_same_list_to_everybody(
    new_context: Callable[..., BrowserContext], picture: Path
) -> None:
    page = new_context().new_page()
    page.goto("/?q=harbour&limit=6")
    page.get_by_label("Search by picture").set_input_files(picture)
    page.wait_for_url("**picture=*")
    other = new_context().new_page()
    other.goto(page.url)
    assert list_shown_ids(other) == list_shown_ids(page)
    assert len(list_shown_ids(page)) == 6
    page.goto(page.get_by_role("link", name="More pictures").get_attribute("href") or "")
    other.goto(page.url)
    assert list_shown_ids(other) == list_shown_ids(page)
    page.go_back()
    assert len(list_shown_ids(page)) == 6


def test_more_like_this_leads_on(page: Page) -> None:
    page.goto("/?q=harbour")
    first = list_shown_ids(page)[0]
    page.get_by_role("link", name="More like this").first.click()
    expect(page).to_have_url(f"/?image={first}")
    assert first not in list_shown_ids(page)
    page.locator(".picture").first.click()
    page.wait_for_url("**#picture=*")
    page.get_by_role("link", name="More like this", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Similar pictures")


def test_words_and_upload_work_without_scripts(
    new_context: Callable[..., BrowserContext], picture: Path
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/")
    page.get_by_role("searchbox").fill("harbour")
    page.get_by_role("button", name="Search", exact=True).click()
    page.wait_for_url("**/?q=harbour&sort=relevance")  # a script would leave the usual order out
    page.get_by_label("Search by picture").set_input_files(picture)
    page.get_by_role("button", name="Find similar").click()
    page.wait_for_url("**q=harbour*picture=*")


def test_a_file_that_is_no_picture_is_told_apart(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("just words")
    page.goto("/")
    page.get_by_label("Search by picture").set_input_files(path)
    page.wait_for_url("**/pictures")
    expect(page.get_by_role("main")).to_contain_text("uploaded picture:")


def test_a_file_that_is_too_large_is_not_even_sent(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(bytes(20_000_001))
    page.goto("/")
    page.get_by_label("Search by picture").set_input_files(path)
    expect(page.locator("#message")).to_have_text("large.png has 21 MB; the limit is 20 MB.")


@pytest.mark.parametrize("place", ADDRESSES.values(), ids=ADDRESSES.keys())
def test_everybody_can_use_it(new_context: Callable[..., BrowserContext], place: str) -> None:
    page = new_context(bypass_csp=True).new_page()
    page.goto(place)
    for details in page.locator("details").all():
        details.evaluate("details => details.open = true")
    check_axe(page)


def test_a_search_is_saved_and_looked_at_by_everybody_and_without_scripts(
    new_context: Callable[..., BrowserContext], library_path: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copytree(library_path, tmp_path / "library"))
    with Library.open(path) as library, serve_library(library) as other_address:
        page = new_context(java_script_enabled=False).new_page()
        page.goto(other_address + "/?q=tag:harbour")
        page.get_by_text("Save this search").click()
        page.get_by_label("Name", exact=True).fill("harbours")
        page.get_by_role("button", name="Save", exact=True).click()
        page.wait_for_url("**/saved")
        with open_keeper(library) as keeper:
            keeper.keep_concept("quiet", Examples((1,)))
        add_harbour(path)
        page.reload()
        page.get_by_role("link", name="1 new").click()
        assert len(list_shown_ids(page)) == 1
        check_everybody(new_context, [f"{other_address}/saved", page.url])
        page.get_by_role("button", name="Mark as seen").click()
        page.get_by_text("Change or remove").click()
        page.get_by_label("Name", exact=True).first.fill("ports")
        page.get_by_role("button", name="Change", exact=True).click()
        page.get_by_role("button", name="Run ports").click()
        page.wait_for_url("**/?q=tag:harbour")
        page.get_by_role("link", name="Saved").click()
        page.get_by_text("Change or remove").click()
        page.get_by_role("button", name="Remove this search").click()
        expect(page.get_by_role("main")).to_contain_text("No saved searches yet")


def add_harbour(path: Path) -> None:
    """A copy of the facts of an image, as another image."""
    with write_library(path) as opened, opened.catalog.writing() as writer:
        [image_id] = writer.add_images([new_image(1000)])
        writer.add_location(b"/new/harbour.jpg", image_id, mtime=0, size=1)
        writer.replace_annotations(image_id, "user", [Annotation("tag", "harbour", "user")])


def test_a_missing_picture_can_be_told_by_everybody(
    new_context: Callable[..., BrowserContext], library_path: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copytree(library_path, tmp_path / "library"))
    with write_library(path) as opened, opened.catalog.writing() as writer:
        writer.mark_missing([opened.load_image(2).locations[0].path])
    with Library.open(path) as library, serve_library(library) as other_address:
        page = new_context(bypass_csp=True).new_page()
        for place in ("/", "/images/2"):
            page.goto(other_address + place)
            check_axe(page)
            expect(page.locator("#main :text('missing'):visible").first).to_be_visible()


@pytest.mark.parametrize("place", ADDRESSES.values(), ids=ADDRESSES.keys())
def test_narrow_screens_need_no_sideways_scrolling(
    new_context: Callable[..., BrowserContext], place: str
) -> None:
    page = new_context(viewport={"width": 360, "height": 740}).new_page()
    page.goto(place)
    for details in page.locator("details").all():
        details.evaluate("details => details.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_pictures_of_a_row_have_one_height_and_fill_it(page: Page, address: str) -> None:
    page.goto(address)
    boxes = [tile.bounding_box() for tile in page.locator(".tile .picture").all()]
    rows: dict[int, list[float]] = {}
    for box in boxes:
        assert box is not None
        rows.setdefault(round(box["y"]), []).append(box["height"])
    assert len(rows) > 1
    assert all(max(heights) - min(heights) < 1 for heights in rows.values()), rows
    assert page.evaluate("getComputedStyle(document.querySelector('.picture img')).objectFit") == "cover"


def test_escape_leaves_the_box_and_keeps_what_was_typed(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("#q").fill("harbour")
    page.keyboard.press("Escape")
    assert page.locator("#q").input_value() == "harbour"
    assert page.evaluate("document.activeElement.id") != "q"


def test_help_lies_over_the_pictures(page: Page, address: str) -> None:
    page.goto(address)
    before = page.locator(".tile").first.bounding_box()
    page.get_by_text("How to search").click()
    assert page.get_by_role("region", name="How to search").is_visible()
    assert page.locator(".tile").first.bounding_box() == before


def test_the_pictures_are_one_stop_and_arrows_go_through_them(page: Page, address: str) -> None:
    page.goto(address)
    tiles = page.locator(".tile")
    boxes = [tile.bounding_box() for tile in tiles.all()]
    tops = [round(box["y"]) for box in boxes if box]
    per_row = tops.count(tops[0])
    assert page.locator(".tile a:not([tabindex='-1'])").count() == 3  # the picture, its like, a good example

    def focused_tile() -> int:
        return int(
            page.evaluate(
                "[...document.querySelectorAll('.tile')].indexOf(document.activeElement.closest('.tile'))"
            )
        )

    page.locator(".picture").first.focus()
    reached = []
    for key in ("ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowDown", "ArrowUp", "End", "ArrowRight", "Home"):
        page.keyboard.press(key)
        reached.append(focused_tile())
    last = tiles.count() - 1
    assert reached == [1, 0, 0, per_row, 0, last, last, 0]
    for _ in range(3):  # its mark, its like, a good example
        page.keyboard.press("Tab")
        assert focused_tile() == 0
    page.keyboard.press("Tab")
    assert focused_tile() == -1


def test_back_leads_to_the_picture_that_was_left(page: Page, address: str) -> None:
    page.goto(address)
    page.locator(".tile").nth(2).hover()
    page.locator(".like").nth(2).click()
    page.wait_for_url("**image=*")
    page.go_back()
    assert page.locator(".picture").nth(2).evaluate("link => link === document.activeElement")
