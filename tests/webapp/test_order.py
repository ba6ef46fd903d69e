"""Orders and cursors through the web: on the page, in addresses, bodies and answers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from io import BytesIO
from itertools import takewhile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from retrieval import Library, answers, write_library
from retrieval.catalog.schema import ImageRow
from webapp import create_app

from .conftest import COUNT, make_browser  # neither is a fixture

NEWEST = list(range(COUNT, 0, -1))  # the scenes were taken day by day


def select_of(page: Any) -> tuple[str, list[str]]:
    """What is selected as the order, and all values that there are."""
    names = [given.get("name") for tag, given in page.tags if tag == "select"]
    starts = [place for place, (tag, _) in enumerate(page.tags) if tag == "select"]
    first = starts[names.index("sort")]
    options = [given for tag, given in takewhile(lambda tag: tag[0] == "option", page.tags[first + 1 :])]
    [chosen] = [given["value"] for given in options if "selected" in given]
    return chosen, [given["value"] for given in options]


def box_of(page: Any) -> str:
    [value] = [given["value"] for _, given in page.tags if given.get("id") == "q"]
    return value


def links(page: Any, relation: str) -> list[str]:
    return [given["href"] for tag, given in page.tags if tag == "a" and given.get("rel") == relation]


def test_the_page_has_a_select_for_the_order_which_keeps_the_rest(
    client: FlaskClient, parse_page: Callable
) -> None:
    page = parse_page(client.get("/?q=label:outdoors&limit=5&sort=date-up").text)
    assert page.ids == [1, 2, 3, 4, 5]
    chosen, values = select_of(page)
    assert chosen == "date-up"
    assert values[:-1] == [
        "relevance",
        "date",
        "date-up",
        "added",
        "added-up",
        "name",
        "name-down",
        "size",
        "size-up",
    ]
    assert values[-1].startswith("random:")
    [select] = [given for tag, given in page.tags if tag == "select" and given.get("name") == "sort"]
    [form] = [given for tag, given in page.tags if given.get("role") == "search"]
    assert (select["name"], select["form"], form["method"]) == ("sort", form["id"], "get")
    assert [given["form"] for tag, given in page.tags if tag == "button" and given.get("form")] == [
        form["id"]
    ]
    for value in values:  # what the form sends
        sent = client.get("/", query_string={"q": "label:outdoors", "limit": 5, "sort": value})
        assert select_of(parse_page(sent.text))[0] == value
    uploading = [
        given["value"] for _, given in page.tags if given.get("type") == "hidden" and given["name"] == "sort"
    ]
    assert set(uploading) == {"date-up"}


def test_an_order_in_the_line_moves_to_the_select(client: FlaskClient, parse_page: Callable) -> None:
    for q, sort, shown, chosen in (
        ("label:outdoors sort:date", None, "label:outdoors", "date"),
        ("sort:Date-asc harbour -night", "name", "harbour -night", "date-up"),
        ("harbour OR meadow sort:size", "date", "harbour OR meadow", "size"),
        ("sort:date", None, "", "date"),
        ('harbour "sort:date"', "name", 'harbour "sort:date"', "name"),
        ("harbour, oldest first", "name", "harbour", "date-up"),
        ('sort:"date" harbour', None, "harbour", "date"),
    ):
        page = parse_page(client.get("/", query_string={"q": q} | ({"sort": sort} if sort else {})).text)
        assert (box_of(page), select_of(page)[0]) == (shown, chosen), q
        answered = client.get("/api/v1/search", query_string={"q": q} | ({"sort": sort} if sort else {})).json
        assert page.ids == [hit["id"] for hit in answered["hits"]]
    page = parse_page(client.get("/?q=-night+sort:date&image=3").text)
    assert (box_of(page), select_of(page)[0]) == ("-night", "date")


def test_every_way_of_asking_for_an_order_is_one(client: FlaskClient, parse_page: Callable) -> None:
    asked: list[Any] = [
        client.get("/api/v1/search?q=label:outdoors+sort:date"),
        client.get("/api/v1/search?q=label:outdoors&sort=date-desc"),
        client.post("/api/v1/search", json={"filters": {"labels": ["outdoors"]}, "sort": "date"}),
        client.post("/api/v1/search", data={"q": "label:outdoors", "sort": "date"}),
    ]
    first = asked[0].json
    assert [hit["id"] for hit in first["hits"]] == [number for number in NEWEST if number < COUNT - 1]
    assert [hit["taken_at"] for hit in first["hits"]] == sorted(
        (hit["taken_at"] for hit in first["hits"]), reverse=True
    )
    assert first["query"] == {"filters": {"labels": ["outdoors"]}, "sort": "date"}
    assert (first["line"], first["permalink"]) == ("label:outdoors sort:date", "/?q=label:outdoors+sort:date")
    assert [answer.json for answer in asked] == [first] * len(asked)
    answers.Results.model_validate(first)
    shown = parse_page(client.get(first["permalink"]).text)
    assert shown.ids == [hit["id"] for hit in first["hits"]]
    explained = client.get(f"/api/v1/images/{shown.ids[2]}/explanation?q=label:outdoors&sort=date").json
    assert explained["hit"]["rank"] == 3
    assert (
        client.get("/api/v1/facets?q=label:outdoors&sort=date").json
        == client.get("/api/v1/facets?q=label:outdoors").json
    )


def test_tiles_show_the_date_where_it_decides(make_library: Callable[..., Library]) -> None:
    library = make_library(3)
    with write_library(library.path) as opened, opened.catalog.writing() as writer:
        writer._connection.execute(update(ImageRow).where(ImageRow.id == 2).values(taken_at=None))
    client = make_browser(create_app(library))
    page = client.get("/?sort=date").text
    dates = [
        '<time datetime="2020-01-03T12:00:00">3 Jan 2020, 12:00</time>',
        '<time datetime="2020-01-01T12:00:00">1 Jan 2020, 12:00</time>',
        "no date",
    ]
    places = [page.index(f'<p class="date">{date}</p>') for date in dates]
    assert places == sorted(places)
    assert 'class="date"' not in client.get("/?sort=name").text
    assert [hit["taken_at"] for hit in client.get("/api/v1/search?sort=date").json["hits"]][-1] is None


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("sort=shade", "sort shade: write relevance, date"),
        ("q=sort:shade", "column 1: sort shade"),
        ("sort=date&sort=name", "sort: given 2 times"),
        ("offset=3&cursor=x", "offset 3: a cursor says where to go on"),
        ("cursor=x", "cursor: it is not one that an answer gave"),
    ],
)
def test_what_is_wrong_is_refused(client: FlaskClient, address: str, words: str) -> None:
    answer = client.get(f"/api/v1/search?{address}")
    assert (answer.status_code, words in answer.json["detail"]) == (400, True)
    page = client.get(f"/?{address}")
    assert page.status_code == 400


class TestCursors:
    @pytest.fixture
    def served(self, library_path: Path, tmp_path: Path) -> FlaskClient:
        """A library of its own, whose lists a test may remove."""
        self.path = Path(shutil.copytree(library_path, tmp_path / "library"))
        return make_browser(create_app(Library.open(self.path)))

    def test_addresses_and_bodies_go_on_at_a_cursor(self, served: FlaskClient, jpeg: Callable) -> None:
        whole = served.get("/api/v1/search?sort=date").json["hits"]
        page = first = served.get("/api/v1/search?sort=date&limit=5").json
        assert set(parse_qs(urlsplit(page["next"]).query)) == {"q", "limit", "cursor"}
        seen = page["hits"]
        while page["next"]:
            page = served.get(page["next"]).json
            seen += page["hits"]
        assert seen[5:] == whole[5:]
        assert page["cursor"] is None
        body = {"sort": "date", "limit": 3, "cursor": first["cursor"]}
        posted = served.post("/api/v1/search", json=body).json
        assert (posted["hits"], posted["query"]) == (whole[5:8], body)
        shown = served.get(posted["permalink"])
        assert [f'data-image-id="{hit["id"]}"' in shown.text for hit in whole[4:9]] == [
            False,
            True,
            True,
            True,
            False,
        ]
        similar = served.get("/api/v1/images/3/similar?limit=4").json
        following = served.get(similar["next"]).json
        assert [hit["rank"] for hit in following["hits"]] == [5, 6, 7, 8]
        sent = served.post(
            "/api/v1/search", data={"limit": 4, "picture_file": (BytesIO(jpeg(3)), "x.jpg")}
        ).json
        again = {"limit": 4, "cursor": sent["cursor"], "picture_file": (BytesIO(jpeg(3)), "y.jpg")}
        assert [hit["rank"] for hit in served.post("/api/v1/search", data=again).json["hits"]] == [5, 6, 7, 8]

    def test_pages_go_on_and_back_while_pictures_are_removed(
        self, served: FlaskClient, parse_page: Callable
    ) -> None:
        first = parse_page(served.get("/?sort=date&limit=4").text)
        with write_library(self.path) as opened, opened.catalog.writing() as writer:
            writer.remove_images([NEWEST[0], NEWEST[5]])
        second = parse_page(served.get(links(first, "next")[0]).text)
        assert second.ids == [NEWEST[4], *NEWEST[6:9]]
        assert "5 to 9 of 12 pictures" in second.text
        assert parse_page(served.get(links(second, "prev")[0]).text).ids == [*NEWEST[1:5]]
        third = parse_page(served.get(links(second, "next")[0]).text)
        assert (third.ids, links(third, "next")) == (NEWEST[9:], [])

    def test_an_address_whose_list_is_gone_leads_to_a_new_one(
        self, served: FlaskClient, parse_page: Callable
    ) -> None:
        address = links(parse_page(served.get("/?sort=date&limit=4").text), "next")[0]
        shutil.rmtree(self.path / "cursors")
        page = parse_page(served.get(address).text)
        assert page.ids == NEWEST[4:8]
        assert "not kept any more" in page.text
        assert "not kept any more" not in served.get(links(page, "next")[0]).text
        shutil.rmtree(self.path / "cursors")
        gone = served.get(
            address.replace("/?", "/api/v1/search?").replace("offset=4&", "").replace("&offset=4", "")
        )
        assert (gone.status_code, gone.json["code"]) == (410, "cursor-expired")

    def test_where_nothing_can_be_written_pages_go_on_by_offset(
        self, served: FlaskClient, parse_page: Callable
    ) -> None:
        shutil.rmtree(self.path / "cursors", ignore_errors=True)  # of the library that was copied
        (self.path / "cursors").write_text("in the way")
        page = served.get("/api/v1/search?limit=5").json
        assert (page["cursor"], page["next"]) == (None, "/api/v1/search?limit=5&offset=5")
        ids: list[int] = []
        address: str | None = "/?limit=5"
        while address:
            shown = parse_page(served.get(address).text)
            ids += shown.ids
            address = next(iter(links(shown, "next")), None)
        assert ids == list(range(1, COUNT + 1))
