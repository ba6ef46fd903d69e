"""The page of facets: every count is what its link finds, whatever line it is added to."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from retrieval import Library
from webapp import create_app

CHOICE = re.compile(r'<a href="(/\?[^"]*)"><span class="value">(.*?)</span> <span class="number">([\d,]+)<')


def list_choices(page: str) -> list[tuple[str, str, int]]:
    return [(unescape(address), unescape(name), int(count)) for address, name, count in CHOICE.findall(page)]


@pytest.mark.parametrize(
    "line", ["", "harbour", "tag:harbour OR tag:lake", "harbours in January", "-tag:lake"]
)
def test_every_count_is_what_its_link_finds(client: FlaskClient, line: str) -> None:
    choices = list_choices(client.get("/facets", query_string={"q": line}).text)
    assert choices
    for address, name, count in choices:
        found = client.get("/api/v1/search" + address[1:]).get_json()
        assert found["total"] == count, (line, name, address)


def test_the_words_of_the_line_stay_as_they_were_typed(client: FlaskClient) -> None:
    addresses = [address for address, _, _ in list_choices(client.get("/facets?q=harbour+sort:date").text)]
    assert addresses
    assert all(address.startswith("/?q=harbour+sort:date+") for address in addresses)


def test_what_was_chosen_is_marked_and_no_link(client: FlaskClient) -> None:
    page = client.get('/facets?q=tag:"harbour"').text
    assert '<span class="chosen"><span class="value">harbour</span>' in page
    assert "harbour" not in [name for _, name, _ in list_choices(page)]


def test_pictures_that_are_alike_have_no_facets(client: FlaskClient) -> None:
    assert "Nothing tells these pictures apart" in client.get("/facets?q=meadow+dog+name:nothing").text


def test_strangers_learn_no_folders_of_the_machine(library: Library) -> None:
    app: Flask = create_app(library, public=True)
    facets = app.test_client().get("/api/v1/facets").get_json()
    page = app.test_client().get("/facets").text
    assert str(library.path) not in page
    assert not any(value["value"].startswith("/") for value in facets["subfolder"]["values"])
