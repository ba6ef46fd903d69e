"""The pages of people and places: everybody and every place with a count, sorted, and a page at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from flask.testing import FlaskClient

from retrieval import Annotation, Library, fetch_backbone, write_library
from tests.databases import new_image
from webapp import create_app, named_pages

from .conftest import make_browser
from .test_browse import entries, total

# Person and place of each image.
IMAGES = (
    ("Zoe", "Hue"),
    ("zoe", "Hue"),
    ("Ann Lee", "Hue"),
    ("Bo", 'Old "Quay"'),
    ("", "16.46, 107.59"),
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    path = tmp_path_factory.mktemp("named") / "library"
    with write_library(path) as library:
        library.make_spaces(fetch_backbone("test_resnet", "untrained"))
        features = {space.id: np.ones(space.dimension, np.float16) for space in library.spaces}
    with write_library(path) as library, library.catalog.writing() as writer:
        for number, (person, place) in enumerate(IMAGES, 1):
            taken_at = datetime(2017 + number, 5, 1)
            [image_id] = writer.add_images([replace(new_image(number), taken_at=taken_at, features=features)])
            writer.add_location(f"/home/ann/Photos/{number}.jpg".encode(), image_id, mtime=0, size=1)
            facts = [Annotation("place", place, "xmp")]
            writer.replace_annotations(
                image_id, "xmp", facts + ([Annotation("person", person, "xmp")] if person else [])
            )
    with write_library(path) as library:
        library.publish()
    with Library.open(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(served: Library) -> FlaskClient:
    return make_browser(create_app(served))


def test_everybody_has_as_many_pictures_as_it_says(client: FlaskClient) -> None:
    listed = entries(client, "/browse/people")
    assert {name: count for name, (count, _) in listed.items()} == {"Zoe": 2, "Ann Lee": 1, "Bo": 1}
    assert all(total(client, address) == count for count, address in listed.values())
    assert [*listed] == ["Zoe", "Ann Lee", "Bo"]
    assert [*entries(client, "/browse/people?sort=name")] == ["Ann Lee", "Bo", "Zoe"]


def test_a_list_has_pages(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named_pages, "LISTED", 2)
    first = client.get("/browse/people?sort=name").text
    [following] = re.findall(r'href="([^"]+)" rel="next"', first)
    assert [*entries(client, following.replace("&amp;", "&"))] == ["Zoe"]
    second = client.get(following.replace("&amp;", "&")).text
    assert re.findall(r'href="([^"]+)" rel="(\w+)"', second) == [("/browse/people?sort=name", "prev")]


def test_a_place_tells_when_and_who(client: FlaskClient) -> None:
    places = entries(client, "/browse/places")
    assert {name: count for name, (count, _) in places.items()} == {"Hue": 3, "Old &#34;Quay&#34;": 1}
    page = client.get(places["Hue"][1])
    assert page.status_code == 200
    assert [int(number) for number in re.findall(r'class="entry" href="/images/(\d+)"', page.text)] == [
        3,
        2,
        1,
    ]
    links = re.findall(
        r'<a href="([^"]+)"><span class="value">([^<]+)</span> <span class="number">(\d+)', page.text
    )
    assert {(name, int(count)) for _, name, count in links} >= {("2018", 1), ("2019", 1), ("Zoe", 2)}
    assert all(total(client, link.replace("&amp;", "&")) == int(count) for link, _, count in links)
    assert client.get(places["Old &#34;Quay&#34;"][1]).status_code == 200
    assert client.get("/browse/place?name=Atlantis").status_code == 400


def test_strangers_may_look_too(served: Library) -> None:
    strangers = make_browser(create_app(served, public=True))
    for place in ("/browse/people", "/browse/places", "/browse/place?name=Hue"):
        answer = strangers.get(place)
        assert answer.status_code == 200
        assert "home/ann" not in answer.text
