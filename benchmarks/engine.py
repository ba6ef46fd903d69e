"""Everything that the query engine promises, measured in turn; its figures in docs/quality.md come from here.

Runs `copies`, `reranking`, `meaning`, `relevance`, `feedback` and `narrowing` with their defaults, bundled
backbone and teacher; it takes an hour on two cores. --size N goes to all of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

NAMES = ("copies", "reranking", "meaning", "relevance", "feedback", "narrowing")


def measure(size: int | None = None) -> dict[str, Any]:
    """The figures of all, each under the name of its benchmark, and so the tables beside them."""
    results = {name: import_module(f"benchmarks.{name}").measure(size) for name in NAMES}
    return {kind: _join_named(results, kind) for kind in ("figures", "beside")}


def _join_named(results: dict[str, Any], kind: str) -> dict[str, Any]:
    return {
        f"{name}: {key}": value for name, result in results.items() for key, value in result[kind].items()
    }
