"""Many queries in one request, and answers of which a part is wanted."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask.testing import FlaskClient

from retrieval import Library, Options, Picture, Query, RetrievalError, Text
from tests.drawing import draw_scene, encode_picture
from webapp import create_app


@pytest.fixture(scope="module")
def client(library: Library) -> FlaskClient:
    return create_app(library).test_client()


def picture(number: int) -> bytes:
    from PIL import Image

    return encode_picture(Image.fromarray(draw_scene(number)), "PNG")


def keep(client: FlaskClient, number: int) -> str:
    kept = client.post("/api/v1/queries", data={"picture": (BytesIO(picture(number)), "a.png")})
    token: str = kept.json["id"]  # type: ignore[index]
    return token


def ids(page: dict) -> list[int]:  # type: ignore[type-arg]
    return [hit["id"] for hit in page["hits"]]


def test_each_query_of_a_batch_is_answered_as_alone(client: FlaskClient) -> None:
    searches = [
        {"parts": [{"text": "harbour"}]},
        {"parts": [{"upload": keep(client, 3)}], "limit": 5},
        {"parts": [{"image": 999}]},
        {"parts": [{"text": "harbuor"}]},
        {"parts": [{"upload": keep(client, 4), "weight": -1}, {"text": "lake"}]},
        {"nonsense": 1},
        {"parts": [{"url": "https://example.org/a.jpg"}]},
    ]
    answer = client.post("/api/v1/search/batch", json={"searches": searches})
    assert answer.status_code == 200, answer.text
    found = answer.json["answers"]  # type: ignore[index]
    for number, search in enumerate(searches):
        alone = client.post("/api/v1/search", json=search)
        if number in (2, 5):
            assert found[number]["problem"] == alone.json
        elif number == 6:
            assert found[number]["problem"]["code"] == "invalid-query"
        else:
            assert ids(found[number]["results"]) == ids(alone.json)  # type: ignore[arg-type]
    assert found[1]["results"]["cursor"]
    assert found[3]["results"]["did_you_mean"]


def test_a_batch_is_bounded(client: FlaskClient) -> None:
    def refuse(body: object) -> str:
        answer = client.post("/api/v1/search/batch", json=body)
        assert answer.status_code == 400
        return str(answer.json["detail"])  # type: ignore[index]

    assert "searches" in refuse({"searches": []})
    assert "searches" in refuse({"searches": [{}] * 101})
    assert "5,000" in refuse({"searches": [{"limit": 1000}] * 6})
    assert "did you mean searches?" in refuse({"serches": [{}]})


def test_pictures_of_many_queries_are_described_together(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries = [Query((Picture(picture(number)),)) for number in range(3)]
    alone = [library.search(query) for query in queries]
    passes = []
    describe = library.search_state.spaces.describe
    monkeypatch.setattr(
        type(library.search_state.spaces),
        "describe",
        lambda self, pictures: passes.append(len(pictures)) or describe(pictures),
    )
    broken = Query((Picture(b"no picture"),))
    found = library.search_many([*queries, broken, Query((Text("harbour"),))])
    assert passes == [3]
    assert found[:3] == alone
    assert isinstance(found[3], RetrievalError)
    assert found[4] == library.search("harbour")


def test_hits_below_a_score_are_not_listed(library: Library) -> None:
    everything = library.search(Query((Text("harbour"),)))
    score = everything.hits[1].score
    found = library.search(Query((Text("harbour"),), options=Options(min_score=score)))
    assert found.ids == [hit.id for hit in everything.hits if hit.score >= score]
    assert found.total == len(found.ids) < everything.total
    assert library.search(f"harbour min-score:{score}").ids == found.ids


def test_an_answer_has_the_wanted_fields_and_times_on_demand(client: FlaskClient) -> None:
    page = client.get("/api/v1/search?q=harbour&limit=2&fields=path,score&timings=true").json
    assert page is not None
    assert all(set(hit) == {"id", "path", "score"} for hit in page["hits"])
    assert {"rank", "judge", "load"} <= set(page["timings"])
    following = client.get(page["next"]).json
    assert following is not None
    assert all(set(hit) == {"id", "path", "score"} for hit in following["hits"])
    assert client.get("/api/v1/search?q=harbour").json["timings"] is None  # type: ignore[index]
    posted = client.post("/api/v1/search?fields=path", json={"parts": [{"text": "harbour"}]}).json
    assert set(posted["hits"][0]) == {"id", "path"}  # type: ignore[index]


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("/api/v1/search?lmit=3", "lmit: no such parameter; there are"),
        ("/api/v1/search?lmit=3", "did you mean limit?"),
        ("/api/v1/search?fields=pth", "did you mean path?"),
        ("/api/v1/duplicates?teir=scene", "did you mean tier?"),
        ("/api/v1/images/1/similar?offest=1", "did you mean offset?"),
    ],
)
def test_an_unknown_parameter_is_refused_with_the_nearest_one(
    client: FlaskClient, address: str, meant: str
) -> None:
    refused = client.get(address)
    assert refused.status_code == 400
    assert meant in refused.json["detail"]  # type: ignore[index]
