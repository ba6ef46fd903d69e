"""What programs get: every route, its shape, its document, and what it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from retrieval import Library, Query, Settings, StoredPicture, answers, parse_query
from retrieval.query import json_form
from webapp import create_app
from webapp.parameters import SearchParameters

from .conftest import COUNT


def test_hits_are_those_of_the_engine(client: FlaskClient, library: Library) -> None:
    answer = client.get("/api/v1/search?q=harbour+-night&limit=3").json
    found = library.search(parse_query("harbour -night", limit=3))
    assert [(hit["id"], hit["rank"], hit["score"]) for hit in answer["hits"]] == [
        (hit.id, hit.rank, hit.score) for hit in found.hits
    ]
    assert answer["total"] == found.total
    answers.Results.model_validate(answer)


def test_shares_add_up(client: FlaskClient) -> None:
    answer = client.get("/api/v1/search?q=harbour&image=3").json
    for hit in answer["hits"]:
        assert sum(contribution["share"] for contribution in hit["contributions"]) == pytest.approx(1)
        assert sum(contribution["amount"] for contribution in hit["contributions"]) == pytest.approx(
            hit["score"]
        )


def test_next_leads_through_all_hits(client: FlaskClient) -> None:
    seen: list[int] = []
    address = "/api/v1/search?image=3&limit=4"
    while address:
        answer = client.get(address).json
        seen += [hit["id"] for hit in answer["hits"]]
        address = answer["next"]
    whole = client.get("/api/v1/search?image=3").json
    assert seen == [hit["id"] for hit in whole["hits"]]
    assert sorted(seen) == [image_id for image_id in range(1, COUNT + 1) if image_id != 3]


def test_posting_fields_is_getting_them(client: FlaskClient) -> None:
    fields = {"q": '"old harbour"', "image": ["3", "4"], "limit": "5"}
    posted = client.post("/api/v1/search", data=fields).json
    assert posted == client.get("/api/v1/search", query_string=fields).json
    assert posted["next"].startswith("/api/v1/search?")


def test_several_files_at_once(client: FlaskClient, jpeg: Callable) -> None:
    files = [(BytesIO(jpeg(seed)), f"{seed}.jpg") for seed in (2, 40)]
    answer = client.post("/api/v1/search", data={"picture_file": files}).json
    assert {contribution["part"] for contribution in answer["hits"][0]["contributions"]} == {0, 1}
    assert answer["hits"][0]["id"] == 3


def test_files_that_are_sent_are_not_kept(client: FlaskClient, library: Library, jpeg: Callable) -> None:
    def kept_names() -> set[str]:
        return {path.name for path in (library.path / "queries").glob("*")}

    before = kept_names()
    client.post("/api/v1/search", data={"picture_file": (BytesIO(jpeg(77)), "a.jpg")})
    assert kept_names() == before


def test_similar_leaves_the_image_itself_out(client: FlaskClient, library: Library) -> None:
    answer = client.get("/api/v1/images/3/similar?limit=4&offset=2").json
    answers.Results.model_validate(answer)
    found = library.search(Query((StoredPicture(3),), limit=4, offset=2))
    assert [hit["id"] for hit in answer["hits"]] == found.ids
    assert answer["next"] == f"/api/v1/images/3/similar?limit=4&cursor={answer['cursor']}"
    following = client.get(answer["next"]).json
    assert [hit["rank"] for hit in following["hits"]] == [7, 8, 9, 10]


def test_one_image(client: FlaskClient) -> None:
    answer = client.get("/api/v1/images/1").json
    answers.Image.model_validate(answer)
    assert (answer["title"], answer["tags"], answer["labels"]) == ("Scene 0", ["harbour"], ["outdoors"])
    assert answer["taken_at"] == "2020-01-01T12:00:00"
    assert answer["annotations"][1] == {
        "field": "caption",
        "value": "red boat in the harbour",
        "source": "captions",
        "confidence": 0.9,
    }


def test_predicted_labels_are_shown_apart_from_given_ones(client: FlaskClient) -> None:
    answer = client.get("/api/v1/images/2").json
    answers.Image.model_validate(answer)
    assert answer["labels"] == ["outdoors"]
    assert answer["predicted"] == [
        {
            "name": "tabby",
            "synonyms": ["tabby cat"],
            "definition": "a cat with a grey coat",
            "is_category": False,
            "confidence": 0.8251,
        },
        {
            "name": "domestic cat",
            "synonyms": ["house cat"],
            "definition": "",
            "is_category": True,
            "confidence": 0.91,
        },
        {"name": "mammal", "synonyms": [], "definition": "", "is_category": True, "confidence": 0.93},
        {
            "name": "great white shark",
            "synonyms": [],
            "definition": "a fish",
            "is_category": False,
            "confidence": 0.0612,
        },
    ]
    assert client.get("/api/v1/images/1").json["predicted"] == []
    [hit] = client.get("/api/v1/search?q=tabby").json["hits"]
    assert (hit["id"], hit["labels"]) == (2, ["outdoors"])
    assert client.get("/api/v1/search?q=label:tabby").json["hits"] == []
    for line in ("mammal", "shows:mammal", '"house cat"', "shows:tabby"):
        [hit] = client.get("/api/v1/search", query_string={"q": line}).json["hits"]
        assert hit["id"] == 2, line
    assert client.get("/api/v1/search?q=label:mammal").json["hits"] == []
    assert client.get("/api/v1/search?q=shark").json["hits"] == []  # less sure than what is searched


@pytest.mark.parametrize("wanted", [True, False])
def test_the_setting_hides_predicted_labels_everywhere(library_path: Path, wanted: bool) -> None:
    with Library.open(library_path, Settings(predicted_labels=wanted)) as opened:
        client = create_app(opened).test_client()
        for address in ("/api/v1/images/2", "/images/2", "/api/v1/search?q=tabby", "/?q=tabby"):
            answer = client.get(address).text.replace("q=tabby", "").replace('value="tabby"', "")
            assert ("Scene 1" in answer) is (wanted or "q=" not in address), address
            assert ("grey coat" in answer) is (wanted and "images" in address), address


def test_status(client: FlaskClient) -> None:
    answer = client.get("/api/v1/status").json
    answers.Status.model_validate(answer)
    assert (answer["images"], answer["damages"]) == (COUNT, [])
    looks = {"colour", "texture", "layout"}
    assert set(answer["signals"]) == {"words", "meaning", "subject", "part", "details", *looks}


def test_the_document_names_every_route(client: FlaskClient) -> None:
    document = json.loads(client.get("/api/v1/openapi.json").data)
    assert document["openapi"].startswith("3.1")
    assert {path: set(operations) for path, operations in document["paths"].items()} == {
        "/api/v1/search": {"get", "post"},
        "/api/v1/search/batch": {"post"},
        "/api/v1/line": {"get", "post"},
        "/api/v1/ids": {"get", "post"},
        "/api/v1/images": {"get"},
        "/api/v1/images/{image_id}": {"get", "patch"},
        "/api/v1/images/{image_id}/vectors": {"get"},
        "/api/v1/images/{image_id}/thumbnail": {"get"},
        "/api/v1/images/{image_id}/rendition": {"get"},
        "/api/v1/images/{image_id}/heatmap": {"get"},
        "/api/v1/queries": {"post"},
        "/api/v1/queries/{query_id}": {"get"},
        "/api/v1/embed": {"post"},
        "/api/v1/images/{image_id}/similar": {"get"},
        "/api/v1/images/{image_id}/explanation": {"get", "post"},
        "/api/v1/facets": {"get", "post"},
        "/api/v1/completions": {"get"},
        "/api/v1/status": {"get"},
        "/api/v1/problems": {"get"},
        "/api/v1/webhooks": {"get", "post"},
        "/api/v1/webhooks/{number}": {"delete"},
        "/api/v1/index": {"get", "post"},
        "/api/v1/jobs": {"get"},
        "/api/v1/jobs/{job_id}": {"get", "delete"},
        "/api/v1/snapshot": {"get"},
        "/api/v1/saved": {"get", "post"},
        "/api/v1/saved/{name}": {"get", "patch", "delete"},
        "/api/v1/saved/{name}/hits": {"get"},
        "/api/v1/saved/{name}/new": {"get"},
        "/api/v1/saved/{name}/look": {"post"},
        "/api/v1/concepts": {"get", "post"},
        "/api/v1/concepts/{name}": {"get", "patch", "delete"},
        "/api/v1/edits": {"get", "post"},
        "/api/v1/edits/{number}": {"delete"},
        "/api/v1/images/{image_id}/suggestions": {"get"},
        "/api/v1/duplicates": {"get"},
        "/api/v1/verdicts": {"get", "post"},
        "/api/v1/verdicts/{number}": {"delete"},
    }
    search = document["paths"]["/api/v1/search"]
    shown = {"fields", "timings"}
    names = {parameter["name"] for parameter in search["get"]["parameters"]}
    assert names == {*SearchParameters.model_fields, *shown}
    bodies = search["post"]["requestBody"]["content"]
    form = bodies["multipart/form-data"]["schema"]["properties"]
    assert set(form) == {*SearchParameters.model_fields, "picture_file"}
    assert bodies["application/json"]["schema"] == {"$ref": "#/components/schemas/Query"}
    said = document["components"]["schemas"]
    assert set(said["Query"]["properties"]) == set(json_form.QUERY_KEYS)
    assert set(said["Part"]["properties"]) == {*json_form.PART_KEYS, "weight", "region"}
    assert said["Filters"]["properties"]["after"]["anyOf"][0] == {"type": "string", "format": "date"}
    similar = document["paths"]["/api/v1/images/{image_id}/similar"]["get"]["parameters"]
    assert {parameter["name"] for parameter in similar} == {"image_id", "limit", "offset", "cursor", *shown}


def test_every_reference_in_the_document_leads_somewhere(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json
    text = json.dumps(document)
    known = set(document["components"]["schemas"])
    named = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= known
    assert "#/$defs" not in text


@pytest.mark.parametrize("base", ["/", "/api/v1/search"])
@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (
            "colour=red",
            "colour: no such parameter; there are limit, offset, cursor, q, image, like, unlike, sort, picture",
        ),
        ("limit=0", "limit: “0” should be greater than or equal to 1"),
        ("limit=1001", "limit: “1001” should be less than or equal to 1000"),
        ("limit=many", "limit: “many” should be a valid integer"),
        ("offset=-1", "offset: “-1” should be greater"),
        ("offset=99999999999", "offset: “99999999999” should be less"),
        ("limit=5&limit=6", "limit: given 2 times; give it once"),
        ("q=a&q=b", "q: given 2 times"),
        ("image=x", "image: “x” should be a valid integer"),
        ("image=0", "image: “0” should be greater"),
        ("image=9223372036854775808", "image: “9223372036854775808” should be less"),
        ("image=1&image=", "image: “” should be"),
        ("picture=../../etc/passwd", "picture: not the token of an uploaded picture"),
        ("picture=" + "A" * 32, "picture: not the token"),
        ("picture=" + "a" * 32 + "%0A", "picture: not the token"),
        ("q=foo:bar", "foo: is not a key"),
        ("q=%22open", "quotation mark is missing"),
        ("q=-image:1", "every part is negative"),
        ("q=duration:3", "duration: is reserved"),
        ("q=near:Atlantis", "near Atlantis: no image states a place"),
        ("q=" + "a" * 1001, "the limit is 1000"),
        ("&".join(["image=1"] * 17), "17 parts; the limit is 16"),
    ],
)
def test_what_is_refused(
    client: FlaskClient, parse_page: Callable, base: str, asked: str, words: str
) -> None:
    answer = client.get(f"{base}?{asked}")
    assert answer.status_code == 400
    assert words in (parse_page(answer.text).text if base == "/" else answer.json["detail"])


@pytest.mark.parametrize("address", ["/images/1", "/api/v1/images/1", "/api/v1/status"])
def test_unknown_parameters_are_refused_everywhere(client: FlaskClient, address: str) -> None:
    answer = client.get(address + "?size=9")
    assert answer.status_code == 400
    assert "size: no such parameter" in answer.text
    assert client.get("/api/v1/images/1/similar?q=a").status_code == 400


def test_files_in_another_field_are_refused(client: FlaskClient, jpeg: Callable) -> None:
    answer = client.post("/api/v1/search", data={"file": (BytesIO(jpeg(1)), "a.jpg")})
    assert answer.status_code == 400
    assert "file: no such file field; send pictures as picture_file" in answer.json["detail"]


# -- bodies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/api/v1/search", "/api/v1/facets", "/api/v1/images/1/explanation"])
@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b"", None, "the body is empty"),
        (b"", "application/json", "the body is not JSON"),
        (b"", "application/x-www-form-urlencoded", "the body is empty"),
        (b"--x--\r\n", "multipart/form-data; boundary=x", "the body holds no query"),
        (b"&", "application/x-www-form-urlencoded", "the body holds no query"),
        (b"q=dog", "text/plain", "the body is text/plain; send application/json or a form"),
        (b"<q>dog</q>", "application/xml", "the body is application/xml; send"),
        (b"q=dog", None, "the body is of no type; send"),
    ],
)
def test_a_body_that_says_nothing_is_no_search_for_everything(
    client: FlaskClient, address: str, body: bytes, kind: str | None, words: str
) -> None:
    for where in (address, f"{address}?q=dog") if words != "the body holds no query" else (address,):
        answer = client.post(where, data=body, content_type=kind)
        assert (answer.status_code, answer.json["code"]) == (400, "invalid-parameter")
        assert words in answer.json["detail"]


def test_all_images_are_asked_for_by_an_empty_object(client: FlaskClient) -> None:
    assert client.post("/api/v1/search", json={}).json["total"] == COUNT


@pytest.mark.parametrize(
    "asked", ["q=dog", "q=dog&limit=2", "image=3", "offset=5", "limit=1&image=2&image=3"]
)
def test_the_address_of_a_body_without_a_query_counts(client: FlaskClient, asked: str) -> None:
    expected = client.get(f"/api/v1/search?{asked}").json
    assert client.post(f"/api/v1/search?{asked}", json={}).json == expected
    assert (
        client.post(f"/api/v1/search?{asked}", data={"q": ""} if "q=" not in asked else {"offset": "0"}).json
        == expected
    )


def test_an_address_and_a_body_are_never_half_used(client: FlaskClient) -> None:
    both = client.post("/api/v1/search?q=dog", json={"parts": [{"text": "harbour"}]})
    assert (both.status_code, both.json["detail"]) == (
        400,
        "q: the body holds a query already; put all of it there",
    )
    twice = client.post("/api/v1/search?q=dog", data={"q": "harbour"})
    assert (twice.status_code, twice.json["detail"]) == (400, "q: given 2 times; give it once")
    assert client.post("/api/v1/search?colour=red", json={}).status_code == 400
    mixed = client.post("/api/v1/search?q=harbour", data={"limit": "2"}).json
    assert mixed == client.get("/api/v1/search?q=harbour&limit=2").json


# -- uploads by programs --------------------------------------------------------------------------


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/json, text/plain, */*"])
def test_a_program_that_uploads_gets_json(client: FlaskClient, jpeg: Callable, accept: str | None) -> None:
    headers = {"Accept": accept} if accept else {"Accept": ""}
    data = {"picture": (BytesIO(jpeg(3)), "a.jpg")}
    answer = client.post("/api/v1/queries", data=data, headers=headers)
    assert (answer.status_code, answer.mimetype) == (201, "application/json")
    token = answer.json["id"]
    assert client.get(answer.headers["Location"]).json == answer.json
    assert datetime.fromisoformat(answer.json["expires_at"]) > datetime.now(UTC) + timedelta(days=6)
    found = client.get(answer.json["search"]).json
    assert found == client.get(f"/api/v1/search?picture={token}").json
    assert (
        client.get(answer.json["permalink"]).status_code
        == client.get(answer.json["address"]).status_code
        == 200
    )
    for data in (
        {"picture": (BytesIO(b"text"), "a.jpg")},
        {},
        {"picture": (BytesIO(jpeg(3)), "a"), "colour": "red"},
    ):
        problem = client.post("/api/v1/queries", data=data, headers=headers)
        assert problem.status_code in (400, 415)
        assert problem.mimetype == "application/problem+json"


def test_reloading_the_page_after_a_bad_upload_leads_to_the_search(client: FlaskClient) -> None:
    page = client.post("/pictures", data={"picture": (BytesIO(b"text"), "a.jpg")})
    assert (page.status_code, page.mimetype) == (415, "text/html")
    answer = client.get("/pictures")
    assert (answer.status_code, answer.location) == (303, "/")


# -- the document ---------------------------------------------------------------------------------


def find_nulls(value: object, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in ("default", "const", "example"):  # these hold values
                yield from [f"{path}/{name}"] if inner is None else find_nulls(inner, f"{path}/{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from find_nulls(inner, f"{path}/{number}")


def test_nothing_in_the_document_is_null(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json
    assert list(find_nulls(document)) == []
    upload = document["paths"]["/api/v1/queries"]["post"]
    form = upload["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(form["properties"]) == {"picture", "url"}
    assert form["properties"]["picture"]["format"] == "binary"
    assert upload["responses"]["201"]["content"]["application/json"]["schema"]


def test_times_are_what_the_document_says(client: FlaskClient) -> None:
    """RFC 3339 wants a zone in a date-time; a camera's clock has none, so that is documented as such."""
    image = client.get("/api/v1/images/1").json
    schemas = client.get("/api/v1/openapi.json").json["components"]["schemas"]
    added = schemas["Image"]["properties"]["added_at"]
    assert added["format"] == "date-time"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", image["added_at"])
    for name in ("Image", "Hit"):
        taken = next(
            kind for kind in schemas[name]["properties"]["taken_at"]["anyOf"] if kind["type"] == "string"
        )
        assert "format" not in taken
        assert re.search(taken["pattern"], image["taken_at"])
