"""How soon the search page paints what it found, in headless Chromium on the loopback interface.

The library is synthetic (`benchmarks/synthetic.py`), with 100,000 images and a thumbnail for each.
Each query is one word; its page is opened by its address in a new window with an empty cache, and then
searched for in the box.
`painted`: the median, from the beginning of the navigation (or the key) to the frame in which the first
results stand; `first picture`: until the first thumbnail is in a frame. `layout shift`: the largest sum of
any page (CLS), after scrolling through it. `own script and style`: gzipped as they are sent.
--size N: N images (default 100,000).
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from retrieval import Library, images
from tests.browsing import serve_library

from .synthetic import make_library

CHROMIUM = "/usr/bin/chromium"
WORDS = ("wb", "wc", "wd", "wf", "wg", "wh", "wi", "wj", "wba", "wca")  # from frequent to rare
THUMBNAILS, SIDE = 50, 320
MOST_LOOKS = 1500  # 30 seconds
STATIC = Path(__file__).parents[1] / "webapp" / "static"
LEVEL = 5  # as the server compresses

# Notes the first frame behind the one in which something stands, and every shift of the layout.
_WATCH = """
window.noted = {shift: 0};
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) noted.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});
window.noteFrame = (name, isThere, begin = 0) => {
  const look = () => isThere()
    ? requestAnimationFrame(() => { noted[name] = performance.now() - begin; })
    : requestAnimationFrame(look);
  look();
};
const picture = () => document.querySelector(".tile img");
noteFrame("painted", () => document.querySelector(".tile"));
noteFrame("picture", () => picture()?.complete && picture().naturalWidth > 0);
"""
_SEARCH = """
word => {
  const box = document.getElementById("q");
  const old = document.querySelector(".tile");
  box.value = word;
  const tile = () => document.querySelector(".tile");
  noteFrame("searched", () => tile() && tile() !== old, performance.now());
  document.getElementById("search").requestSubmit();
}
"""
_SCROLL = """
async () => {
  for (let y = 0; y < document.body.scrollHeight; y += 600) {
    scrollTo(0, y);
    await new Promise(requestAnimationFrame);
  }
}
"""


def measure(size: int | None = None) -> dict[str, Any]:
    """Medians in milliseconds, the largest layout shift, and bytes."""
    count = size or 100_000
    with (
        make_library(count, draw_thumbnails()) as folder,
        Library.open(folder) as library,
        serve_library(library) as address,
        _open_browser() as browser,
    ):
        library.warm_up()
        return {"figures": _measure_pages(browser, address) | _measure_bytes(), "beside": {}}


def draw_thumbnails() -> list[bytes]:
    """Smooth pictures of random colours."""
    random = np.random.default_rng(0)
    across, down = np.linspace(0, 1, SIDE)[None, :, None], np.linspace(0, 1, SIDE * 3 // 4)[:, None, None]
    fields = (random.uniform(0, 127, (2, 1, 1, 3)) for _ in range(THUMBNAILS))
    pictures = ((across * right + down * low).astype(np.uint8) for right, low in fields)
    return [images.encode_webp(picture, side=SIDE) for picture in pictures]


@contextmanager
def _open_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def _measure_pages(browser: Browser, address: str) -> dict[str, float]:
    foreign: set[str] = set()
    noted = [_measure_word(browser, address, word, foreign) for word in (WORDS[0], *WORDS)][1:]
    medians = {
        name: float(np.median([times[name] for times in noted]))
        for name in ("painted", "picture", "searched")
    }
    return {
        "painted, by address (ms; asked: 300)": medians["painted"],
        "first picture, by address (ms)": medians["picture"],
        "painted, by Enter (ms; asked: 300)": medians["searched"],
        "layout shift (asked: 0.02)": max(times["shift"] for times in noted),
        "requests to others": float(len(foreign)),
    }


def _measure_word(browser: Browser, address: str, word: str, foreign: set[str]) -> dict[str, float]:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.on("request", lambda request: _note_foreign(request.url, address, foreign))
    page.add_init_script(_WATCH)
    page.goto(f"{address}/?q={word}")
    _wait_for(page, "picture")
    page.evaluate(_SCROLL)
    opened: dict[str, float] = page.evaluate("noted")
    page.goto(f"{address}/?q=wa")
    _wait_for(page, "picture")
    page.evaluate(_SEARCH, word)
    _wait_for(page, "searched")
    searched = float(page.evaluate("noted.searched"))
    page.context.close()
    return opened | {"searched": searched}


def _note_foreign(url: str, address: str, foreign: set[str]) -> None:
    if urlsplit(url).scheme.startswith("http") and not url.startswith(address):
        foreign.add(url)


def _wait_for(page: Page, name: str) -> None:
    """Wait until a frame was noted; the page's policy forbids to wait in the page itself."""
    for _ in range(MOST_LOOKS):
        if page.evaluate(f"noted.{name} !== undefined"):
            return
        page.wait_for_timeout(20)
    raise TimeoutError(f"{page.url}: no frame has the results ({name})")


def _measure_bytes() -> dict[str, float]:
    files = [path for path in STATIC.iterdir() if path.suffix in (".js", ".css")]
    size = sum(len(gzip.compress(path.read_bytes(), LEVEL)) for path in files)
    return {"own script and style (bytes; asked: 100,000)": float(size)}
