"""What `python -m benchmarks NAME` prints without --json, and the libraries that benchmarks make."""

from __future__ import annotations

from pathlib import Path

from benchmarks.__main__ import format_tables
from benchmarks.synthetic import fill_library
from indexer.upkeep.check import check_library
from retrieval import fetch_backbone, write_library


def test_tables_beside_the_figures_are_printed_too() -> None:
    beside = {"teacher": {"subject mAP": 0.5}, "plain": {"subject mAP": 0.25, "colour mAP": 0.125}}
    printed = format_tables({"name": "quality", "figures": {"subject mAP": 0.75}, "beside": beside})
    assert [line.split() for line in printed.splitlines()] == [
        ["subject", "mAP", "0.7500"],
        [],
        ["beside,", "teacher:"],
        ["subject", "mAP", "0.5000"],
        [],
        ["beside,", "plain:"],
        ["subject", "mAP", "0.2500"],
        ["colour", "mAP", "0.1250"],
    ]


def test_figures_alone_are_one_table() -> None:
    assert "beside" not in format_tables({"figures": {"files": 3}, "beside": {}})


def test_a_synthetic_library_is_sound_and_answers(tmp_path: Path) -> None:
    with write_library(tmp_path) as library:
        library.make_spaces(fetch_backbone("test_resnet", "untrained"))
    fill_library(tmp_path, 40)
    fill_library(tmp_path, 20, keypoints=3, first=40)
    with write_library(tmp_path) as library:
        library.publish()
        assert {space.descriptor for space in library.spaces} == {"subject", "colour", "details"}
        assert {finding.code for finding in check_library(library)} == {"file-missing"}
        assert library.search("image:7").total == 59
        caption = library.load_image(60).caption
        assert 60 in [hit.image.id for hit in library.search(f'"{caption}"').hits]
        assert library.search("folder:/synthetic/2000 after:1999").total == 54
