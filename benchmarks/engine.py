"""All that the query engine promises, one after the other: what docs/quality.md says of it comes from here.

Runs `copies`, `reranking`, `meaning`, `relevance`, `feedback` and `narrowing` with their defaults, bundled
backbone and teacher; it takes an hour on two cores. --size N goes to all of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

NAMES = ("copies", "reranking", "meaning", "relevance", "feedback", "narrowing")


def measure(size: int | None = None) -> dict[str, Any]:
    """The figures of all, each under the name of its benchmark."""
    found = {name: import_module(f"benchmarks.{name}").measure(size) for name in NAMES}
    figures = {
        f"{name}: {key}": value for name, each in found.items() for key, value in each["figures"].items()
    }
    return {"figures": figures, "beside": {name: each["beside"] for name, each in found.items()}}
