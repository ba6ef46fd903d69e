"""What programs get: every route, its shape, its document, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
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
    assert answer["next"] == "/api/v1/images/3/similar?limit=4&offset=6"


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
            "confidence": 0.8251,
        },
        {"name": "great white shark", "synonyms": [], "definition": "a fish", "confidence": 0.0612},
    ]
    assert client.get("/api/v1/images/1").json["predicted"] == []
    [hit] = client.get("/api/v1/search?q=tabby").json["hits"]
    assert (hit["id"], hit["labels"]) == (2, ["outdoors"])
    assert client.get("/api/v1/search?q=label:tabby").json["hits"] == []
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
    assert set(answer["signals"]) == {"words", "meaning", "subject", "colour", "texture", "layout", "details"}


def test_the_document_names_every_route(client: FlaskClient) -> None:
    document = json.loads(client.get("/api/v1/openapi.json").data)
    assert document["openapi"].startswith("3.1")
    assert {path: set(operations) for path, operations in document["paths"].items()} == {
        "/api/v1/search": {"get", "post"},
        "/api/v1/images/{image_id}": {"get"},
        "/api/v1/images/{image_id}/similar": {"get"},
        "/api/v1/images/{image_id}/explanation": {"get", "post"},
        "/api/v1/facets": {"get", "post"},
        "/api/v1/status": {"get"},
    }
    search = document["paths"]["/api/v1/search"]
    assert {parameter["name"] for parameter in search["get"]["parameters"]} == set(
        SearchParameters.model_fields
    )
    bodies = search["post"]["requestBody"]["content"]
    form = bodies["multipart/form-data"]["schema"]["properties"]
    assert set(form) == {*SearchParameters.model_fields, "picture_file"}
    assert bodies["application/json"]["schema"] == {"$ref": "#/components/schemas/Query"}
    said = document["components"]["schemas"]
    assert set(said["Query"]["properties"]) == set(json_form.QUERY_KEYS)
    assert set(said["Part"]["properties"]) == {*json_form.PART_KEYS, "weight", "region"}
    assert said["Filters"]["properties"]["after"]["anyOf"][0] == {"type": "string", "format": "date"}
    similar = document["paths"]["/api/v1/images/{image_id}/similar"]["get"]["parameters"]
    assert {parameter["name"] for parameter in similar} == {"image_id", "limit", "offset"}


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
        ("colour=red", "colour: no such parameter; there are limit, offset, q, image, picture"),
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
        ("q=-night", "every part is negative"),
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
