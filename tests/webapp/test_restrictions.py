"""Keys that see a part of the library: every route answers them as if there were nothing else.

Two libraries are served: one holds everything, and a key sees a part of it; the other holds that part alone.
Whatever is asked, both must answer the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from io import BytesIO
from itertools import product
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image as PillowImage
from werkzeug.routing import Rule

from retrieval import (
    PREDICTED_SOURCE,
    RESTRICTED_SCOPES,
    SCOPES,
    Annotation,
    Content,
    Examples,
    InvalidQuery,
    Library,
    LibraryWriter,
    NewImage,
    Problem,
    Restriction,
    fetch_backbone,
    images,
    open_keeper,
    write_library,
)
from tests.drawing import draw_scene, encode_picture
from webapp import create_app

SEEN, HIDDEN = range(1, 5), range(5, 9)  # ids; those that are hidden come later, so that no id tells of them
SECRETS = ("zanzibar", "quokka", "wolfgang", "timbuktu", "volcano", "cellar", "zeppelin")
NOW = datetime(2024, 5, 6, 7, 8, 9)
# What is asked of every route, and what is asked of those alone that take a query.
GENERAL = ("", "tier=scene", "name=cellar", "path=cellar", "points=0,0,1,0,1,1,0,1", "format=paths")
QUERIES = ("q=harbour", "q=zanzibr", "q=quok", "q=-tag:ours", "q=shows:quokka", "q=folder:cellar", "q=tag:",
           "q=group:copies", "q=saved:cellar", "q=like:6", "q=image:6", "image=2", "q=harbour&format=csv")  # fmt: skip
TAKES_QUERY = {"pages.search", "api.search", "api.facets", "api.completions", "answer_pages.facets", "exports.export_answer"}  # fmt: skip


def add_scene(library: LibraryWriter, folder: Path, number: int, facts: Sequence[Annotation]) -> int:
    pixels = draw_scene(number)
    data = encode_picture(PillowImage.fromarray(pixels), "JPEG", quality=92)
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / f"picture-{number}.jpg"
    path.write_bytes(data)
    new = NewImage(
        sha256=hashlib.sha256(data).hexdigest(),
        perceptual_hash=images.perceptual_hash(pixels),
        width=pixels.shape[1],
        height=pixels.shape[0],
        format="jpeg",
        bytes=len(data),
        taken_at=datetime(2020, 1, number, 12),
        thumbnail=images.encode_webp(pixels, side=320),
        features=library.describe([pixels])[0],
        annotations=tuple(facts),
    )
    with library.catalog.writing() as writer:
        [image_id] = writer.add_images([new])
        writer.add_location(str(path).encode(), image_id, mtime=0, size=len(data))
    return image_id


def state(source: str, **facts: str) -> list[Annotation]:
    return [Annotation(field, value, source) for field, value in facts.items()]


def make_library(path: Path, originals: Path, *, whole: bool, has_copy: bool) -> Path:
    """The seen pictures, and with `whole` also the hidden ones and what is told of them."""
    with write_library(path) as library:
        library.make_spaces(fetch_backbone("test_resnet", "untrained"))
        library.catalog.clock = lambda: NOW
        for number in SEEN:
            said = state("xmp", title=f"Quay {number}", caption="boats in the harbour", tag="ours")
            add_scene(library, originals / "open", number, [*said, *state("xmp", person="Ann Lee")])
        if has_copy:
            add_copy(library, originals / "cellar")
        if whole:
            add_hidden(library, originals / "cellar")
        library.publish()
    return path


def add_copy(library: LibraryWriter, folder: Path) -> None:
    """A file with a picture that is seen, in the hidden folder, and with other words in it."""
    with library.catalog.writing() as writer:
        said = Content("ab" * 32, 9, "jpeg", None, tuple(state("xmp", caption="a zeppelin", tag="zeppelin")))
        writer.put_content(1, said)
        copy = str(folder / "copy.jpg").encode()
        writer.add_location(copy, 1, mtime=0, size=9, sha256=said.sha256)


def add_hidden(library: LibraryWriter, folder: Path) -> None:
    for number in HIDDEN:
        said = state("xmp", title=f"Zanzibar {number}", caption="volcano behind the harbour", tag="quokka")
        more = state("xmp", person="Wolfgang", place="Timbuktu", camera="Cellarcam")
        sure = [Annotation("label", "quokka, wolfgang", PREDICTED_SOURCE, 0.9)]
        add_scene(library, folder, number, [*said, *more, *sure])
    with library.catalog.writing() as writer:
        writer.report_problem(Problem(str(folder / "broken.jpg").encode(), "truncated", "cellar"))
        writer.add_roots([str(folder).encode()])
    with open_keeper(library) as keeper:
        keeper.add_search("cellar", "tag:quokka")
        keeper.keep_concept("zanzibar", Examples((5, 6)))
        keeper.state_verdict("same", (5, 6))


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("originals")


@pytest.fixture(scope="module")
def whole(originals: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    path = make_library(tmp_path_factory.mktemp("whole") / "library", originals, whole=True, has_copy=True)
    with Library.open(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def parts(originals: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Library]]:
    """What is seen by the tag, with all files of the pictures, and what is seen in the folder."""
    folder = tmp_path_factory.mktemp("parts")
    paths = {
        kind: make_library(folder / kind, originals, whole=False, has_copy=kind == "tag")
        for kind in ("tag", "folder")
    }
    with Library.open(paths["tag"]) as by_tag, Library.open(paths["folder"]) as by_folder:
        yield {"tag": by_tag, "folder": by_folder}


def sign_client(library: Library, name: str, restriction: Restriction | None) -> FlaskClient:
    with open_keeper(library) as keeper:
        key = keeper.create_key(name, RESTRICTED_SCOPES, restriction)
    client = create_app(library, keys=True).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    return client


Pair = tuple[FlaskClient, FlaskClient]


@pytest.fixture(scope="module", params=["folder", "tag"])
def pair(request: pytest.FixtureRequest, whole: Library, parts: dict[str, Library], originals: Path) -> Pair:
    """A client with a key that sees a part of the whole, and one of the library that is this part."""
    kind = request.param
    restriction = Restriction(kind, str(originals / "open") if kind == "folder" else "ours")
    restricted = sign_client(whole, kind, restriction)
    with write_library(whole.path) as writer:
        writer.publish()  # of what is seen, too
    return restricted, sign_client(parts[kind], kind, None)


def list_addresses(client: FlaskClient) -> Iterator[tuple[Rule, int, str]]:
    """Every route to be got, with queries and with ids of both kinds; 0 for routes without ids."""
    adapter = client.application.url_map.bind("localhost")
    for rule in client.application.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in ("static", "api.openapi"):
            continue
        queries = (*GENERAL, *QUERIES) if rule.endpoint in TAKES_QUERY else (*GENERAL, "q=harbour")
        for number, query in product((2, 6) if "image_id" in rule.arguments else (0,), queries):
            given = {name: ARGUMENTS.get(name, number or "cellar") for name in rule.arguments}
            yield rule, number, adapter.build(rule.endpoint, given) + (f"?{query}" if query else "")


ARGUMENTS = {"token": "a" * 32, "number": 1}
CHANGING = (
    r'data-library="[^"]*"|\d+[.,]\d\d s\b|cursor=[\w.~-]+|"cursor": ?"[^"]*"|"(uuid|instance)": ?"[^"]*"|'
    r'random:\d+|"(seconds|took|last_change|library|next_cursor|previous_cursor)": ?[^,}]+|name="cursor" value="[^"]*"'
)


def read(client: FlaskClient, address: str) -> tuple[int, str]:
    with client.get(address, headers={"Accept": "text/html" if "/api/" not in address else "*/*"}) as answer:
        text = answer.data.decode("utf-8", "replace") if "zip" not in (answer.content_type or "") else ""
        return answer.status_code, re.sub(CHANGING, "", text)


def test_every_route_answers_as_if_there_were_nothing_else(
    pair: Pair, request: pytest.FixtureRequest
) -> None:
    restricted, alone = pair
    is_tag = request.node.callspec.params["pair"] == "tag"
    # Who sees a picture by its tag sees where its copies lie, and what these say.
    secrets = [word for word in SECRETS if not (is_tag and word in ("cellar", "zeppelin"))]
    asked = 0
    for rule, number, address in list_addresses(restricted):
        got, expected = read(restricted, address), read(alone, address)
        assert number not in HIDDEN or got[0] in (400, 403, 404), address
        if rule.endpoint not in PLACES:
            assert got == expected, address
        else:
            assert got[0] == expected[0], address
        if not any(word in address for word in ("cellar", "quok", "zan")):
            assert not [word for word in secrets if word in got[1].casefold()], address
        asked += 1
    assert asked > 300


# What says where on the machine the library lies.
PLACES = {"api.status", "status_pages.status"}


def test_what_is_asked_by_a_body_obeys_too(pair: Pair) -> None:
    bodies = [
        ("/api/v1/search", {"q": "harbour"}),
        ("/api/v1/search", {"parts": [{"image": 6}]}),
        ("/api/v1/search", {"filters": {"tags": ["quokka"]}}),
        ("/api/v1/search", {"filters": {"not": {"tags": ["ours"]}}}),
        ("/api/v1/facets", {"q": ""}),
        ("/api/v1/images/6/explanation", {"q": "harbour"}),
        ("/api/v1/images/2/explanation", {"q": "harbour"}),
    ]
    for address, body in bodies:
        got, expected = (client.post(address, json=body) for client in pair)
        assert got.status_code == expected.status_code, (address, body)
        assert re.sub(CHANGING, "", got.text) == re.sub(CHANGING, "", expected.text), (address, body)
    chosen = [client.post("/export", data={"ids": "1,6,2", "format": "csv"}).text for client in pair]
    assert chosen[0] == chosen[1]
    picture = encode_picture(PillowImage.fromarray(draw_scene(6)), "JPEG", quality=92)
    for client in pair:
        sent = client.post("/api/v1/search", data={"picture_file": (BytesIO(picture), "a.jpg")})
        assert {hit["id"] for hit in sent.json["hits"]} <= set(SEEN)


def test_an_uploaded_picture_is_kept_for_those_who_see_the_same(pair: Pair, whole: Library) -> None:
    picture = encode_picture(PillowImage.fromarray(draw_scene(30)), "JPEG", quality=92)
    public = create_app(whole).test_client()
    place = public.post("/pictures", data={"picture": (BytesIO(picture), "secret.jpg")}).location
    token = re.findall(r"[0-9a-f]{32}", place)[0]
    assert pair[0].get(f"/media/queries/{token}").status_code == 404


@pytest.mark.parametrize("scope", sorted(set(SCOPES) - set(RESTRICTED_SCOPES)))
def test_what_concerns_the_whole_library_is_not_allowed_for_a_part(whole: Library, scope: str) -> None:
    with open_keeper(whole) as keeper, pytest.raises(InvalidQuery, match="concerns the whole library"):
        keeper.create_key("wrong", [scope], Restriction("tag", "ours"))


def test_a_tag_that_is_taken_away_hides_its_picture_at_once(whole: Library) -> None:
    from retrieval import Edit, open_editor

    client = sign_client(whole, "fleeting", Restriction("tag", "ours"))
    assert client.get("/media/4/thumbnail").status_code == 200
    with open_editor(whole) as editor:
        kept = editor.edit_images([4], Edit(remove=(("tag", "ours"),)))
        assert kept is not None
        assert client.get("/media/4/thumbnail").status_code == 404
        assert client.get("/api/v1/search").json["total"] == 3  # type: ignore[index]
        editor.take_back(kept.id)
    assert client.get("/api/v1/search").json["total"] == 4  # type: ignore[index]
