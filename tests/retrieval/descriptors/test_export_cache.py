"""Exports that a machine keeps for all its libraries."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from retrieval.descriptors.runtimes.choice import find_export
from retrieval.descriptors.runtimes.export import Export, NoExport
from retrieval.descriptors.runtimes.export_cache import CACHE_VARIABLE, ExportCache
from retrieval.descriptors.runtimes.export_store import ExportStore, export_fingerprint
from retrieval.descriptors.runtimes.weights import Weights

ROOT = Path(__file__).resolve().parents[3]
WEIGHTS = Weights("test_resnet", b"weights", Path("w.safetensors"), 64)
NAME = export_fingerprint(WEIGHTS)


class Maker:
    """Makes a small export and counts how often."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, weights: Weights) -> Export:
        self.calls += 1
        return Export(weights.backbone, b"onnx %d" % self.calls, (2, 3), True, (), ())


@pytest.fixture
def cache(tmp_path: Path) -> ExportCache:
    return ExportCache(tmp_path / "cache" / "exports")


def test_a_second_library_copies_what_the_first_made(cache: ExportCache) -> None:
    make = Maker()
    first, second = cache.find_or_make(WEIGHTS, make), cache.find_or_make(WEIGHTS, make)
    assert (make.calls, first.onnx, second.as_json()) == (1, second.onnx, first.as_json())


def test_what_the_cache_holds_is_copied_into_the_library(cache: ExportCache, tmp_path: Path) -> None:
    kept = cache.find_or_make(WEIGHTS, Maker())
    (tmp_path / "backbones").mkdir()
    # These weights are no network, so torch could not export them.
    assert find_export(WEIGHTS, tmp_path / "backbones", cache).onnx == kept.onnx
    stored = ExportStore(tmp_path / "backbones").load_export(NAME)
    assert stored
    assert stored.onnx == kept.onnx


@pytest.mark.parametrize("suffix", ["onnx", "json"])
@pytest.mark.parametrize("data", [None, b"", b"onnx 2", b"[]"])
def test_a_damaged_one_is_made_again(cache: ExportCache, suffix: str, data: bytes | None) -> None:
    make = Maker()
    cache.find_or_make(WEIGHTS, make)
    path = cache.folder / f"{NAME}.{suffix}"
    path.unlink() if data is None else path.write_bytes(data)
    assert cache.find_or_make(WEIGHTS, make).onnx == b"onnx 2"
    assert cache.find_or_make(WEIGHTS, make).onnx == b"onnx 2"


def test_other_weights_are_another_export(cache: ExportCache) -> None:
    make = Maker()
    cache.find_or_make(WEIGHTS, make)
    cache.find_or_make(Weights("test_resnet", b"other", Path("w.safetensors"), 64), make)
    assert make.calls == 2


def test_a_large_export_is_not_kept(cache: ExportCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retrieval.descriptors.runtimes.export_cache.MAX_CACHED_BYTES", 3)
    make = Maker()
    assert [cache.find_or_make(WEIGHTS, make).onnx for _ in range(2)] == [b"onnx 1", b"onnx 2"]


@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_folder_that_others_may_write_to_is_passed_over(cache: ExportCache, mode: int) -> None:
    make = Maker()
    cache.find_or_make(WEIGHTS, make)
    cache.folder.chmod(mode)
    assert cache.find_or_make(WEIGHTS, make).onnx == b"onnx 2"


def test_a_cache_that_cannot_be_made_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    make = Maker()
    assert ExportCache(tmp_path / "file" / "exports").find_or_make(WEIGHTS, make).onnx == b"onnx 1"


def test_a_backbone_without_an_export_leaves_nothing(cache: ExportCache) -> None:
    def refuse(_weights: Weights) -> Export:
        raise NoExport("a reason")

    with pytest.raises(NoExport, match="a reason"):
        cache.find_or_make(WEIGHTS, refuse)
    assert ExportStore(cache.folder).load_export(NAME) is None


def test_threads_make_it_once(cache: ExportCache) -> None:
    make = Maker()
    with ThreadPoolExecutor(8) as pool:
        exports = list(pool.map(lambda _: cache.find_or_make(WEIGHTS, make).onnx, range(16)))
    assert (make.calls, set(exports)) == (1, {b"onnx 1"})


PROCESS = """
import sys
from pathlib import Path
from tests.retrieval.descriptors.test_export_cache import WEIGHTS, ExportCache, Maker
make = Maker()
sys.stdin.read(1)
ExportCache(Path(sys.argv[1])).find_or_make(WEIGHTS, make)
print(make.calls)
"""


def test_processes_make_it_once(cache: ExportCache) -> None:
    command = [sys.executable, "-c", PROCESS, str(cache.folder)]
    processes = [Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True) for _ in range(2)]
    for process in processes:
        assert process.stdin
        process.stdin.write("x")
        process.stdin.flush()
    assert sorted(process.communicate(timeout=60)[0].strip() for process in processes) == ["0", "1"]


def test_where_the_cache_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    assert ExportCache.of_machine() == ExportCache(tmp_path / "exports")
    monkeypatch.setenv(CACHE_VARIABLE, "")
    assert ExportCache.of_machine() is None
    monkeypatch.delenv(CACHE_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert ExportCache.of_machine() == ExportCache(tmp_path / "pictor" / "exports")
    assert os.listdir(tmp_path) == []  # looking for it makes nothing
