"""Browsing the whole collection: folders, dates, labels, and the ways in on the start page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from flask.testing import FlaskClient

from retrieval import Annotation, Library, fetch_backbone, open_keeper, write_library
from tests.databases import new_image
from webapp import create_app

from .conftest import SCRIPT, make_browser

# Folder, month, tags and label of each image; image 6 lies in two folders.
IMAGES = (
    ("2019/Hue", "2019-03", "boat", "vessel"),
    ("2019/Hue", "2019-03", "boat", "vessel"),
    ("2019/Home", "2019-07", "garden", "flower"),
    ("2021/Home", "2021-12", "garden", "flower"),
    ("2021/Home", None, SCRIPT, "flower"),
    ("2021", "2021-01", "boat", "vessel"),
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    path = tmp_path_factory.mktemp("browsed") / "library"
    with write_library(path) as library:
        library.make_spaces(fetch_backbone("test_resnet", "untrained"))
        features = {space.id: np.ones(space.dimension, np.float16) for space in library.spaces}
    with write_library(path) as library, library.catalog.writing() as writer:
        for number, (folder, month, tag, label) in enumerate(IMAGES, 1):
            taken_at = datetime.fromisoformat(f"{month}-05") if month else None
            new = replace(new_image(number), taken_at=taken_at, features=features)
            [image_id] = writer.add_images([new])
            writer.add_location(f"/home/ann/Photos/{folder}/{number}.jpg".encode(), image_id, mtime=0, size=1)
            facts = [Annotation("tag", tag, "user"), Annotation("label", label, "user")]
            writer.replace_annotations(image_id, "user", facts)
        writer.add_location(b"/home/ann/Photos/2019/Home/again.jpg", 6, mtime=0, size=1)
    with write_library(path) as library:
        library.publish()
    with Library.open(path) as opened:
        with open_keeper(opened) as keeper:
            keeper.add_search("regatta", "tag:boat")
        yield opened


@pytest.fixture(scope="module")
def client(served: Library) -> FlaskClient:
    return make_browser(create_app(served))


def entries(client: FlaskClient, place: str) -> dict[str, tuple[int, str]]:
    """What a page lists: by name the number of pictures and the address."""
    answer = client.get(place)
    assert answer.status_code == 200, answer.text
    found = re.findall(
        r'class="entry" href="([^"]+)".*?class="called">([^<]+)</span> <small>([\d,]+)', answer.text
    )
    return {name: (int(count), address.replace("&amp;", "&")) for address, name, count in found}


def total(client: FlaskClient, address: str) -> int:
    """How many pictures an address of the search page finds."""
    return int(client.get(f"/api/v1/search?{urlsplit(address).query}").json["total"])


@pytest.mark.parametrize("place", ["/browse/folders?at=2019", "/browse/dates", "/browse/labels"])
def test_every_entry_leads_to_as_many_pictures_as_it_says(client: FlaskClient, place: str) -> None:
    listed = entries(client, place)
    assert listed
    assert {name: total(client, address) for name, (_, address) in listed.items()} == {
        name: count for name, (count, _) in listed.items()
    }


def test_folders_are_a_tree_below_the_folder_that_holds_all(client: FlaskClient) -> None:
    assert {name: count for name, (count, _) in entries(client, "/browse/folders").items()} == {
        "2019": 4,
        "2021": 3,
    }
    assert entries(client, entries(client, "/browse/folders")["2019"][1]).keys() == {"Home", "Hue"}
    assert client.get("/browse/folders?at=2022").status_code == 400


def test_strangers_see_no_folder_above_the_pictures(served: Library) -> None:
    strangers = make_browser(create_app(served, public=True))
    for place in ("/", "/browse/folders", "/browse/folders?at=2019", "/browse/dates", "/browse/labels"):
        answer = strangers.get(place)
        assert answer.status_code == 200
        assert "home/ann" not in answer.text
        assert "regatta" not in answer.text
    assert total(strangers, entries(strangers, "/browse/folders?at=2019")["Hue"][1]) == 2


def test_the_start_page_offers_ways_in_and_other_pages_do_not(
    client: FlaskClient, parse_page: Callable
) -> None:
    start = client.get("/").text
    assert 'class="start"' in start
    assert ">regatta<" in start
    examples = [address.replace("&amp;", "&") for address in re.findall(r'<a href="([^"]+)"><code>', start)]
    assert len(examples) >= 2
    assert all(total(client, address) for address in examples), "what is offered finds something"
    assert 'class="start"' not in client.get("/?q=boat").text
    assert SCRIPT not in start + client.get("/browse/labels").text


def test_an_empty_library_says_what_to_do(tmp_path: Path) -> None:
    with write_library(tmp_path / "empty") as library:
        library.publish()
    with Library.open(tmp_path / "empty") as library:
        client = make_browser(create_app(library))
        for place in ("/", "/browse/folders", "/browse/dates", "/browse/labels"):
            assert client.get(place).status_code == 200
