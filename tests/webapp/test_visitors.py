"""What strangers see at a public server: pictures and words, but not where on the machine they lie."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from retrieval import Library
from webapp import create_app
from webapp.visitors import RelativePaths, indexed_depths

ADDRESSES = ["/", "/?q=harbour", "/images/1", "/?image=1", "/api/v1/search", "/api/v1/images/1", "/api/v1/images/1/similar",
             "/api/v1/images/1/explanation?q=harbour", "/api/v1/facets", "/api/v1/status"]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_answer_says_where_the_pictures_lie(library: Library, library_path: Path, address: str) -> None:
    private, public = create_app(library).test_client(), create_app(library, public=True).test_client()
    answer = public.get(address)
    assert answer.status_code == private.get(address).status_code == 200
    assert str(library_path.parent) not in answer.text
    assert library_path.parent.name not in answer.text


def test_paths_begin_at_the_indexed_folder(library: Library, library_path: Path) -> None:
    address = "/api/v1/images/1"
    image = create_app(library, public=True).test_client().get(address).json
    assert image["path"] == image["locations"][0]["path"] == "scene-000.jpg"
    image = create_app(library).test_client().get(address).json
    assert image["path"] == image["locations"][0]["path"] == str(library_path / "originals/scene-000.jpg")


def test_errors_do_not_say_where_the_library_lies(make_library: Callable[..., Library]) -> None:
    library = make_library(1)
    (library.path / "queries").write_text("a file in the place of the folder")
    for public in (False, True):
        client = create_app(library, public=public).test_client()
        problem = client.get("/media/queries/" + "a" * 32)
        assert (problem.status_code, problem.json["code"]) == (503, "storage-failed")
        assert (str(library.path) in problem.json["detail"]) is not public


def test_the_page_says_who_sees_it(library: Library) -> None:
    private, public = create_app(library).test_client(), create_app(library, public=True).test_client()
    assert "Everything stays on this machine" in private.get("/").text
    assert "Everybody who can open this page" in public.get("/").text
    assert "stays on this machine" not in public.get("/").text


@pytest.mark.parametrize(
    ("folders", "path", "shown"),
    [
        (["/home/ada/pictures/2019/", "/home/ada/pictures/2020/"], "/home/Ada/Pictures/2019/a.jpg", "2019/a.jpg"),
        (["/home/ada/pictures/", "/mnt/nas/photos/x/"], "/mnt/nas/photos/X/a.jpg", "a.jpg"),
        (["/home/ada/pictures/", "/home/ada/pictures/x/"], "/home/ada/Pictures/a.jpg", "a.jpg"),
        (["/home/ada/pictures/a/", "/home/ada/pictures/ab/"], "/home/ada/pictures/ab/c.jpg", "ab/c.jpg"),
        (["/home/ada/"], "/srv/secret/folder/new.jpg", "new.jpg"),
        (["/home/ada/pictures/"], "/home/new.jpg", "new.jpg"),
        (["/"], "/a.jpg", "a.jpg"),
    ],
)  # fmt: skip
def test_where_a_shown_path_begins(library: Library, folders: list[str], path: str, shown: str) -> None:
    paths = RelativePaths(library)
    paths._depths, paths._looked_up = indexed_depths(folders), float("inf")
    assert paths(path) == shown


def test_the_document_is_the_same_for_strangers(library: Library) -> None:
    documents = [
        create_app(library, public=public).test_client().get("/api/v1/openapi.json").data
        for public in (False, True)
    ]
    assert json.loads(documents[0]) == json.loads(documents[1])
