"""What the command prints and how it ends: one table, the help, and the JSON that programs read."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from indexer.cli import COMMANDS, cli, main
from indexer.commands.search import hit_remarks
from retrieval import Group, Hit, Library
from tests.indexer.command import pictor, python


@dataclass(frozen=True)
class Case:
    """Arguments, with L for the library, S for the scenes and T for an empty folder, and how they end."""

    arguments: str
    code: int
    stdout: str = ""
    stderr: str = ""


FIRST = "S/forest/scene-004.jpg"  # image 1: forest comes first, harbour has 5 to 8, market 9 to 12
CASES = (
    Case("search harbour --library L", 0, "S/harbour/scene-001.jpg"),
    Case("search --like 5 --limit 1 --library L", 0, "   1  "),
    Case(f"search --image {FIRST} --limit 1 --library L", 0, FIRST),
    Case(
        "search pictures with at least four stars --library L",
        0,
        "",
        "understood: “with at least four stars” is rating:>=4; “pictures” says nothing",
    ),
    Case("search orange --library L", 0, "", '“orange” was searched as "orange"; it may mean colour:orange'),
    Case("search nothingofthekind --library L", 0, "", "nothing found; try fewer or other words"),
    Case("search --library L", 0, "S/market/scene-008.jpg"),
    Case("search harbour tga:boat --library L", 1, "", "column 9: tga: is not a key; did you mean tag:?"),
    Case('search harbour "open --library L', 1, "", "column 9: "),
    Case("search after:soon --library L", 1, "", "column 1: "),
    Case("search --like 999 --library L", 1, "", "image 999: not in the library"),
    Case("search --like 0 --library L", 1, "", "image 0: ids are positive whole numbers"),
    Case("search --image S/captions.csv --library L", 1, "", "captions.csv: "),
    Case("search --image T/nowhere.jpg --library L", 1, "", "nowhere.jpg: does not exist"),
    Case("search image:5 --limit 1 --library L", 0, "   1  "),
    Case("search file:T/nowhere.jpg --library L", 1, "", "nowhere.jpg: does not exist"),
    Case("search upload:0123 --library L", 1, "", "upload: is not allowed here; use image:, file:, url:"),
    Case("search url:http://127.0.0.1/a.jpg --library L", 1, "", "cannot be reached; check the address"),
    Case("search url:ftp://example.org/a.jpg --library L", 1, "", "not a web address"),
    Case("search harbour --weight words=2 --library L", 0, "S/harbour/scene-001.jpg"),
    Case("search harbour --weight taste=2 --library L", 1, "", "signal taste: this library has "),
    Case("search harbour --weight words --library L", 2, "", "write SIGNAL=NUMBER, as in colour=0.5"),
    Case("search harbour --weight words=many --library L", 2, "", "write SIGNAL=NUMBER"),
    Case("search harbour --weight words=-1 --library L", 1, "", "weight -1.0 of signal words: choose from 0"),
    Case("search harbour --query T/none.json --library L", 2, "", "T/none.json': No such file"),
    Case("search --query S/captions.csv --library L", 1, "", "captions.csv: not a query in JSON"),
    Case(
        "search harbour --query S/captions.csv --library L", 2, "", "in one way, not with words and --query"
    ),
    Case("search harbour --limit 0 --library L", 1, "", "limit 0: choose from 1 to 1000"),
    Case("search harbour --limit many --library L", 2, "", "'many' is not a valid integer"),
    Case("search harbour --library T/none", 1, "", "T/none: no library here; make one with `pictor index"),
    Case(f"search harbour --library {FIRST}", 2, "", "is a file"),
    Case(f"search harbour --library {FIRST}/library", 1, "", "no library here"),
    Case("show 1 --library L", 0, FIRST),
    Case(f"show {FIRST} --library L", 0, "image 1: 160 × 120 jpeg"),
    Case("show 999 --library L", 1, "", "image 999: not in the library"),
    Case("show 99999999999999999999 --library L", 1, "", "image 99999999999999999999: not in the library"),
    Case("show T/nowhere.jpg --library L", 1, "", "T/nowhere.jpg: not in the library"),
    Case("status --library L", 0, "12 images at 12 places"),
    Case("status --library T/none", 1, "", "T/none: no library here"),
    Case("check --library L", 0, "everything is as it should be"),
    Case("check --library T/none", 1, "", "T/none: no library here"),
    Case("rebuild --library T/none", 1, "", "T/none: no library here"),
    Case("remove 1 --library T/none", 1, "", "T/none: no library here"),
    Case("remove 99999999999999999999 --library T/none", 1, "", "T/none: no library here"),
    Case("serve --library T/none", 1, "", "T/none: no library here"),
    Case("evaluate --labels folder --library L", 0, "12 queries, 3 classes"),
    Case("evaluate --labels folder --classes --library L", 0, "harbour"),
    Case("evaluate --labels T/none.csv --library L", 1, "", "T/none.csv: cannot be read"),
    Case("evaluate --library L", 2, "", "Missing option '--labels'"),
    Case("index", 2, "", "Missing argument 'FOLDER…'"),
    Case("index S --preprocessing size --library T/none", 2, "", "write KEY=VALUE"),
    Case("index S --captions T/none.csv --library T/none", 1, "", "T/none.csv: cannot be read"),
    Case(
        "init --weights T/none.safetensors --library T/none",
        1,
        "",
        "name the timm CNN that it belongs to with --backbone",
    ),
    Case(
        "init --backbone test_resnet --weights T/none.safetensors --library T/none",
        1,
        "",
        "T/none.safetensors: No such file",
    ),
    Case("frobnicate", 2, "", "No such command 'frobnicate'"),
    Case("--nonsense", 2, "", "No such option"),
    Case("--version", 0, "pictor"),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.arguments)
def test_a_command_ends_as_promised(
    case: Case,
    library_path: Path,
    scenes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    places = {"L": str(library_path), "S": str(scenes), "T": str(tmp_path)}

    def fill_places(text: str) -> str:
        head, slash, tail = text.partition("/")
        return places.get(head, head) + slash + tail

    monkeypatch.setattr(sys, "argv", ["pictor", *(fill_places(word) for word in case.arguments.split())])
    with pytest.raises(SystemExit) as ended:
        main()
    stdout, stderr = capsys.readouterr()
    assert (ended.value.code or 0) == case.code, stderr
    assert fill_places(case.stdout) in stdout
    assert fill_places(case.stderr) in stderr
    assert "Traceback" not in stderr
    if case.code:
        assert stdout == ""
        # What is wrong in a query line is pointed at, on two lines more.
        assert len(stderr.splitlines()) == (3 if "pictor: column " in stderr else 1) or case.code == 2
    assert not (tmp_path / "none" / "catalog.sqlite").exists()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(name: str) -> None:
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0
    _, examples = result.stdout.split("Examples:\n")
    assert examples.splitlines()[0].strip().startswith(f"pictor {name}")


def test_the_first_page_names_every_command_and_where_to_start() -> None:
    result = CliRunner().invoke(cli, ["--help"])
    assert all(f"  {name} " in result.stdout for name in COMMANDS)
    assert "Start with `pictor index" in result.stdout


HEAVY = """
import sys
sys.argv = ["pictor", *sys.argv[1:]]
from indexer.cli import main
try:
    main()
finally:
    found = sorted({"torch", "timm", "faiss", "whoosh", "sqlalchemy", "numpy", "PIL", "flask"} & set(sys.modules))
    print(found, file=sys.stderr)
"""


def test_help_loads_no_heavy_library() -> None:
    done = python("-c", HEAVY, "--help")
    assert (done.returncode, done.stderr) == (0, "[]\n")


def test_a_search_by_words_loads_no_torch(library_path: Path) -> None:
    done = python("-c", HEAVY, "search", "harbour", "--library", library_path)
    assert done.returncode == 0
    assert not {"torch", "timm", "flask"} & set(done.stderr.strip("[]\n").replace("'", "").split(", "))


def command_json(*arguments: object) -> Any:
    result = CliRunner().invoke(cli, [*(str(argument) for argument in arguments), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_no_search_is_a_dead_end(library_path: Path) -> None:
    def remarks(line: str) -> str:
        result = CliRunner().invoke(cli, ["search", line, "--library", str(library_path)])
        assert result.exit_code == 0, result.output
        return result.stderr

    used = "nothing found as typed; these are the hits for harbour, not for '\"harbuor\"'\n4 hits\n"
    assert remarks("harbuor") == used
    assert "did you mean 'quiet harbour'?\n" in remarks("quiet harbuor")
    assert "\n  without tag:x: 4 hits: pictor search harbour\n" in remarks("harbour tag:x")
    alone = "\n  harbour alone: 4 hits: pictor search harbour\n  tag:x alone: 0 hits\n  tag:y alone: 0 hits\n"
    assert alone in remarks("harbour tag:x tag:y")
    assert "and not used: “qzxqzx”" in remarks("qzxqzx")


def test_search_as_json(library_path: Path, scenes: Path) -> None:
    found = command_json("search", "harbour", "--library", library_path)
    assert found.keys() == {
        *("hits", "total", "weaker", "notes", "next", "query", "line", "permalink"),
        *("understood", "ambiguous", "unknown_words", "did_you_mean", "remainders", "cursor"),
        *("previous_cursor", "timings"),
    }
    assert (found["line"], found["query"]) == ("harbour", {"parts": [{"text": "harbour"}], "limit": 10})
    assert found["total"] == len(found["hits"]) == 4
    first = found["hits"][0]
    day = first["id"] - 5
    assert day in (1, 2, 3)
    assert first["path"] == str(scenes / "harbour" / f"scene-00{day}.jpg")
    assert (first["rank"], first["tags"], first["labels"]) == (1, ["harbour", f"day{day}"], ["harbour"])
    [contribution] = first["contributions"]
    assert contribution.keys() == {"part", "signal", "rank", "score", "calibrated", "amount", "share", "box"}
    assert (contribution["signal"], contribution["amount"]) == ("words", first["score"])


def test_a_region_is_found_in_parts_of_pictures(library_path: Path) -> None:
    line = "image:5@0,0.25,0.5,0.5 include-examples:yes weaker:yes weight.part:50"
    found = command_json("search", line, "--library", library_path)
    assert len(found["hits"]) == 10
    assert not any("no parts to compare" in note for note in found["notes"])
    for hit in found["hits"]:
        [part] = [share for share in hit["contributions"] if share["signal"] == "part"]
        assert hit["box"] == part["box"]
        if part["box"] is not None:
            left, top, width, height = part["box"]
            assert 0 <= left <= left + width <= 1 + 1e-6
            assert 0 <= top <= top + height <= 1 + 1e-6
    assert any(hit["box"] for hit in found["hits"])
    whole = command_json("search", "image:5", "--library", library_path)
    assert all(share["signal"] != "part" for hit in whole["hits"] for share in hit["contributions"])


def test_a_query_in_json_finds_what_the_line_finds(library_path: Path, scenes: Path, tmp_path: Path) -> None:
    picture = scenes / "forest" / "scene-004.jpg"
    line = f"file:{picture} 2:quiet label:forest -tag:day3 weight.colour:0.5"
    by_line = command_json("search", line, "--limit", 3, "--library", library_path)
    assert [hit["labels"] for hit in by_line["hits"]] == [["forest"]] * 2
    path = tmp_path / "query.json"
    path.write_text(json.dumps(by_line["query"]))
    assert command_json("search", "--query", path, "--library", library_path) == by_line
    asked = ["search", "--query", "-", "--json", "--library", str(library_path)]
    by_stdin = CliRunner().invoke(cli, asked, input=path.read_text())
    assert json.loads(by_stdin.stdout) == by_line
    again = command_json("search", by_line["line"], "--limit", 3, "--library", library_path)
    assert again == by_line


def test_what_an_option_says_comes_before_the_query(library_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "query.json"
    path.write_text(
        '{"parts": [{"text": "quiet"}], "weights": {"words": 2, "colour": 1}, "limit": 3, "offset": 1}'
    )
    options = ["--like", 5, "--weight", "words=0.5", "--limit", 2, "--offset", 0]
    found = command_json("search", "--query", path, *options, "--library", library_path)
    assert found["query"] == {
        "parts": [{"text": "quiet"}, {"image": 5}],
        "weights": {"words": 0.5, "colour": 1},
        "limit": 2,
    }
    assert len(found["hits"]) == 2


def test_a_file_whose_name_no_text_holds_is_searched_by(
    library_path: Path, scenes: Path, tmp_path: Path
) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.jpg")
    shutil.copy(scenes / "forest" / "scene-004.jpg", path)
    found = command_json("search", "--image", path, "--limit", 1, "--library", library_path)
    assert [hit["id"] for hit in found["hits"]] == [1]
    assert (found["line"], found["query"]) == (None, None)


def test_a_hit_says_its_band_and_its_group(library_path: Path) -> None:
    with Library.open(library_path) as library:
        image = library.load_image(5)
    assert hit_remarks(Hit(image, 1, 0.5, ())) == ""
    assert hit_remarks(Hit(image, 1, 0.5, (), "likely")) == "  likely"
    assert hit_remarks(Hit(image, 1, 0.5, (), "strong", Group((7,)))) == "  strong  2 images"
    assert hit_remarks(Hit(image, 1, 0.5, (), None, Group((7, 9), "2020-06-17"))) == "  2020-06-17: 3 images"
    assert hit_remarks(Hit(image, 1, 0.5, (), None, Group((), "/photos"))) == "  /photos: 1 image"
    assert hit_remarks(Hit(image, 1, 0.5, (), None, Group())) == ""


def test_pages_of_a_search_follow_each_other(library_path: Path) -> None:
    everything = command_json("search", "--like", "3", "--limit", "11", "--library", library_path)["hits"]
    pages = [
        command_json("search", "--like", "3", "--limit", "4", "--offset", offset, "--library", library_path)[
            "hits"
        ]
        for offset in (0, 4, 8)
    ]
    assert [hit for page in pages for hit in page] == everything
    assert {contribution["signal"] for contribution in everything[0]["contributions"]} == {
        "subject",
        "colour",
    }


def test_show_as_json(library_path: Path, scenes: Path) -> None:
    path = scenes / "forest" / "scene-005.jpg"
    by_path, by_id = (command_json("show", which, "--library", library_path) for which in (path, 2))
    assert by_path == by_id
    assert (by_id["id"], by_id["path"], by_id["width"], by_id["height"]) == (2, str(path), 160, 120)
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    expected = {"path": str(path), "page": 1, "bytes": len(data), "sha256": digest, "missing_since": None}
    [location] = by_id["locations"]
    assert location == {**expected, "depth": 1, "written_at": location["written_at"]}
    assert datetime.fromisoformat(location["written_at"]).timestamp() == int(path.stat().st_mtime)
    assert {"field": "tag", "value": "day1", "source": "captions", "confidence": 1.0} in by_id["annotations"]


def test_status_and_check_as_json(library_path: Path) -> None:
    status = command_json("status", "--library", library_path)
    assert (status["images"], status["locations"], status["missing"], status["problems"]) == (12, 12, 0, 0)
    spaces = {space["descriptor"] for space in status["spaces"]}
    assert spaces == {"subject", "colour", "texture", "layout", "details", "part"}
    assert {projection["seq"] for projection in status["projections"]} == {status["last_change"]}
    assert (status["damages"], status["problem_list"]) == ([], [])
    assert command_json("check", "--library", library_path) == {"findings": []}


def test_exit_codes_reach_the_shell(library_path: Path, tmp_path: Path) -> None:
    assert pictor("search", "tga:boat", "--library", library_path).returncode == 1
    assert pictor("status", PICTOR_LIBRARY=str(tmp_path)).stderr.startswith(f"pictor: {tmp_path}: no library")
