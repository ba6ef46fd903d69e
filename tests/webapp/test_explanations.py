"""Explanations and facets through the API, by address and by body alike."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

QUERY = {"parts": [{"text": "harbour"}, {"image": 3}]}
LINE = "harbour image:3"


def test_an_explanation_is_the_same_by_address_and_by_body(client: FlaskClient) -> None:
    hit = client.get("/api/v1/search", query_string={"q": LINE}).get_json()["hits"][0]
    address = f"/api/v1/images/{hit['id']}/explanation"
    found = client.get(address, query_string={"q": LINE}).get_json()
    assert found == client.post(address, json=QUERY).get_json()
    assert found["hit"] == hit
    assert sum(contribution["share"] for contribution in found["hit"]["contributions"]) == pytest.approx(1)
    assert {match["value"][match["start"] : match["end"]].lower() for match in found["words"]} == {"harbour"}
    [heat] = found["heat"]
    assert sum(map(sum, heat["image"]["cells"])) == pytest.approx(heat["cosine"], abs=1e-3)


def test_an_explanation_tells_what_was_predicted_and_how_surely(client: FlaskClient) -> None:
    found = client.get("/api/v1/images/2/explanation", query_string={"q": "mammal"}).get_json()
    assert found["predictions"] == [{"name": "mammal", "confidence": 0.93, "kinds": []}]
    assert [(match["field"], match["value"]) for match in found["words"]] == [("predicted", "mammal")]
    other = client.get("/api/v1/images/2/explanation", query_string={"q": "boat"})
    assert other.status_code == 404 or other.get_json()["predictions"] == []


def test_an_image_that_the_answer_does_not_hold_is_not_explained(client: FlaskClient) -> None:
    answer = client.get("/api/v1/images/3/explanation", query_string={"q": "nothingofthiskind"})
    assert answer.status_code == 404
    assert answer.get_json()["code"] == "image-not-in-answer"


def test_facets_count_the_whole_answer(client: FlaskClient) -> None:
    found = client.get("/api/v1/facets", query_string={"q": "harbour", "limit": 1}).get_json()
    assert (
        found == client.post("/api/v1/facets", json={"parts": [{"text": "harbour"}], "limit": 1}).get_json()
    )
    total = client.get("/api/v1/search", query_string={"q": "harbour"}).get_json()["total"]
    for facet in ("folder", "format", "orientation"):
        assert sum(value["count"] for value in found[facet]["values"]) == total


def test_facets_without_a_query_count_the_library(client: FlaskClient) -> None:
    found = client.get("/api/v1/facets").get_json()
    assert sum(value["count"] for value in found["folder"]["values"]) == 12
