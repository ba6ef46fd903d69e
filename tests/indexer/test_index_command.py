"""The options of `pictor index`, and the commands for files that it could not index or find again."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image as PillowImage

from indexer.cli import cli
from indexer.errors import SourceUnreachable
from indexer.run.missing_files import forget_missing
from retrieval import USER_SOURCE, Annotation, LibraryBusy, WriterLock, write_library
from tests.drawing import write_scenes
from tests.indexer.command import ROOT, make_without_backbone, pictor, report_of, run
from tests.indexer.contents import contents, last_change


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return make_without_backbone(tmp_path / "library")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    write_scenes(tmp_path / "pictures", 4)
    return tmp_path / "pictures"


def index_json(library: Path, *arguments: object, code: int = 0) -> dict[str, object]:
    command = ["index", *(str(argument) for argument in arguments), "--library", str(library), "--json"]
    result = CliRunner().invoke(cli, command, catch_exceptions=False)
    assert result.exit_code == code, result.output
    report: dict[str, object] = report_of(result.stdout)
    return report


def test_a_dry_run_says_what_would_be_done_and_makes_no_library(pictures: Path, tmp_path: Path) -> None:
    (pictures / "more.zip").write_bytes(b"")
    said = json.loads(run("index", pictures, "--dry-run", "--json", "--library", tmp_path / "none"))
    assert (said["event"], said["files"], said["to_read"], said["archives"]) == ("planned", 4, 4, 1)
    assert said["lists"]["new"] == [str(pictures / f"scene-00{number}.jpg") for number in range(4)]
    assert not (tmp_path / "none").exists()


def test_a_dry_run_over_a_library_changes_nothing(pictures: Path, library: Path) -> None:
    index_json(library, pictures)
    (pictures / "scene-000.jpg").unlink()
    shutil.copy(pictures / "scene-001.jpg", pictures / "copy.jpg")
    before = contents(library), last_change(library)
    said = run("index", pictures, "--dry-run", "--library", library)
    assert said == "4 pictures: 1 new, 3 unchanged, 1 missing. 1 would be read; nothing was written\n"
    assert (contents(library), last_change(library)) == before


def test_what_a_pattern_leaves_out_is_not_taken_to_be_missing(pictures: Path, library: Path) -> None:
    index_json(library, pictures)
    (pictures / "scene-003.jpg").unlink()
    report = index_json(library, pictures, "--exclude", "scene-003.*", "--exclude", "scene-002.*")
    assert (report["files"], report["unchanged"], report["missing"], report["excluded"]) == (2, 2, 0, 1)
    report = index_json(library, pictures, "--include", "scene-000.*")
    assert (report["files"], report["missing"]) == (1, 0)
    assert index_json(library, pictures)["missing"] == 1


def change_unseen(path: Path, content: bytes) -> None:
    """Replace the content by another of the same size, and keep the modification time."""
    facts = path.stat()
    path.write_bytes(content.ljust(facts.st_size, b"\0"))
    assert path.stat().st_size == facts.st_size
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def test_a_file_that_changes_within_its_size_and_time_is_found_by_its_checksum(
    pictures: Path, library: Path
) -> None:
    for path in pictures.iterdir():
        path.write_bytes(path.read_bytes().ljust(20_000, b"\0"))
    index_json(library, pictures)
    before = contents(library)["images"]
    [other] = write_scenes(pictures.parent / "elsewhere", 1, first=90)
    change_unseen(pictures / "scene-002.jpg", other.read_bytes())
    assert index_json(library, pictures)["unchanged"] == 4
    said = run("index", pictures, "--checksum", "--dry-run", "--library", library)
    assert said == "4 pictures: 4 compared. 4 would be read; nothing was written\n"
    report = index_json(library, pictures, "--checksum")
    assert (report["changed"], report["added"], report["unchanged"]) == (1, 1, 3)
    after = contents(library)["images"]
    assert (len(before.keys() - after.keys()), len(after.keys() - before.keys())) == (1, 1)
    change_unseen(pictures / "scene-001.jpg", b"rotten")
    report = index_json(library, pictures, "--checksum", code=1)
    assert [problem["code"] for problem in report["problems"]] == ["not-an-image"]
    assert contents(library)["images"] == after, "a picture is kept when its file goes bad"


def test_comparing_checksums_decodes_and_writes_nothing_that_is_the_same(
    pictures: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_json(library, pictures)
    before = contents(library), last_change(library)
    monkeypatch.setenv("PICTOR_MAX_IMAGE_MEGAPIXELS", "0.01")  # whatever is decoded is refused
    report = index_json(library, pictures, "--checksum")
    assert (report["unchanged"], report["changed"], report["problems"]) == (4, 0, [])
    assert (contents(library), last_change(library)) == before


def test_describing_again_keeps_what_others_say_and_makes_the_rest_anew(
    pictures: Path, library: Path
) -> None:
    exif = PillowImage.Exif()
    exif[0x010E] = "an old pier"  # ImageDescription
    with PillowImage.open(pictures / "scene-001.jpg") as picture:
        picture.save(pictures / "scene-001.jpg", exif=exif)
    index_json(library, pictures)
    with write_library(library) as opened, opened.catalog.writing() as writer:
        writer.replace_annotations(2, USER_SOURCE, [Annotation("tag", "mine", USER_SOURCE)])
    before, changes = contents(library), last_change(library)
    with closing(sqlite3.connect(library / "catalog.sqlite")) as connection, connection:
        connection.execute("UPDATE thumbnail SET data = x'00' WHERE image_id = 2")
        gone = connection.execute("DELETE FROM annotation WHERE source = 'exif'")
        assert gone.rowcount == 1
    report = index_json(library, pictures, "--again")
    assert (report["described_again"], report["unchanged"], report["added"]) == (4, 4, 0)
    assert contents(library) == before
    assert last_change(library) > changes
    assert index_json(library, pictures)["described_again"] == 0
    assert "4 described again" in run("index", pictures, "--again", "--library", library)


def test_describing_again_takes_in_what_is_new(pictures: Path, library: Path) -> None:
    index_json(library, pictures / "scene-000.jpg")
    report = index_json(library, pictures, "--again")
    assert (report["described_again"], report["added"]) == (1, 3)


def test_what_is_back_is_compared_as_well(pictures: Path, library: Path) -> None:
    index_json(library, pictures)
    (pictures / "scene-001.jpg").rename(pictures / "away")
    assert index_json(library, pictures)["missing"] == 1
    (pictures / "away").rename(pictures / "scene-001.jpg")
    report = index_json(library, pictures, "--checksum")
    assert (report["returned"], report["unchanged"], report["changed"], report["missing"]) == (1, 3, 0, 0)
    assert index_json(library, pictures)["unchanged"] == 4


@pytest.mark.parametrize("option", ["--dry-run", "--checksum", "--again"])
def test_what_does_not_go_with_following_is_wrong_usage(pictures: Path, library: Path, option: str) -> None:
    result = CliRunner().invoke(cli, ["index", str(pictures), "--watch", option, "--library", str(library)])
    assert (result.exit_code, f"--watch cannot be combined with {option}" in result.output) == (2, True)


def test_what_lies_in_the_library_itself_is_no_picture_of_a_folder(tmp_path: Path) -> None:
    library = make_without_backbone(tmp_path / "pictures" / "library")
    write_scenes(tmp_path / "pictures", 2)
    write_scenes(library / "queries", 1, first=50)
    assert index_json(library, tmp_path / "pictures")["files"] == 2
    assert "2 pictures: 2 unchanged" in run("index", tmp_path / "pictures", "--dry-run", "--library", library)


def test_a_library_is_not_made_among_the_pictures_themselves(pictures: Path) -> None:
    before = sorted(pictures.iterdir())
    (pictures.parent / "link").symlink_to(pictures)
    for folder in (pictures, pictures / ".", pictures.parent / "link"):
        result = CliRunner().invoke(cli, ["index", str(folder), "--library", str(pictures)])
        assert (result.exit_code, "a library needs a folder of its own" in result.output) == (2, True)
    assert sorted(pictures.iterdir()) == before


def test_a_library_that_was_moved_goes_on_elsewhere(pictures: Path, library: Path, tmp_path: Path) -> None:
    index_json(library, pictures)
    before = contents(library)
    (tmp_path / "other").mkdir()
    moved = library.rename(tmp_path / "other" / "elsewhere")
    assert run("check", "--library", moved) == "everything is as it should be\n"
    assert index_json(moved, pictures)["unchanged"] == 4
    assert contents(moved) == before
    write_scenes(pictures, 1, first=20)
    assert index_json(moved, pictures)["added"] == 1
    assert run("check", "--library", moved) == "everything is as it should be\n"


def test_a_pattern_that_cannot_be_used_is_exit_code_1(pictures: Path, library: Path) -> None:
    done = pictor("index", pictures, "--exclude", "[z-a]", "--library", library)
    assert done.returncode == 1
    assert "'[z-a]': not a usable pattern" in done.stderr


def test_archives_are_counted(pictures: Path, library: Path) -> None:
    (pictures / "more.zip").write_bytes(b"")
    report = index_json(library, pictures)
    assert (report["archives"], report["other_files"]) == (1, 0)


def test_a_root_that_is_empty_all_at_once_is_taken_for_an_unmounted_drive(
    pictures: Path, library: Path
) -> None:
    index_json(library, pictures)
    before = contents(library)
    shutil.rmtree(pictures)
    pictures.mkdir()
    for arguments in ((), ("--dry-run",)):
        with pytest.raises(SourceUnreachable, match="it is empty, but the library knows 4 files in it"):
            CliRunner().invoke(
                cli, ["index", str(pictures), "--library", str(library), *arguments], catch_exceptions=False
            )
    assert contents(library) == before
    (pictures / "notes.txt").write_text("here now")
    assert index_json(library, pictures)["missing"] == 4


def run_with_failing_call(
    call: str, path: Path, *command: object, first: int = 1
) -> subprocess.CompletedProcess[str]:
    """Run a command whose calls on that path, from the `first` on, fail as on a broken disk."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    strace = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-P",
        path,
        "-e",
        f"inject={call}:error=EIO:when={first}+",
    ]
    done = subprocess.run(
        [*strace, sys.executable, "-m", "indexer.cli", *(str(word) for word in command)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "strace:" in done.stderr:
        pytest.skip(done.stderr)
    return done


@pytest.mark.parametrize("first", [1, 2], ids=["at-once", "half-way"])
def test_a_folder_whose_listing_fails_ends_the_run_and_nothing_is_missing(
    pictures: Path, library: Path, first: int
) -> None:
    [inner] = write_scenes(pictures / "inner", 1, first=30)
    index_json(library, pictures)
    before = contents(library), last_change(library)
    inner.unlink()
    (pictures / "scene-000.jpg").unlink()
    done = run_with_failing_call(
        "getdents64", inner.parent, "index", pictures, "--library", library, first=first
    )
    said = (
        f"{inner.parent}: cannot be read (Input/output error); nothing was changed, run again when it is back"
    )
    assert (done.returncode, said in done.stderr) == (1, True)
    assert (contents(library), last_change(library)) == before


def test_a_file_that_the_disk_does_not_give_is_a_problem_and_the_others_come_in(
    pictures: Path, library: Path
) -> None:
    done = run_with_failing_call(
        "read", pictures / "scene-002.jpg", "index", pictures, "--library", library, "--json"
    )
    report = report_of(done.stdout)
    assert (done.returncode, report["added"]) == (1, 3)
    assert [(problem["code"], Path(problem["path"]).name) for problem in report["problems"]] == [
        ("unreadable", "scene-002.jpg")
    ]
    assert "Input/output error" in report["problems"][0]["reason"]


@pytest.mark.parametrize("command", ["index", "forget", "remove"])
def test_a_busy_library_is_waited_for_if_asked(pictures: Path, library: Path, command: str) -> None:
    index_json(library, pictures)
    what = "--missing" if command == "forget" else pictures
    line = [sys.executable, "-m", "indexer.cli", command, what, "--library", library, "--wait"]
    with WriterLock(library):
        process = subprocess.Popen(line, cwd=ROOT, stdout=-1, stderr=-1, text=True)
        assert process.stderr is not None
        assert "another writer is at work" in process.stderr.readline()
    output, _ = process.communicate(timeout=60)
    said = {"index": "4 unchanged", "forget": "0 missing files forgotten", "remove": "4 images forgotten"}
    assert (process.returncode, said[command] in output) == (0, True)


def test_following_goes_on_after_a_run_that_failed_and_ends_in_order(pictures: Path, library: Path) -> None:
    line = [sys.executable, "-m", "indexer.cli", "index", pictures, "--library", library, "--watch"]
    with subprocess.Popen(line, cwd=ROOT, stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "4 new" in process.stdout.readline()
        for path in pictures.iterdir():
            path.unlink()
        assert any("it is empty, but the library knows 4 files in it" in line for line in process.stderr)
        process.terminate()
        _, rest = process.communicate(timeout=60)
    assert (process.returncode, rest) == (0, "no longer watching\n")


def test_a_lock_that_is_refused_is_not_waited_for(library: Path) -> None:
    told: list[LibraryBusy] = []

    def refuse_to_wait(busy: LibraryBusy) -> None:
        told.append(busy)
        raise busy

    with WriterLock(library), pytest.raises(LibraryBusy), WriterLock(library, refuse_to_wait):
        pass
    assert len(told) == 1


@pytest.fixture
def library_with_problems(pictures: Path, library: Path) -> Path:
    """A library with two problems of one kind and one of another."""
    for name in ("a.jpg", "b.jpg"):
        (pictures / name).write_bytes(b"no picture")
    (pictures / "c.jpg").write_bytes((pictures / "scene-000.jpg").read_bytes()[:900])
    index_json(library, pictures, code=1)
    return library


def test_problems_are_listed_by_code(library_with_problems: Path) -> None:
    said = json.loads(run("problems", "--library", library_with_problems, "--json"))
    assert said["counts"] == {"not-an-image": 2, "truncated": 1}
    assert [Path(problem["path"]).name for problem in said["problems"]] == ["a.jpg", "b.jpg", "c.jpg"]
    lines = run("problems", "--code", "truncated", "--library", library_with_problems).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["truncated"]


def test_a_code_that_no_problem_has_is_not_taken_for_no_problems(library_with_problems: Path) -> None:
    result = CliRunner().invoke(
        cli, ["problems", "--code", "timeout", "--library", str(library_with_problems)]
    )
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "no problem has the code timeout; there are 2 not-an-image, 1 truncated\n"


def test_a_long_row_of_bad_files_is_told_of_in_few_lines(pictures: Path, library: Path) -> None:
    for number in range(30):
        (pictures / f"bad-{number}.jpg").write_bytes(b"no picture" if number % 3 else b"")
    result = CliRunner().invoke(cli, ["index", str(pictures), "--library", str(library)])
    *listed, last = result.stderr.splitlines()
    assert (result.exit_code, len(listed)) == (1, 20)
    sums = "in all 20 not-an-image, 10 empty-file"
    assert last == f"… and 10 more, {sums}; `pictor problems` lists them"


def test_retry_reads_problems_and_nothing_else(library_with_problems: Path, pictures: Path) -> None:
    shutil.copy(pictures / "scene-001.jpg", pictures / "a.jpg")
    (pictures / "b.jpg").unlink()
    write_scenes(pictures / "later", 1, first=30)
    (pictures / "scene-003.jpg").unlink()
    result = CliRunner().invoke(cli, ["retry", "--library", str(library_with_problems), "--json"])
    report = report_of(result.stdout)
    assert (result.exit_code, report["files"], report["copies"], report["missing"]) == (1, 2, 1, 0)
    assert [problem["code"] for problem in report["problems"]] == ["truncated"]
    assert json.loads(run("problems", "--library", library_with_problems, "--json"))["counts"] == {
        "truncated": 1
    }


def test_retry_can_be_held_to_one_code(library_with_problems: Path, pictures: Path) -> None:
    for name in ("a.jpg", "c.jpg"):
        shutil.copy(pictures / "scene-001.jpg", pictures / name)
    assert "1 file in" in run("retry", "--code", "truncated", "--library", library_with_problems)
    assert json.loads(run("problems", "--library", library_with_problems, "--json"))["counts"] == {
        "not-an-image": 2
    }


def test_missing_files_are_kept_until_they_are_forgotten(pictures: Path, library: Path) -> None:
    index_json(library, pictures)
    (pictures / "scene-000.jpg").unlink()
    (pictures / "scene-001.jpg").rename(pictures / "moved.jpg")
    report = index_json(library, pictures)
    assert (report["missing"], report["moved"], report["forgotten"]) == (1, 1, 0)
    assert len(contents(library)["images"]) == 4
    assert json.loads(run("forget", "--missing", "--days", 1, "--library", library, "--json"))["files"] == 0
    said = json.loads(run("forget", "--missing", "--library", library, "--json"))
    assert said == {"files": 1, "images": 1}  # the old path of the moved picture is forgotten already
    assert len(contents(library)["images"]) == 3


def test_the_setting_forgets_what_was_missing_for_so_many_days(
    pictures: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_json(library, pictures)
    (pictures / "scene-000.jpg").unlink()
    index_json(library, pictures)
    with closing(sqlite3.connect(library / "catalog.sqlite")) as connection, connection:
        connection.execute("UPDATE location SET missing_since = datetime('now', '-40 days') WHERE id = 1")
        connection.execute("UPDATE clock SET said = datetime('now', '-1 day')")
    (pictures / "scene-001.jpg").unlink()
    monkeypatch.setenv("PICTOR_FORGET_MISSING_DAYS", "30")
    report = index_json(library, pictures)
    assert (report["missing"], report["forgotten"]) == (1, 1)
    assert len(contents(library)["images"]) == 3


def test_forgetting_without_a_number_of_days_forgets_nothing(library: Path) -> None:
    with write_library(library) as opened:
        assert forget_missing(opened, None) == 0


def test_forget_says_what_it_means(library: Path) -> None:
    result = CliRunner().invoke(cli, ["forget", "--library", str(library)])
    assert (result.exit_code, "--missing" in result.output) == (2, True)


def test_a_library_of_a_newer_version_is_refused_and_left_alone(pictures: Path, library: Path) -> None:
    with closing(sqlite3.connect(library / "catalog.sqlite")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = (library / "catalog.sqlite").read_bytes()
    for arguments in ((), ("--dry-run",)):
        done = pictor("index", pictures, "--library", library, *arguments)
        assert done.returncode == 1
        assert "use the newer Pictor that wrote it" in done.stderr
    assert (library / "catalog.sqlite").read_bytes() == before
