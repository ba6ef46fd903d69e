"""What people see: every page, with and without pictures to search by."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from retrieval import Annotation, Library, write_library
from webapp import create_app

from .conftest import COUNT, SCRIPT, make_browser  # none of these is a fixture

OWN_SCRIPT = re.compile(r"/static/[a-z_]+\.js")


def _upload_picture(client: FlaskClient, data: bytes, **fields: object) -> str:
    answer = client.post("/pictures", data={"picture": (BytesIO(data), "any.jpg"), **fields})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def test_the_start_page_shows_the_first_images(client: FlaskClient, parse_page: Callable) -> None:
    page = parse_page(client.get("/").text)
    assert page.ids == list(range(1, COUNT + 1))
    assert f"{COUNT} pictures" in page.text
    assert "stays on this machine" in page.text


def test_words_find_pictures_and_say_why(client: FlaskClient, parse_page: Callable) -> None:
    page = parse_page(client.get("/?q=meadow").text)
    assert page.ids == [3, 7]
    whys = [given["href"] for tag, given in page.tags if tag == "a" and given.get("class") == "why-link"]
    assert whys == ["/images/3/why?q=meadow", "/images/7/why?q=meadow"]
    assert "Rank 1, strong" in parse_page(client.get(whys[0]).text).text
    assert "2 pictures" in page.text


@pytest.mark.parametrize(
    "address",
    [
        "?q=harbour",
        "?image=3",
        "?q=harbour&image=3&image=4",
        "?q=tag:lake",
        "?q=harbour+-night&limit=2&offset=1",
        "?limit=5&offset=5",
    ],
)
def test_page_and_json_show_the_same(client: FlaskClient, parse_page: Callable, address: str) -> None:
    shown = parse_page(client.get("/" + address).text)
    answered = client.get("/api/v1/search" + address).json
    assert shown.ids == [hit["id"] for hit in answered["hits"]]
    assert shown.ids
    for note in answered["notes"]:
        assert note in shown.text


def test_the_pages_follow_one_another(client: FlaskClient, parse_page: Callable) -> None:
    seen: list[int] = []
    address: str | None = "/?limit=5"
    while address:
        page = parse_page(client.get(address).text)
        seen += page.ids
        links = [given["href"] for tag, given in page.tags if tag == "a" and given.get("rel") == "next"]
        address = links[0] if links else None
    assert seen == list(range(1, COUNT + 1))
    [back] = [given["href"] for tag, given in page.tags if given.get("rel") == "prev"]
    assert parse_page(client.get(back).text).ids == [6, 7, 8, 9, 10]


def test_an_upload_has_an_address_with_the_same_hits(
    client: FlaskClient, parse_page: Callable, jpeg: Callable
) -> None:
    address = _upload_picture(client, jpeg(3), q="harbour", image="2")
    asked = parse_qs(urlsplit(address).query)
    assert set(asked) == {"q", "image", "picture"}
    first = parse_page(client.get(address).text)
    again = parse_page(client.get(address).text)
    sent = {"q": "harbour", "image": "2", "picture_file": (BytesIO(jpeg(3)), "x.jpg")}
    direct = client.post("/api/v1/search", data=sent).json
    assert first.ids == again.ids == [hit["id"] for hit in direct["hits"]]
    assert direct["next"] is None


def test_an_uploaded_copy_finds_its_original(
    client: FlaskClient, parse_page: Callable, jpeg: Callable
) -> None:
    assert parse_page(client.get(_upload_picture(client, jpeg(6))).text).ids[0] == 7


def test_a_query_picture_can_be_seen_and_removed(
    client: FlaskClient, parse_page: Callable, jpeg: Callable
) -> None:
    address = _upload_picture(client, jpeg(3), q="harbour", image="2")
    page = parse_page(client.get(address).text)
    sources = [given["href"] for tag, given in page.tags if tag == "image"]
    assert "/media/2/thumbnail" in sources
    [picture] = [source for source in sources if "/media/queries/" in source]
    assert client.get(picture).content_type == "image/png"
    removals = [given["href"] for _, given in page.tags if given.get("class") == "remove"]
    token = parse_qs(urlsplit(address).query)["picture"][0]
    assert removals == [
        f"/?image=2&picture={token}",
        f"/?q=harbour&picture={token}",
        "/?q=harbour&image=2",
    ]


def test_a_page_of_a_file_is_named_beside_it(
    make_library: Callable[..., Library], parse_page: Callable
) -> None:
    library = make_library(3)
    file, own = (bytes(library.path / "originals" / f"scene-{number:03}.jpg") for number in range(2))
    with write_library(library.path) as writable, writable.catalog.writing() as writer:
        writer.add_location(file, 2, mtime=0, size=1, page=2)
        writer.forget_locations([own])
    client = create_app(library).test_client()
    tiles = parse_page(client.get("/").text).text
    assert tiles.count("scene-000.jpg page 2") == tiles.count("page 2") == 1
    alone = parse_page(client.get("/images/2").text).text
    assert f"{os.fsdecode(file)}, page 2" in alone
    assert "Scene 1 page 2" in alone
    assert ", page" not in parse_page(client.get("/images/1").text).text


def test_a_missing_picture_is_marked_wherever_it_is_shown(
    make_library: Callable[..., Library], parse_page: Callable
) -> None:
    """Tiles, those under another image, the query's pictures, and its own page say it; others do not."""
    library = make_library(3)
    with write_library(library.path) as opened, opened.catalog.writing() as writer:
        [location] = opened.load_image(2).locations
        writer.mark_missing([location.path])
    client = make_browser(create_app(library))
    badge = '<span class="missing">missing</span>'
    for address, tiles, marked in (
        ("/", 3, 1),
        ("/?q=scene", 3, 1),
        ("/images/1", 2, 1),
        ("/images/2", 2, 0),
    ):
        html = client.get(address).text
        assert (html.count('class="tile"'), html.count(badge)) == (tiles, marked), address
    assert "This picture is missing" in parse_page(client.get("/images/2").text).text
    assert "This picture is missing" not in client.get("/images/1").text
    assert "Scene 1 (missing)" in parse_page(client.get("/?image=2").text).text


def test_a_time_is_shown_with_its_zone_if_it_is_known(make_library: Callable[..., Library]) -> None:
    library = make_library(2)
    with write_library(library.path) as opened, opened.catalog.writing() as writer:
        writer.replace_annotations(1, "exif", [Annotation("taken", "2020-01-01 12:00:00+05:45", "exif")])
        writer.replace_annotations(2, "exif", [Annotation("taken", "2019-01-01 12:00:00+05:45", "exif")])
    client = make_browser(create_app(library))
    assert "1 Jan 2020, 12:00 <small>UTC+05:45</small>" in client.get("/images/1").text
    assert "<dd>2 Jan 2020, 12:00</dd>" in client.get("/images/2").text  # its zone is that of another time
    taken = [client.get(f"/api/v1/images/{image_id}").json["taken_at"] for image_id in (1, 2)]
    assert taken == ["2020-01-01T12:00:00+05:45", "2020-01-02T12:00:00"]


def test_tiles_count_the_pictures_of_their_groups_and_lead_to_them(
    make_library: Callable[..., Library], parse_page: Callable
) -> None:
    """Also in a list without words or pictures, where no hit has a band."""
    library = make_library(3)
    with write_library(library.path) as opened, opened.catalog.writing() as writer:
        for image_id, name in ((1, b"/p/IMG_1.CR2"), (2, b"/p/IMG_1.JPG"), (3, b"/p/IMG_1-edited.jpg")):
            writer.add_location(name, image_id, mtime=0, size=1)
            writer.replace_annotations(image_id, "exif", [Annotation("taken", "2019-07-01 12:00:00", "exif")])
    client = make_browser(create_app(library))
    page = parse_page(client.get("/?q=collapse:shots").text)
    assert page.ids == [3]
    assert "1 group" in page.text
    assert "3 pictures: show them all" in page.text
    [address] = [given["href"] for _, given in page.tags if "group-of" in (given.get("href") or "")]
    group = parse_page(client.get(address).text)
    assert group.ids == [3, 1, 2]
    [back] = [given["href"] for _, given in group.tags if given.get("href") == "/?q=group:shot"]
    assert parse_page(client.get(back).text).ids == [3]
    [hit] = client.get("/api/v1/search?q=group:shot").json["hits"]
    line = "group:shot group-of:3"
    assert hit["group"] == {"name": "", "count": 3, "members": [1, 2], "more": 0, "line": line}
    assert [each["id"] for each in client.get("/api/v1/search", query_string={"q": line}).json["hits"]] == [
        3,
        1,
        2,
    ]


def test_the_forms_keep_the_rest_of_the_search(client: FlaskClient, parse_page: Callable) -> None:
    page = parse_page(client.get("/?q=lake&image=2&limit=7").text)
    hidden = [(given["name"], given["value"]) for _, given in page.tags if given.get("type") == "hidden"]
    kept = [("image", "2"), ("limit", "7")]
    assert hidden == [*kept, *2 * [("q", "lake"), *kept], ("line", "lake image:2"), ("q", "lake"), *kept]


def test_one_image_tells_all_about_itself(client: FlaskClient, parse_page: Callable) -> None:
    page = parse_page(client.get("/images/1").text)
    assert page.ids[0] == 1
    assert 1 not in page.ids[1:]
    for words in (
        "Scene 0",
        "red boat in the harbour",
        "160 × 120",
        "scene-000.jpg",
        "1 Jan 2020",
        "captions",
    ):
        assert words in page.text
    links = [given.get("href") for tag, given in page.tags if tag == "a"]
    assert "/?image=1" in links
    assert parse_page(client.get("/?q=tag:%22harbour%22").text).ids == [1, 5, 9]
    assert "/?q=tag:%22harbour%22" in links


def test_predicted_labels_are_a_list_of_their_own(client: FlaskClient, parse_page: Callable) -> None:
    page = parse_page(client.get("/images/2").text)
    assert "Predicted" in page.text
    assert "tabby 83%" in page.text
    assert "great white shark 6%" in page.text
    shown = [
        (given.get("title"), given.get("href")) for _, given in page.tags if given.get("class") == "tag guess"
    ]
    assert shown == [
        ("a cat with a grey coat", "/?q=%22tabby%22"),
        ("a fish", "/?q=%22great+white+shark%22"),
        ("", "/?q=%22domestic+cat%22"),
        ("", "/?q=%22mammal%22"),
    ]
    assert parse_page(client.get(shown[0][1]).text).ids == [2]
    lists = [
        given.get("aria-labelledby") or given.get("aria-label") for tag, given in page.tags if tag == "ul"
    ]
    assert lists[1:4] == ["Tags and labels", "predicted", "kinds"]  # behind the suggestions of the box
    assert "A kind of" in page.text
    assert "domestic cat 91%" in page.text
    assert "Predicted" not in parse_page(client.get("/images/1").text).text


def test_a_name_that_is_not_utf8_can_be_shown(client: FlaskClient, parse_page: Callable) -> None:
    assert r"not-utf8-\xff.jpg" in parse_page(client.get(f"/images/{COUNT - 1}").text).text
    assert client.get(f"/api/v1/images/{COUNT - 1}").json["path"].endswith(r"/not-utf8-\xff.jpg")


@pytest.mark.parametrize("address", ["/", "/?q=harbour", f"/?image={COUNT}", f"/images/{COUNT}"])
def test_words_of_pictures_are_never_markup(client: FlaskClient, parse_page: Callable, address: str) -> None:
    page = parse_page(client.get(address).text)
    scripts = [given for tag, given in page.tags if tag == "script"]
    assert scripts
    assert [given for given in scripts if not OWN_SCRIPT.fullmatch(given.get("src", ""))] == []
    assert not [name for _, given in page.tags for name in given if name.startswith("on") or name == "style"]
    assert "onerror=alert(1)" in str(page.tags) + page.text


def test_words_of_the_searcher_are_never_markup(client: FlaskClient, parse_page: Callable) -> None:
    for address in ("/", "/images/99", "/nowhere"):
        page = parse_page(client.get(address, query_string={"q": SCRIPT, "limit": "<b>"}).text)
        sources = [given.get("src", "") for tag, given in page.tags if tag == "script"]
        assert all(map(OWN_SCRIPT.fullmatch, sources))


def test_an_empty_library_says_what_to_do(make_library: Callable[..., Library], parse_page: Callable) -> None:
    client = create_app(make_library(0)).test_client()
    page = parse_page(client.get("/").text)
    assert "pictor index ~/Pictures" in page.text
    assert client.get("/?q=boat").status_code == 200


def test_nothing_found_says_what_to_try(client: FlaskClient, parse_page: Callable) -> None:
    page = parse_page(client.get("/?q=zebra+tag:none").text)
    assert page.ids == []
    assert "Nothing found" in page.text
    assert "fewer words" in page.text
    assert "tag:" in page.text


def test_past_the_end_leads_back(client: FlaskClient, parse_page: Callable) -> None:
    page = parse_page(client.get("/?q=harbour&offset=500").text)
    assert page.ids == []
    assert "/?q=harbour" in [given.get("href") for _, given in page.tags]


def test_a_mistake_keeps_the_words_in_the_box(client: FlaskClient, parse_page: Callable) -> None:
    answer = client.get("/?q=tagg:red")
    page = parse_page(answer.text)
    assert answer.status_code == 400
    assert "tagg: is not a key" in page.text
    assert [given["value"] for _, given in page.tags if given.get("id") == "q"] == ["tagg:red"]


def test_every_picture_has_words_and_a_reserved_place(client: FlaskClient, parse_page: Callable) -> None:
    page = parse_page(client.get("/?sort=added").text)
    pictures = [given for tag, given in page.tags if tag == "img" and "/media/" in (given["src"] or "")]
    assert all(given["alt"] and given["width"] and given["height"] for given in pictures)
    assert any(given.get("loading") == "lazy" for given in pictures)


def test_the_address_of_an_uploaded_picture_says_how_long_it_holds_it(
    client: FlaskClient, jpeg: Callable, parse_page: Callable
) -> None:
    shown = parse_page(client.get(_upload_picture(client, jpeg(5))).text)
    until = datetime.now(UTC).date() + timedelta(days=7)
    named = [given["datetime"] for tag, given in shown.tags if tag == "time" and "datetime" in given]
    assert str(until) in named
    assert "each visit keeps it for seven days more" in shown.text
    assert "each visit keeps it" not in client.get("/?q=lake").text
