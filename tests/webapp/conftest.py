"""A real library of drawn scenes with awkward words and names, and the web application onto it."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image as PillowImage

from retrieval import (
    PREDICTED_SOURCE,
    Annotation,
    Library,
    NewImage,
    Settings,
    fetch_backbone,
    images,
    write_library,
)
from tests.drawing import draw_scene, encode_picture
from webapp import create_app, create_server

COUNT = 12
LONGEST = 60  # seconds that anything may take on a busy machine
SCRIPT = '"><script>alert(1)</script>'
WORDS = ("red boat in the harbour", "old harbour at night", "dog on a meadow", "mountain lake")


def _scene_annotations(number: int) -> list[Annotation]:
    if number == COUNT - 1:
        return [Annotation("caption", f"harbour {SCRIPT}", "captions"), Annotation("tag", SCRIPT, "captions")]
    if number == COUNT - 2:
        return []
    caption = WORDS[number % len(WORDS)]
    return [
        Annotation("title", f"Scene {number}", "captions"),
        Annotation("caption", caption, "captions", 0.9),
        Annotation("tag", caption.split()[-1], "captions"),
        Annotation("label", "outdoors", "model", 0.6),
    ]


def _predicted_annotations(number: int) -> tuple[Annotation, ...]:
    """What a classifier predicts: harmless words for the second scene, awkward ones for the last."""
    if number == 1:
        words = [
            ("tabby, tabby cat", "a cat with a grey coat", 0.8251),
            ("great white shark", "a fish", 0.0612),
        ]
    elif number == COUNT - 1:
        words = [(SCRIPT, SCRIPT, 0.7)]
    else:
        words = []
    labels = [Annotation("label", label, PREDICTED_SOURCE, sure) for label, _, sure in words]
    means = [
        Annotation("definition", f"{label}: {text}", PREDICTED_SOURCE, sure) for label, text, sure in words
    ]
    kinds = [("domestic cat, house cat", 0.91), ("mammal", 0.93)] if number == 1 else []
    categories = [Annotation("category", kind, PREDICTED_SOURCE, sure) for kind, sure in kinds]
    return (*labels, *means, *categories)


def _scene_path(folder: Path, number: int) -> bytes:
    if number == COUNT - 1:
        return os.fsencode(folder) + b'/"><img src=x onerror=alert(1)>.jpg'
    if number == COUNT - 2:
        return os.fsencode(folder) + b"/not-utf8-\xff.jpg"
    return os.fsencode(folder / f"scene-{number:03}.jpg")


def add_scenes(library: Library, folder: Path, count: int = COUNT) -> None:
    """Put drawn scenes with their words into a library, as the indexer would."""
    folder.mkdir(exist_ok=True)
    pictures = [draw_scene(number) for number in range(count)]
    features = library.describe(pictures)
    with library.catalog.writing() as writer:
        for number, pixels in enumerate(pictures):
            data = encode_picture(PillowImage.fromarray(pixels), "JPEG", quality=92)
            path = _scene_path(folder, number)
            with open(path, "wb") as file:  # noqa: PTH123 (a bytes path)
                file.write(data)
            new = NewImage(
                sha256=hashlib.sha256(data).hexdigest(),
                perceptual_hash=images.perceptual_hash(pixels),
                width=pixels.shape[1],
                height=pixels.shape[0],
                format="jpeg",
                bytes=len(data),
                taken_at=datetime(2020, 1, 1 + number, 12),
                thumbnail=images.encode_webp(pixels, side=320),
                features=features[number],
                annotations=_predicted_annotations(number),
            )
            [image_id] = writer.add_images([new])
            writer.add_location(path, image_id, mtime=0, size=len(data))
            writer.replace_annotations(image_id, "captions", _scene_annotations(number))
    library.publish()


def make_scene_library(path: Path, count: int = COUNT) -> Path:
    """Make a library of `count` scenes."""
    with write_library(path) as library:
        library.make_spaces(fetch_backbone("test_resnet", "untrained"))
        if count:
            add_scenes(library, path / "originals", count)
    return path


@pytest.fixture(scope="session")
def library_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_scene_library(tmp_path_factory.mktemp("web") / "library")


@pytest.fixture(scope="session")
def library(library_path: Path) -> Iterator[Library]:
    with Library.open(library_path) as opened:
        yield opened


@pytest.fixture
def make_library(tmp_path: Path) -> Iterator[Callable[..., Library]]:
    """Libraries that a test may damage: `make_library(count, settings)`."""
    opened: list[Library] = []

    def make(count: int = 3, settings: Settings | None = None) -> Library:
        path = make_scene_library(tmp_path / f"library-{len(opened)}", count)
        opened.append(Library.open(path, settings))
        return opened[-1]

    yield make
    for library in opened:
        library.close()


@pytest.fixture(scope="session")
def app(library: Library) -> Flask:
    return create_app(library)


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"  # what browsers accept


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    """The port of a server that runs until the test ends."""
    server = create_server(app, port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server.effective_port
    server.stop()
    thread.join(LONGEST)
    assert not thread.is_alive()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return make_browser(app)


def make_browser(app: Flask) -> FlaskClient:
    """A client that asks as a browser does."""
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT"] = BROWSER
    return client


@pytest.fixture(scope="session")
def jpeg() -> Callable[[int], bytes]:
    """The bytes of the drawn scene of a seed, whether it is in the library or not."""
    return lambda seed: encode_picture(PillowImage.fromarray(draw_scene(seed)), "JPEG", quality=92)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[int] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if "data-image-id" in given:
            self.ids.append(int(given["data-image-id"] or 0))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="session")
def parse_page() -> Callable[[str], _Page]:
    """Read a page: `ids` of its tiles, `tags` with attributes, `text` with single spaces."""

    def read(html: str) -> _Page:
        page = _Page()
        page.feed(html)
        page.close()
        page.text = re.sub(r"\s+", " ", page.text)
        return page

    return read
