"""Every finding, the repair that it names, and that the repair works."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from indexer.cli import cli
from indexer.upkeep.check import Finding, check_library
from retrieval import FeatureDamaged, Library, ProjectionDamaged, parse_query
from tests.drawing import write_scenes
from tests.indexer.command import make_without_backbone, pictor
from tests.indexer.contents import answers, contents, generations
from tests.indexing import index_folder

Damage = Callable[[Path], None]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    write_scenes(tmp_path / "pictures", 4)
    return tmp_path / "pictures"


@pytest.fixture(scope="module")
def shared_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of four pictures; neither it nor they may be changed."""
    folder = tmp_path_factory.mktemp("shared")
    write_scenes(folder / "pictures", 4)
    index_folder(folder / "library", folder / "pictures")
    return folder / "library"


@pytest.fixture
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A library to damage: a copy of the shared one, or one of the `pictures` of a test that changes these."""
    if "pictures" in request.fixturenames:
        index_folder(tmp_path / "library", request.getfixturevalue("pictures"))
        return tmp_path / "library"
    shared: Path = request.getfixturevalue("shared_library")
    return Path(shutil.copytree(shared, tmp_path / "library"))


def findings(library: Path) -> list[Finding]:
    with Library.open(library) as opened:
        return list(check_library(opened))


def run_command(command: str, library: Path) -> tuple[int, str]:
    result = CliRunner().invoke(cli, [command, "--library", str(library)])
    return result.exit_code, result.output


def run_repair(finding: Finding, library: Path, **places: Path) -> None:
    """Run what a finding names, as a shell would; the first of several ways."""
    line = re.sub(r"^mount its drive, or |, where FILE .*", "", finding.repair)
    for word, path in places.items():
        line = line.replace(word, str(path))
    for command in line.split("; "):
        words = subprocess.run(["bash", "-c", f"printf '%s\\0' {command}"], capture_output=True, check=True)
        _, *arguments, _ = (os.fsdecode(word) for word in words.stdout.split(b"\0"))
        result = CliRunner().invoke(cli, [*arguments, "--library", str(library)], catch_exceptions=False)
        assert result.exit_code == 0, result.output


def generation(library: Path, stem: str) -> Path:
    [path] = (library / "projections").glob(f"{stem}-*")
    return path


def index_file(library: Path, stem: str) -> Path:
    """The largest of the files that make a generation."""
    return max(generation(library, stem).iterdir(), key=lambda path: path.stat().st_size)


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_new_library_has_no_findings(library: Path) -> None:
    assert findings(library) == []
    assert run_command("check", library) == (0, "everything is as it should be\n")


DAMAGES: dict[str, Damage] = {
    "a bit has flipped": flip_a_bit,
    "cut short": lambda path: os.truncate(path, path.stat().st_size // 2),
    "emptied": lambda path: os.truncate(path, 0),
    "longer than it was": lambda path: path.write_bytes(path.read_bytes() + b"more") and None,
    "gone": Path.unlink,
}


@pytest.mark.parametrize("stem", ["words", "vectors-subject", "vectors-colour"])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_projection_is_found_refused_and_rebuilt(library: Path, stem: str, damage: Damage) -> None:
    before = answers(library, "scene")
    name = generation(library, stem).name
    damage(index_file(library, stem))
    [finding] = findings(library)
    assert (finding.code, finding.repair) == ("projection-damaged", "pictor rebuild")
    assert finding.text.startswith(f"{name}: ")
    code, output = run_command("check", library)
    assert (code, "projection-damaged" in output, "repair: pictor rebuild" in output) == (1, True, True)
    with Library.open(library) as opened, pytest.raises(ProjectionDamaged, match="run `pictor rebuild`"):
        opened.search(parse_query("scene"))
    assert run_command("rebuild", library)[0] == 0
    assert findings(library) == []
    assert answers(library, "scene") == before


def test_a_pickle_bomb_in_the_words_is_never_opened(library: Path, tmp_path: Path) -> None:
    canary = tmp_path / "was-here"
    bomb = b"cos\nsystem\n(S'touch %s'\ntR." % os.fsencode(canary)
    for path in generation(library, "words").iterdir():
        path.write_bytes(bomb)
    assert [finding.code for finding in findings(library)] == ["projection-damaged"]
    with Library.open(library) as opened, pytest.raises(ProjectionDamaged):
        opened.search(parse_query("scene"))
    assert run_command("rebuild", library)[0] == 0
    assert not canary.exists()


def test_all_projections_gone_are_found_and_rebuilt(library: Path) -> None:
    before = answers(library, "scene", "pictures")
    shutil.rmtree(library / "projections")
    assert {finding.code for finding in findings(library)} == {"projection-damaged"}
    assert run_command("rebuild", library)[0] == 0
    assert findings(library) == []
    assert answers(library, "scene", "pictures") == before


def test_a_library_that_was_moved_elsewhere_is_as_it_was(library: Path, tmp_path: Path) -> None:
    before = answers(library, "scene", "pictures")
    moved = library.rename(tmp_path / "elsewhere")
    assert findings(moved) == []
    assert answers(moved, "scene", "pictures") == before


def test_a_stray_file_is_found_and_a_rebuild_removes_it(library: Path) -> None:
    stray = library / "projections" / "vectors-subject-1-000000000004-deadbeef.tmp"
    stray.write_bytes(b"left by a crash")
    (library / "projections" / "words-000000000004-deadbeef").mkdir()
    found = findings(library)
    assert [finding.code for finding in found] == ["stray-file", "stray-file"]
    assert found[0].text == f"{stray}: belongs to no live generation"
    assert {finding.repair for finding in found} == {"pictor rebuild"}
    assert run_command("rebuild", library)[0] == 0
    assert findings(library) == []
    assert len(generations(library)) == 10


def test_a_missing_file_is_found_until_its_folder_is_indexed_again(pictures: Path, library: Path) -> None:
    (pictures / "scene-002.jpg").unlink()
    [finding] = findings(library)
    assert finding == Finding(
        "file-missing",
        f"{pictures / 'scene-002.jpg'}: No such file or directory (image 3)",
        f"pictor index {pictures}",
    )
    assert run_command("check", library)[0] == 1
    run_repair(finding, library)
    assert findings(library) == []
    assert len(contents(library)["images"]) == 4, "it is missing, and not forgotten"


@pytest.mark.parametrize("place", ["gone/scene-050.jpg", ".hidden.jpg", "scan.picture", "it's \n \udcff.jpg"])
def test_whatever_way_a_file_went_the_repair_that_is_named_works(
    pictures: Path, tmp_path: Path, place: str
) -> None:
    library = make_without_backbone(tmp_path / "plain")
    path = pictures / place
    path.parent.mkdir(exist_ok=True)
    [other] = write_scenes(pictures.parent / "elsewhere", 1, first=50)
    other.rename(path)
    assert CliRunner().invoke(cli, ["index", str(path), "--library", str(library)]).exit_code == 0
    path.unlink()
    [finding] = findings(library)
    assert finding.code == "file-missing"
    run_repair(finding, library)
    assert findings(library) == []


def test_of_a_drive_that_is_gone_every_file_is_found_and_one_repair_is_named(tmp_path: Path) -> None:
    library, drive = make_without_backbone(tmp_path / "plain"), tmp_path / "media" / "drive"
    for number, folder in enumerate(("2019", "2020/summer")):
        write_scenes(drive / folder, 7, first=7 * number)
    assert CliRunner().invoke(cli, ["index", str(drive), "--library", str(library)]).exit_code == 0
    shutil.rmtree(drive)  # what is left of it is an empty mount point, as on many systems
    repair = f"mount its drive, or pictor remove {tmp_path / 'media'}"
    found = findings(library)
    assert {(finding.code, finding.repair) for finding in found} == {("file-missing", repair)}
    code, output = run_command("check", library)
    assert (code, len(found), output.count("repair:")) == (1, 14, 1)
    assert "… and 4 more; --json lists them all" in output
    run_repair(found[0], library)
    assert findings(library) == []


def test_a_changed_file_is_found_until_its_folder_is_indexed_again(pictures: Path, library: Path) -> None:
    (pictures / "scene-001.jpg").write_bytes((pictures / "scene-003.jpg").read_bytes())
    [finding] = findings(library)
    assert (finding.code, finding.repair) == ("file-changed", f"pictor index {pictures / 'scene-001.jpg'}")
    assert finding.text == f"{pictures / 'scene-001.jpg'}: changed since it was indexed (image 2)"
    run_repair(finding, library)
    assert findings(library) == []


def test_an_image_without_a_feature_is_found_and_its_repair_works(pictures: Path, library: Path) -> None:
    before = contents(library)
    with closing(sqlite3.connect(library / "catalog.sqlite")) as connection, connection:
        connection.execute(
            "DELETE FROM feature WHERE image_id = 2 "
            "AND space_id = (SELECT id FROM space WHERE descriptor = 'subject')"
        )
    found = {finding.code: finding for finding in findings(library)}
    assert set(found) == {"undescribed", "projection-differs"}  # the projection holds it still
    finding = found["undescribed"]
    text = "space subject: 1 images are not described (images 2)"
    assert (finding.code, finding.text) == ("undescribed", text)
    assert finding.repair == f"pictor index --again {pictures / 'scene-001.jpg'}"
    run_repair(finding, library)
    assert findings(library) == []
    assert contents(library) == before


def execute_sql(library: Path, *statements: str) -> None:
    """Change the catalog without its change log; foreign keys are not checked."""
    with closing(sqlite3.connect(library / "catalog.sqlite")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_rows_without_an_image_and_images_without_a_place_are_found(library: Path) -> None:
    execute_sql(library, "DELETE FROM image WHERE id = 1", "DELETE FROM location WHERE image_id = 2")
    found = {finding.code: finding for finding in findings(library)}
    assert {"catalog-damaged", "placeless"} <= found.keys()
    orphans = [
        finding.text.partition(" belongs")[0]
        for finding in findings(library)
        if finding.code == "catalog-damaged"
    ]
    assert {orphan.rpartition(" of ")[2] for orphan in orphans} == {
        "content",
        "location",
        "feature",
        "thumbnail",
    }
    assert found["catalog-damaged"].repair == "pictor restore a backup into another folder"
    assert (found["placeless"].text, found["placeless"].repair) == (
        "1 images have no location (images 2)",
        "pictor remove 2",
    )
    run_repair(found["placeless"], library)
    assert {finding.code for finding in findings(library)} == {"catalog-damaged"}


@pytest.mark.parametrize("removed", [True, False], ids=["removed", "added"])
def test_rows_that_came_or_went_behind_the_change_log_are_found_and_rebuilt(
    library: Path, removed: bool
) -> None:
    if removed:
        execute_sql(library, "PRAGMA foreign_keys = ON", "DELETE FROM image WHERE id = 2")
    else:
        execute_sql(
            library,
            "INSERT INTO image SELECT 99, 'x' || sha256, perceptual_hash, width, height, format, bytes, "
            "taken_at, place, added_at, pixel_digest FROM image WHERE id = 2",
            "UPDATE content SET image_id = 99 WHERE image_id = 2",
            "UPDATE location SET image_id = 99 WHERE image_id = 2",
            "UPDATE feature SET image_id = 99 WHERE image_id = 2",
            "UPDATE thumbnail SET image_id = 99 WHERE image_id = 2",
            "DELETE FROM image WHERE id = 2",
        )
    found = [finding for finding in findings(library) if finding.code == "projection-differs"]
    ids = "2" if removed else "2, 99"
    assert {finding.text for finding in found} == {
        f"space {name}: the catalog and the projection hold different images (images {ids})"
        for name in ("subject", "texture", "layout", "colour")
    }
    assert run_command("rebuild", library)[0] == 0
    assert not [finding for finding in findings(library) if finding.code == "projection-differs"]


def test_features_that_are_no_use_are_found_and_their_repair_works(pictures: Path, library: Path) -> None:
    before = contents(library)
    subject = "space_id = (SELECT id FROM space WHERE descriptor = 'subject')"
    execute_sql(
        library,
        f"UPDATE feature SET vector = substr(vector, 3) WHERE image_id = 2 AND {subject}",
        f"UPDATE feature SET vector = CAST(x'007c' || substr(vector, 3) AS BLOB) WHERE image_id = 3 AND {subject}",
    )
    [finding] = [finding for finding in findings(library) if finding.code == "feature-damaged"]
    assert finding.text == "space subject: 2 features are damaged (images 2, 3)"
    run_repair(finding, library)
    assert findings(library) == []
    assert contents(library) == before


def flip_feature_bit(library: Path, descriptor: str) -> None:
    """Flip a bit in a feature of the second image."""
    place = f"image_id = 2 AND space_id = (SELECT id FROM space WHERE descriptor = '{descriptor}')"
    with closing(sqlite3.connect(library / "catalog.sqlite")) as connection, connection:
        [blob] = connection.execute(f"SELECT vector FROM feature WHERE {place}").fetchone()
        rotten = bytearray(blob)
        rotten[len(blob) // 2] ^= 1
        connection.execute(f"UPDATE feature SET vector = ? WHERE {place}", [bytes(rotten)])


@pytest.mark.parametrize("descriptor", ["colour", "details"])
def test_a_bit_that_rotted_in_a_feature_is_found_and_reaches_no_ranking(
    pictures: Path, library: Path, descriptor: str
) -> None:
    flip_feature_bit(library, descriptor)
    with pytest.raises(FeatureDamaged, match=rf"{descriptor}: .* \(images 2\); run `pictor check`"):
        answers(library)
    [finding] = findings(library)
    assert finding.code == "feature-damaged"
    assert finding.text == f"space {descriptor}: 1 features are damaged (images 2)"
    run_repair(finding, library)
    assert findings(library) == []
    assert answers(library)


def test_a_feature_that_rotted_is_never_published(library: Path) -> None:
    flip_feature_bit(library, "colour")
    before = generations(library)
    done = pictor("rebuild", "--library", library)
    assert (done.returncode, "colour: 1 stored features are damaged" in done.stderr) == (4, True)
    assert generations(library) == before


def test_of_many_files_that_hold_damaged_features_their_folders_are_named_and_nothing_above(
    pictures: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = pictures.parent / "elsewhere"
    write_scenes(elsewhere, 1, first=50)
    index_folder(library, elsewhere)
    before = contents(library)
    monkeypatch.setattr("indexer.upkeep.check.MAX_NAMED", 1)
    execute_sql(library, "UPDATE feature SET vector = substr(vector, 3) WHERE image_id > 1 AND space_id = 1")
    [finding] = findings(library)
    assert finding.repair == f"pictor index --again {elsewhere} {pictures}"
    run_repair(finding, library)
    assert findings(library) == []
    assert contents(library) == before


def test_a_useless_feature_of_a_file_that_is_gone_comes_from_a_backup(pictures: Path, library: Path) -> None:
    (pictures / "scene-001.jpg").unlink()
    index_folder(library, pictures)
    execute_sql(library, "UPDATE feature SET vector = substr(vector, 3) WHERE image_id = 2 AND space_id = 1")
    [finding] = findings(library)
    assert finding.repair == "pictor restore a backup into another folder"


def test_weights_that_are_others_or_gone_are_found(pictures: Path, library: Path) -> None:
    [weights] = (library / "backbones").glob("*.safetensors")
    kept = shutil.copy(weights, library.parent / "kept.safetensors")
    flip_a_bit(weights)
    [finding] = findings(library)
    assert (finding.code, "does not match the checksum in its name" in finding.text) == (
        "backbone-damaged",
        True,
    )
    weights.unlink()
    assert [(finding.code, finding.text) for finding in findings(library)] == [
        ("backbone-damaged", f"{weights}: not there")
    ]
    run_repair(findings(library)[0], library, FOLDER=pictures, FILE=kept)
    assert findings(library) == []


def test_checking_changes_nothing(library: Path) -> None:
    index_file(library, "words").write_bytes(b"damaged")
    before = {path: path.stat().st_mtime_ns for path in library.rglob("*") if path.is_file()}
    assert run_command("check", library)[0] == 1
    after = {path: path.stat().st_mtime_ns for path in library.rglob("*") if path.is_file()}
    assert {path.name for path in after.keys() ^ before.keys()} <= {
        "catalog.sqlite-shm",
        "catalog.sqlite-wal",
    }
    assert {path: after[path] for path in before} == before


def test_indexing_again_repairs_what_a_crash_left_behind(pictures: Path, library: Path) -> None:
    (library / "projections" / "words-9.tmp").mkdir()
    index_folder(library, pictures)
    assert findings(library) == []
