"""The layers hold: imports point one way, each library has one home, and the public face is what it says."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

import retrieval

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("retrieval", "indexer", "webapp", "migrations", "data")

# What each package may import of ours; across packages only the package itself, never a module inside it.
MAY_IMPORT = {
    "retrieval": {"retrieval", "migrations", "data"},
    "indexer": {"indexer", "retrieval", "webapp", "data"},
    "webapp": {"webapp", "retrieval"},
    "migrations": set(),
    "data": {"data"},
}
# The demo loads the sample's own package, and so does the maker of libraries, for pictures that have nothing to
# do with the user's. Training reads WordNet by the same reader that made the table of categories.
EXCEPTIONS = {("indexer/demo.py", "data.sample"), ("indexer/upkeep/opening.py", "data.sample"),
              ("indexer/commands/demo.py", "data.sample"),
              ("indexer/training/looks.py", "data.categories.wordnet"),
              ("indexer/training/words.py", "data.categories.wordnet")}  # fmt: skip

HOMES = {
    "sqlalchemy": ("retrieval/catalog/", "migrations/"),
    "alembic": ("retrieval/catalog/engine.py", "migrations/"),
    "faiss": ("retrieval/projections/faiss_library.py",),
    "whoosh": (
        "retrieval/projections/words.py",
        "retrieval/projections/word_postings.py",
        "retrieval/projections/word_storage.py",
    ),
    "torch": ("retrieval/descriptors/runtimes/", "indexer/training/"),
    "timm": ("retrieval/descriptors/runtimes/", "indexer/training/"),
    "safetensors": ("retrieval/descriptors/runtimes/", "indexer/training/"),
    "open_clip": ("retrieval/descriptors/runtimes/clip.py",),
    "onnxruntime": ("retrieval/descriptors/runtimes/onnx.py",),
    "tokenizers": ("retrieval/descriptors/runtimes/sentences.py",),
    "openvino": ("retrieval/descriptors/runtimes/openvino.py",),
    "xml": ("retrieval/pictures/metadata/xmp.py", "retrieval/pictures/metadata/xmp_merging.py"),
    "PIL": ("retrieval/pictures/images.py",),
    "pillow_heif": ("retrieval/pictures/images.py",),
    "imagecodecs": ("retrieval/pictures/bands.py",),
    "tifffile": ("retrieval/pictures/bands.py",),
    "snowballstemmer": ("retrieval/ranking/tokens.py",),
    "regex": ("retrieval/ranking/tokens.py", "retrieval/ranking/matches.py"),
    "cv2": (
        "retrieval/descriptors/details.py",
        "retrieval/descriptors/enhancement.py",
        "retrieval/pictures/logluv.py",
    ),
    "babel": ("webapp/locales.py",),
    "flask": ("webapp/",),
    "flask_babel": ("webapp/locales.py",),
    "flask_openapi3": ("webapp/",),
    "prometheus_client": ("webapp/metrics.py",),
    "pydantic": ("webapp/", "retrieval/answers/", "retrieval/client/", "indexer/assistant.py"),
    "httpx2": ("retrieval/client/connection.py",),
    "pandas": ("retrieval/search/tables.py",),
    "mcp": ("indexer/assistant.py",),
    "mcp_types": ("indexer/assistant.py",),
    "threadpoolctl": ("retrieval/process_limits.py",),
    "waitress": ("webapp/",),
    "webapp": ("webapp/", "indexer/commands/serve.py"),  # the one command that starts the server
    "click": ("indexer/cli.py", "indexer/commands/"),
    "rich": ("indexer/commands/",),
    "watchfiles": ("indexer/run/watch.py",),
    "pathspec": ("indexer/run/patterns.py",),
}
# Rooms and modules of the engine that compute on values alone: no file, no database, no index, no network.
PURE = ("ranking/", "query/", "signals.py", "pictures/formats.py", "pictures/isobmff.py", "pictures/cr3.py",
        "pictures/mending.py", "pictures/raw_preview.py", "pictures/scaling.py")  # fmt: skip
MAY_PURE = {"__future__", "bisect", "calendar", "collections", "dataclasses", "datetime", "difflib", "functools", "itertools",
            "lazy_loader", "math", "numpy", "pathlib", "re", "regex", "snowballstemmer", "statistics", "struct", "typing",
            "unicodedata", "zlib"}  # fmt: skip
# The rooms of the engine from the ground up: each may import those before it, and none behind.
ROOMS = ("errors", "passwords", "watch", "remark", "process_limits", "paths", "manifest", "durable", "run_note", "query", "ranking", "languages", "query_lines", "signals", "categories", "pictures", "settings", "catalog", "projections",
         "descriptors", "spaces", "originals", "search", "search_state", "line_reader", "library", "soundness", "writing",
         "answers", "client")  # fmt: skip


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
        ("retrieval/errors.py", "from indexer.upkeep.opening import writing"),
        ("retrieval/bad.py", "import flask"),
        ("indexer/bad.py", "from retrieval.library import Library"),
        ("indexer/bad.py", "def late():\n    import faiss"),
        ("webapp/bad.py", "from indexer import pipeline"),
        ("webapp/bad.py", "from retrieval.pictures.fetch import Fetcher"),
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


def impure_imports(root: Path = ROOT) -> list[str]:
    """What pure modules import that is neither pure, nor an error, nor a value of the standard library."""
    found = []
    for place, tree in sources(root):
        room = place.removeprefix("retrieval/")
        if place != room and room.startswith(PURE):
            for name in module_imports(place, tree, root):
                inside = name.removeprefix("retrieval.").replace(".", "/") + (
                    "/" if name.count(".") == 1 else ".py"
                )
                pure = inside.startswith(PURE) or name == "retrieval.errors"
                if not (pure if name.startswith("retrieval") else name.split(".")[0] in MAY_PURE):
                    found.append(f"{place} imports {name}")
    return found


def module_imports(place: str, tree: ast.Module, root: Path = ROOT) -> Iterator[str]:
    """As `imports`, with modules that are taken from a package named in full."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            [package] = imports(place, ast.Module([node], []))
            for alias in node.names:
                name = f"{package}.{alias.name}"
                is_module = (root / (name.replace(".", "/") + ".py")).exists()
                yield name if is_module else package
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def import_circles(root: Path = ROOT) -> list[str]:
    """Modules that import each other, over however many others; deferred imports count as well."""
    arrows = {
        place.removesuffix(".py").removesuffix("/__init__").replace("/", "."): set(
            module_imports(place, tree, root)
        )
        for place, tree in sources(root)
    }
    sorter = TopologicalSorter(arrows)
    try:
        sorter.prepare()
    except CycleError as error:
        return [" -> ".join(reversed(error.args[1]))]
    return []


def upward_imports(root: Path = ROOT) -> list[str]:
    """Imports inside the engine from a room to one that stands above it."""
    found = []
    for place, tree in sources(root):
        room = place.removesuffix(".py").split("/")[1]
        if place.startswith("retrieval/") and room != "__init__":
            for name in module_imports(place, tree, root):
                other = name.split(".")[1] if name.startswith("retrieval.") else room
                if ROOMS.index(other) > ROOMS.index(room):
                    found.append(f"{place} imports {name}: {room} is below {other}")
    return found


@pytest.mark.parametrize("find", [impure_imports, import_circles, upward_imports])
def test_the_engine_is_layered(find: Callable[[], list[str]]) -> None:
    assert find() == []


@pytest.mark.parametrize(
    ("find", "lines"),
    [
        (impure_imports, {"retrieval/ranking/bad.py": "import os"}),
        (impure_imports, {"retrieval/signals.py": "from .settings import Settings"}),
        (impure_imports, {"retrieval/query/bad.py": "from ..catalog import Catalog"}),
        (impure_imports, {"retrieval/ranking/bad.py": "def late():\n    from ..pictures import files"}),
        (
            import_circles,
            {"indexer/a.py": "from . import b", "indexer/b.py": "def late():\n    from . import a"},
        ),
        (upward_imports, {"retrieval/catalog/bad.py": "from ..search.hits import Hit"}),
        (upward_imports, {"retrieval/errors.py": "from .library import Library"}),
    ],
)
def test_a_planted_fault_in_the_layers_is_found(
    tmp_path: Path, find: Callable[[Path], list[str]], lines: dict[str, str]
) -> None:
    for place, line in lines.items():
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(line + "\n")
    assert find(tmp_path)


def test_the_plan_is_pure() -> None:
    tree = ast.parse((ROOT / "indexer/run/plan.py").read_text("utf-8"))
    assert set(imports("indexer/run/plan.py", tree)) <= {
        "__future__",
        "collections.abc",
        "dataclasses",
        "indexer.run.sources",
        "typing",
    }


def test_every_public_name_can_be_had_from_the_module_that_is_said_to_hold_it() -> None:
    stub = ast.parse((ROOT / "retrieval/__init__.pyi").read_text("utf-8"))
    listed = {alias.name for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert listed == set(retrieval.__all__)
    assert all(hasattr(retrieval, name) for name in retrieval.__all__)


def test_there_is_no_module_called_utils() -> None:
    names = {Path(place).stem for place, _ in sources()}
    assert not names & {"utils", "util", "helpers", "helper", "common", "core", "misc"}


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import retrieval", {"torch", "timm", "faiss", "whoosh", "flask", "cv2", "pydantic"}),
        (
            "from retrieval import Client; Client('http://127.0.0.1:1')",
            {"torch", "timm", "faiss", "whoosh", "flask", "cv2", "sqlalchemy", "PIL", "onnxruntime"},
        ),
        (
            "import sys; sys.argv = ['pictor', '--help']\n"
            "from indexer.cli import cli\n"
            "cli(standalone_mode=False)",
            {"torch", "timm", "faiss", "whoosh", "flask", "cv2", "numpy", "sqlalchemy", "PIL", "pydantic"}
            | {"retrieval"},
        ),
    ],
    ids=["import retrieval", "a client", "pictor --help"],
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
