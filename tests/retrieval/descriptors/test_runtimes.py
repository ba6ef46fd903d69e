"""Runtimes: exports agree with torch, damaged ones are made again, and settings choose what runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from timm.models import register_model

from indexer.run.pipeline import index
from indexer.upkeep.opening import open_or_create
from retrieval import (
    BackboneUnavailable,
    InvalidSetting,
    Settings,
    fetch_backbone,
    path_bytes,
    write_library,
)
from retrieval.descriptors.network import Network
from retrieval.descriptors.runtimes import openvino
from retrieval.descriptors.runtimes.base import comparison_batch, least_cosine
from retrieval.descriptors.runtimes.batch_size import FIRST_SIZE, PassSize
from retrieval.descriptors.runtimes.choice import choose_runtime, find_export
from retrieval.descriptors.runtimes.export import Export, NoExport
from retrieval.descriptors.runtimes.export_store import ExportStore, export_fingerprint
from retrieval.descriptors.runtimes.onnx import OnnxRuntime
from retrieval.descriptors.runtimes.openvino import OpenVinoRuntime
from retrieval.descriptors.runtimes.torch_runtime import LEAST_HALF_PRECISION_COSINE, TorchRuntime
from retrieval.descriptors.runtimes.weights import Weights
from retrieval.ranking.heat import is_mean_pooled
from tests import labelled_backbone
from tests.drawing import draw_scene

ROOT = Path(__file__).resolve().parents[3]
CPU = Settings(device="cpu", runtime="onnx")


def untrained_weights(backbone: str, **values: Any) -> Weights:
    fetched = fetch_backbone(backbone, "untrained")
    return Weights(backbone, fetched.weights, Path("w.safetensors"), fetched.preprocessing.size, **values)


@pytest.fixture(scope="module")
def tiny() -> Weights:
    return untrained_weights("test_resnet")


@pytest.fixture(scope="module")
def stored_export(tiny: Weights, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the export of the tiny backbone; not to be written to."""
    folder = tmp_path_factory.mktemp("backbones")
    find_export(tiny, folder)
    return folder


def noise_batches(size: int) -> list[Any]:
    """Batches of one picture, of three, and of more than one piece."""
    random = np.random.default_rng(3)
    return [random.standard_normal((count, 3, size, size), np.float32) for count in (1, 3, 11)]


@register_model
def moody_resnet(pretrained: bool = False, **options: Any) -> Any:
    """Negates its output unless the pictures are all zeros, which they are while the exporter traces it."""
    model = timm.create_model("test_resnet", pretrained=pretrained, **options)
    model.register_forward_hook(lambda _, inputs, output: -output if bool(inputs[0].any()) else output)
    model.forward_intermediates = None
    return model


@register_model
def secretive_resnet(pretrained: bool = False, **options: Any) -> Any:
    """Starts with an operation that ONNX does not have."""
    model = timm.create_model("test_resnet", pretrained=pretrained, **options)
    model.register_forward_pre_hook(lambda _, inputs: (torch.special.bessel_j0(inputs[0]),))
    model.forward_intermediates = None
    return model


class TestAgreement:
    @pytest.mark.parametrize("backbone", ["test_resnet", "test_efficientnet", "test_convnext", "test_vit"])
    def test_features_stages_and_maps_are_those_of_torch(self, tmp_path: Path, backbone: str) -> None:
        weights = untrained_weights(backbone)
        export = find_export(weights, tmp_path)
        exact, fast = TorchRuntime(weights, "cpu", "float32"), OnnxRuntime(export)
        assert len(export.stages) == 2
        for batch in noise_batches(weights.size):
            expected, output = (runtime.run_batch(batch, export.stages) for runtime in (exact, fast))
            assert least_cosine(output.pooled, expected.pooled) >= 0.9999
            assert output.stages.keys() == expected.stages.keys() == set(export.stages)
            for stage, array in expected.stages.items():
                assert array.shape == output.stages[stage].shape
                assert least_cosine(array, output.stages[stage]) >= 0.9999
            assert export.has_map is (backbone != "test_vit")
            if export.has_map:
                pooled, last = fast.last_map(batch)
                assert least_cosine(last, exact.last_map(batch)[1]) >= 0.9999
                assert np.array_equal(pooled, output.pooled)
            else:
                with pytest.raises(BackboneUnavailable, match="its last features are not a map"):
                    fast.last_map(batch)

    def test_a_projection_is_exported_with_the_rest(self, tmp_path: Path) -> None:
        data = fetch_backbone(
            labelled_backbone.BACKBONE, str(labelled_backbone.save_weights(tmp_path / "w.safetensors"))
        ).weights
        weights = Weights(labelled_backbone.BACKBONE, data, tmp_path, size=64, projection=1000)
        [batch, *_] = noise_batches(64)
        pooled = OnnxRuntime(find_export(weights, tmp_path)).run_batch(batch)[0]
        assert pooled.shape == (1, 1000)
        assert least_cosine(pooled, TorchRuntime(weights, "cpu", "float32").run_batch(batch)[0]) >= 0.9999

    @pytest.mark.parametrize("runtime", ["onnx", "openvino"])
    def test_neighbours_in_a_batch_and_other_threads_change_nothing(
        self, stored_export: Path, tiny: Weights, runtime: str
    ) -> None:
        if runtime == "openvino" and not find_spec("openvino"):
            pytest.skip("OpenVINO is not installed")
        running = choose_runtime(tiny, stored_export, Settings(device="cpu", runtime=runtime))
        batch = np.concatenate(noise_batches(tiny.size))
        together, inside = running.run_batch(batch, (2, 3))
        with ThreadPoolExecutor(4) as pool:
            alone = list(pool.map(lambda row: running.run_batch(row[None], (2, 3)), batch))
        assert np.array_equal(together, np.concatenate([output.pooled for output in alone]))
        assert np.array_equal(inside[3], np.concatenate([output.stages[3] for output in alone]))

    def test_an_export_that_disagrees_is_not_used(self, tmp_path: Path, tiny: Weights) -> None:
        weights = Weights("moody_resnet", tiny.data, tiny.path, tiny.size)
        with pytest.raises(NoExport, match="disagrees with torch: pooled has a cosine of -1"):
            find_export(weights, tmp_path)
        running = choose_runtime(weights, tmp_path, CPU)
        assert running.name.endswith("(its export disagrees with torch: pooled has a cosine of -1.00000)")
        assert list(tmp_path.iterdir()) == []

    def test_what_torch_cannot_export_is_run_by_torch(self, tmp_path: Path, tiny: Weights) -> None:
        weights = Weights("secretive_resnet", tiny.data, tiny.path, tiny.size)
        running = choose_runtime(weights, tmp_path, CPU)
        assert "torch cannot export it" in running.name
        assert running.run_batch(comparison_batch(tiny.size))[0].shape == (4, 96)


class TestKeeping:
    def test_a_kept_export_is_opened_as_it_lies_there(
        self, stored_export: Path, tiny: Weights, tmp_path: Path
    ) -> None:
        folder = shutil.copytree(stored_export, tmp_path / "backbones")
        before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
        assert sorted(path.suffix for path in before) == [".json", ".onnx"]
        find_export(tiny, folder)
        assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before

    def test_what_decides_an_export_is_in_its_name(self, tiny: Weights) -> None:
        other_weights = [
            Weights("test_efficientnet", tiny.data, tiny.path, tiny.size),
            Weights(tiny.backbone, tiny.data + b" ", tiny.path, tiny.size),
            Weights(tiny.backbone, tiny.data, tiny.path, 96),
            Weights(tiny.backbone, tiny.data, tiny.path, tiny.size, projection=96),
            Weights(tiny.backbone, tiny.data, tiny.path, tiny.size, labels="imagenet-1k"),
        ]
        assert len({export_fingerprint(weights) for weights in [tiny, *other_weights]}) == 6
        assert export_fingerprint(tiny) == export_fingerprint(
            Weights(tiny.backbone, tiny.data, Path("elsewhere"), tiny.size)
        )

    @pytest.mark.parametrize("suffix", [".onnx", ".json"])
    @pytest.mark.parametrize(
        "damage",
        [
            lambda data: None,
            lambda data: b"",
            lambda data: data[: len(data) // 2],
            lambda data: data + b" x",
            lambda data: data.replace(b"conv1", b"conv2").replace(b"true", b"false"),
            lambda data: b"[]",
            lambda data: b"[" * 100_000,
            lambda data: b'{"sha256": "' + b"0" * 64 + b'"}',
        ],
        ids=["missing", "empty", "truncated", "longer", "changed", "a list", "nested", "another"],
    )
    def test_a_damaged_one_is_made_again(
        self,
        stored_export: Path,
        tiny: Weights,
        tmp_path: Path,
        suffix: str,
        damage: Callable[[bytes], bytes | None],
    ) -> None:
        folder = shutil.copytree(stored_export, tmp_path / "backbones")
        [path] = folder.glob(f"*{suffix}")
        data = damage(path.read_bytes())
        assert data != path.read_bytes()
        path.unlink() if data is None else path.write_bytes(data)
        assert ExportStore(folder).load_export(path.stem) is None
        again = find_export(tiny, folder)
        [expected] = (path.read_bytes() for path in stored_export.glob("*.onnx"))
        assert again.onnx == expected
        stored = ExportStore(folder).load_export(path.stem)
        assert stored
        assert stored.as_json() == again.as_json()

    def test_without_a_place_to_write_torch_runs_it(self, tmp_path: Path, tiny: Weights) -> None:
        running = choose_runtime(tiny, tmp_path / "nowhere", CPU)
        assert isinstance(running, TorchRuntime)
        assert running.name.endswith("(the library holds no export and cannot be written to)")

    def test_a_disk_that_takes_nothing_costs_only_the_keeping(
        self, tmp_path: Path, tiny: Weights, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        assert choose_runtime(tiny, tmp_path, CPU).name == "onnx float32"
        assert list(tmp_path.iterdir()) == []

    def test_the_names_of_labels_are_kept_with_it(self, tmp_path: Path) -> None:
        data = labelled_backbone.save_weights(tmp_path / "w.safetensors").read_bytes()
        weights = Weights(labelled_backbone.BACKBONE, data, tmp_path, size=64, labels="imagenet-1k")
        first = find_export(weights, tmp_path)
        second = find_export(weights, tmp_path)
        assert first.classifier_tensors == second.classifier_tensors == ("fc.bias", "fc.weight")
        assert second.label_names == TorchRuntime(weights, "cpu", "float32").label_names
        assert len(second.label_names) == 1000
        assert second.label_names[281].words == "tabby, tabby cat"


class TestChoice:
    @pytest.mark.parametrize(
        ("settings", "name"),
        [
            (Settings(device="cpu", precision="float32"), "onnx float32"),
            (Settings(device="cpu", runtime="onnx"), "onnx float32"),
            (Settings(device="cpu", runtime="torch", precision="float32"), "torch float32"),
            (Settings(device="cpu", runtime="torch", precision="bfloat16"), "torch bfloat16"),
            (Settings(device="cpu", precision="float16"), "torch float16"),
        ],
    )
    def test_settings_decide(self, stored_export: Path, tiny: Weights, settings: Settings, name: str) -> None:
        assert choose_runtime(tiny, stored_export, settings).name == name

    @pytest.mark.skipif(not find_spec("openvino"), reason="OpenVINO is not installed")
    def test_openvino_is_taken_only_when_it_is_asked_for(self, stored_export: Path, tiny: Weights) -> None:
        precision = "bfloat16" if openvino.has_fast_bfloat16() else "float32"
        names = [
            choose_runtime(tiny, stored_export, Settings(device="cpu", runtime=runtime)).name
            for runtime in ("auto", "openvino")
        ]
        assert names == ["onnx float32", f"openvino {precision}"]
        plain = Settings(device="cpu", runtime="openvino", precision="float32")
        assert choose_runtime(tiny, stored_export, plain).name == "openvino float32"

    @pytest.mark.skipif(not find_spec("openvino"), reason="OpenVINO is not installed")
    @pytest.mark.parametrize(("precision", "least"), [("float32", 0.9999), ("bfloat16", 0.999)])
    def test_openvino_agrees_with_torch(
        self, stored_export: Path, tiny: Weights, precision: str, least: float
    ) -> None:
        fast = OpenVinoRuntime(find_export(tiny, stored_export), precision)
        exact = TorchRuntime(tiny, "cpu", "float32")
        for batch in noise_batches(tiny.size):
            assert least_cosine(fast.run_batch(batch)[0], exact.run_batch(batch)[0]) >= least
            pooled, last = fast.last_map(batch)
            assert is_mean_pooled(last[0], pooled[0])

    @pytest.mark.skipif(not find_spec("openvino"), reason="OpenVINO is not installed")
    def test_openvino_makes_its_tables_before_there_are_threads(
        self, stored_export: Path, tiny: Weights, tmp_path: Path
    ) -> None:
        """When one of several threads made them, all threads were seen to wait forever."""
        weights = tmp_path / "w.safetensors"
        weights.write_bytes(tiny.data)
        run = subprocess.run(
            [sys.executable, "-c", FIRST_USE, stored_export, weights, str(tiny.size)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=120,
        )
        assert run.stdout.splitlines()[-1:] == ["MainThread"], run.stderr

    def test_without_openvino_its_wish_says_what_to_do(
        self, stored_export: Path, tiny: Weights, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "path", [])
        monkeypatch.setattr(sys, "path_importer_cache", {})
        for name in [module for module in sys.modules if module.partition(".")[0] == "openvino"]:
            monkeypatch.delitem(sys.modules, name)
        with pytest.raises(
            InvalidSetting, match=r"not installed; install it with `pip install 'pictor\[openvino\]'`"
        ):
            choose_runtime(tiny, stored_export, Settings(device="cpu", runtime="openvino"))
        assert choose_runtime(tiny, stored_export, Settings(device="cpu")).name == "onnx float32"

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"runtime": "tensorflow"}, "choose from auto, torch, onnx, openvino"),
            (
                {"runtime": "onnx", "precision": "bfloat16"},
                "it has no bfloat16; choose auto, torch or openvino",
            ),
            ({"runtime": "onnx", "precision": "float16"}, "it has no float16; choose auto or torch"),
            ({"runtime": "openvino", "precision": "float16"}, "it has no float16; choose auto or torch"),
            ({"runtime": "onnx", "device": "cuda"}, "it does not run on cuda; choose auto or torch"),
            ({"runtime": "openvino", "device": "cuda"}, "it does not run on cuda; choose auto or torch"),
        ],
    )
    def test_wishes_that_exclude_each_other_are_refused(self, values: Any, message: str) -> None:
        with pytest.raises(InvalidSetting, match=message):
            Settings(**values)

    def test_an_onnx_file_that_cannot_be_loaded_is_no_error_of_the_library(self, tiny: Weights) -> None:
        with pytest.raises(NoExport, match="ONNX Runtime refuses the export"):
            OnnxRuntime(Export("test_resnet", b"not an ONNX file", (), False, (), ()))


class TestMemory:
    def test_a_batch_that_does_not_fit_is_halved_until_it_does(self, tiny: Weights) -> None:
        runtime = TorchRuntime(tiny, "cpu", "float32")
        batch = np.concatenate(noise_batches(tiny.size))
        expected = runtime.run_batch(batch, (2, 3))
        tried = limit_memory(runtime, most=4)
        pooled, inside = runtime.run_batch(batch, (2, 3))
        assert tried == [15, 7, 3, 4, 8, 4, 4]
        assert pooled == pytest.approx(expected[0], rel=1e-4, abs=1e-5)
        assert inside[3] == pytest.approx(expected[1][3], rel=1e-4, abs=1e-5)

    def test_what_fitted_is_remembered(self, tiny: Weights) -> None:
        runtime = TorchRuntime(tiny, "cpu", "float32")
        tried = limit_memory(runtime, most=4)
        [*_, batch] = noise_batches(tiny.size)
        runtime.run_batch(batch)
        tried.clear()
        runtime.run_batch(batch)
        assert set(tried) <= {1, 2, 3, 4}

    def test_where_not_even_one_picture_fits_it_says_so(self, tiny: Weights) -> None:
        runtime = TorchRuntime(tiny, "cpu", "float32")
        tried = limit_memory(runtime, most=0)
        with pytest.raises(BackboneUnavailable, match="no memory left for one picture; free some of it"):
            runtime.run_batch(noise_batches(tiny.size)[1])
        assert tried == [3, 1]


FIRST_USE = """
import sys, threading
from pathlib import Path
import numpy as np
import numpy.lib
numpy_version, makers = numpy.lib.NumpyVersion, []

def note_maker(version):  # called when the tables are made
    makers.append(threading.current_thread().name)
    return numpy_version(version)

numpy.lib.NumpyVersion = note_maker
from retrieval.descriptors.runtimes.choice import find_export
from retrieval.descriptors.runtimes.openvino import OpenVinoRuntime
from retrieval.descriptors.runtimes.weights import Weights
folder, path, size = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
weights = Weights("test_resnet", path.read_bytes(), path, size)
OpenVinoRuntime(find_export(weights, folder), "float32").run_batch(np.zeros((16, 3, size, size), np.float32))
print(*makers)
"""


class TestPasses:
    """How a GPU handles a batch, tried on the processor, and on a GPU where there is one."""

    def test_the_pieces_of_a_batch_give_what_the_whole_gives(self, tiny: Weights) -> None:
        runtime = TorchRuntime(tiny, "cpu", "float32")
        batch = noise_batches(tiny.size)[2]
        expected = runtime.run_batch(batch, (2, 3))
        runtime._pass_size = PassSize(2)
        sizes = limit_memory(runtime, most=99)
        pooled, inside = runtime.run_batch(batch, (2, 3))
        # After three passes the size doubles to four, but the next piece was already cut.
        assert sizes[:3] == [2, 2, 2]
        assert sum(sizes) == 11
        assert pooled == pytest.approx(expected.pooled, rel=1e-4, abs=1e-5)
        assert inside[2] == pytest.approx(expected.stages[2], rel=1e-4, abs=1e-5)

    @pytest.mark.parametrize("precision", ["bfloat16", "float16"])
    def test_half_precision_agrees_as_promised(self, tiny: Weights, precision: str) -> None:
        exact, half = (TorchRuntime(tiny, "cpu", dtype) for dtype in ("float32", precision))
        for batch in noise_batches(tiny.size):
            assert (
                least_cosine(half.run_batch(batch)[0], exact.run_batch(batch)[0])
                > LEAST_HALF_PRECISION_COSINE
            )

    def test_what_float16_has_no_number_for_is_computed_in_float32(self, tiny: Weights) -> None:
        exact, half = (TorchRuntime(tiny, "cpu", dtype) for dtype in ("float32", "float16"))
        batch = noise_batches(tiny.size)[1] * np.float32(1e6)
        pooled, inside = half.run_batch(batch, (2,))
        assert np.isfinite(pooled).all()
        assert least_cosine(pooled, exact.run_batch(batch)[0]) > LEAST_HALF_PRECISION_COSINE
        assert np.isfinite(inside[2]).all()

    @pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
    def test_a_gpu_agrees_and_finds_a_size(self, tiny: Weights) -> None:
        exact, fast = TorchRuntime(tiny, "cpu", "float32"), TorchRuntime(tiny, "cuda", "auto")
        batch = np.concatenate([*noise_batches(tiny.size)] * 20)
        for _ in range(3):
            pooled, inside = fast.run_batch(batch, (2, 3))
        assert least_cosine(pooled, exact.run_batch(batch)[0]) > LEAST_HALF_PRECISION_COSINE
        assert least_cosine(inside[3], exact.run_batch(batch, (3,))[1][3]) > LEAST_HALF_PRECISION_COSINE
        assert fast._pass_size.size >= FIRST_SIZE
        assert fast._pass_size != PassSize()


def limit_memory(runtime: TorchRuntime, most: int) -> list[int]:
    """Make the runtime run out of memory above this batch size. Returns the list of sizes that it tries."""
    tried: list[int] = []

    def refuse(_: Any, inputs: Any) -> None:
        tried.append(len(inputs[0]))
        if tried[-1] > most:
            raise torch.OutOfMemoryError("out of memory")

    runtime._model.conv1.register_forward_pre_hook(refuse)
    return tried


ASKING = """
import sys
from pathlib import Path
from retrieval import Library, Picture, Query, images
path = Path(sys.argv[2])
with Library.open(sys.argv[1]) as library:
    assert library.search(Query((Picture(path),))).hits
    pixels = images.decode_image(path.read_bytes(), name="query").pixels
    assert library.describe_and_predict([pixels])[0].predicted
print("LOADED", *sorted({module.split(".")[0] for module in sys.modules}))
"""


def test_a_library_with_an_export_is_asked_without_torch_and_reports_to_nobody(
    tmp_path: Path, scenes: Path
) -> None:
    library = tmp_path / "library"
    with open_or_create(library, labelled_backbone.labelled_spec(tmp_path)) as opened:
        index(opened, [path_bytes(scenes / "harbour")], captions={}, on_event=lambda event: None)
    Image.fromarray(draw_scene(3)).save(tmp_path / "query.png")
    run = subprocess.run(
        [sys.executable, "-c", ASKING, library, tmp_path / "query.png"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=home_environment(tmp_path / "home"),
        check=True,
    )
    loaded = set(run.stdout.rpartition("LOADED")[2].split())
    assert "onnxruntime" in loaded
    assert not loaded & {"torch", "timm", "torchvision", "onnx"}
    assert not list((tmp_path / "home").rglob("*onnxruntime*")), "its telemetry keeps what it will send there"


def home_environment(home: Path) -> dict[str, str]:
    """The environment of a user with this home folder, for whom nothing has switched telemetry off."""
    home.mkdir()
    switches = {"ORT_DISABLE_TELEMETRY", "CI", "XDG_CACHE_HOME"}
    return {name: value for name, value in os.environ.items() if name not in switches} | {"HOME": str(home)}


def test_the_network_says_what_runs_it(tmp_path: Path) -> None:
    with write_library(tmp_path, CPU) as library:
        library.make_spaces(fetch_backbone("test_resnet", "untrained"))
        network = Network(library.spaces[0].configuration, tmp_path / "backbones", CPU)
        assert network.runtime_name == "onnx float32"
