"""The layers hold: imports point one way, each library has one home, and the public face is what it says."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import retrieval

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("retrieval", "indexer", "webapp", "migrations", "data")

# What each package may import of ours; across packages only the package itself, never a module inside it.
MAY_IMPORT = {
    "retrieval": {"retrieval", "migrations"},
    "indexer": {"indexer", "retrieval", "data"},
    "webapp": {"webapp", "indexer", "retrieval"},
    "migrations": set(),
    "data": {"data"},
}
# The command that starts the server loads the web application; the demo loads the sample's own package, and
# so does the maker of libraries, for pictures that have nothing to do with the user's.
EXCEPTIONS = {("indexer/commands/serve.py", "webapp"), ("indexer/demo.py", "data.sample"),
              ("indexer/making.py", "data.sample"), ("indexer/commands/demo.py", "data.sample")}  # fmt: skip

HOMES = {
    "sqlalchemy": ("retrieval/catalog/", "migrations/"),
    "alembic": ("retrieval/catalog/engine.py", "migrations/"),
    "faiss": ("retrieval/projections/vectors.py", "retrieval/projections/gpu.py"),
    "whoosh": ("retrieval/projections/words.py",),
    "torch": ("retrieval/descriptors/runtimes/", "indexer/training/"),
    "timm": ("retrieval/descriptors/runtimes/", "indexer/training/"),
    "safetensors": ("retrieval/descriptors/runtimes/", "indexer/training/"),
    "open_clip": ("retrieval/descriptors/runtimes/clip.py",),
    "onnxruntime": ("retrieval/descriptors/runtimes/onnx.py",),
    "openvino": ("retrieval/descriptors/runtimes/openvino.py",),
    "xml": ("retrieval/metadata/xmp.py",),
    "PIL": ("retrieval/images.py",),
    "pillow_heif": ("retrieval/images.py",),
    "imagecodecs": ("retrieval/bands.py",),
    "tifffile": ("retrieval/bands.py",),
    "cv2": ("retrieval/descriptors/details.py", "retrieval/enhancement.py"),
    "flask": ("webapp/",),
    "flask_openapi3": ("webapp/",),
    "pydantic": ("webapp/",),
    "waitress": ("webapp/",),
    "click": ("indexer/cli.py", "indexer/commands/"),
    "rich": ("indexer/commands/",),
    "watchfiles": ("indexer/watch.py",),
}
PURE = ("ranking", "narrowing", "fusion", "relevance", "evaluation", "tokens", "query_language", "query", "query_terms",
        "query_keys", "query_json", "references", "formats", "boxes", "cr3", "raw_preview", "scaling", "keypoints",
        "verification", "bridge", "neighbourhood", "rerank", "feedback", "heat", "matches", "tuning")  # fmt: skip
MAY_PURE = {"__future__", "collections", "dataclasses", "datetime", "math", "numpy", "pathlib", "re",
            "statistics", "struct", "typing",            "unicodedata"}  # fmt: skip


def sources(root: Path = ROOT) -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            yield path.relative_to(root).as_posix(), ast.parse(path.read_text("utf-8"))


def imports(place: str, tree: ast.Module) -> Iterator[str]:
    """Absolute names of what a module imports, wherever in it the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            parents = place.removesuffix(".py").split("/")[: -node.level]
            yield ".".join([*parents, *([node.module] if node.module else [])])
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def unexported(tree: ast.Module, package: str) -> set[str]:
    """The names that a module takes from a package which it does not export."""
    taken = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and not node.level and node.module == package
        for alias in node.names
    }
    return taken - set(getattr(import_module(package), "__all__", taken))


def violations(root: Path = ROOT) -> list[str]:
    found = []
    for place, tree in sources(root):
        package = place.split("/")[0]
        for name in imports(place, tree):
            top = name.split(".")[0]
            if top in PACKAGES and (place, name) not in EXCEPTIONS:
                if top not in MAY_IMPORT[package]:
                    found.append(f"{place} imports {name}: {package} must not know {top}")
                elif top != package and (name != top or unexported(tree, top)):
                    found.append(f"{place} imports {name}: only what {top} exports")
            if top in HOMES and not place.startswith(HOMES[top]):
                found.append(f"{place} imports {name}: its home is {', '.join(HOMES[top])}")
    return found


def test_imports_point_one_way_and_every_library_has_one_home() -> None:
    assert violations() == []


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("retrieval/bad.py", "from indexer.lock import writer_lock"),
        ("retrieval/bad.py", "import flask"),
        ("indexer/bad.py", "from retrieval.library import Library"),
        ("indexer/bad.py", "def late():\n    import faiss"),
        ("webapp/bad.py", "from indexer import pipeline"),
        ("webapp/bad.py", "from indexer.fetch import Fetcher"),
        ("webapp/bad.py", "from retrieval import library"),
        ("indexer/bad.py", "from webapp import create_app"),
        ("webapp/bad.py", "from sqlalchemy import select"),
        ("migrations/bad.py", "from retrieval import Library"),
        ("data/bad.py", "from PIL import Image"),
        ("retrieval/projections/bad.py", "from ...indexer import plan"),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, place: str, line: str) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line + "\n")
    assert [each for each in violations(tmp_path) if each.startswith(place)]


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_import_only_values(name: str) -> None:
    tree = ast.parse((ROOT / "retrieval" / f"{name}.py").read_text("utf-8"))
    outside = {each.split(".")[0] for each in imports(f"retrieval/{name}.py", tree)} - {"retrieval"}
    assert outside <= MAY_PURE
    inside = {each for each in imports(f"retrieval/{name}.py", tree) if each.startswith("retrieval.")}
    assert inside <= {f"retrieval.{each}" for each in (*PURE, "errors")}


def test_the_plan_is_pure() -> None:
    tree = ast.parse((ROOT / "indexer/plan.py").read_text("utf-8"))
    assert set(imports("indexer/plan.py", tree)) <= {
        "__future__",
        "collections.abc",
        "dataclasses",
        "indexer.sources",
        "typing",
    }


def test_the_public_names_are_those_that_are_said_to_be_public() -> None:
    modules = {"evaluation", "images", "tuning"}
    public = {
        name
        for name, value in vars(retrieval).items()
        if not name.startswith("_") and (not isinstance(value, type(sys)) or name in modules)
    }
    assert sorted(public) == sorted(retrieval.__all__)


def test_there_is_no_module_called_utils() -> None:
    names = {Path(place).stem for place, _ in sources()}
    assert not names & {"utils", "util", "helpers", "helper", "common", "core", "misc"}


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import retrieval", {"torch", "timm", "faiss", "whoosh", "flask", "cv2"}),
        (
            "import sys; sys.argv = ['pictor', '--help']\n"
            "from indexer.cli import cli\n"
            "cli(standalone_mode=False)",
            {"torch", "timm", "faiss", "whoosh", "flask", "cv2", "numpy", "sqlalchemy", "PIL", "retrieval"},
        ),
    ],
    ids=["import retrieval", "pictor --help"],
)
def test_what_is_not_needed_is_not_loaded(code: str, absent: set[str]) -> None:
    ending = "\nimport sys; print('LOADED', *sorted({each.split('.')[0] for each in sys.modules}))"
    run = subprocess.run(
        [sys.executable, "-c", code + ending], capture_output=True, text=True, cwd=ROOT, check=True
    )
    loaded = set(run.stdout.rpartition("LOADED")[2].split())
    assert "indexer" in loaded or "retrieval" in loaded
    assert not loaded & absent


def test_every_package_says_what_it_must_not_know() -> None:
    for package in PACKAGES:
        lines = (ROOT / package / "README.md").read_text("utf-8").splitlines()
        assert len(lines) <= 15, package
        text = "\n".join(lines).lower()
        assert all(word in text for word in ("knows", "must not know", "start reading at")), package


def test_only_its_command_loads_the_training() -> None:
    loading = {
        place
        for place, tree in sources()
        if any(name.startswith("indexer.training") for name in imports(place, tree))
    }
    assert {place for place in loading if not place.startswith("indexer/training/")} == {
        "indexer/commands/train.py"
    }
