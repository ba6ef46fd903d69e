"""The screenshots of docs/page.md, made anew from the sample collection in headless Chromium.

Each one is taken after the steps that the document names, so a step that no longer works ends this with an
error. The figures are the bytes of the files, which lie in docs/page. --size N: width of the window (1200).
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from indexer.run.captions import read_captions
from indexer.run.pipeline import index
from indexer.upkeep.opening import LibrarySpec, open_or_create
from retrieval import Library, images, path_bytes
from tests.browsing import serve_library

CHROMIUM = "/usr/bin/chromium"
ROOT: Final = Path(__file__).parents[1]
SAMPLE: Final = ROOT / "data" / "sample" / "pictures"
FOLDER: Final = ROOT / "docs" / "page"
WIDTH, HEIGHT, QUALITY = 1200, 760, 72


def measure(size: int | None = None) -> dict[str, Any]:
    """Bytes by screenshot."""
    with tempfile.TemporaryDirectory(prefix="pictor-") as folder:
        library = _index_sample(Path(folder))
        crop = _crop_picture(Path(folder))
        with Library.open(library) as opened_library, serve_library(opened_library) as address:
            return {"figures": take_pictures(address, crop, size or WIDTH), "beside": {}}


def _index_sample(folder: Path) -> Path:
    """A library of the sample collection, of which one file was cut off and one went away."""
    pictures, library = Path(shutil.copytree(SAMPLE, folder / "Pictures")), folder / "library"
    captions = read_captions(pictures / "captions.csv")
    cut = pictures / "boats" / "boat-019.jpg"
    cut.write_bytes((pictures / "boats" / "boat-001.jpg").read_bytes()[:4000])
    for _ in range(2):
        with open_or_create(library, LibrarySpec()) as opened:
            index(opened, [path_bytes(pictures)], captions=captions, on_event=lambda _: None)
        (pictures / "cars" / "car-003.jpg").unlink(missing_ok=True)
    return library


def take_pictures(address: str, crop: Path, width: int) -> dict[str, float]:
    """Write every screenshot; their sizes in bytes."""
    sizes = {}
    shots = _SHOTS | {"original": partial(_show_original, crop=crop)}
    for name, show in shots.items():
        with _open_page(address, width, is_dark=name in _DARK) as page:
            show(page)
            page.wait_for_load_state("networkidle")
            page.evaluate("scrollTo(0, 0)")
            sizes[f"{name} (bytes)"] = float(_write_picture(FOLDER / f"{name}.webp", page.screenshot()))
    return sizes


@contextmanager
def _open_page(address: str, width: int, *, is_dark: bool) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        size = {"width": width, "height": HEIGHT}
        scheme = "dark" if is_dark else "light"
        yield browser.new_context(base_url=address, color_scheme=scheme, viewport=size).new_page()  # type: ignore[arg-type]
        browser.close()


def _write_picture(path: Path, png: bytes) -> int:
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    data = images.encode_webp(pixels, side=max(pixels.shape), quality=QUALITY)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return len(data)


def _crop_picture(folder: Path) -> Path:
    """The middle of one picture, smaller and recompressed: as somebody cuts it out and sends it on."""
    picture = Image.open(SAMPLE / "boats" / "boat-012.jpg")
    width, height = picture.size
    box = (width // 5, height // 5, width * 4 // 5, height * 9 // 10)
    path = folder / "sent to me.jpg"
    picture.crop(box).resize((240, 240)).save(path, quality=70)
    return path


# -- what is shown --------------------------------------------------------------------------------


def _search(page: Page, line: str) -> None:
    page.goto("/")
    page.locator("#q").fill(line)
    page.keyboard.press("Enter")
    page.wait_for_url("**q=*")
    page.locator("#results .tile").first.wait_for()


def _show_start(page: Page) -> None:
    page.goto("/")


def _show_sentence(page: Page) -> None:
    _search(page, "red boats but not at night")


def _show_steering(page: Page) -> None:
    _search(page, "butterfly")
    for place, kind in ((1, "good"), (3, "bad")):
        tile = page.locator(".tile").nth(place)
        image_id = tile.get_attribute("data-image-id")
        tile.hover()
        tile.locator(f"[data-steer={kind}]").click()
        page.locator(f".tile[data-image-id='{image_id}']").wait_for(state="detached")
    page.locator(".tile").nth(1).hover()


def _show_original(page: Page, crop: Path) -> None:
    page.goto("/")
    page.get_by_label("Search by picture").set_input_files(crop)
    page.wait_for_url("**picture=*")
    page.locator("#results .tile").first.wait_for()


def _show_emphasis(page: Page) -> None:
    _search(page, "umbrellas in the rain")
    page.get_by_role("link", name="More like this").first.click()
    page.wait_for_url("**image=*")
    page.locator(".chip .thumbnail").click()
    canvas = page.locator("#cropper .canvas img").bounding_box()
    assert canvas
    across, down = canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2
    page.mouse.move(across - 120, down - 120)
    page.mouse.down()
    page.mouse.move(across + 120, down + 120, steps=3)
    page.mouse.up()
    page.keyboard.press("Enter")
    page.wait_for_url("**@*")
    page.get_by_text("Similar in what way").click()
    page.get_by_label("colours", exact=True).press("ArrowRight")
    page.wait_for_url("**weight.colour*")
    page.locator(".emphasis[open]").wait_for()


def _show_quick_look(page: Page) -> None:
    _search(page, "umbrellas in the rain")
    page.locator(".tile .picture").nth(2).click()
    page.locator("#lightbox .canvas img").first.wait_for()


def _show_keys(page: Page) -> None:
    _search(page, "boat OR balloon")
    page.keyboard.press("Escape")  # out of the box
    page.keyboard.press("?")
    page.locator("#keys").wait_for()


def _show_duplicates(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Duplicates").click()
    page.wait_for_url("**/duplicates*")


def _show_dates(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Browse").click()
    page.get_by_role("link", name="Dates").click()
    page.wait_for_url("**/dates")


def _show_map(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Map").click()
    page.wait_for_url("**/map*")
    page.wait_for_timeout(3000)  # it is drawn on a canvas


def _show_status(page: Page) -> None:
    page.goto("/status")


Shot = Callable[[Page], None]
_DARK: Final = frozenset({"keys", "quick-look"})
_SHOTS: Final[dict[str, Shot]] = {
    "start": _show_start,
    "sentence": _show_sentence,
    "steering": _show_steering,
    "emphasis": _show_emphasis,
    "quick-look": _show_quick_look,
    "duplicates": _show_duplicates,
    "dates": _show_dates,
    "map": _show_map,
    "keys": _show_keys,
    "status": _show_status,
}
