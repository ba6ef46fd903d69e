"""The paths of the labelled sets and the weights."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import data
from indexer.upkeep.opening import LibrarySpec

ROOT = Path(os.environ.get("PICTOR_BENCH_DATA") or Path(__file__).resolve().parents[2] / "shared")
WEIGHTS = ROOT / "weights" / "mobilenetv2_100.onnxzoo_tv_headless.safetensors"
BACKBONE = "mobilenetv2_100"
TEACHER = LibrarySpec(BACKBONE, str(WEIGHTS))
BUNDLED = LibrarySpec()
BUNDLED_FILE = data.BACKBONE


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """A folder of pictures; `labels` as for `pictor evaluate --labels`."""

    name: str
    labels: str

    @property
    def pictures(self) -> Path:
        return ROOT / "data" / self.name / "images"


LABELLED = (
    LabelledSet("corel1k", "folder"),
    LabelledSet("caltech101", "folder"),
    LabelledSet("grocery81", str(ROOT / "data" / "grocery81" / "grocery81.csv")),
)


def why_unavailable() -> str | None:
    """Why nothing can be measured here, or None."""
    needed = [WEIGHTS, *(labelled.pictures for labelled in LABELLED)]
    absent = next((path for path in needed if not path.exists()), None)
    return f"{absent} is not here; point PICTOR_BENCH_DATA at the sets" if absent else None
