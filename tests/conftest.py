"""What many tests need: a small real library, made once, and copies of it to write to."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from indexer.making import Recipe, writing
from indexer.pipeline import index
from indexer.report import Report
from retrieval import Library, path_bytes
from tests.drawing import folder_of_scenes

TINY = Recipe(backbone="test_resnet", weights="untrained")  # a timm model of 0.4 million seeded weights
SETS = Path(__file__).resolve().parents[2] / "shared"


def pytest_report_header() -> list[str]:
    names = ("torch", "timm", "faiss-gpu", "whoosh-reloaded", "sqlalchemy", "pillow", "flask")
    return ["pictor with " + ", ".join(f"{name} {version(name)}" for name in names)]


def index_folder(library: Path, *folders: Path, captions: Path | None = None) -> Report:
    """One indexing run with the tiny backbone, as `pictor index` makes it."""
    from indexer.captions import read_captions

    facts = read_captions(captions) if captions else {}
    with writing(library, TINY) as opened:
        roots = [path_bytes(folder) for folder in folders]
        return index(opened, roots, captions=facts, on_event=lambda event: None)


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve drawn pictures in three folders, with a captions file; not to be changed."""
    root = tmp_path_factory.mktemp("scenes")
    lines = ["path,title,caption,tags,label"]
    for number, name in enumerate(("harbour", "forest", "market")):
        for place, path in enumerate(folder_of_scenes(root / name, 4)):
            lines.append(f"{path.relative_to(root)},{name} {place},A {name} at noon,{name}; day{place},{name}")
        lines.append("" if number else "")
    (root / "captions.csv").write_text("\n".join(line for line in lines if line) + "\n", "utf-8")
    return root
