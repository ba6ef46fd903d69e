"""Fixtures that many tests use: twelve drawn pictures, and a small real library of them."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

# Tests run in a process for each core, and start commands besides. OpenMP's threads wait by spinning: with
# more threads than cores, training took forty times as long. Libraries read this when they are loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Tests neither read nor fill the cache of whoever runs them: one run has one cache, which all its processes
# share, so that a backbone is exported once. Tests of the cache have one of their own.
if "PYTEST_XDIST_WORKER" not in os.environ:
    shared_cache = TemporaryDirectory(prefix="pictor-cache-")
    os.environ["PICTOR_CACHE"] = shared_cache.name

import pytest

from retrieval import Library
from tests.drawing import write_scenes
from tests.indexing import index_folder

PLACES = ("harbour", "forest", "market")
LONGEST_ID = 200  # letters of a value in the name of a test


def pytest_configure(config: pytest.Config) -> None:
    # Before any test imports it: pytest rewrites the assertions of plugins as they are loaded.
    config.pluginmanager.import_plugin("tests.databases")
    keep_compiled_modules()
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        # A shell starts background processes with Ctrl-C ignored, and commands started here would inherit that.
        signal.signal(signal.SIGINT, signal.default_int_handler)


def keep_compiled_modules() -> None:
    """Let Python write bytecode: many tests start commands, and otherwise each would compile torch for 7 s."""
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_report_header() -> list[str]:
    names = ("torch", "timm", "faiss-gpu", "whoosh-reloaded", "sqlalchemy", "pillow", "flask")
    return ["pictor with " + ", ".join(f"{name} {version(name)}" for name in names)]


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve drawn pictures in three folders, and captions.csv with words for nine of them."""
    root = tmp_path_factory.mktemp("scenes")
    lines = ["path,title,caption,tags,label"]
    for number, name in enumerate(PLACES):
        for day, path in enumerate(write_scenes(root / name, 4, first=4 * number)):
            words = f"{name} {day},A quiet {name} at noon,{name}; day{day},{name}" if day else ",,,"
            lines.append(f"{path.relative_to(root)},{words}")
    (root / "captions.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return root


@pytest.fixture(scope="session")
def library_path(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a published library of the scenes; not to be written to."""
    path = tmp_path_factory.mktemp("library")
    index_folder(path, scenes, captions=scenes / "captions.csv")
    return path


@pytest.fixture(scope="session")
def library(library_path: Path) -> Iterator[Library]:
    """The same library, open for reading."""
    with Library.open(library_path) as opened:
        yield opened


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of a module in one process, so that what they share is made once, and all tests that measure
    on the shared sets in one, which indexes each set once."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            group = "sets" if item.get_closest_marker("sets") else item.nodeid.partition("::")[0]
            item.add_marker(pytest.mark.xdist_group(group))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Long values are named by their length: the name of a test is passed to processes, which take 128 kB."""
    if isinstance(val, str | bytes) and len(val) > LONGEST_ID:
        return f"{argname} of {len(val)}"
    return None
