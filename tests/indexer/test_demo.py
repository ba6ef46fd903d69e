"""The demonstration's pictures as files, and the captions file beside them."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from click.testing import CliRunner

from data.sample import Sample, draw_collection
from indexer.cli import cli
from indexer.commands import demo
from indexer.demo import write_collection
from indexer.run.captions import read_captions
from indexer.run.sources import walk_folders
from retrieval import images, path_bytes


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return list(islice(draw_collection(), 20))


def file_states(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_every_sample_becomes_a_picture_at_its_path(samples: list[Sample], tmp_path: Path) -> None:
    counted: list[int] = []
    write_collection(samples, tmp_path, counted.append)
    assert counted == list(range(1, 21))
    assert set(file_states(tmp_path)) == {sample.path for sample in samples} | {"captions.csv"}
    for sample in samples:
        decoded = images.decode_image((tmp_path / sample.path).read_bytes(), name=sample.path)
        assert decoded.pixels.shape == sample.pixels.shape
        assert decoded.taken_at == (sample.taken_at and sample.taken_at.replace(microsecond=0))
        assert abs(decoded.pixels.astype(int) - sample.pixels).mean() < 10


def test_writing_twice_changes_no_picture(samples: list[Sample], tmp_path: Path) -> None:
    write_collection(samples, tmp_path, lambda count: None)
    first = file_states(tmp_path)
    write_collection(samples, tmp_path, lambda count: None)
    second = file_states(tmp_path)
    assert second.pop("captions.csv")[0] == first.pop("captions.csv")[0]
    assert second == first


def test_a_run_that_was_broken_off_is_completed(samples: list[Sample], tmp_path: Path) -> None:
    write_collection(samples[:7], tmp_path, lambda count: None)
    before = file_states(tmp_path)
    (tmp_path / samples[9].path).with_suffix(".part").write_bytes(b"half a picture")
    captions = write_collection(samples, tmp_path, lambda count: None)
    after = file_states(tmp_path)
    assert all(after[sample.path] == before[sample.path] for sample in samples[:7])
    assert set(after) == {sample.path for sample in samples} | {captions.name}


def test_the_captions_file_covers_the_pictures(samples: list[Sample], tmp_path: Path) -> None:
    captions = read_captions(write_collection(samples, tmp_path, lambda count: None))
    assert set(captions) == {file.path for file in walk_folders([path_bytes(tmp_path)]).files}
    for sample in samples:
        said = [(fact.field, fact.value) for fact in captions[path_bytes(tmp_path / sample.path)]]
        expected = [("title", sample.title), ("caption", sample.caption)]
        expected += [("tag", tag) for tag in sample.tags] + [("label", sample.label)]
        assert said == [(field, value) for field, value in expected if value]


def test_draw_only_draws_and_stops(
    samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "draw_collection", lambda: iter(samples[:3]))  # all 340 take half a minute
    arguments = ["demo", "--draw-only", "--directory", str(tmp_path)]
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    assert set(file_states(tmp_path)) == {sample.path for sample in samples[:3]} | {"captions.csv"}
