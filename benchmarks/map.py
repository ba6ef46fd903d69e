"""How smoothly the map moves: frames a second while it is dragged and zoomed, in headless Chromium.

The library is small; the points that the page gets are drawn here, in 24 clusters. `frames a second`: while
the map moves and comes closer with every frame, as a whole, and at its closest, where dots are largest;
headless Chromium draws without a GPU, and never more than 60. `slowest frame`: the 99th percentile of the
times between frames. `pick`: how long the picture under the pointer is looked for, the median. Then what
publishing pays: seconds to place so many images by 10 neighbours each, and to find their clusters.
--size N: N points (default 100,000).
"""

from __future__ import annotations

import struct
import time
from typing import Any

import numpy as np
from playwright.sync_api import Page, Route, sync_playwright

from retrieval import Library
from retrieval.ranking.collection_map import find_clusters, place_images
from tests.browsing import serve_library

from .page import CHROMIUM
from .synthetic import make_library

IMAGES = 200  # of the library; enough for a map
KINDS, NEIGHBOURS = 24, 10
SECONDS = 5
_MOVE = """
async ([seconds, factor]) => {
  const times = [];
  const end = performance.now() + 1000 * seconds;
  let last = performance.now(), step = 0;
  while (last < end) {
    moveBy(6 * Math.cos(step / 20), 4 * Math.sin(step / 13));
    zoom(step % 200 < 100 ? factor : 1 / factor);
    step += 1;
    const now = await new Promise(requestAnimationFrame);
    times.push(now - last);
    last = now;
  }
  times.sort((one, other) => one - other);
  const spent = times.reduce((sum, each) => sum + each, 0);
  return [(1000 * times.length) / spent, times[Math.floor(times.length * 0.99)]];
}
"""
_PICK = """
() => {
  const times = [];
  for (let number = 0; number < 101; number++) {
    const begin = performance.now();
    findPoint({ x: 7 * number, y: 5 * number });
    times.push(performance.now() - begin);
  }
  return times.sort((one, other) => one - other)[50];
}
"""


def measure(size: int | None = None) -> dict[str, Any]:
    """Frames a second, milliseconds and seconds."""
    count = size or 100_000
    with make_library(IMAGES) as folder, Library.open(folder) as library, serve_library(library) as address:
        figures = _measure_frames(address, draw_points(count))
    return {"figures": figures | _measure_placing(count), "beside": {}}


def draw_points(count: int) -> bytes:
    """Points in clusters of different sizes, as the server sends them."""
    random = np.random.default_rng(1)
    kinds = random.integers(0, KINDS, count)
    middles, widths = random.uniform(0.1, 0.9, (KINDS, 2)), random.uniform(0.01, 0.06, (KINDS, 1))
    places = np.clip(middles[kinds] + widths[kinds] * random.standard_normal((count, 2)), 0, 1)
    x, y = np.round(places * 65_535).astype("<u2").T
    ids = np.arange(1, count + 1, dtype="<u4")
    arrays = (ids, np.ascontiguousarray(x), np.ascontiguousarray(y), kinds.astype("u1"))
    return struct.pack("<I", count) + b"".join(array.tobytes() for array in arrays)


def _measure_frames(address: str, data: bytes) -> dict[str, float]:
    def answer(route: Route) -> None:
        route.fulfill(body=data, content_type="application/octet-stream")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.route("**/map/points", answer)
        page.goto(f"{address}/map")
        page.wait_for_selector("#map[data-state=ready]")
        figures = _measure_moves(page)
        browser.close()
    return figures


def _measure_moves(page: Page) -> dict[str, float]:
    whole, slowest = page.evaluate(_MOVE, [SECONDS, 1.004])
    page.evaluate("() => { showWhole(); zoom(8); }")
    closest, _ = page.evaluate(_MOVE, [SECONDS, 1.004])
    return {
        "frames a second, all in view (asked: 30)": whole,
        "frames a second, eight times closer": closest,
        "slowest frame (ms)": slowest,
        "pick (ms)": page.evaluate(_PICK),
    }


def _measure_placing(count: int) -> dict[str, float]:
    random = np.random.default_rng(2)
    directions = random.standard_normal((count, 2)).astype(np.float32)
    order = np.argsort(directions[:, 0])
    near = np.stack([np.roll(order, step) for step in range(1, NEIGHBOURS + 1)], axis=1)
    pairs = np.stack([np.repeat(order, NEIGHBOURS), near.ravel()], axis=1)
    start = time.perf_counter()
    places = place_images(directions, pairs)
    middle = time.perf_counter()
    find_clusters(places)
    end = time.perf_counter()
    return {"placing (s)": middle - start, "clusters (s)": end - middle}
