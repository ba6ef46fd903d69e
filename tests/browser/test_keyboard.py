"""The page by keyboard alone: the walk in docs/page.md, key by key, and how the page looks to each visitor."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.browsing import TARGETS

pytestmark = pytest.mark.browser

WALK = Path(__file__).parents[2] / "docs" / "page.md"
MOST_TABS = 200  # the rail of filters has many stops
TILES = "[...document.querySelectorAll('#results .tile .picture')].indexOf(document.activeElement)"
SHOWN = (
    "[...document.querySelectorAll('#results .tile')]"
    ".findIndex(tile => `#picture=${tile.dataset.imageId}` === location.hash)"
)
# What a failure tells: the tiles, what has the focus, and which dialogs are open.
STATE = (
    "[[...document.querySelectorAll('#results .tile')].map(tile => tile.dataset.imageId), "
    "document.activeElement.outerHTML.slice(0, 80), "
    "[...document.querySelectorAll('dialog[open]')].map(dialog => dialog.id)]"
)
FOCUSED = "document.activeElement.id"


def read_walk() -> list[tuple[list[str], str]]:
    """The keys and what is so afterwards, line by line."""
    rows = re.findall(r"^\| (`.*`) \| (.*) \|$", WALK.read_text("utf-8"), re.MULTILINE)
    return [(re.findall(r"`([^`]+)`", keys), sentence) for keys, sentence in rows]


def has_examples(page: Page, good: int, bad: int) -> bool:
    return (page.locator(".good .example").count(), page.locator(".bad .example").count()) == (good, bad)


def shows_quick_look(page: Page, index: int) -> bool:
    return page.locator("#lightbox").is_visible() and bool(page.evaluate(SHOWN) == index)


CHECKS: dict[str, Callable[[Page], bool]] = {
    "the search box has the focus": lambda page: page.evaluate(FOCUSED) == "q",
    "pictures about a harbour are listed": lambda page: (
        "q=harbour" in page.url and page.locator(".tile").count() > 2
    ),
    "the focus has left the box, and its words are still there": lambda page: (
        page.evaluate(FOCUSED) != "q" and page.locator("#q").input_value() == "harbour"
    ),
    "the first picture has the focus": lambda page: page.evaluate(TILES) == 0,
    "the second picture has the focus": lambda page: page.evaluate(TILES) == 1,
    "it is a good example, and the one behind it has the focus": lambda page: (
        has_examples(page, 1, 0) and page.evaluate(TILES) == 1
    ),
    "that one is a bad example": lambda page: has_examples(page, 1, 1),
    "the list of keys is open": lambda page: page.locator("#keys").is_visible(),
    "the list is closed, and a picture has the focus again": lambda page: (
        not page.locator("#keys").is_visible() and page.evaluate(TILES) == 1
    ),
    "a quick look at it is open": lambda page: shows_quick_look(page, 1),
    "the quick look shows the one before it": lambda page: shows_quick_look(page, 0),
    "the quick look is closed, and that one has the focus": lambda page: (
        not page.locator("#lightbox").is_visible() and page.evaluate(TILES) == 0
    ),
    "pictures like it are listed": lambda page: "image=" in page.url and page.locator(".tile").count() > 2,
    "the switch of the single letters has the focus": lambda page: page.evaluate(FOCUSED) == "letters",
    "no list of keys opens": lambda page: not page.locator("#keys").is_visible(),
    "the list is closed": lambda page: not page.locator("#keys").is_visible(),
}


def press(page: Page, key: str, check: Callable[[Page], bool]) -> None:
    if key == "Tab…":
        for _ in range(MOST_TABS):
            if check(page):
                return
            page.keyboard.press("Tab")
    elif key.islower() and len(key) > 1:
        page.keyboard.type(key)
    else:
        page.keyboard.press(key)


def wait_until(page: Page, check: Callable[[Page], bool]) -> bool:
    for _ in range(100):
        if check(page):
            page.wait_for_load_state()  # its scripts listen from then on
            return True
        page.wait_for_timeout(100)
    return False


def test_the_walk_of_the_document(page: Page) -> None:
    page.goto("/")
    walk = read_walk()
    assert {sentence for _, sentence in walk} == CHECKS.keys()
    for keys, sentence in walk:
        for key in keys:
            press(page, key, CHECKS[sentence])
        assert wait_until(page, CHECKS[sentence]), f"{' '.join(keys)}: {sentence}; {page.evaluate(STATE)}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_is_chosen_and_remembered_from_the_first_paint(
    new_context: Callable[..., BrowserContext], scheme: str
) -> None:
    other = {"light": "dark", "dark": "light"}[scheme]
    context = new_context(color_scheme=scheme)
    page = context.new_page()
    ground = "getComputedStyle(document.body).backgroundColor"
    page.goto("/")
    by_system = page.evaluate(ground)
    page.get_by_label("Theme").select_option(other)
    chosen = page.evaluate(ground)
    assert chosen != by_system
    # Whether the body had ever another colour: the first frame counts, too.
    page.add_init_script(
        f"window.seen = new Set(); const look = () => {{ if (document.body) seen.add({ground}); "
        "requestAnimationFrame(look); }; look();"
    )
    page.goto("/?q=harbour")
    expect(page.get_by_label("Theme")).to_have_value(other)
    page.wait_for_timeout(200)
    assert page.evaluate("[...seen]") == [chosen]
    page.get_by_label("Theme").select_option("system")
    assert page.evaluate(ground) == by_system


def test_everybody_can_use_what_lies_over_the_page(new_context: Callable[..., BrowserContext]) -> None:
    """Axe with the list of keys open in the theme that the system does not have; every target is large enough."""
    page = new_context(color_scheme="light", bypass_csp=True).new_page()
    page.goto("/?q=harbour&like=3&unlike=7")
    page.get_by_label("Theme").select_option("dark")
    for opens in (False, True):
        if opens:
            page.get_by_role("button", name="Keys").click()
        found = Axe().run(page, options=TARGETS)
        assert found.violations_count == 0, found.generate_report()


def test_escape_closes_a_card_and_gives_the_focus_back(page: Page) -> None:
    page.goto("/?q=harbour")
    page.get_by_text("How to search", exact=True).click()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator("details.help[open]")).to_have_count(0)
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    assert page.locator("#q").input_value() == "harbour"
