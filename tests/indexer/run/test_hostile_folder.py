"""The worst folder there is, through the command: the good pictures come in right, each bad one is named."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from markupsafe import escape
from PIL import Image

from retrieval import Library
from retrieval.pictures.images import RGB
from tests.drawing import draw_scene, grey_of_16_bits, write_hostile_files, write_scenes
from tests.indexer.command import pictor, pictor_json, pictor_report, report_of
from webapp import create_app

MAX_DIFFERENCE = 8.0  # mean difference of 255 levels that two lossy encodings may make


@dataclass(frozen=True)
class HostileFolder:
    """The folder, its library, what each file should become, and how the command ended."""

    folder: Path
    library: Path
    expected: dict[str, str | None]  # by displayed name: a problem's code, or None for a good picture
    done: subprocess.CompletedProcess[str]

    @property
    def report(self) -> Any:
        return report_of(self.done.stdout)

    @property
    def problem_codes(self) -> dict[str, str]:
        """The bad ones; links are counted and not listed."""
        listed = {name: code for name, code in self.expected.items() if code}
        return {name: code for name, code in listed.items() if code != "symlink-skipped"}

    @property
    def good_names(self) -> set[str]:
        return {name for name, code in self.expected.items() if code is None}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileFolder]:
    root = tmp_path_factory.mktemp("hostile")
    folder = root / "folder\nof\x1b[2Jevil"
    expected = write_hostile_files(folder)
    write_scenes(folder, 2, first=20)
    [secret] = write_scenes(folder / "private", 1, first=30)
    secret.chmod(0)
    expected |= {"scene-020.jpg": None, "scene-021.jpg": None, "scene-030.jpg": "permission-denied"}
    arguments = ("--library", root / "library", "--backbone", "test_resnet", "--weights", "untrained")
    done = pictor("index", folder, *arguments, "--json", powerless=True)
    yield HostileFolder(folder, root / "library", expected, done)
    secret.chmod(0o600)


def file_name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def read_thumbnails(library: Path) -> dict[str, RGB]:
    """What the library shows for each picture, by displayed name."""
    with Library.open(library) as opened:
        with opened.catalog.reading() as reader:
            images = reader.load_images(reader.find_ids().tolist())
        return {
            file_name(image.path): np.asarray(
                Image.open(BytesIO(opened.load_thumbnail(image.id))).convert("RGB")
            )
            for image in images.values()
        }


def test_the_run_ends_with_a_report_and_exit_code_1(hostile: HostileFolder) -> None:
    assert hostile.done.returncode == 1
    assert hostile.report["added"] == len(hostile.good_names)
    assert hostile.report["files"] == len(hostile.good_names) + len(hostile.problem_codes)
    assert hostile.report["symbolic_links"] == 1


def test_each_bad_file_is_reported_with_its_code_and_a_reason(hostile: HostileFolder) -> None:
    problems = hostile.report["problems"]
    assert {file_name(problem["path"]): problem["code"] for problem in problems} == hostile.problem_codes
    assert len(problems) == len(hostile.problem_codes)
    assert all(problem["reason"] and "\n" not in problem["reason"] for problem in problems)


def test_reasons_tell_how_much_and_what_to_do(hostile: HostileFolder) -> None:
    reasons = {file_name(problem["path"]): problem["reason"] for problem in hostile.report["problems"]}
    assert reasons["bomb.png"] == "900 megapixels; the limit is 200 (setting max_image_megapixels)"
    assert reasons["truncated.jpg"].startswith("ends too early, after 2000 bytes; copy the file again")
    assert reasons["scene-030.jpg"] == "permission denied; make it readable for this user"


def test_paths_are_shown_on_one_line_without_control_characters(hostile: HostileFolder) -> None:
    shown = f"{hostile.folder.parent}/folder\\nof\\x1b[2Jevil/"
    assert all(problem["path"].startswith(shown) for problem in hostile.report["problems"])
    assert "\x1b" not in hostile.done.stdout + hostile.done.stderr


def test_exactly_the_good_pictures_are_in_the_library(hostile: HostileFolder) -> None:
    assert set(read_thumbnails(hostile.library)) == hostile.good_names


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("cmyk.jpg", draw_scene(2)),
        ("rotated.jpg", draw_scene(5)),
        ("animated.gif", draw_scene(6)),
        ("not-utf8-\\xff.jpg", draw_scene(9)),
        ("scene-020.jpg", draw_scene(20)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_good_pictures_look_as_they_were_drawn(hostile: HostileFolder, name: str, drawn: RGB) -> None:
    shown = read_thumbnails(hostile.library)[name]
    assert shown.shape == drawn.shape
    assert np.abs(shown.astype(int) - drawn).mean() < MAX_DIFFERENCE


def test_sixteen_bits_become_the_same_grey(hostile: HostileFolder) -> None:
    shown = read_thumbnails(hostile.library)["sixteen-bit.png"]
    grey = grey_of_16_bits(draw_scene(3)) // 257
    assert np.abs(shown.astype(int) - grey[..., None]).mean() < MAX_DIFFERENCE


def test_what_is_transparent_is_white(hostile: HostileFolder) -> None:
    shown, drawn = read_thumbnails(hostile.library)["palette-alpha.png"], draw_scene(4)
    middle = drawn.shape[1] // 2
    assert shown[:, middle + 4 :].mean() > 250
    assert np.abs(shown[:, : middle - 4].astype(int) - drawn[:, : middle - 4]).mean() < 2 * MAX_DIFFERENCE


def test_good_pictures_are_found_by_words_and_by_example(hostile: HostileFolder) -> None:
    hits = pictor_json("search", "rotated", "--library", hostile.library)["hits"]
    assert [file_name(hit["path"]) for hit in hits] == ["rotated.jpg"]


def test_every_name_is_shown_on_one_line_by_the_command_the_page_and_the_api(hostile: HostileFolder) -> None:
    search = pictor("search", "folder", "--limit", 50, "--library", hostile.library)
    lines = [line for line in search.stdout.splitlines() if "/folder" in line]
    assert len(lines) == len(hostile.good_names), "one line for each picture; no name begins another line"
    with Library.open(hostile.library) as library:
        client = create_app(library).test_client()
        hits = client.get("/api/v1/search?q=folder&limit=50").json["hits"]
        assert {file_name(hit["path"]) for hit in hits} == hostile.good_names
        for hit in hits:
            page = client.get(f"/images/{hit['id']}")
            assert (page.status_code, escape(file_name(hit["path"])) in page.text) == (200, True)
            assert client.get(f"/api/v1/images/{hit['id']}").json["path"] == hit["path"]


def test_no_feature_has_a_number_that_is_none(hostile: HostileFolder) -> None:
    with Library.open(hostile.library) as library, library.catalog.reading() as reader:
        for space in library.spaces:
            if space.dimension:
                ids, rows = reader.load_features(space)
                assert len(ids) == len(hostile.good_names)
                assert np.isfinite(rows).all()
                assert rows.any(axis=1).all()


def test_status_lists_every_problem(hostile: HostileFolder) -> None:
    status = pictor_json("status", "--library", hostile.library)
    assert status["problems"] == len(hostile.problem_codes)
    assert {
        file_name(problem["path"]): problem["code"] for problem in status["problem_list"]
    } == hostile.problem_codes


def test_running_again_tries_the_bad_ones_again_and_nothing_else(hostile: HostileFolder) -> None:
    secret = hostile.folder / "private" / "scene-030.jpg"
    report = pictor_report(hostile.folder, "--library", hostile.library, powerless=True)
    assert (report["added"], report["unchanged"]) == (0, len(hostile.good_names))
    assert report["new_problems"] == 0
    assert {
        file_name(problem["path"]): problem["code"] for problem in report["problems"]
    } == hostile.problem_codes
    with Library.open(hostile.library) as opened, opened.catalog.reading() as reader:
        assert {problem.tries for problem in reader.load_problems()} == {2}
    assert secret.stat().st_mode & 0o777 == 0
