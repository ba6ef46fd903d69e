"""What tests of the pages share: a served library, and the checks that every page must pass."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import BrowserContext, Page

from retrieval import Library, UrlFetcher
from tests.serving import Server
from webapp import create_app, create_server
from webapp.services import services_of

TARGETS = {"rules": {"target-size": {"enabled": True}}}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}


@contextmanager
def serve_library(library: Library, app: Flask | None = None) -> Iterator[str]:
    """Serve a library on a free port of this machine; `app`: an application of it that is not the usual one."""
    running = create_server(app or create_app(library), port=0)
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.effective_port}"
    finally:
        running.stop()
        thread.join(10)


def allow_fetching(app: Flask, server: Server) -> None:
    """Let an application fetch pictures from the web, from the server of the test alone."""
    by_url = UrlFetcher(10**6, is_allowed=lambda address: address.is_loopback, ports=(server.port,))
    services = services_of(app)
    object.__setattr__(services, "fetchers", {**services.fetchers, "url": by_url})
    app.config["FETCHES_ADDRESSES"] = True


def list_shown_ids(page: Page) -> list[str]:
    page.wait_for_load_state()  # a page's head is shown before its pictures are there
    tiles = page.locator("[data-image-id]")
    return [tile.get_attribute("data-image-id") or "" for tile in tiles.all()]


def check_everybody(new_context: Callable[..., BrowserContext], places: list[str]) -> None:
    """Axe finds nothing with all details open, and a narrow screen needs no sideways scrolling."""
    page = new_context(bypass_csp=True, viewport={"width": 360, "height": 740}).new_page()
    for place in places:
        page.goto(place)
        for details in page.locator("details").all():
            details.evaluate("details => details.open = true")
        check_axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, place


def check_axe(page: Page) -> None:
    """Axe finds nothing on a page as it is shown, in the light theme and in the dark one.

    The themes differ in their colours alone, so that only those are looked at again in the dark.
    """
    for scheme, options in (("light", TARGETS), ("dark", CONTRAST)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # or colours change little by little
        found = Axe().run(page, options=options)
        assert found.violations_count == 0, f"{page.url}, {scheme}: {found.generate_report()}"
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
