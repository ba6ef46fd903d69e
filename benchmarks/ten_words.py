"""Ten words among the pictures of coco_mini, as screenshots of the page, to be judged by eye.

Nothing is written about these pictures: files have numbers for names. `docs/quality.md` says how many of the
first ten hits were right. The screenshots go to the folder that PICTOR_BENCH_SHOTS names, outside the
repository: the pictures of the set may not be passed on. The figures are the hits of
each word that the page lists above those that only look alike. --size N: the first N words.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_plus

from playwright.sync_api import Page, sync_playwright

from retrieval import LOOKS_LIKE, Library, Query, Text
from tests.browsing import serve_library

from .indexed import open_numbered
from .sets import BUNDLED, why_unavailable
from .tour import CHROMIUM
from .words import read_pictures

WORDS: Final = (
    "dog", "animal", "car", "vehicle", "person", "food", "bird", "zebra", "boat", "a man riding a motorcycle",
)  # fmt: skip
FIRST = 10  # hits that are judged
SIZE: Final = {"width": 1440, "height": 1100}


def measure(size: int | None = None) -> dict[str, Any]:
    """Hits by word that do not only look alike."""
    folder = os.environ.get("PICTOR_BENCH_SHOTS")
    if reason := why_unavailable() or (None if folder else "name a folder as PICTOR_BENCH_SHOTS"):
        sys.exit(reason)
    words, files = WORDS[:size], [picture.path for picture in read_pictures("coco_mini")]
    with open_numbered("coco_mini", files, BUNDLED) as library:
        with serve_library(library) as address:
            take_pictures(address, words, Path(str(folder)))
        return {"figures": {word: count_hits(library, word) for word in words}, "beside": {}}


def take_pictures(address: str, words: tuple[str, ...], folder: Path) -> None:
    """Write a screenshot of what the page shows for each word."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(base_url=address, viewport=SIZE).new_page()  # type: ignore[arg-type]
        for word in words:
            _show_hits(page, word)
            page.screenshot(path=folder / f"{word.replace(' ', '-')}.png")
        browser.close()


def count_hits(library: Library, word: str) -> float:
    """How many of the first hits are above those that only look alike."""
    hits = library.search(Query((Text(word),))).hits[:FIRST]
    return float(sum(hit.band != LOOKS_LIKE for hit in hits))


def _show_hits(page: Page, word: str) -> None:
    page.goto(f"/?q={quote_plus(word)}")
    page.locator("#results .tile").first.wait_for()
    page.wait_for_load_state("networkidle")
