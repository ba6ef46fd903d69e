"""Every page that the application has, found in its own table of routes, is one that everybody can use."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from retrieval import Library
from tests.browsing import check_axe
from webapp import create_app

pytestmark = pytest.mark.browser


def list_pages(library: Library) -> list[str]:
    """The addresses without arguments that answer with a whole page, and two with arguments."""
    app = create_app(library)
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    plain = {str(rule) for rule in rules if not rule.arguments}
    client = app.test_client()
    answers = {address: client.get(address, headers={"Accept": "text/html"}) for address in sorted(plain)}
    pages = [address for address, answer in answers.items() if answer.text.startswith("<!doctype html>")]
    return [*pages, "/images/2", "/?q=harbour&like=3&unlike=7"]


def test_axe_finds_nothing_on_any_page(new_context: Callable[..., BrowserContext], library: Library) -> None:
    page = new_context(bypass_csp=True, viewport={"width": 1280, "height": 800}).new_page()
    addresses = list_pages(library)
    assert {"/", "/status", "/saved"} <= set(addresses)
    for address in addresses:
        page.goto(address)
        check_axe(page)
