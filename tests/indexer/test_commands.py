"""Commands that write and measure: on small libraries of their own."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from indexer.cli import cli
from retrieval import ImageNotFound, Library
from retrieval.ranking.ranking import SCORE_DECIMALS
from retrieval.ranking.windows import WINDOWS, score_windows
from retrieval.signals import SIGNALS
from tests.drawing import write_scenes
from tests.indexer.command import make_without_backbone, report_of, run
from tests.indexer.contents import contents


@pytest.fixture
def copied_library(library_path: Path, tmp_path: Path) -> Path:
    """A library of the twelve scenes that may be written to."""
    return shutil.copytree(library_path, tmp_path / "library")


def file_states(folder: Path) -> dict[Path, tuple[str, int]]:
    return {
        path: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_index_and_init_as_json(tmp_path: Path) -> None:
    write_scenes(tmp_path / "pictures", 2)
    tiny = (
        "--backbone",
        "test_resnet",
        "--weights",
        "untrained",
        "--json",
        "--library",
        tmp_path / "library",
    )
    made = json.loads(run("init", *tiny))
    signals = ["words", "subject", "colour", "texture", "layout", "part", "meaning", "details"]
    assert made == {"library": str(tmp_path / "library"), "signals": signals}
    report = report_of(run("index", tmp_path / "pictures", *tiny))
    assert (report["files"], report["added"], report["unchanged"], report["problems"]) == (2, 2, 0, [])
    assert report_of(run("index", tmp_path / "pictures", *tiny))["unchanged"] == 2


@pytest.mark.parametrize("backbone", ["no_such_network", "test_resnet"])
def test_a_library_is_not_made_when_its_backbone_cannot_be_had(tmp_path: Path, backbone: str) -> None:
    write_scenes(tmp_path / "pictures", 1)
    arguments = ["index", str(tmp_path / "pictures"), "--library", str(tmp_path / "library")]
    arguments += ["--backbone", backbone, "--weights", str(tmp_path / "none.safetensors")]
    assert CliRunner().invoke(cli, arguments).exit_code == 1
    assert CliRunner().invoke(cli, ["status", "--library", str(tmp_path / "library")]).exit_code == 1


def test_remove_forgets_by_id_and_by_path_and_touches_no_file(copied_library: Path, scenes: Path) -> None:
    before = file_states(scenes)
    assert json.loads(run("remove", 7, "--json", "--library", copied_library)) == {"removed": 1}
    assert run(
        "remove", scenes / "forest", scenes / "market" / "scene-008.jpg", "--library", copied_library
    ) == ("5 images forgotten; no file was touched\n")
    assert file_states(scenes) == before
    names = {
        image["places"][0][0].rsplit(b"/", 1)[-1] for image in contents(copied_library)["images"].values()
    }
    assert names == {b"scene-%03d.jpg" % number for number in (0, 1, 3, 9, 10, 11)}
    hits = json.loads(run("search", "--like", 5, "--limit", 100, "--json", "--library", copied_library))[
        "hits"
    ]
    assert {hit["id"] for hit in hits} == {6, 8, 10, 11, 12}


def test_remove_is_all_or_nothing(copied_library: Path, scenes: Path) -> None:
    before = contents(copied_library)
    for missing in ("999", "99999999999999999999", str(scenes / "nowhere")):
        result = CliRunner().invoke(cli, ["remove", "1", missing, "--library", str(copied_library)])
        assert isinstance(result.exception, ImageNotFound)
        assert contents(copied_library) == before


def test_a_folder_beside_one_of_the_same_beginning_is_kept(tmp_path: Path) -> None:
    library = make_without_backbone(tmp_path / "library")
    write_scenes(tmp_path / "sea", 1)
    write_scenes(tmp_path / "seaside", 1, first=5)
    run("index", tmp_path / "sea", tmp_path / "seaside", "--library", library)
    assert json.loads(run("remove", f"{tmp_path}/sea/", "--json", "--library", library)) == {"removed": 1}
    assert len(contents(library)["images"]) == 1


def test_rebuild_gives_the_same_answers_byte_for_byte(copied_library: Path, scenes: Path) -> None:
    queries: list[tuple[object, ...]] = [
        ("harbour",), ("quiet noon -forest",), ("tag:day1",), ("--like", 5, "--like", 9), (),
        ("--image", scenes / "market" / "scene-009.jpg", "noon"),
    ]  # fmt: skip
    before = [run("search", *query, "--json", "--library", copied_library) for query in queries]
    shutil.rmtree(copied_library / "projections")
    assert run("rebuild", "--library", copied_library) == "10 projections of 12 images made again\n"
    assert [run("search", *query, "--json", "--library", copied_library) for query in queries] == before
    again = json.loads(run("rebuild", "--json", "--library", copied_library))
    assert (again["images"], len(again["generations"])) == (12, 10)


def brute_force(library: Path, labels: Mapping[int, str]) -> dict[str, dict[str, float]]:
    """mAP, P@1 and P@10 of each signal and of their fusion, from the stored features alone."""
    with Library.open(library) as opened, opened.catalog.reading() as reader:
        features = {
            space.descriptor: reader.load_features(space) for space in opened.spaces if space.dimension
        }
        spaces = opened.search_state.spaces
        assert spaces.part_space
        assert spaces.parts
        blobs = reader.load_blobs(spaces.part_space, features["subject"][0].tolist())
        weights = {name: opened.settings.default_weight(name) for name in (*features, "part")}
        asked = spaces.parts.axes.project_features(features["subject"][1])
    bandwidths = {name: SIGNALS[name].bandwidth or 0 for name in weights}
    ids = features["subject"][0].tolist()
    cosines = {
        name: np.round(rows.astype(float) @ rows.astype(float).T, SCORE_DECIMALS)
        for name, (_, rows) in features.items()
    }
    codes = np.frombuffer(b"".join(blobs.values()), np.uint8).reshape(len(ids), len(WINDOWS), -1)
    best = np.stack([score_windows(codes, row).max(axis=1) for row in asked])
    cosines["part"] = best.astype(float).round(SCORE_DECIMALS)
    closeness = [weights[name] * np.exp((cosines[name] - 1) / bandwidths[name]) for name in cosines]
    sizes = Counter(labels.values())
    figures: dict[str, dict[str, float]] = {}
    for name, scores in (cosines | {"fused": np.sum(closeness, axis=0)}).items():
        precisions, at_1, at_10 = [], [], []
        for place, image_id in enumerate(ids):
            if sizes[labels.get(image_id, "")] < 2:
                continue
            others = [(-scores[place, other], ids[other]) for other in range(len(ids)) if other != place]
            relevant = [labels.get(other) == labels[image_id] for _, other in sorted(others)]
            ranks = [rank for rank, is_relevant in enumerate(relevant, 1) if is_relevant]
            precisions.append(np.mean([found / rank for found, rank in enumerate(ranks, 1)]))
            at_1.append(relevant[0])
            at_10.append(sum(relevant[:10]) / 10)
        figures[name] = {"mAP": np.mean(precisions), "P@1": np.mean(at_1), "P@10": np.mean(at_10)}
    return figures | {"neighbours": figures["subject"]}  # twelve pictures have no neighbourhoods


@pytest.mark.parametrize("source", ["folder", "tag", "label", "csv"])
def test_evaluate_gives_the_figures_of_a_brute_force_search(
    library_path: Path, scenes: Path, tmp_path: Path, source: str
) -> None:
    named = [path.relative_to(scenes) for path in sorted(scenes.rglob("*.jpg"))]
    rising = ("forest", "harbour", "market")  # the order of folders, and so of ids
    assert [path.parts[0] for path in named] == [name for name in rising for _ in range(4)]
    if source == "csv":
        labels = {number: "odd" if number % 2 else "even" for number in range(1, 11)}
        lines = [f"{scenes / named[number - 1]},{label}" for number, label in labels.items()]
        (tmp_path / "truth.csv").write_text("\n".join(["path,label", *lines, f"{scenes}/nowhere.jpg,odd"]))
        source = str(tmp_path / "truth.csv")
    else:
        captioned = [number for number in range(1, 13) if source == "folder" or number % 4 != 1]
        labels = {number: named[number - 1].parts[0] for number in captioned}
    shown = json.loads(run("evaluate", "--labels", source, "--json", "--library", library_path))
    assert (shown["queries"], shown["classes"]) == (len(labels), len(set(labels.values())))
    expected = brute_force(library_path, labels)
    assert shown["rankings"].keys() == expected.keys()
    for name, figures in shown["rankings"].items():
        assert {measure: figures[measure] for measure in expected[name]} == pytest.approx(
            expected[name], abs=1e-9
        )


def test_labels_that_nothing_shares_cannot_be_measured(
    library_path: Path, scenes: Path, tmp_path: Path
) -> None:
    (tmp_path / "truth.csv").write_text(f"path,label\n{scenes}/forest/scene-004.jpg,alone\n")
    result = CliRunner().invoke(
        cli, ["evaluate", "--labels", str(tmp_path / "truth.csv"), "--library", str(library_path)]
    )
    assert (result.exit_code, "no two images share a label" in result.stderr) == (1, True)


def test_a_library_from_before_parts_gets_them(copied_library: Path, scenes: Path) -> None:
    with closing(sqlite3.connect(copied_library / "catalog.sqlite")) as database:
        database.execute("PRAGMA foreign_keys = ON")
        database.execute("DELETE FROM space WHERE descriptor = 'part'")
        database.commit()
    region = ("search", "image:5@0,0,0.5,0.5", "--json", "--library", copied_library)
    with Library.open(copied_library) as library:
        assert "part" not in library.signal_names
    assert json.loads(run(*region))["hits"]
    run("index", scenes / "forest" / "scene-004.jpg", "--library", copied_library)
    note = "12 images have no parts to compare; `pictor index FOLDER --again` describes them."
    assert note in json.loads(run(*region))["notes"]
    run("index", scenes, "--again", "--library", copied_library)
    found = json.loads(run(*region))
    assert note not in found["notes"]
    assert {"part"} <= {share["signal"] for hit in found["hits"] for share in hit["contributions"]}
