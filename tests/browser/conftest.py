"""A served library and browser windows for the tests of the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image as PillowImage
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from retrieval import Library
from tests.browsing import serve_library
from tests.drawing import draw_scene, encode_picture

CHROMIUM = Path("/usr/bin/chromium")
expect.set_options(timeout=20_000)  # on a busy machine, the first search of a kind waits for its models
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def address(library: Library) -> Iterator[str]:
    """Where the shared library of scenes is served."""
    with serve_library(library) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def new_context(browser: Browser, address: str) -> Iterator[Callable[..., BrowserContext]]:
    """New browser windows; the test fails if one of them writes to the console."""
    remarks: list[str] = []
    contexts: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        context = browser.new_context(base_url=address, **options)  # type: ignore[arg-type]
        context.on("console", lambda message: remarks.append(message.text))
        context.on("weberror", lambda error: remarks.append(str(error.error)))
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    # The browser also reports every answer with an error status, which is not a fault of the page.
    assert [remark for remark in remarks if "Failed to load resource" not in remark] == []


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    return new_context().new_page()


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "copy of scene 6.jpg"
    path.write_bytes(encode_picture(PillowImage.fromarray(draw_scene(6)), "JPEG", quality=80))
    return path
