"""Indexes folders in tests as `pictor index` does, with a tiny seeded backbone."""

from __future__ import annotations

from pathlib import Path

from indexer.run.captions import read_captions
from indexer.run.pipeline import index
from indexer.run.report import Report
from indexer.upkeep.opening import LibrarySpec, open_or_create
from retrieval import path_bytes

TINY = LibrarySpec(backbone="test_resnet", weights="untrained")  # a timm model of 0.4 million seeded weights


def index_folder(
    library: Path, *folders: Path, captions: Path | None = None, publishes: bool = True
) -> Report:
    """One indexing run, which holds the writer's lock."""
    facts = read_captions(captions) if captions else {}
    with open_or_create(library, TINY) as opened:
        roots = [path_bytes(folder) for folder in folders]
        return index(opened, roots, captions=facts, on_event=lambda event: None, publishes=publishes)
