"""pictor saved, and what is new: the commands, from saving a search to following it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from indexer.cli import cli
from indexer.upkeep.backup import create_backup, restore_backup
from retrieval import Library, open_keeper, write_library
from tests.drawing import write_scenes
from tests.indexer.command import ROOT, make_without_backbone, run
from tests.indexer.test_serving import LONGEST


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of twelve pictures, which needs no backbone."""
    folder = tmp_path_factory.mktemp("saved")
    write_scenes(folder / "pictures", 12)
    path = make_without_backbone(folder / "library")
    run("index", folder / "pictures", "--library", path)
    return path


@pytest.fixture
def library(indexed: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(indexed, tmp_path / "library"))


def invoke(library: Path, *arguments: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, arguments), "--library", str(library)])


def saved(library: Path, *arguments: object) -> Result:
    return invoke(library, "saved", *arguments)


def ids_of(result: Result) -> list[int]:
    return [json.loads(line)["id"] for line in result.stdout.splitlines()]


def add_pictures(library: Path, folder: Path, first: int, count: int) -> None:
    write_scenes(folder, count, first=first)
    run("index", folder, "--library", library)


def list_saved(library: Path) -> dict[str, Any]:
    printed = json.loads(saved(library, "list", "--json").stdout)
    return {search["name"]: search for search in printed["searches"]}


def test_a_search_is_saved_listed_changed_renamed_and_removed(library: Path) -> None:
    assert "no saved searches" in saved(library, "list").stderr
    added = saved(library, "add", "my scenes", "name:scene*", "width:>1")
    assert (added.exit_code, added.stdout) == (0, "")
    assert "`pictor saved run 'my scenes'`, or search with 'saved:\"my scenes\"'" in added.stderr
    assert saved(library, "add", "my scenes").exit_code == 1
    assert saved(library, "list").stdout == "my scenes: name:scene* width:>1\n"
    assert saved(library, "add", "every").exit_code == 0
    assert saved(library, "add", "my scenes", "--replace", "name:scene*").exit_code == 0
    assert saved(library, "add", "none", "--replace", "x").exit_code == 1
    assert saved(library, "rename", "my scenes", "scenes").exit_code == 0
    assert saved(library, "list").stdout == "every: every image\nscenes: name:scene*\n"
    assert saved(library, "remove", "every").exit_code == 0
    assert saved(library, "remove", "every").exit_code == 1
    assert list(list_saved(library)) == ["scenes"]
    assert isinstance(saved(library, "run", "every").exception, Exception)


def test_what_is_new_is_counted_until_somebody_looks(library: Path, tmp_path: Path) -> None:
    saved(library, "add", "few", "name:scene-01*")
    add_pictures(library, tmp_path / "more", 12, 3)
    assert list_saved(library)["few"]["new"] == 3
    assert saved(library, "list").stdout == "few: name:scene-01*  3 new\n"
    assert [
        search["new"]
        for search in json.loads(saved(library, "list", "--json", "--no-count").stdout)["searches"]
    ] == [None]
    every = json.loads(invoke(library, "search", "--saved", "few", "--json").stdout)
    assert every["total"] == 5
    assert list_saved(library)["few"]["new"] == 3, "a search is no look"
    first = saved(library, "run", "few", "--new", "--limit", 2)
    assert (len(first.stdout.splitlines()), first.stderr) == (
        2,
        "3 new hits; 1 more with --limit or --offset 2\n",
    )
    assert list_saved(library)["few"]["new"] == 0
    assert saved(library, "run", "few", "--new").stderr == "no new hits\n"
    assert json.loads(saved(library, "run", "few", "--json").stdout)["total"] == 5


def test_new_hits_are_printed_once_for_mail(library: Path, tmp_path: Path) -> None:
    """cron sends what a command prints: nothing where nothing is new."""
    saved(library, "add", "few", "name:scene-01* group:folder")
    once = ("search", "--watch-new", "few", "--once")
    nothing = invoke(library, *once)
    assert (nothing.exit_code, nothing.output) == (0, "")
    add_pictures(library, tmp_path / "more", 12, 3)
    assert ids_of(invoke(library, *once, "--json")) == [13, 14, 15]
    assert invoke(library, *once, "--json").output == ""
    add_pictures(library, tmp_path / "more", 15, 1)
    assert invoke(library, *once, "--format", "paths").stdout == f"{tmp_path}/more/scene-015.jpg\n"
    assert invoke(library, *once).output == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("--watch-new", "few", "boat"),
        ("--watch-new", "few", "--saved", "few"),
        ("--saved", "few", "boat"),
        ("--once",),
        ("--watch-new", "few", "--limit", "3"),
        ("--watch-new", "few", "--format", "csv"),
    ],
)
def test_a_search_is_said_in_one_way(library: Path, arguments: tuple[str, ...]) -> None:
    saved(library, "add", "few", "name:scene-01*")
    assert invoke(library, "search", *arguments).exit_code == 2


def test_a_saved_search_is_followed_over_runs_until_a_signal(library: Path, tmp_path: Path) -> None:
    """In a process of its own, because it ends by a signal."""
    saved(library, "add", "few", "name:scene-01*")
    add_pictures(library, tmp_path / "more", 12, 1)
    words = ["search", "--watch-new", "few", "--json", "--library", str(library)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-m", "indexer.cli", *words], cwd=ROOT, text=True, **pipes)
    try:
        assert process.stdout
        assert json.loads(process.stdout.readline())["id"] == 13, "what is new already"
        add_pictures(library, tmp_path / "more", 13, 2)
        assert [json.loads(process.stdout.readline())["id"] for _ in range(2)] == [14, 15]
        wait_for_look(library, 15)
        process.send_signal(signal.SIGTERM)
        rest, remarks = process.communicate(timeout=LONGEST)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, rest) == (0, "")
    assert remarks.splitlines() == ["following the saved search few; Ctrl-C stops", "no longer following"]


def wait_for_look(library: Path, newest: int) -> None:
    """What was printed is noted right afterwards."""
    deadline = time.monotonic() + LONGEST
    with Library.open(library) as opened:
        while opened.load_search("few").seen_image < newest:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_concepts_are_renamed_and_removed_while_pictures_are_indexed(library: Path) -> None:
    with write_library(library):
        for words in (
            ("concept", "save", "gulls", "--good", 1, "--bad", 2),
            ("concept", "rename", "gulls", "birds"),
            ("saved", "add", "mine", "in-concept:birds"),
        ):
            assert invoke(library, *words).exit_code == 0
        in_use = invoke(library, "concept", "remove", "birds")
        assert "part of saved searches (mine)" in str(in_use.exception)
        assert invoke(library, "saved", "remove", "mine").exit_code == 0
        assert json.loads(invoke(library, "concept", "list", "--json").stdout) == {
            "birds": {"good": [1], "bad": [2]}
        }
        assert invoke(library, "concept", "forget", "birds").exit_code == 0, "its former name"
        assert "no concepts" in invoke(library, "concept", "list").stderr


def test_what_is_saved_is_in_the_backup(library: Path, tmp_path: Path) -> None:
    saved(library, "add", "few", "name:scene-01*")
    with Library.open(library) as opened, open_keeper(opened) as keeper:
        keeper.note_look("few", 5)
    with Library.open(library) as opened:
        expected = opened.load_searches()
    create_backup(library, tmp_path / "copy.tar")
    shutil.rmtree(library)
    restore_backup(tmp_path / "copy.tar", tmp_path / "restored")
    with Library.open(tmp_path / "restored") as restored:
        assert restored.load_searches() == expected
