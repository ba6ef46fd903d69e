"""pictor edit: what is said of images, and how it is taken back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from indexer.cli import cli
from indexer.commands import edit as edit_module
from retrieval import write_library
from tests.indexer.command import run


@pytest.fixture
def edited(library_path: Path, tmp_path: Path) -> Path:
    """A copy of the library of scenes."""
    return Path(shutil.copytree(library_path, tmp_path / "library"))


def edit(library: Path, *arguments: object) -> str:
    result = CliRunner().invoke(cli, ["edit", "--library", str(library), *map(str, arguments)])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stderr + result.stdout


def search(library: Path, *words: str) -> list[int]:
    shown = run("search", *words, "--library", library, "--json", "--limit", "50")
    return sorted(hit["id"] for hit in json.loads(shown)["hits"])


def test_images_are_edited_by_id_path_and_query_and_edits_are_taken_back(edited: Path, scenes: Path) -> None:
    path = next((scenes / "harbour").glob("*.jpg"))
    done = json.loads(edit(edited, 5, path, "--tag", "Lighthouse", "--rating", 4, "--title", "Out", "--json"))
    assert (done["images"], done["said"]["add"][0]) == (2, {"field": "title", "value": "Out"})
    assert len(search(edited, "lighthouse")) == len(search(edited, "rating:4 tag:lighthouse")) == 2

    harbours = search(edited, "tag:harbour")
    edit(edited, "--matching", "tag:harbour", "--untag", "Harbour")
    assert search(edited, "tag:harbour") == []
    listed = edit(edited, "--list").splitlines()
    assert [line.partition(": ")[2].partition(", ")[2] for line in listed] == [
        f"{len(harbours)} images: not tag Harbour",
        "2 images: title Out; rating 4; tag Lighthouse",
    ]
    assert f"taken back from {len(harbours)} images: not tag Harbour" in edit(edited, "--undo")
    assert search(edited, "tag:harbour") == harbours
    edit(edited, "--undo", done["id"])
    assert search(edited, "tag:lighthouse") == []
    assert "no edits" in edit(edited, "--list")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tag", "boat"], "name images by id or path"),
        (["5", "--matching", "boat", "--tag", "x"], "name images by id or path"),
        (["5"], "nothing is to be said"),
        (["5", "--rating", "6"], "6 is not in the range 0<=x<=5"),
        (["--undo"], "there is no edit to take back"),
        (["--undo", "x"], "no number of an edit"),
        (["--undo", "7"], "edit 7: it may have been taken back already"),
        (["999", "--tag", "x"], "image 999: not in the library"),
    ],
)
def test_what_cannot_be_done_is_refused(edited: Path, arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(cli, ["edit", "--library", str(edited), *arguments])
    assert result.exit_code != 0
    assert message in f"{result.output} {result.exception}"


def test_an_edit_of_many_images_is_published(edited: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edit_module, "MANY", 2)
    edit(edited, 5, "--tag", "one")
    with write_library(edited) as opened:
        assert opened.tail_share() > 0
    edit(edited, 5, 6, "--tag", "many")
    with write_library(edited) as opened:
        assert opened.tail_share() == 0
    assert search(edited, "many") == [5, 6]
    with write_library(edited):  # as a run does
        assert "taken back from 2 images" in edit(edited, "--undo")
    assert search(edited, "tag:many") == []
