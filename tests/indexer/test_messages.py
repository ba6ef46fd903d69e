"""What the command says: true sentences, near misses named, output that other programs can read.

Each kind of fault was reported for programs of this kind; the reports are named at the tests.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from fcntl import ioctl
from pathlib import Path
from struct import pack, unpack
from termios import FIONREAD
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from indexer.cli import cli, main
from indexer.commands.output import count_of
from indexer.commands.run_output import describe_kinds
from indexer.upkeep.problems import PROBLEM_CODES
from retrieval import path_bytes, write_library
from tests.drawing import write_scenes
from tests.indexer.command import ROOT, make_without_backbone, run

REFERENCE = (ROOT / "docs" / "reference.md").read_text("utf-8")


def invoke(*arguments: object) -> Result:
    """A command in this process, which may fail in any way that `pictor` reports."""
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def run_main(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the whole command, errors included."""
    monkeypatch.setattr(sys, "argv", ["pictor", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    stdout, stderr = capsys.readouterr()
    return int(ended.value.code or 0), stdout, stderr


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """An empty library that needs no backbone."""
    return make_without_backbone(tmp_path / "library")


@pytest.fixture
def changed_library(library: Path, pictures: Path) -> Path:
    """A library of twelve pictures, of which one was then deleted and one moved, and the report of that."""
    run("index", pictures, "--library", library)
    (pictures / "scene-000.jpg").unlink()
    (pictures / "scene-001.jpg").rename(pictures / "moved.jpg")
    run("index", pictures, "--library", library)
    return library


# -- near misses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("serch", "search"), ("idnex", "index"), ("Search", "search"), ("statsu", "status"),
        ("find", "search"), ("add", "index"), ("delete", "remove"), ("import", "index"),
    ],
)  # fmt: skip
def test_a_mistyped_command_gets_a_suggestion(typed: str, meant: str) -> None:
    result = invoke(typed)
    assert result.exit_code == 2
    assert f"No such command '{typed}'. Did you mean '{meant}'?" in result.stderr


def test_a_command_like_no_other_gets_no_suggestion() -> None:
    assert "Did you mean" not in invoke("xyzzy").stderr


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("truncatd", "did you mean truncated?"),
        ("Timeout", "did you mean timeout?"),
        ("not-image", "did you mean not-an-image?"),
        ("banana", "choose from empty-file, truncated"),
    ],
)
@pytest.mark.parametrize("command", ["problems", "retry"])
def test_a_code_that_no_problem_can_have_is_refused(
    library: Path, command: str, code: str, sentence: str
) -> None:
    result = invoke(command, "--code", code, "--library", library)
    assert (result.exit_code, sentence in result.stderr) == (2, True)


def test_the_reference_lists_the_same_codes_as_the_command() -> None:
    [line] = [line for line in REFERENCE.splitlines() if line.startswith("A picture that cannot be read")]
    assert sorted(re.findall(r"`([a-z-]+)`", line)) == sorted(PROBLEM_CODES)


# -- output for other programs ------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [("search",), ("search", "--format", "paths"), ("status",)])
def test_a_cut_list_is_no_failure(library_path: Path, arguments: tuple[str, ...]) -> None:
    """`… | head -1`: Backblaze/B2_Command_Line_Tool#1071, browser-history#281, getslash/slash#967."""
    done = cut_output(*arguments, "--library", library_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_cut_run_is_not_taken_for_a_whole_one(library: Path, pictures: Path) -> None:
    assert cut_output("index", pictures, "--library", library).returncode == 141


def cut_output(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command with a stdout whose reader is gone, and return its exit code and stderr."""
    closed_reader = (
        "import os, sys; reader, writer = os.pipe(); os.close(reader); os.dup2(writer, 1); "
        "sys.argv = ['pictor', *sys.argv[1:]]; from indexer.cli import main; main()"
    )
    return subprocess.run(
        [sys.executable, "-c", closed_reader, *map(str, arguments)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (("search", "tga:boat", "--json"), "invalid-query", 1),
        (("search", "tga:boat", "--format", "json"), "invalid-query", 1),
        (("search", "tga:boat", "--format=json"), "invalid-query", 1),
        (("search", "--limit", "many", "--json"), "usage", 2),
        (("show", "999", "--json"), "image-not-found", 1),
        (("explain", "999", "boat", "--json"), "image-not-found", 1),
        (("concept", "remove", "none", "--json"), "usage", 2),
    ],
)
def test_with_json_an_error_is_json(
    arguments: tuple[str, ...],
    code: str,
    exit_code: int,
    library_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Success is JSON and failure is not: RakuenSoftware/aimee#2061, bruin-data/bruin#170, dropwizard#664."""
    ended, stdout, stderr = run_main(monkeypatch, capsys, *arguments, "--library", library_path)
    error = json.loads(stdout)["error"]
    assert (ended, error["code"], error["exit_code"]) == (exit_code, code, exit_code)
    assert error["detail"] in stderr


@pytest.mark.parametrize(("option", "continues"), [("--query", False), ("--captions", True)])
def test_only_what_can_be_continued_is_told_to_be(
    option: str,
    continues: bool,
    library_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A search is no batch: Ctrl-C while a command waits for what another program will write."""
    os.mkfifo(fifo := tmp_path / "fifo")
    Thread(target=interrupt_reader, args=[fifo], daemon=True).start()
    command = ("index", tmp_path) if continues else ("search",)
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    try:
        code, _, stderr = run_main(monkeypatch, capsys, *command, option, fifo, "--library", library_path)
    finally:
        signal.signal(signal.SIGINT, earlier)
    assert (code, "run the same command again to continue" in stderr) == (130, continues)
    assert stderr.strip().startswith("stopped")


def interrupt_reader(fifo: Path) -> None:
    """Press Ctrl-C, as it were, once somebody has read a first byte and waits for more."""
    with fifo.open("wb", buffering=0) as pipe:
        pipe.write(b" ")
        while unpack("i", ioctl(pipe, FIONREAD, pack("i", 0))) != (0,):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)  # the reader is still waiting when the signal comes


def test_the_error_of_a_run_is_one_of_its_events(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = tmp_path / "nowhere"
    _, stdout, _ = run_main(monkeypatch, capsys, "index", nowhere, "--json", "--library", library)
    events = [json.loads(line) for line in stdout.splitlines()]
    assert (events[-1]["event"], events[-1]["error"]["code"]) == ("error", "source-unreachable")


def test_json_is_not_mixed_with_words_that_were_only_searched(
    library_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("search", "--library", library_path, "--", "tga:boat", "--json")
    assert run_main(monkeypatch, capsys, *arguments)[1] == ""


def test_paths_are_bytes_and_end_as_asked(library: Path, tmp_path: Path) -> None:
    """File names with line ends and spaces: sxiv#445, adrianlopezroche/fdupes#82, mcandre/stank#104."""
    [drawn] = write_scenes(tmp_path / "p", 1)
    drawn.rename(drawn.with_name("a\nb c.jpg"))
    run("index", tmp_path / "p", "--library", library)
    path = f"{tmp_path}/p/a\nb c.jpg"
    arguments = ("search", "--library", library, "--format", "paths")
    assert run(*arguments, "-0") == f"{path}\0"
    assert run(*arguments) == f"{path}\n"
    assert invoke("search", "--library", library, "--null").exit_code == 2


def test_paths_leave_out_files_that_are_gone_and_say_so(changed_library: Path) -> None:
    result = invoke("search", "--library", changed_library, "--format", "paths", "--limit", 100)
    names = [Path(line).name for line in result.stdout.splitlines()]
    assert (len(names), "moved.jpg" in names, "scene-000.jpg" in names) == (11, True, False)
    assert "1 hit left out: no file is there any more" in result.stderr


def test_csv_has_the_values_of_each_hit(library_path: Path) -> None:
    text = run("search", "harbour", "--library", library_path, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4"]
    assert {row["caption"] for row in rows} == {"A quiet harbour at noon", ""}
    assert rows[0]["tags"].startswith("harbour;day")
    assert {row["missing"] for row in rows} == {"no"}


def test_format_json_is_json(library_path: Path) -> None:
    arguments = ("search", "harbour", "--library", library_path)
    assert run(*arguments, "--format", "json") == run(*arguments, "--json")


def test_the_list_has_captions_and_says_how_many_of_how_many(library_path: Path) -> None:
    result = invoke("search", "--library", library_path, "--limit", 3, "--offset", 2)
    assert "A quiet forest at noon" in result.stdout
    assert "hits 3 to 5 of 12; the next with --offset 5" in result.stderr
    assert "12 hits" in invoke("search", "--library", library_path, "--limit", 100).stderr


def test_a_page_past_the_end_says_where_the_end_is(library_path: Path) -> None:
    result = invoke("search", "--library", library_path, "--offset", 100)
    assert result.stderr == "The offset 100 is past the end: there are only 12 hits.\n"


def test_a_search_goes_on_at_the_cursor_of_its_answer(library_path: Path, tmp_path: Path) -> None:
    """Each command opens the library anew, so the list lies in the library's folder, here in a copy."""
    path = shutil.copytree(library_path, tmp_path / "library")
    asked = ("search", "--sort", "name-down", "--library", path, "--limit")
    everything = json.loads(run(*asked, 100, "--json"))
    page = json.loads(run(*asked, 5, "--json"))
    assert (everything["cursor"], everything["query"]) == (None, {"sort": "name-down", "limit": 100})
    assert [hit["id"] for hit in everything["hits"]] == [12, 11, 10, 9, 4, 3, 2, 1, 8, 7, 6, 5]  # scene-011 …
    assert page["hits"] == everything["hits"][:5]
    line = ("search", "sort:name-desc", "--library", path, "--cursor", page["cursor"])
    assert json.loads(run(*line, "--json"))["hits"] == everything["hits"][5:]
    told = invoke(*line, "--limit", 3).stderr
    assert re.fullmatch(r"hits 6 to 8 of 12; the next with --cursor [\w-]{32}\n", told)
    refused = invoke("search", "--library", path, "--cursor", page["cursor"])
    assert (refused.exit_code, "it belongs to another query" in str(refused.exception)) == (1, True)


def test_dates_are_shown_where_they_decide(library_path: Path) -> None:
    by_date, by_name = (run("search", "--sort", sort, "--library", library_path) for sort in ("date", "name"))
    assert (by_date.count("  no date     /"), by_name.count("no date")) == (10, 0)


# -- what is true -------------------------------------------------------------------------------------


def test_a_deleted_picture_is_marked_wherever_it_is_shown(changed_library: Path) -> None:
    lines = run("search", "--library", changed_library, "--limit", 100).splitlines()
    assert [line.endswith("  missing") for line in lines if "scene-000" in line] == [True]
    assert not any("missing" in line for line in lines if "scene-000" not in line)
    hits = json.loads(run("search", "--library", changed_library, "--limit", 100, "--json"))["hits"]
    assert {Path(hit["path"]).name for hit in hits if hit["missing"]} == {"scene-000.jpg"}
    image = next(hit["id"] for hit in hits if hit["missing"])
    assert "(missing)" in run("show", image, "--library", changed_library)
    assert json.loads(run("show", image, "--library", changed_library, "--json"))["missing"] is True


def test_an_explanation_marks_a_deleted_picture(library_path: Path, scenes: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(library_path, tmp_path / "copied")
    path = scenes / "harbour" / "scene-001.jpg"
    with write_library(copied) as opened, opened.catalog.writing() as writer:
        writer.mark_missing([path_bytes(path)])
    image = json.loads(run("show", path, "--library", copied, "--json"))["id"]
    assert run("explain", image, "harbour", "--library", copied).startswith(f"{path} (missing): rank ")


def test_one_moved_and_one_deleted_file_are_not_two_missing(library: Path, pictures: Path) -> None:
    run("index", pictures, "--library", library)
    (pictures / "scene-000.jpg").unlink()
    (pictures / "scene-001.jpg").rename(pictures / "moved.jpg")
    assert "1 moved, 1 missing, 10 unchanged" in run("index", pictures, "--library", library)


def test_a_file_that_failed_is_not_nothing(library: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    result = invoke("index", tmp_path / "broken.jpg", "--library", library)
    assert re.match(r"1 file in \d+\.\d s: 1 problem\. ", result.stdout)
    assert "1 problem: 1 not-an-image" in invoke("problems", "--library", library).stderr


def test_only_new_problems_fail_a_run(library: Path, pictures: Path) -> None:
    """A known bad file fails every cron job: borgbackup/borg#871, backintime#434. A new one must: tarsnap#772."""
    (pictures / "broken.jpg").write_bytes(b"no picture")
    first = invoke("index", pictures, "--library", library)
    assert (first.exit_code, "not-an-image" in first.stderr) == (1, True)
    again = invoke("index", pictures, "--library", library)
    assert again.exit_code == 0
    assert again.stderr == "1 problem of earlier runs left: 1 not-an-image; `pictor problems` lists them\n"
    assert invoke("index", pictures, "--strict", "--library", library).exit_code == 1
    (pictures / "empty.jpg").write_bytes(b"")
    report = last_event(result := invoke("index", pictures, "--json", "--library", library))
    assert (result.exit_code, report["new_problems"]) == (1, 1)
    assert {problem["code"]: problem["new"] for problem in report["problems"]} == {
        "not-an-image": False,
        "empty-file": True,
    }
    (pictures / "broken.jpg").write_bytes(b"")  # it fails for another reason now
    assert invoke("index", pictures, "--library", library).exit_code == 1
    assert invoke("retry", "--library", library).exit_code == 1


def last_event(result: Result) -> Any:
    return json.loads(result.stdout.splitlines()[-1])


def test_kinds_that_cannot_be_read_are_named(library: Path, pictures: Path) -> None:
    """Skipped without a word: immich#1368 (.srw), julyx10/lap#253 (.iiq), photoview#800 (.crw)."""
    for name in ("a.srw", "b.SRW", "c.iiq", "notes.txt", "Thumbs.db", ".hidden.crw", "README"):
        (pictures / name).write_bytes(b"x")
    result = invoke("index", pictures, "--library", library)
    assert "3 files of kinds that Pictor does not read: 2 .srw, 1 .iiq\n" in result.stderr
    report = last_event(invoke("index", pictures, "--json", "--library", library))
    assert (report["other_kinds"], report["other_files"]) == ({".srw": 2, ".iiq": 1}, 6)
    assert "2 .srw" in invoke("index", pictures, "--dry-run", "--library", library).stderr


@pytest.mark.parametrize(
    ("kinds", "sentence"),
    [
        ([(".crw", 1)], "1 file of a kind that Pictor does not read: 1 .crw"),
        ([(".srw", 9), (".3fr", 3)], "12 files of kinds that Pictor does not read: 9 .srw, 3 .3fr"),
        ([(f".k{n}", 1) for n in range(10)], ", 1 .k7, 2 others"),
    ],
)
def test_how_kinds_are_named(kinds: list[tuple[str, int]], sentence: str) -> None:
    assert describe_kinds(kinds).endswith(sentence)


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [(1, "problem", "1 problem"), (0, "problem", "0 problems"), (2, "copy", "2 copies")],
)
def test_numbers_and_nouns_agree(number: int, noun: str, text: str) -> None:
    assert count_of(number, noun) == text


@pytest.mark.parametrize("name", ["my beach!", "sunsets", 'say "cheese"', "it's", "a:b", "-x"])
def test_a_saved_concept_is_found_by_what_the_command_prints(
    library_path: Path, tmp_path: Path, name: str
) -> None:
    copied = shutil.copytree(library_path, tmp_path / "copied")
    printed = invoke("concept", "save", "--good", 5, "--library", copied, "--", name).stderr
    found = subprocess.run(
        ["sh", "-c", f"printf %s {printed.removeprefix('saved; search with ').strip()}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run("search", "--json", "--library", copied, "--", found.stdout))["total"] > 0


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("harbour", "a condition leaves it out, or no part of the query finds it"),
        ("tag:none", "a condition leaves it out, or no part of the query finds it"),
        ("image:1", "it is searched by; give the query include-examples:yes to list it"),
        ("image:9 like:1", "it is searched by; give the query include-examples:yes to list it"),
    ],
)
def test_an_image_that_is_not_in_the_answer_is_not_said_to_be_removed(
    library_path: Path,
    query: str,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ("explain", "1", query, "--library", library_path)
    code, _, stderr = run_main(monkeypatch, capsys, *arguments)
    assert (code, stderr) == (1, f"pictor: image 1: not in the answer to this query; {reason}\n")


def test_a_file_that_never_was_is_not_said_to_come_back(
    library_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ("search", "--image", tmp_path / "none.jpg", "--library", library_path)
    assert run_main(monkeypatch, capsys, *arguments)[2] == f"pictor: {tmp_path}/none.jpg: does not exist\n"


@pytest.mark.parametrize(
    ("size", "colour", "reason"),
    [
        ((100, 80), "white", "it has only one colour"),
        ((640, 480), "#808080", "it has only one colour"),
        ((1, 1), "red", "it has only 1 × 1 pixels"),
        ((300, 2), "navy", "it has only 300 × 2 pixels"),
    ],
)
def test_a_picture_of_nothing_is_too_little_to_compare(
    library_path: Path, tmp_path: Path, size: tuple[int, int], colour: str, reason: str
) -> None:
    Image.new("RGB", size, colour).save(tmp_path / "plain.png")
    result = invoke("search", "--image", tmp_path / "plain.png", "--library", library_path)
    assert f"plain.png: too little to compare: {reason}." in result.stderr
    assert "words, or an example" not in result.stderr


# -- restore and forget -------------------------------------------------------------------------------


def make_text(path: Path) -> None:
    path.write_text("hello")


def make_folder(path: Path) -> None:
    path.mkdir()


def make_garbage(path: Path) -> None:
    path.mkdir()
    (path / "catalog.sqlite").write_bytes(b"garbage")


def make_empty_catalog(path: Path) -> None:
    path.mkdir()
    (path / "catalog.sqlite").write_bytes(b"")


def make_foreign_database(path: Path) -> None:
    path.mkdir()
    with closing(sqlite3.connect(path / "catalog.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE photos (name TEXT)")


@pytest.mark.parametrize(
    "make", [make_text, make_folder, make_garbage, make_empty_catalog, make_foreign_database]
)
def test_what_is_no_backup_is_refused_in_one_line(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / "thing")
    target = tmp_path / "restored"
    code, _, stderr = run_main(monkeypatch, capsys, "restore", tmp_path / "thing", "--library", target)
    assert (code, stderr.count("\n")) == (1, 1)
    assert stderr.startswith(f"pictor: {tmp_path}/thing: no backup; ")
    assert not target.exists()


def test_forget_dry_run_lists_and_writes_nothing(changed_library: Path, pictures: Path) -> None:
    arguments = ("forget", "--missing", "--library", changed_library)
    before = (changed_library / "catalog.sqlite").read_bytes()
    result = invoke(*arguments, "--dry-run")
    assert (result.exit_code, f"{pictures}/scene-000.jpg\n" in result.stdout) == (0, True)
    assert "1 image that lies nowhere else; nothing was written" in result.stderr
    said = json.loads(run(*arguments, "--dry-run", "--json"))
    assert (changed_library / "catalog.sqlite").read_bytes() == before
    assert {key: said[key] for key in ("files", "images")} == json.loads(run(*arguments, "--json"))


def test_forget_dry_run_needs_no_lock_and_keeps_to_the_days(changed_library: Path) -> None:
    arguments = ("forget", "--missing", "--dry-run", "--days", 1, "--json", "--library", changed_library)
    assert json.loads(run(*arguments)) == {"files": 0, "images": 0, "dry_run": True, "paths": []}
